"""Gallery of all bundled networks as one HTML file, with search and comparison."""

from collections.abc import Sequence
from importlib import metadata
from typing import Any

from searchspace import Genotype, load
from searchspace.expansion import Expansion
from searchspace.units import show_amount
from searchspace.zoo.figures import comparisons, standing
from viz.drawing.network import subject
from viz.drawing.render import svg
from viz.pages.network import detail
from viz.pages.page import page
from viz.plots.front import Mark, spec
from viz.results import Goal

SCRIPTS = ("base.js", "chart.js", "table.js", "network.js", "difference.js", "gallery.js")
TOP1 = Goal("top1", "top-1 in the paper", "%", True)
SMALL = 64         # pixels of images up to which a network is one for CIFAR and the like
KINDS = ("small images", "large images")
MACS = Goal("macs", "MACs", "", False)


def gallery(names: Sequence[str]) -> str:
    """The gallery of some networks as the text of an HTML file that works offline.

    Every network has its figures beside the published ones, a drawing of its stages, its costs and
    its YAML; of each family the distinct blocks of its first network are drawn too.
    """
    rows, data = [], dict[str, object]()
    families = list(dict.fromkeys(name.partition("@")[0] for name in names))
    for i, family in enumerate(families):
        networks, blocks = {}, ""
        for name in (n for n in names if n.partition("@")[0] == family):
            genotype = load(name)
            drawn = subject(genotype)
            rows.append(_row(name, family, genotype, drawn.expansion))
            networks[name] = detail(genotype, name, drawn)
            blocks = blocks or svg(genotype, "block")
        data[f"family-{i}"] = {"networks": networks, "blocks": blocks}
    marks = tuple(Mark(r["id"], float(r["macs"]), r["top1"], KINDS[r["input"] > SMALL], r["id"])
                  for r in rows if r["top1"])
    data["zoo"] = {"rows": rows, "families": families,
                   "plane": spec(marks, (TOP1, MACS), kinds=KINDS, log=True)}
    return page("gallery.html", SCRIPTS, data, title="searchspace: gallery", count=len(rows),
                families=len(families), version=metadata.version("searchspace"),
                example="shuffle macs<150M")


def _row(name: str, family: str, genotype: Genotype, expansion: Expansion) -> dict[str, Any]:
    """A row of the table, with the paper's figures and our counts."""
    header, cost = genotype.header, expansion.cost()
    figures = [[f"{c.what} in the paper", f"{c.printed}; ours by its rule {show_amount(c.ours)} "
                f"({c.difference:+.1f} %)"] for c in comparisons(header, expansion)]
    top1 = header.published.top1 if header.published else None
    if header.published and top1 is not None:
        unchecked = ", unchecked" if header.published.unchecked else ""
        figures.append(["top-1 in the paper", f"{top1:g} %{unchecked}"])
    figures += [[f"top-1 on {a.data}, {a.recipe}", f"{a.top1:g} % at {a.size}×{a.size}"]
                for a in header.accuracies]
    return {"id": name, "name": name, "family": family, "macs": cost.macs, "params": cost.params,
            "input": expansion.input[1], "top1": top1,
            "unchecked": bool(header.published and header.published.unchecked),
            "standing": standing(header, cost), "source": header.source, "note": header.note,
            "figures": figures}
