"""Report of a study as one HTML file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from searchspace import Genotype, GenotypeError, SearchspaceError, fill
from searchspace.safety.files import write_file
from searchspace.shapes import show_size
from searchspace.space.budget import amount, show
from searchspace.zoo.published import published_at
from viz.comparison.nearest import nearest
from viz.drawing.network import subject
from viz.pages.network import Detail, detail
from viz.pages.page import page
from viz.plots import PLOTS, in_order
from viz.results import Results, TrialRow

CHUNK = 100        # networks whose details are packed together, and unpacked on demand
SCRIPTS = ("base.js", "chart.js", "table.js", "network.js", "difference.js", "report.js")


def report(results: Results) -> str:
    """The report as the text of an HTML file that works offline."""
    networks, known = _networks(results)
    chunks = {str(row.number): i // CHUNK for i, row in enumerate(results.rows)}
    plots = {name: spec for name, plot in in_order().items() if (spec := plot.draw(results))}
    data: dict[str, object] = {
        "study": _study(results, chunks), "plots": plots, "published": known}
    for i in range(0, len(results.rows), CHUNK):
        data[f"networks-{i // CHUNK}"] = _columns(
            {str(row.number): networks[row.number] for row in results.rows[i:i + CHUNK]})
    return page(
        "report.html", SCRIPTS, data, title=f"{results.name}: a search", name=results.name,
        space=results.space.name, budget=_budget(results), verdict=results.verdict,
        input=show_size(results.size), facts=_summary(results),
        rivals=[{"name": r.name, "over": r.over, "score": f"{r.mean:.1f} ± {r.spread:.1f}",
                 "macs": amount("macs", r.macs), "params": amount("params", r.params)}
                for r in sorted(results.rivals, key=lambda r: -r.mean)],
        plane=PLOTS["front"], plots=[(n, PLOTS[n]) for n in plots if n != "front"],
        caveat=results.caveat, command=results.command, settings=results.settings,
        versions=results.versions, version=dict(results.versions).get("searchspace", ""),
        example=_example(results))


def encoded(results: Results) -> bytes:
    """`report` as UTF-8; surrogates, which no file can hold, are spelled out."""
    return report(results).encode(errors="backslashreplace")


def write_report(results: Results, path: Path) -> Path:
    """Write `report` to a file; replaces an earlier one.

    Raises:
        SearchspaceError: it cannot be written.
    """
    try:
        write_file(path, encoded(results))
    except OSError as error:
        raise SearchspaceError(f"{path} cannot be written: {error.strerror}") from None
    return path


def genotype(results: Results, row: TrialRow) -> Genotype:
    """The network of a row, as a genotype of its own."""
    filled = fill(results.space, row.decisions)
    return filled.replace(filled.document, name=f"{results.name}-{row.number}")


def _networks(results: Results) -> tuple[dict[int, Detail | None], dict[str, Detail]]:
    """The details of all trials, and of the published networks that they are compared with."""
    found: dict[int, Detail | None] = {}
    known = {r.name: r for r in published_at(results.size)}
    wanted = {r.name for r in results.rivals if r.name in known}
    for row in results.rows:
        try:
            drawn = subject(network := genotype(results, row))
        except GenotypeError:       # the space has changed since
            found[row.number] = None
            continue
        near = nearest(drawn.expansion)
        found[row.number] = {**detail(network, f"trial {row.number}", drawn),
                             "near": near.name if near else None}
        wanted |= {near.name} if near else set()
    return found, {name: detail(known[name].genotype, name)
                   for name in sorted(wanted)}


def _columns(networks: dict[str, Detail | None]) -> dict[str, list[Any]]:
    """Details as columns by field, with the column ``id``: compresses to three quarters."""
    known = {number: network for number, network in networks.items() if network}
    fields = next(iter(known.values()), {})
    return {"id": list(known), **{name: [network[name] for network in known.values()]
                                  for name in fields}}


def _study(results: Results, chunks: dict[str, int]) -> dict[str, Any]:
    """Data of all trials for the table and the scripts."""
    names = list(dict.fromkeys(name for row in results.rows for name in row.decisions))
    labels = {name: list(dict.fromkeys(row.decisions[name] for row in results.rows
                                       if name in row.decisions)) for name in names}
    front = {row.number for row in results.front}
    rows = [{"id": str(r.number), "trial": r.number, "values": r.values, "shown": r.shown,
             "macs": r.macs, "params": r.params, "memory": r.memory, "latency": r.latency,
             "budget": max((r.cost(limit.cost) / limit.most for limit in results.limits),
                           default=0.0),
             "origin": r.origin, "known": r.known, "error": r.error,
             "front": results.chosen if r.number == results.best
             else "yes" if r.number in front else "",
             "decisions": [labels[n].index(r.decisions[n]) if n in r.decisions else -1
                           for n in names]} for r in results.rows]
    return {"goals": [goal.title for goal in results.goals],
            "maximize": results.goals[0].maximize,
            "best": None if results.best is None else str(results.best),
            "chosen": results.chosen, "rows": rows,
            "holes": [{"name": n, "labels": labels[n]} for n in names], "chunks": chunks,
            "rivals": [{"id": str(r.trial) if r.trial is not None else r.name,
                        "shown": f"{r.mean:.1f} ± {r.spread:.1f}"} for r in results.rivals]}


def _summary(results: Results) -> Iterator[tuple[str, str]]:
    if results.best is not None:
        best = results.numbered[results.best]
        values = [f"{goal.title} {shown}" for goal, shown in
                  zip(results.goals, best.shown, strict=True)]
        costs = [show(name, best.cost(name)) for name in ("macs", "params")
                 if name not in {goal.name for goal in results.goals}]
        knee = "the knee of the front" if len(results.goals) > 1 else "best network"
        yield knee, f"trial {best.number}: {', '.join([*values, *costs])}{_why(results)}"
        yield "on the front", f"{len(results.front)}"
    yield from results.facts


def _why(results: Results) -> str:
    """Why the best network is not the one of the best value, if it is another."""
    goal, top = results.goals[0], results.ranked[0]
    if len(results.goals) > 1:
        return "; of the front it comes nearest to the best value of every goal at once"
    if top.number == results.best:
        return ""
    return (f"; trial {top.number} has {goal.title} {top.shown[0]}, from one initialisation: of "
            "the best ones, scored again from several, this has the best mean")


def _budget(results: Results) -> str:
    return " and ".join(show(limit.cost, *(end for end in (limit.least, limit.most)
                                           if end is not None)) for limit in results.limits)


def _example(results: Results) -> str:
    """An example of a filter for this study."""
    parts = ["front=yes"]
    if results.scored:
        middle = sorted(r.macs for r in results.scored)[len(results.scored) // 2]
        parts.append(f"macs<{amount('macs', middle)}")
        name, label = list(results.scored[0].decisions.items())[-1]
        parts.append(f"{name}={str(label).lower() if isinstance(label, bool) else label}")
    return " ".join(parts)
