"""Text that a stranger may have written into a file or a database, generated."""

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import yaml
from hypothesis import strategies as st

from viz.results import Belief, Forecast, Results, Rival

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))  # scripts, not a package

import pages

# What is more than text in one of the languages that text reaches.
FRAGMENTS = (
    "</script>", "<script>alert(1)</script>", "<!--", "]]>", "<img src=x onerror=alert(1)>", "</td>",
    '" onload="', "' x='", "&lt;", "&amp;#65;", "&", "{{ 7*7 }}", "{% raw %}", "${title}", "$$",
    "javascript:alert(1)", "datum.x", "\\N", "\\G\\l", "\\", ">,<B>", "#ffffff", "\u2028", "\u2029",
    "\x1b[31m", "\x1b]8;;http://x\x07y\x1b]8;;\x07", "\x1b]52;c;eA==\x1b\\", "\x9b2J", "\x90", "\x7f",
    "\u202e", "\u2066", "\ufeff", "\x00", "\x08", "\r", "\n", "\t", "\x85", "[bold]", "[/]",
    "[link=http://x]", ":smile:", "=1+1", "+1", "-x", "@SUM(A1)", "|calc", "'", "''", ";", ",",
    "'; DROP TABLE arch_study; --", "%", "_", "on", "no", "null", "~", "1:30", "1e5", "0x1", "=",
    "<<", "? ", "- ", ": ", " #", "!!python/object:os", "*a", "`rm`", "](x)", "**", "| x |",
    "网络", "é", "🙂", "\u3000", " ", "  ", "%s", "%(x)s", "{x}")


def texts(codec: str | None = "utf-8", most: int = 12) -> st.SearchStrategy[str]:
    """Texts with something to see, of fragments and any letters that ``codec`` can write."""
    letters = st.text(st.characters(codec=codec), max_size=6)
    parts = st.lists(st.sampled_from(FRAGMENTS) | letters, min_size=1, max_size=most)
    return parts.map("".join).filter(lambda text: text.strip())


def squeezed(text: str) -> str:
    """A text without spaces, which a layout moves about."""
    return "".join(text.split())


def genotype(folder: Path, text: str, form: str = "!choice {{one: {}, two: other}}") -> Path:
    """The file of a space in which all is a stranger's that need not be a name; of a network where
    ``form`` is ``{}``."""
    path = folder / "net.yaml"
    written = yaml.safe_dump({"source": text, "note": text, "published": {"of": text, "table": text},
                              "accuracies": [{"data": "imagenet", "top1": 1, "recipe": "plain",
                                              "size": 8, "of": text}],
                              "exact": {"of": text, "macs": 1, "params": 1}}, width=10**6)
    # what begins with "=" is a formula
    word = form.format(yaml.safe_dump(f"?{text}", default_style='"', width=10**6).strip())
    path.write_text(
        f"name: net\n{written}input: [3, 8, 8]\nargs: {{word: {word}}}\nnet:\n"
        "  - conv: {out: 4}\n  - conv: {out: \"=4 if word == 'other' else 8\"}\n", encoding="utf-8")
    return path


@cache
def made() -> Results:
    """A study that means no harm."""
    return pages.study(4)


def study(text: str) -> Results:
    """A study in which all is a stranger's that is text, but for the names of holes."""
    rows = tuple(replace(row, shown=(text,) * len(row.shown), known=text, worker=text, error=text)
                 for row in made().rows)
    rivals = (Rival(text, None, rows[0].macs, 1, 1, 5.0, 1.0, False),)
    return replace(made(), name=text, rows=rows, rivals=rivals, facts=((text, text),),
                   settings=((text, text),), versions=((text, text),), command=text, verdict=text,
                   caveat=text)


def decided(text: str) -> Results:
    """The same with holes and options that no space has."""
    found = study(text)
    rows = tuple(replace(row, decisions={text: text if row.number % 2 else row.number})
                 for row in found.rows)
    return replace(found, rows=rows, effects=((text, 0.5),), forecasts=(Forecast(0, 5.0, 4.0, 6.0),),
                   beliefs=(Belief(text, text, 5.0, 1.0), Belief(text, "other", 6.0, 1.0)))
