"""Rows of a cost table: one per step of the network, with equal repeats folded.

Only data; `__main__` and the report format it.
"""

from itertools import groupby
from typing import NamedTuple

from searchspace.compiler.program import Step
from searchspace.expansion import Expansion, Node
from searchspace.genotype import Genotype
from searchspace.ops import Cost
from searchspace.shapes import Shape

Notes = tuple[tuple[str, str], ...]

class SummaryRow(NamedTuple):
    """A step, or some repeats of it. ``shape``: its output, None if no operation is left."""

    name: str
    what: str                    # the block, or the operation as drawings label it
    times: int
    shape: Shape | None
    cost: Cost
    remarks: tuple[str, ...]     # shortcuts and dead ends that were left out


def stages(genotype: Genotype, expansion: Expansion) -> list[SummaryRow]:
    """One row for each step of the net, in its order; repeats of equal kind share one.

    Repeats are of one kind if their operations, output shape and remarks are the same; a first
    repeat with a stride, or without a shortcut, has its own row. Costs are summed.
    """
    nodes: dict[str, list[Node]] = {}
    for node in expansion.nodes:
        nodes.setdefault(node.name.partition(".")[0], []).append(node)
    rows: list[SummaryRow] = []
    for step in genotype.program.net:
        # a split's operations are named after its parts
        mine = [node for name in (step.label, *step.names) for node in nodes.pop(name, ())]
        if mine and step.repeat is not None:
            rows += _repeats(step, mine, expansion.notes)
            continue
        remarks = _remarks(step.label, expansion.notes)
        if mine or remarks:
            rows.append(_row(step, step.label, 1, mine, remarks))
    return rows


def operations(expansion: Expansion) -> list[SummaryRow]:
    """One row for each operation; those that were left out come last."""
    notes: dict[str, list[str]] = {}
    for name, text in expansion.notes:
        notes.setdefault(name, []).append(text)
    rows = [SummaryRow(n.name, n.op.label(), 1, n.shape, n.cost, tuple(notes.pop(n.name, ())))
            for n in expansion.nodes]
    return rows + [SummaryRow(name, "", 0, None, Cost(), tuple(texts))
                   for name, texts in notes.items()]


def _repeats(step: Step, nodes: list[Node], notes: Notes) -> list[SummaryRow]:
    def number(node: Node) -> str:
        return node.name.split(".")[1]

    def kind(repeat: tuple[str, list[Node]]) -> tuple[list[str], Shape, tuple[str, ...]]:
        prefix, members = repeat
        size = (0, *members[-1].shape[1:])
        return [n.op.kind for n in members], size, _remarks(prefix, notes)

    single = [(f"{step.label}.{i}", list(members)) for i, members in groupby(nodes, key=number)]
    rows = []
    for (_, _, remarks), group in groupby(single, key=kind):
        repeats = list(group)
        name = step.label if len(repeats) == len(single) else repeats[0][0]
        if 1 < len(repeats) < len(single):
            name += "–" + number(repeats[-1][1][0])
        members = [node for _, part in repeats for node in part]
        rows.append(_row(step, name, len(repeats), members, remarks))
    return rows


def _row(step: Step, name: str, times: int, nodes: list[Node],
         remarks: tuple[str, ...]) -> SummaryRow:
    what = step.key
    if step.kind == "op" and nodes:
        what = nodes[-1].op.label()
    elif step.kind == "arg" and nodes:           # the block or operation that the argument names
        calls = nodes[-1].calls
        what = calls[0].block if calls else nodes[-1].op.label()
    return SummaryRow(name, what, times, nodes[-1].shape if nodes else None,
               sum((node.cost for node in nodes), Cost()), remarks)


def _remarks(prefix: str, notes: Notes) -> tuple[str, ...]:
    """The notes about a step and what is inside it, one for each text."""
    inside: dict[str, list[str]] = {}
    for name, text in notes:
        if name == prefix or name.startswith(prefix + "."):
            inside.setdefault(text, []).append(name[len(prefix) + 1:])
    return tuple(_named(names, text) for text, names in inside.items())


def _named(names: list[str], text: str) -> str:
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown}: {text}" if shown else text
