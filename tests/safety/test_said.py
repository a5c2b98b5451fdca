"""Text from anybody on a terminal: nothing but letters, and rich's own colours where one shows them."""

import io
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import given, settings
from recording import record
from rich.live import Live
from rich.table import Table
from rich.text import Text
from strangers import genotype, squeezed, texts

from search import status
from search.archive import Archive
from search.archive.__main__ import main as archive
from searchspace import GenotypeError, SearchspaceError, cost, load
from searchspace import __main__ as searchspace
from searchspace.cli import Console, Parser, fail, remark, show, table
from searchspace.errors import Place
from searchspace.text import printable
from viz import diff, render, report, zoo

ROOT = Path(__file__).resolve().parents[2]
WAYS = 10
# Styles, and what rewrites a line; the red of `FRAGMENTS` is not among the styles here.
RICHS = re.compile(r"\x1b\[([\d;]*m|\?25[hl]|\d*[AK])|\r")
some = settings(max_examples=12)


def heard(work: Callable[[], object], *, status: tuple[object, ...] = ()) -> str:
    """What is written to the terminal, none of which is more than text."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        ended = work()
    assert not status or ended in status
    said = out.getvalue()
    assert said == printable(said, "\n")
    return said


# --- the console --------------------------------------------------------------------------------


def spoken(console: Console, text: str) -> None:
    """All ways to say something."""
    made = table(text, [text], [text], [text])
    made.add_row(text, Text(text, "bold"), text, style="bold")
    framed = Table(text, title=text, caption=text)
    framed.add_row(text)
    for part in (text, Text(text), made, framed, Text.assemble("a ", (text, "bold")), [text]):
        console.print(part)
    console.print(text, style="bold")
    console.out(text)
    with Live(text, console=console, auto_refresh=False) as live:
        live.update(framed, refresh=True)
        live.update(text, refresh=True)
    with console.waiting() as tell:
        tell(text)


@some
@given(text=texts(codec=None))
def test_a_pipe_gets_letters_alone(text: str) -> None:
    out = io.StringIO()
    spoken(Console(file=out, width=10_000), text)
    assert out.getvalue() == printable(out.getvalue(), "\n")
    assert squeezed(out.getvalue()).count(squeezed(printable(text, "\n\t"))) >= WAYS


@some
@given(text=texts(codec=None))
def test_a_terminal_gets_the_control_characters_of_rich_alone(text: str) -> None:
    out = io.StringIO()
    spoken(Console(file=out, width=10_000, force_terminal=True), text)
    said = RICHS.sub("", out.getvalue())
    assert said == printable(said, "\n") and "\x1b[31m" not in out.getvalue()
    assert squeezed(said).count(squeezed(printable(text, "\n\t"))) >= WAYS


def test_words_like_marks_are_shown_as_they_are() -> None:
    assert heard(lambda: Console(width=80).print("[bold]a[/] :smile: [link=http://x]b[/link]")) == \
        "[bold]a[/] :smile: [link=http://x]b[/link]\n"


@some
@given(text=texts(codec=None))
def test_errors_and_remarks_are_letters(text: str) -> None:
    parser = Parser(prog="command")
    parser.add_argument("--level", choices=["a"])

    def wrong(*arguments: str) -> None:
        with pytest.raises(SystemExit):
            parser.parse_args(arguments)

    heard(lambda: wrong(f"--{text}"))
    heard(lambda: wrong("--level", text))
    heard(lambda: (remark(text), show(text), show(table(text, [text], []))))
    assert heard(lambda: fail(SearchspaceError(text))).count("\n") == 1
    assert str(SearchspaceError(text)) == printable(str(SearchspaceError(text)))
    error = GenotypeError(text, Place(text, 1, text))
    error.called_from(Place(text, 2, text))
    assert str(error) == printable(str(error)) and str(error).count("\n") == 0


# --- the commands -------------------------------------------------------------------------------


def commands(folder: Path, text: str) -> Iterator[Callable[[], int]]:
    """Each command on files that are a stranger's, and the mistakes that quote their names."""
    space = str(genotype(folder, text))
    yield lambda: searchspace.main([space])
    yield lambda: searchspace.main([space, "--yaml"])
    (folder / "of").mkdir()
    network = str(genotype(folder / "of", text, "{}"))
    for arguments in ([], ["--level", "operation"]):
        yield lambda given=arguments: searchspace.main([network, *given])
    yield lambda: diff.main([network, space, "--all"])
    out = str(folder / "made.svg")
    yield lambda: render.main([network, "-o", out])
    with Archive(f"sqlite:///{folder / 'study.db'}") as made:
        total = cost(load(network))
        for seed, value in enumerate((1.0, 2.0, None)):
            record(made, identity="ab" * 32, genotype=text, name=text, macs=total.macs,
                        params=total.params, input_size=8, score=text, data=text, recipe=text,
                        seed=seed, value=value, seconds=1.0, error=None if value else text,
                        space=text, study=text, trial=1)
    database = str(folder / "study.db")
    yield lambda: archive(["best", database])
    yield lambda: archive(["show", "--yaml", "ab" * 32, database])
    yield lambda: archive(["disagree", database])
    name = text.replace("/", "").replace("\0", "")
    for call in (
            searchspace.main, lambda a: render.main([*a, "-o", out]), lambda a: report.main(a),
            lambda a: zoo.main(a), lambda a: diff.main([*a, *a]), lambda a: status.main(a),
            lambda a: archive(["best", *a])):
        yield lambda call=call: call([f"./{name}"])


@settings(max_examples=3)
@given(text=texts())
def test_the_commands_say_letters(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for command in commands(Path(folder), text):
            assert heard(command, status=(0, 2))


@pytest.mark.parametrize("wraps", [False, True])
def test_no_number_of_a_table_is_cut_in_a_pipe(wraps: bool) -> None:
    out = io.StringIO()
    table = Table(title="networks")
    table.add_column("network", no_wrap=not wraps)
    for name in ("MACs", "params", "memory"):
        table.add_column(name, no_wrap=True)
    table.add_row("a-name-without-a-space-in-it", "299.8M", "4.98M", "3.21MB")
    console = Console(file=out, width=30)
    console.print(table)
    text = out.getvalue()
    assert "…" not in text and {"299.8M", "4.98M", "3.21MB", "a-name-without-a-space-in-it"} <= set(text.split())
    assert console.width == 30
