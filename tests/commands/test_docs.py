"""The documentation is true: its YAML loads, its errors are the real ones, its commands parse.

What a fenced block on a page is follows from its content:

yaml    a mapping with an ``optimiser`` is a recipe, which reads; one with a ``name`` or a
        ``base`` is a genotype, which loads and expands; another mapping holds blocks, which compile, and which later snippets of the page may call; a list
        holds steps, which run on a 16×32×32 tensor named ``x``. Holes take their first option.
        A first line ``# file.yaml`` says under which name the page's other blocks find this one.
python  ``>>>`` lines are a doctest; a block without any defines operations, which all blocks of the
        page may call, and which pass the tests of the bundled ones.
sh      ``python ...`` commands are run where that is cheap, else parsed by their own parser.

In a table with the columns *refused* and *message*, the first is a step that follows one named
``a``, or keys of a genotype; the second is what the error says, without the place.
"""

import doctest
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import test_ops
from search_quality import parser as search_quality_parser
from trained_search import parser as trained_search_parser

from search.archive.__main__ import _parser as archive_parser
from search.cli.search_options import parser_of
from search.honesty import _parser as honesty_parser
from search.latency.__main__ import _parser as latency_parser
from search.latency.judge import _parser as judge_parser
from search.predict import _parser as predict_parser
from search.predictors.__main__ import _parser as predictors_parser
from search.score_report.sample import PUBLISHED
from search.scores.__main__ import main as list_scores
from search.scores.rate import _parser as rate_parser
from search.scores.registry import find_score
from search.status import _parser as status_parser
from search.train import _parser as train_parser
from search.training.recipe import load_recipe, read_recipe
from searchspace import GenotypeError, load, published, spaces
from searchspace.__main__ import arguments as searchspace_parser
from searchspace.__main__ import main as searchspace_main
from searchspace.compiler.blocks import Blocks
from searchspace.compiler.program import RESERVED
from searchspace.compiler.reserved import STRUCTURAL
from searchspace.expansion import trace
from searchspace.export.command import arguments as export_parser
from searchspace.load import library
from searchspace.notation.arithmetic import FUNCTIONS
from searchspace.notation.inheritance import KEYS
from searchspace.notation.metadata import RULES, STATUSES, VARIANT_KEYS
from searchspace.notation.random_graphs import GENERATORS
from searchspace.notation.reader import HOLE_TAGS, parse
from searchspace.notation.schema import mapping
from searchspace.notation.tree import Map
from searchspace.ops import OPS, schema
from searchspace.space.budget import Budget
from searchspace.space.point import first
from viz.diff import main as diff_main
from viz.playground import arguments as playground_parser
from viz.render import main as render_main
from viz.report import arguments as report_parser
from viz.zoo import arguments as zoo_parser

ROOT = Path(__file__).resolve().parents[2]
PAGES = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
         for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Fence:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The name under which the other blocks of the page find this one."""
        named = re.match(r"# ([\w-]+\.\w+)\n", self.text)
        return named[1] if named else None


FENCES = [Fence(page, text[:found.start(2)].count("\n") + 1, found[1], found[2])
          for page, text in PAGES.items() for found in FENCE.finditer(text)]


def fences(language: str) -> list[Any]:
    return [pytest.param(f, id=f"{f.page}:{f.line}") for f in FENCES if f.language == language]


def rows(page: str, *titles: str) -> list[tuple[str, ...]]:
    """The cells of the tables of a page whose first columns have these titles."""
    found, inside = [], False
    for line in PAGES.get(page, "").splitlines():
        cells = tuple(re.split(r"\s*\|\s*", line.strip("| "))) if line[:1] == "|" else ()
        inside = bool(cells) and (inside or cells[:len(titles)] == titles)
        if inside and cells[:len(titles)] != titles and not cells[0].startswith("--"):
            found.append(cells)
    return found


def code(cell: str) -> str:
    """The text of a cell that is inline code."""
    found = re.fullmatch(r"(`+) ?(.*?) ?\1", cell)
    assert found, f"no inline code: {cell}"
    return found[2]


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path,
           monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with the files of the test's page in it and its operations known."""
    page = request.node.callspec.params.get("page") or request.node.callspec.params["fence"].page
    before = dict(OPS)
    for fence in (f for f in FENCES if f.page == page):
        if fence.file:
            (tmp_path / fence.file).write_text(fence.text, encoding="utf-8")
        if fence.language == "python" and ">>>" not in fence.text:
            exec(compile(fence.text, f"{page}:{fence.line}", "exec"), {"__name__": page})
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    OPS._entries.clear()
    OPS._entries.update(before)


def expand_file(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    trace(load(path), first)


def indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


def is_blocks(fence: Fence) -> bool:
    """Whether a snippet is a mapping of blocks by name."""
    return not (fence.text.lstrip().startswith("- ") or fence.file) and not (
        {"name", "base"} & set(parse(fence.text)))


@pytest.mark.parametrize("fence", fences("yaml"))
def test_yaml_means_something(fence: Fence, folder: Path) -> None:
    if fence.text.startswith(("- ", "#")) and re.search(r"^- ", fence.text, re.MULTILINE):
        before = [f for f in FENCES if f.page == fence.page and f.language == "yaml"
                  and f.line < fence.line and is_blocks(f)]
        (folder / "before.yaml").write_text("blocks:\n" + "".join(indented(f.text) for f in before),
                                            encoding="utf-8")
        use = "use: [before.yaml]\n" if before else ""
        expand_file(folder / "steps.yaml", f"name: steps\n{use}input: [16, 32, 32]\nnet:\n"
                                           f"  - identity: {{as: x}}\n{indented(fence.text)}")
        return
    document = parse(fence.text)
    if "optimiser" in document:
        (folder / "recipe.yaml").write_text(fence.text, encoding="utf-8")
        assert read_recipe(folder / "recipe.yaml").name
        return
    if {"name", "base"} & set(document):
        expand_file(folder / (fence.file or "genotype.yaml"), fence.text)
        return
    trees = mapping(document.get("blocks"), "blocks") if "blocks" in document else document
    blocks = Blocks(trees.items, library())
    assert trees
    for name in trees:
        assert blocks.get(name)


@pytest.mark.parametrize(("text", "message"), [
    pytest.param(code(row[0]), code(row[1]), id=code(row[0]))
    for row in rows("docs/notation.md", "refused", "message")])
def test_an_error_is_worded_so(text: str, message: str, tmp_path: Path) -> None:
    if text.startswith("- "):
        document = f"name: n\ninput: [16, 32, 32]\nnet:\n  - act: {{as: a}}\n  {text}\n"
    else:
        given = re.findall(r"(?:^|; )(\w+):", text)
        usual = {"name": "n"}
        if "base" not in given:
            usual |= {"input": "[16, 32, 32]", "net": "[act: ]"}
        document = text.replace("; ", "\n") + "\n" + "".join(
            f"{key}: {value}\n" for key, value in usual.items() if key not in given)
    with pytest.raises(GenotypeError) as error:
        expand_file(tmp_path / "refused.yaml", document)
    assert error.value.message == message
    assert error.value.place


@pytest.mark.parametrize("page", sorted({f.page for f in FENCES if f.language == "python"}))
def test_python_says_what_is_shown(page: str, folder: Path) -> None:
    names: dict[str, Any] = {}
    for fence in FENCES:
        if (fence.page, fence.language) == (page, "python"):
            test = doctest.DocTestParser().get_doctest(fence.text, names, page, page, fence.line)
            said: list[str] = []
            doctest.DocTestRunner(verbose=False).run(test, out=said.append, clear_globs=False)
            assert not said, "".join(said)
            names = test.globs


@pytest.mark.parametrize("page", sorted({f.page for f in FENCES if "@op(" in f.text}))
def test_an_operation_on_a_page_passes_the_tests_of_bundled_ones(page: str, folder: Path) -> None:
    shown = [kind for f in FENCES if f.page == page for kind in re.findall(r'@op\("(\w+)"', f.text)]
    for kind in shown:
        for params, shapes in OPS[kind].examples:
            for check in (test_ops.test_shape_is_torchs, test_ops.test_cost_is_torchs_and_fvcores,
                          test_ops.test_every_parameter_learns,
                          test_ops.test_images_of_a_batch_do_not_mix,
                          test_ops.test_label_is_short_and_not_empty):
                check(kind, params, shapes)


COMMANDS = [pytest.param(f, words, id=" ".join(words)) for f in FENCES if f.language == "sh"
            for line in f.text.splitlines() for part in re.split(r"&&", line)
            if "python" in part.partition("#")[0]
            for words in [shlex.split(part, comments=True)] if "python" in words[0]]


@pytest.mark.parametrize(("fence", "words"), COMMANDS)
def test_a_command_is_understood(fence: Fence, words: list[str], folder: Path,
                                 capsys: pytest.CaptureFixture[str]) -> None:
    match words[1:]:
        case ["-m", "venv" | "pytest", *_]:
            pass
        case ["-m", "searchspace", "export", *given]:
            assert export_parser().parse_args(given).to
        case ["-m", "searchspace", *given]:
            if "--verify" in given or given == ["--list"]:      # test_cli.py runs these
                searchspace_parser().parse_args(given)
            else:
                assert searchspace_main(given) == 0, capsys.readouterr().err
        case ["viz/render.py", *given]:
            assert render_main(given) == 0, capsys.readouterr().err
            assert (folder / given[given.index("-o") + 1]).stat().st_size > 1000
        case ["viz/diff.py", *given]:
            assert diff_main(given) == 0, capsys.readouterr().err
            assert "-o" not in given or (folder / given[given.index("-o") + 1]).stat().st_size > 1000
        case ["-m", "search.archive", *given]:
            assert archive_parser().parse_args(given).run
        case ["search/status.py", *given]:
            assert status_parser().parse_args(given).where
        case ["-m", "search.latency", *given]:
            assert load(latency_parser().parse_args(given).network)
        case ["viz/report.py", *given]:
            assert report_parser().parse_args(given).study
        case ["viz/playground.py", *given]:
            assert playground_parser().parse_args(given).what
        case ["viz/zoo.py", *given]:
            assert zoo_parser().parse_args(given).output
        case ["benchmarks/pages.py", *given]:
            assert all(word.isdecimal() for word in given)
        case ["-m", "search.latency.judge", *given]:
            options = judge_parser().parse_args(given)
            assert load(options.space).is_space and options.columns
        case ["-m", "search.predictors", *given]:
            predictors_parser().parse_args(given)
        case ["-m", "search.predict", *given]:
            assert predict_parser().parse_args(given).study
        case ["-m", "search.scores", "rate", *given]:
            assert find_score(rate_parser().parse_args(given).score)
        case ["-m", "search.scores", *given]:
            assert list_scores(given) == 0
        case ["search/honesty.py", *given]:
            options = honesty_parser().parse_args(given)
            assert (options.space == PUBLISHED or load(options.space).is_space) and (
                not options.read or (ROOT / options.read).is_file())
        case ["search/run.py", *given]:
            options = parser_of("").parse_args(given)
            budget = Budget.read(options.budget, options.params, options.memory, options.latency)
            assert list(budget.bounds) or options.report or options.table_budget
            assert load(options.space).is_space
        case ["search/train.py", *given]:
            train = train_parser().parse_args(given)
            assert load_recipe(train.recipe or "quick")
            assert train.network in published() or train.network.startswith("studies/")
        case [script] if script.endswith(".py"):
            assert (ROOT / script).is_file()
        case ["benchmarks/exported_code.py", *names]:
            assert all(load(name) for name in names)
        case ["benchmarks/search_quality.py", *given]:
            search_quality_parser().parse_args(given)
        case ["benchmarks/trained_search.py", *given]:
            assert trained_search_parser().parse_args(given).file
        case _:
            pytest.fail(f"nobody knows the command {' '.join(words)}")


@pytest.mark.parametrize("page", PAGES)
def test_links_and_paths_lead_somewhere(page: str) -> None:
    text = FENCE.sub("", PAGES[page])
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    for link in links:
        if not link.startswith("http"):
            made = link.startswith("families/")        # pages of the site, tested with it
            assert made or ((ROOT / page).parent / link).exists(), link
    for path in re.findall(r"`((?:searchspace|search|viz|tests|docs|benchmarks)/[^`\s*]+)`", text):
        assert (ROOT / path).exists(), path


# --- nothing is left out ------------------------------------------------------------------------

REFERENCE = FENCE.sub("", PAGES.get("docs/notation.md", "") + PAGES.get("docs/operations.md", ""))
MENTIONED = {word for _, text in re.findall(r"(`+)(.+?)\1", REFERENCE)
             for word in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text)}
BLOCKS = sorted(library().trees)


def test_every_word_of_the_notation_is_mentioned() -> None:
    words = {*OPS, *BLOCKS, *FUNCTIONS, *STRUCTURAL, *RESERVED, *HOLE_TAGS, *GENERATORS, *KEYS,
             *VARIANT_KEYS, *RULES, *STATUSES, *(n for names in STRUCTURAL.values() for n in names)}
    assert len(words) > 150 and words - MENTIONED == set()


def default(value: object) -> str:
    if isinstance(value, bool | None):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}".replace("e-0", "e-") if isinstance(value, int | float) else str(value)


def test_the_table_of_operations_is_the_registry() -> None:
    shown = {code(row[0]): code(row[1]) if row[1] else ""
             for row in rows("docs/operations.md", "operation", "parameters")}
    assert shown == {kind: ", ".join(f.name if f.required else f"{f.name}: {default(f.default)}"
                                     for f in schema(cls).values()) for kind, cls in OPS.items()}


def test_the_table_of_spaces_counts_their_holes() -> None:
    shown = {code(row[0]): int(row[2]) for row in rows("README.md", "space", "what is open")}
    assert shown == {name: len(load(name).holes) for name in spaces()}


def test_the_table_of_blocks_is_the_library() -> None:
    shown = {code(row[0]): parse(f"args: {code(row[1])}")["args"] if row[1] else Map({})
             for row in rows("docs/operations.md", "block", "arguments")}
    assert shown == {name: mapping(mapping(tree, name).get("args"), "args")
                     for name, tree in library().trees.items()}
