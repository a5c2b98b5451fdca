"""The parts of the page as HTML; all text is escaped by the templates."""

import difflib
from collections.abc import Sequence
from typing import Any, NamedTuple

from searchspace import BudgetError
from searchspace.space.budget import amount
from searchspace.units import parse_amount, parse_bytes, parse_range, parse_time
from viz.comparison.drawing import grown, total
from viz.live.model.evaluation import Control, Report
from viz.live.model.exporting import absent, offered
from viz.live.model.picture import Pair
from viz.live.model.points import Neighbour
from viz.live.model.state import COSTS, State
from viz.live.model.studies import StudyView
from viz.live.model.tools import Known, Told
from viz.plots import front
from viz.results import Goal
from viz.templates import environment

TITLES = {"macs": "MACs", "params": "parameters", "memory": "activations", "latency": "latency"}
HINTS = {"macs": "300M or 280M-300M", "params": "4M", "memory": "4MB", "latency": "20ms"}
_PARSERS = {"macs": parse_amount, "params": parse_amount, "memory": parse_bytes,
            "latency": parse_time}
TOP1 = Goal("top1", "top-1 on ImageNet", "%", True)
MACS = Goal("macs", "MACs", "", False)
KINDS = ("published", "present")
CONTEXT = 2             # equal lines around a difference


class CostRow(NamedTuple):
    """One cost of the table: ``exact`` with all digits, ``share`` of its bound or None."""

    name: str
    title: str
    short: str
    exact: str
    share: float | None
    verdict: str
    wrong: str


def render(template: str, **values: Any) -> str:
    """A template as text."""
    return environment().get_template(template).render(**values)


def costs(report: Report, state: State) -> list[CostRow]:
    """The costs, each beside its bound."""
    rows = []
    for name in COSTS:
        value = report.cost(name)
        if value is None:
            continue
        share, verdict, wrong = None, "", ""
        if text := state.bounds.get(name):
            try:
                least, most = parse_range(text, _PARSERS[name])
            except BudgetError as error:
                wrong = str(error)
            else:
                share = value / most
                verdict = "over" if value > most else \
                    "under" if least is not None and value < least else "inside"
        exact = f"{value / 1e6:.2f} ms" if name == "latency" else f"{value:,}"
        rows.append(CostRow(name, TITLES[name], amount(name, value), exact, share, verdict, wrong))
    return rows


def numbers(report: Report, state: State, likeness: str) -> dict[str, str]:
    """The panes of the numbers: one of each cost, the prediction, the published figures."""
    rows = costs(report, state)
    panes = {f"cost-{row.name}": render("play-cost.html", row=row) for row in rows}
    panes |= {f"bar-{row.name}": render("play-bar.html", row=row) for row in rows}
    told = report.told if isinstance(report.told, Told) else None
    panes["told"] = render("play-told.html", told=told, likeness=likeness,
                           why=report.told if isinstance(report.told, str) else "")
    panes["published"] = render("play-published.html", report=report)
    panes["title"] = render("play-title.html", report=report)
    return panes


def stages(report: Report) -> str:
    """The stage table."""
    return render("play-stages.html", report=report)


def holes(report: Report, state: State, changed: Sequence[str]) -> str:
    """The controls of a space, grouped as in the file; empty for a network."""
    if not report.is_space:
        return ""
    groups: dict[str, list[Control]] = {}
    for control in report.controls:
        groups.setdefault(control.group, []).append(control)
    return render("play-holes.html", report=report, groups=groups, pinned=set(state.pinned),
                  changed=set(changed), indices=index_of)


def index_of(control: Control) -> int:
    """The place of a control's value among its labels."""
    return control.labels.index(control.value)


def neighbours(hole: str, rows: Sequence[Neighbour]) -> str:
    """Neighbours of one hole with their costs."""
    return render("play-neighbours.html", hole=hole, rows=[
        (row, amount("macs", row.macs), amount("params", row.params), amount("memory", row.memory))
        for row in rows])


class Line(NamedTuple):
    """A line of two texts beside each other: ``kind`` is same, changed, added, removed or gap."""

    kind: str
    left: str
    right: str


def lines(texts: tuple[str, str]) -> list[Line]:
    """Two texts line by line, with little of what is equal.

    >>> [line.kind for line in lines(("a: 1\\nb: 2\\n", "a: 1\\nb: 3\\n"))]
    ['same', 'changed']
    """
    one, other = (text.removesuffix("\n").split("\n") for text in texts)
    found: list[Line] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            rows = [Line("same", x, x) for x in one[a:b]]
            if len(rows) > 2 * CONTEXT + 1:
                hidden = len(rows) - 2 * CONTEXT
                rows = [*rows[:CONTEXT], Line("gap", f"{hidden} equal lines", ""),
                        *rows[-CONTEXT:]]
            found += rows
            continue
        left, right = one[a:b], other[c:d]
        for i in range(max(len(left), len(right))):
            x, y = (side[i] if i < len(side) else None for side in (left, right))
            kind = "added" if x is None else "removed" if y is None else "changed"
            found.append(Line(kind, x or "", y or ""))
    return found


def pair(found: Pair) -> str:
    """Two networks: their stages, their texts; the drawing is sent by itself."""
    difference = found.found
    return render("play-pair.html", titles=difference.titles, changes=[
        (change, grown(change.cost)) for change in difference.changes], lines=lines(found.texts),
        macs=total(difference.before.macs, difference.after.macs),
        params=total(difference.before.params, difference.after.params), same=difference.same)


def study(seen: StudyView, running: bool, wanted: int, words: str) -> str:
    """A study: what is known of it, and its best networks."""
    return render("play-study.html", study=seen, running=running, wanted=wanted, words=words,
                  amount=amount)


def plane(known: Sequence[Known]) -> dict[str, Any]:
    """The plane of published networks, with a trail of what was edited, empty at first."""
    marks = [front.Mark(k.name, k.macs, k.top1, "published", k.name) for k in known]
    spec = front.spec(marks, (TOP1, MACS), kinds=KINDS, log=True)
    at = spec["layer"][0]["encoding"]
    spec["layer"] = [one for one in spec["layer"] if one["mark"].get("style") not in ("label",
                                                                                      "front")]
    place = {"x": at["x"], "y": at["y"]}
    spec["layer"] += [
        {"data": {"name": "trail", "values": []},
         "mark": {"type": "line", "style": "front", "point": True},
         "encoding": {**place, "order": {"field": "n", "type": "quantitative"}}},
        {"data": {"name": "spread", "values": []}, "mark": {"type": "rule", "strokeWidth": 2},
         "encoding": {**place, "y": {**at["y"], "field": "low"}, "y2": {"field": "high"}}},
        {"data": {"name": "present", "values": []},
         "mark": {"type": "point", "style": "chosen", "filled": True, "size": 160},
         "encoding": {**place, "tooltip": [{"field": "name", "title": "network"}]}}]
    return spec


def body(names: Sequence[str], clock: bool, search: bool, studies: bool, home: str) -> str:
    """The page's skeleton."""
    costs = [(name, TITLES[name], HINTS[name]) for name in COSTS if clock or name != "latency"]
    return render("play.html", names=names, costs=costs, search=search, studies=studies, home=home,
                  exports=offered(), absent=absent())

