"""Where a network has its multiply-adds and parameters, and where published ones of its cost do."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from search.predictors.layer_statistics import LEVELS, digest
from search.predictors.published_accuracies import NEAR_224, PAPER, published_accuracies
from searchspace import load
from searchspace.expansion import Expansion, trace

FACTOR = 2.0        # half to double the multiply-adds are about the same
ROUNDING = 0.005    # shares are read in whole percents


@dataclass(frozen=True, slots=True)
class Shape:
    """``shares`` of the multiply-adds at 1/2, …, 1/32 of the input's edge; ``stage``: the step of
    the net that has most of them, ``dearest``: its share; ``widths``: channels at the end of each
    resolution, 0 where there is none."""

    macs: int
    params: int
    shares: tuple[float, ...]
    stage: str
    dearest: float
    widths: tuple[int, ...]
    layers: int
    gates: int


@dataclass(frozen=True, slots=True)
class Published:
    """A published network: its best known top-1 by its paper's recipe, and its shape."""

    network: str
    top1: float
    shape: Shape


def shape(expansion: Expansion) -> Shape:
    """The shape of an expanded network."""
    of = digest(expansion)
    steps: Counter[str] = Counter()
    for node in expansion.nodes:
        name = node.calls[0].name if node.calls else node.name
        steps[name.partition(".")[0]] += node.cost.macs
    stage, most = steps.most_common(1)[0]
    return Shape(int(of.macs), int(of.params), tuple(round(m / of.macs, 4) for m in of.macs_at),
                 stage, round(most / of.macs, 4), tuple(int(w) for w in of.width_at), of.layers,
                 of.gates)


@cache
def published() -> tuple[Published, ...]:
    """All whose accuracy by their paper's recipe counts, at 224 pixels. Takes seconds."""
    known = published_accuracies()
    mine = (known.recipes == PAPER) & (known.edges >= NEAR_224[0]) & (known.edges <= NEAR_224[1])
    return tuple(Published(str(name), float(top1), shape(trace(load(str(name)))))
                 for name, top1 in zip(known.networks[mine], known.top1[mine], strict=True))


def near(networks: Iterable[Published], macs: float) -> tuple[Published, ...]:
    """Those of half to double these multiply-adds."""
    return tuple(one for one in networks if macs / FACTOR <= one.shape.macs <= macs * FACTOR)


def faults(found: Shape, among: Iterable[Published]) -> tuple[str, ...]:
    """What nobody would publish: multiply-adds where none of ``among`` has so many or so few, a
    stage with more than half of all, fewer than half or more than twice their parameters."""
    shapes, said = [one.shape for one in among], list[str]()
    for level in range(LEVELS):
        least, most = (end(one.shares[level] for one in shapes) for end in (min, max))
        if not least - ROUNDING <= found.shares[level] <= most + ROUNDING:
            said.append(f"{found.shares[level]:.0%} at 1/{2 ** (level + 1)} of the edge "
                        f"(published: {least:.0%} to {most:.0%})")
    if found.dearest > 0.5:
        said.append(f"{found.stage} has {found.dearest:.0%} of all")
    least, most = (end(one.params for one in shapes) for end in (min, max))
    if not least / FACTOR <= found.params <= most * FACTOR:
        said.append(f"{found.params / 1e6:.1f} M parameters (published: {least / 1e6:.1f} M to "
                    f"{most / 1e6:.1f} M)")
    return tuple(said)
