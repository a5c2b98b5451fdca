"""Moves in a space: random points, into the budget, neighbours, the best of many; freezing.

Pinned decisions are filled in first; what is left is a smaller space, in which the move is made.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from searchspace import BudgetError, Genotype, GenotypeError, SearchspaceError, fill, to_yaml
from searchspace.errors import UnknownNameError
from searchspace.notation.tree import Atom
from searchspace.space.budget import Budget
from searchspace.space.point import Point, neighbours, point, sample
from searchspace.space.solver import bring, find_inside, solve
from viz.drawing.network import middle
from viz.live.model.evaluation import Source, decided
from viz.live.model.tools import Tools

MANY = 1_000            # points that `best` looks at
STEPS = 25              # of them between two words about progress
SHOWN = 24              # neighbours that are listed


@dataclass(frozen=True, slots=True)
class Place:
    """A point of a space, and which of its decisions stay as they are; ``bounds`` as a person
    writes them."""

    source: Source
    pinned: tuple[str, ...] = ()
    bounds: tuple[tuple[str, str], ...] = ()

    def budget(self, tools: Tools) -> Budget:
        """The budget; raises BudgetError for bounds that cannot be read."""
        return read_budget(dict(self.bounds), self.source.latency, tools)


class Neighbour(NamedTuple):
    """A network that differs in one decision; ``top1`` is the predicted one, if any."""

    value: Atom
    here: bool
    macs: int
    params: int
    memory: int
    top1: float | None
    spread: float | None


class Found(NamedTuple):
    """Decisions after a move; ``remark`` says what it did, ``done`` of ``total`` how far it is."""

    decisions: dict[str, Atom]
    remark: str = ""
    done: int = 1
    total: int = 1


def read_budget(bounds: Mapping[str, str], table: str | None, tools: Tools) -> Budget:
    """A budget as it is typed; a latency needs a table.

    Raises:
        BudgetError: a bound is no amount, or a latency is bounded and no table is named.
    """
    made = Budget.read(**{name: text for name, text in bounds.items() if text})
    if made.latency is None:
        return made
    if table is None or tools.clock is None:
        raise BudgetError("a latency can be bounded where a device's table is named: start with "
                          "--latency-table FILE")
    return Budget(**{**{name: getattr(made, name) for name in (
        "macs", "params", "memory", "latency", "least_macs", "least_params", "least_memory",
        "least_latency")}, "predict": tools.clock(Path(table))})


def wander(place: Place, seed: int) -> Found:
    """A random point; pinned decisions stay.

    Raises:
        GenotypeError: no valid network in 200 draws.
    """
    space, held = _opened(place)
    return Found({**held, **sample(space, random.Random(seed)).decisions})


def inside(place: Place, tools: Tools, seed: int) -> Found:
    """The nearest point inside the budget; pinned decisions stay.

    Raises:
        BudgetError: no bound is set, or none of the points near fits.
    """
    budget = place.budget(tools)
    if not list(budget.bounds):
        raise BudgetError("set a bound first: 300M beside MACs, say")
    space, held = _opened(place)
    at = _here(space, place)
    if budget.fits(at) and not at.solved:
        return Found({**held, **at.decisions}, "it is inside already")
    found = bring(space, at, budget, random.Random(seed), find_inside(space, budget))
    changed = [n for n, v in found.decisions.items() if at.decisions.get(n) != v]
    words = f"{len(changed)} of {len(found.decisions)} decisions changed" if changed \
        else "it is inside already"
    return Found({**held, **found.decisions}, words)


def around(place: Place, name: str, tools: Tools) -> list[Neighbour]:
    """The network with each option of one hole, in the order of the options; of very many the
    nearest.

    Raises:
        UnknownNameError: the network depends on no such hole.
    """
    genotype = place.source.genotype()
    at = _here(genotype, place)
    if name not in at.holes:
        raise UnknownNameError(f"this network depends on no hole {name!r}")
    labels = at.holes[name].labels
    near = [at]
    for other in neighbours(genotype, at, name, lambda n, hole: middle(hole)):
        near.append(other)
        if len(near) == SHOWN:
            break
    near.sort(key=lambda p: labels.index(p.decisions[name]))
    rows = []
    for p in near:
        top1 = spread = None
        if tools.predict is not None:
            with suppress(SearchspaceError):
                told = tools.predict(p.expansion)
                top1, spread = told.value, told.spread
        rows.append(Neighbour(p.decisions[name], p is at, p.macs, p.params, p.memory, top1, spread))
    return rows


def best(place: Place, tools: Tools, seed: int) -> Iterator[Found]:
    """The best of many random points inside the budget by the lower end of the predicted accuracy:
    the best so far, again and again.

    Raises:
        SearchspaceError: nothing predicts, or no point could be rated.
    """
    if tools.predict is None:
        raise SearchspaceError("nothing predicts accuracies here")
    budget, rng = place.budget(tools), random.Random(seed)
    space, held = _opened(place)
    low = find_inside(space, budget) if list(budget.bounds) else None
    if list(budget.bounds) and low is None:
        raise BudgetError(f"no network of this space that keeps what is pinned fits {budget}")
    top, most, why = None, 0.0, ""
    for number in range(1, MANY + 1):
        try:
            at = sample(space, rng)
            if low is not None:
                at = solve(space, at, budget)
                at = at if budget.fits(at) else bring(space, at, budget, rng, low)
            told = tools.predict(at.expansion)
        except SearchspaceError as error:
            why = str(error)
        else:
            if top is None or told.lower > most:
                top, most = at, told.lower
        if number % STEPS == 0 and top is not None:
            yield Found({**held, **top.decisions}, f"lower end {most:.1f} %", number, MANY)
        elif number % STEPS == 0:
            yield Found({}, "", number, MANY)
    if top is None:
        raise SearchspaceError(f"none of {MANY:,} networks could be rated; the last one: {why}")


def frozen(source: Source) -> str:
    """The text of the network at a point: all holes filled, blocks of other files written in."""
    genotype = source.genotype()
    at = _here(genotype, Place(source))
    return to_yaml(fill(genotype, at.decisions))


def plain(source: Source) -> str:
    """The text of a genotype on its own: variant, size and blocks of other files written in."""
    return to_yaml(source.genotype())


def _opened(place: Place) -> tuple[Genotype, dict[str, Atom]]:
    """The space that is left where the pinned decisions are made, and these."""
    genotype = place.source.genotype()
    if not genotype.is_space:
        raise SearchspaceError(f"{genotype.title} is a network without holes")
    at = _here(genotype, place)
    held = {name: at.decisions[name] for name in place.pinned if name in at.decisions}
    space = fill(genotype, held) if held else genotype
    if not space.is_space:
        raise SearchspaceError("every hole is pinned; free one")
    return space, held


def _here(genotype: Genotype, place: Place) -> Point:
    chosen = decided(genotype, dict(place.source.decisions))
    try:
        return point(genotype, lambda name, hole: middle(hole), chosen)
    except GenotypeError:
        return sample(genotype, random.Random(0))
