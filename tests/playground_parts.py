"""The parts of the playground's page, each with one text wherever a stranger's can stand."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from searchspace.notation.sources import GENOTYPES
from viz.comparison.alignment import difference
from viz.comparison.stages import outline
from viz.drawing.network import subject
from viz.live import views
from viz.live.model.evaluation import Figure, Report, Source, evaluate
from viz.live.model.picture import Pair
from viz.live.model.points import Neighbour
from viz.live.model.state import State
from viz.live.model.studies import Entry, StudyView
from viz.live.model.tools import Near, Told, Tools

SPACE = GENOTYPES / "spaces" / "digits.yaml"


def source() -> Source:
    """A bundled space as a tab holds it."""
    return Source(SPACE.read_text(encoding="utf-8"), str(SPACE))


@cache
def made() -> Report:
    """A report that means no harm."""
    return evaluate(source(), Tools())


def report(text: str) -> Report:
    """A report in which every text is this one."""
    found = made()
    return replace(
        found, title=text, name=text, input=text, peak=text, notes=(text,), top1=1.0,
        figures=(Figure(text, text, 1, 1.0, False),), figures_at=text,
        told=Told(1.0, 1.0, 1.0, text, (Near(text, 1.0, 1.0),)),
        rows=tuple(row._replace(name=text, what=text, shape=text, remark=text)
                   for row in found.rows),
        controls=tuple(c._replace(name=f"{text}{i}", group=text, labels=(text, i), value=text)
                       for i, c in enumerate(found.controls)))


def pair(text: str) -> str:
    """Two networks of this title; ``text`` is a line of both."""
    one = replace(outline(subject(source().genotype())), title=text)
    line = text.replace("\n", " ")
    return views.pair(Pair(difference(one, one), (line, f"{line} more"), b""))


def study(text: str) -> str:
    """A study of this name."""
    return views.study(StudyView(text, text, (text,), 1, 1, text, text, (
        Entry(0, "best", (text,), 1, 1, text),)), True, 2, text)


def pane(name: str) -> Callable[[str], str]:
    """One pane of the numbers."""
    return lambda text: views.numbers(report(text), State("", macs="1K"), text)[name]


# By template.
PARTS: dict[str, Callable[[str], str]] = {
    "play.html": lambda text: views.body([text], True, True, True, text),
    "play-cost.html": pane("cost-macs"),
    "play-bar.html": lambda text: views.render(
        "play-bar.html", row=views.CostRow("macs", text, text, text, None, "", text)),
    "play-title.html": pane("title"), "play-told.html": pane("told"),
    "play-published.html": pane("published"),
    "play-stages.html": lambda text: views.stages(report(text)),
    "play-holes.html": lambda text: views.holes(report(text), State(""), (text,)),
    "play-neighbours.html": lambda text: views.neighbours(
        text, [Neighbour(text, False, 1, 1, 1, None, None)]),
    "play-pair.html": pair, "play-study.html": study}
