"""The page of the attacks: what was found and what was published, beside each other."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shape import Published, near, published

from search.predictors.layer_statistics import LEVELS
from searchspace.safety.files import write_file
from viz.plots.render import chart

Row = Mapping[str, Any]
SHOWN = 6       # published networks in a picture: those nearest to the budget
HEADING = """# Searches against the predicted accuracy

```sh
python studies/predictor/attack.py                  # ten minutes of a core each: half a day
python studies/predictor/attack.py --page           # this page, from attacks.jsonl
```

A score that is optimised is attacked: whatever it wrongly believes in, a search finds. Here the
search of the README's first command (regularised evolution against the lower end of the predicted
top-1) runs in every bundled space whose ImageNet accuracy is predicted, under three budgets, with
several seeds; what it ended with is compared with the published networks of half to double its
multiply-adds. *Unusual* is a share of the multiply-adds at a resolution that none of these has, a
stage with more than half of all, fewer than half or more than twice their parameters. A space that
is missing in the table was not searched, or, as `hcg`, has no network that is not refused as too
far from what is published.

**How an expert reads it.** In the spaces that the README's searches use (`mobile`, `mixed` up to
300 M), in `si`, `uib`, `cell` and `randwire` nothing is found that nobody would train. What is
unusual in three others is their families' own shape: stems of patches compute nothing at 1/2 of
the edge (published FasterNet and ConvNeXt neither); FasterNet-T0 has 55 % in its third stage,
RegNetX-400MF 54 % in its fourth, ConvNeXt-nano 54 % in its third. `mixed` at 600 M ends a point
or two above half in one stage, which is the edge of what RegNet has. `he` is a poor space at 224
pixels, and its predictions say so: intervals of ± 4 to 7 points, and no network near.
"""


def write_page(attacks: Sequence[Row], folder: Path) -> None:
    """Write README.md and a picture for each budget."""
    others, parts = published(), [HEADING, _summary(attacks)]
    for budget in dict.fromkeys(row["budget"] for row in attacks):
        rows = [row for row in attacks if row["budget"] == budget]
        cost = sum(row["shape"]["macs"] for row in rows) / len(rows)
        beside = sorted(near(others, cost), key=lambda one: abs(one.shape.macs - cost))[:SHOWN]
        picture = f"shares-{budget}.svg"
        write_file(folder / picture, chart(_picture(rows, beside)))
        parts.append(f"## {budget}\n\n![multiply-adds by resolution, found and published]"
                     f"({picture})\n\n{_table(rows, beside)}")
    write_file(folder / "README.md", "\n".join(parts))


def _summary(attacks: Sequence[Row]) -> str:
    spaces = list(dict.fromkeys(row["space"] for row in attacks))
    lines = ["| space | searches | looked at, each | nothing unusual | unusual |",
             "|---|---|---|---|---|"]
    for space in spaces:
        rows = [row for row in attacks if row["space"] == space]
        looked = [row["looked"] for row in rows]
        fine = sum(not row["faults"] for row in rows)
        said = dict.fromkeys(f"{row['budget']}: {fault}" for row in rows for fault in row["faults"])
        lines.append(f"| `{space}` | {len(rows)} | {min(looked):,} to {max(looked):,} | {fine} | "
                     f"{'; '.join(said)} |")
    took = [row["seconds"] for row in attacks]
    seeds = ", ".join(map(str, sorted({row["seed"] for row in attacks})))
    lines.append(f"\n{len(attacks)} searches are kept (seeds: {seeds}), of {min(took):.0f} to "
                 f"{max(took):.0f} s of a core each.")
    return "\n".join(lines) + "\n"


def _picture(rows: Sequence[Row], beside: Sequence[Published]) -> dict[str, Any]:
    shapes = [(one.network, one.shape.shares) for one in beside]
    shapes += [(f"{row['space']}, seed {row['seed']}", row["shape"]["shares"]) for row in rows]
    data = [{"network": name, "resolution": f"1/{2 ** (level + 1)}", "share": shares[level]}
            for name, shares in shapes for level in range(LEVELS)]
    return {
        "data": {"values": data}, "mark": "bar", "height": {"step": 15},
        "encoding": {
            "y": {"field": "network", "type": "nominal", "title": None,
                  "sort": [name for name, _ in shapes]},
            "x": {"field": "share", "type": "quantitative", "title": "share of the multiply-adds",
                  "axis": {"format": "%"}, "scale": {"domain": [0, 1]}},
            "color": {"field": "resolution", "type": "ordinal", "title": "of the input's edge",
                      "sort": [f"1/{2 ** (level + 1)}" for level in range(LEVELS)],
                      "scale": {"range": "ramp"}},
            "order": {"field": "resolution", "type": "ordinal"}}}


def _table(rows: Sequence[Row], beside: Sequence[Published]) -> str:
    lines = ["| network | top-1 | MACs | params | layers | gates | channels | dearest stage | "
             "nearest |",
             "|---|---|---|---|---|---|---|---|---|"]
    for one in beside:
        of = one.shape
        lines.append(_line(f"`{one.network}`", f"{one.top1:.1f} (published)", {
            "macs": of.macs, "params": of.params, "layers": of.layers, "gates": of.gates,
            "widths": of.widths, "stage": of.stage, "dearest": of.dearest}, ""))
    for row in rows:
        name = f"{row['space']}-{row['budget']}-{row['seed']}"
        lines.append(_line(f"[{row['space']}, seed {row['seed']}](found/{name}.yaml)",
                           f"{row['value']:.1f} ± {row['spread']:.1f}", row["shape"],
                           f"`{row['nearest']}`, {row['distance']:.2f}"))
    return "\n".join(lines) + "\n"


def _line(name: str, top1: str, of: Row, nearest: str) -> str:
    widths = "-".join(str(width) for width in of["widths"])
    return (f"| {name} | {top1} | {of['macs'] / 1e6:.0f} M | {of['params'] / 1e6:.2f} M | "
            f"{of['layers']} | {of['gates']} | {widths} | {of['stage']} {of['dearest']:.0%} | "
            f"{nearest} |")
