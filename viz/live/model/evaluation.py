"""What a text amounts to: numbers, stages, holes, and the lines that they come from.

All of it is plain data, since it is made in a process of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from searchspace import Genotype, GenotypeError, SearchspaceError
from searchspace.cost import peak
from searchspace.errors import Place
from searchspace.expansion import Expansion, trace
from searchspace.load import loads
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom
from searchspace.ops import show_shape
from searchspace.summary import stages
from searchspace.zoo.figures import comparisons, standing
from viz.drawing.network import middle
from viz.live.model.tools import Told, Tools

LABELS = 200            # options of a hole that are listed; of more, every n-th


class Row(NamedTuple):
    """A row of the stage table; ``line`` of the text, 0 if it comes from another file."""

    name: str
    what: str
    times: int
    shape: str
    macs: int
    params: int
    remark: str
    line: int


class Control(NamedTuple):
    """A hole that the network depends on. ``group``: the step or block that it is written in."""

    name: str
    group: str
    kind: str
    labels: tuple[Atom, ...]
    value: Atom
    line: int


class Figure(NamedTuple):
    """A published figure beside ours, counted by the paper's rule; ``difference`` in percent."""

    what: str
    printed: str
    ours: int
    difference: float
    met: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A text to evaluate: ``file`` is where it stands, see `searchspace.load.loads`. ``size``: edge
    of the images, None for the file's own; ``latency``: the file of a latency table."""

    text: str
    file: str
    variant: str | None = None
    size: int | None = None
    decisions: tuple[tuple[str, Atom], ...] = ()
    latency: str | None = None

    def genotype(self) -> Genotype:
        """The genotype; raises GenotypeError, UnknownNameError."""
        made = loads(self.text, self.file, self.variant)
        return made if self.size is None else made.with_input(self.size)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a text is no network: one sentence, and the line of the text, 0 if unknown."""

    sentence: str
    line: int = 0


@dataclass(frozen=True)
class Report:
    """A network, or a space at one of its points. ``latency`` in nanoseconds; ``lines``: for each
    name of a step, block or operation the line of the text that made it; ``told``: the predicted
    accuracy, or why none is told, empty if nothing predicts; ``figures_at``: the input of the
    published figures, and of ours beside them, where it is another one."""

    title: str
    name: str
    variants: tuple[str, ...]
    variant: str
    is_space: bool
    input: str
    macs: int
    params: int
    memory: int
    peak: str
    latency: int | None
    operations: int
    rows: tuple[Row, ...]
    controls: tuple[Control, ...]
    sleeping: int
    figures: tuple[Figure, ...]
    figures_at: str
    top1: float | None
    notes: tuple[str, ...]
    lines: Mapping[str, int]
    told: Told | str

    @property
    def decisions(self) -> dict[str, Atom]:
        """The decisions that this point has."""
        return {control.name: control.value for control in self.controls}

    def cost(self, name: str) -> int | None:
        """A cost by its name."""
        found: int | None = getattr(self, name)
        return found


def evaluate(source: Source, tools: Tools) -> Report:
    """All that is shown beside a text.

    Raises:
        SearchspaceError: it is no network; see `fault`.
    """
    genotype = source.genotype()
    chosen = decided(genotype, dict(source.decisions))
    expansion, controls = _expanded(genotype, chosen, source)
    cost, most = expansion.cost(), peak(expansion)
    header = genotype.header
    lines = _lines(genotype, expansion, source.file)
    rows = tuple(Row(r.name, r.what, r.times, show_shape(r.shape) if r.shape else "–", r.cost.macs,
                     r.cost.params, "; ".join(r.remarks),
                     lines.get(r.name.partition(".")[0], 0))
                 for r in stages(genotype, expansion))
    own = expansion if source.size is None or genotype.is_space else \
        trace(replace(source, size=None).genotype())        # papers count at their own size
    figures = () if genotype.is_space else tuple(
        Figure(c.what, c.printed, c.ours, c.difference, c.met) for c in comparisons(header, own))
    status = header.status or "" if genotype.is_space else standing(header, own.cost())
    about = [("status", status),
             ("note", header.note or ""), ("source", header.source or "")]
    return Report(
        genotype.title, genotype.name, tuple(genotype.variants), genotype.variant or "",
        genotype.is_space, show_shape(expansion.input), cost.macs, cost.params, most.bytes,
        most.step, _latency(expansion, source, tools), len(expansion.nodes), rows, controls,
        len(genotype.holes) - len({c.name for c in controls} & {h.name for h in genotype.holes}),
        figures, "" if own.input == expansion.input else show_shape(own.input),
        header.published.top1 if header.published and not genotype.is_space else None,
        tuple(f"{name}: {text}" for name, text in about if text), lines, _told(expansion, tools))


def expanded(source: Source) -> Expansion:
    """The operations of a source at its point.

    Raises:
        SearchspaceError: it is no network.
    """
    genotype = source.genotype()
    return _expanded(genotype, decided(genotype, dict(source.decisions)), source)[0]


def decided(genotype: Genotype, wanted: Mapping[str, Atom]) -> dict[str, Atom]:
    """The decisions that a genotype knows: what is left of them after its text was edited."""
    holes = {hole.name: hole for hole in genotype.holes}
    kept = {}
    for name, label in wanted.items():
        stem, _, number = name.rpartition(".")
        hole = holes.get(name) or (holes.get(stem) if number.isdigit() else None)
        if hole is not None and any(label == one and type(label) is type(one)
                                    for one in hole.labels):
            kept[name] = label
    return kept


def fault(error: SearchspaceError, file: str) -> Fault:
    """An error as what the page shows, at the innermost line that stands in the file."""
    places: list[Place] = []
    if isinstance(error, GenotypeError):
        places = [p for p in (error.place, *error.trail) if p is not None]
        own = next((p.line for p in places if p.file == file), 0)
        inside = places[0] if places and places[0].file != file else None
        where = f" [in {Path(inside.file).name}:{inside.line}]" if inside and own else ""
        return Fault(error.message + where, own)
    return Fault(str(error))


def _expanded(genotype: Genotype, chosen: Mapping[str, Atom],
              source: Source) -> tuple[Expansion, tuple[Control, ...]]:
    met: dict[str, tuple[Hole, Atom]] = {}

    def decide(name: str, hole: Hole) -> Atom:
        if name not in met:
            met[name] = hole, chosen[name] if name in chosen else middle(hole)
        return met[name][1]

    expansion = trace(genotype, decide if genotype.is_space else None)
    controls = []
    for name, (hole, value) in met.items():
        labels = hole.labels
        if len(labels) > LABELS:
            step = -(-len(labels) // LABELS)
            labels = tuple(label for i, label in enumerate(labels)
                           if i % step == 0 or label == value)
        line = hole.place.line if hole.place.file == source.file else 0
        group = name.partition(".")[0] if "." in name else "arguments"
        controls.append(Control(name, group, hole.kind, labels, value, line))
    return expansion, tuple(controls)


def _lines(genotype: Genotype, expansion: Expansion, file: str) -> dict[str, int]:
    """Where names of the drawing stand in the text: operations at their own line, or at that of
    the outermost step that called them."""
    found: dict[str, int] = {}
    stage = {}
    for step in genotype.program.net:
        if step.place.file == file:
            for label in (step.label, *step.names):
                stage[label] = found[label] = step.place.line
    for node in expansion.nodes:
        first = node.name.partition(".")[0]
        line = node.place.line if node.place.file == file else stage.get(first, 0)
        found.setdefault(node.name, line)
        for call in node.calls:
            found.setdefault(call.name, stage.get(first, 0))
    return found


def _latency(expansion: Expansion, source: Source, tools: Tools) -> int | None:
    if source.latency is None or tools.clock is None:
        return None
    return tools.clock(Path(source.latency))(expansion)


def _told(expansion: Expansion, tools: Tools) -> Told | str:
    if tools.predict is None:
        return ""
    try:
        return tools.predict(expansion)
    except SearchspaceError as error:
        return str(error)
