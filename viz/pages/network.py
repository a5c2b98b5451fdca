"""Details of one network on a page, as JSON: costs by stage, its YAML, its drawing."""

from typing import Any

from searchspace import Genotype, to_yaml
from searchspace.cost import peak
from searchspace.summary import stages
from viz.comparison.stages import outline
from viz.drawing.dot import digraph
from viz.drawing.levels import picture
from viz.drawing.network import DrawnNetwork, subject
from viz.drawing.style import Style

Detail = dict[str, Any]


def detail(genotype: Genotype, name: str, drawn: DrawnNetwork | None = None) -> Detail:
    """A network for a page: ``stages`` are lists of name, what, times, C, H, W, MACs, parameters
    and a remark, the rows of `searchspace.summary`; ``outline``: the stages for comparisons
    (`viz.comparison.stages`); ``dot``: the source for the page's Graphviz. ``drawn`` is its
    `subject`, where that is known.

    Raises:
        GenotypeError: the network does not expand.
    """
    drawn = drawn or subject(genotype)
    found = drawn.expansion
    cost, most = found.cost(), peak(found)
    rows = [[row.name, row.what, row.times, *(row.shape or (0, 0, 0)), row.cost.macs,
             row.cost.params, "; ".join(row.remarks)] for row in stages(genotype, found)]
    return {"name": name, "input": list(found.input), "macs": cost.macs, "params": cost.params,
            "memory": most.bytes, "peak": most.step, "stages": rows, "yaml": to_yaml(genotype),
            "outline": outline(drawn).stages,
            "dot": digraph(picture(drawn, "stage"), Style()).source}
