"""Networks that a model may choose among: all of a small space, else many near the best ones.

Costs are known before anything is built, so a small space is walked through once, and whatever is
outside the budget never becomes a candidate. In a large one candidates are decisions only, made
without expanding them; the few that the model likes best are expanded until one fits.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from search.samplers.base import Past
from searchspace import Genotype, GenotypeError
from searchspace.expand import trace
from searchspace.holes import Hole
from searchspace.space import Point, point, sample
from searchspace.tree import Atom

WALK = 10_000       # points of a space that is walked through at most,
EFFORT = 500_000    # and operations in all of them: some ten seconds
REGISTER = 40       # random points that tell which holes there are

Decided = Mapping[str, Atom]


def size(space: Genotype, draws: int = 40) -> float:
    """About how many points a space has, by Knuth's method (1975): the mean product of the
    options met on random ways through it."""
    rng, total = random.Random(0), 0.0
    for _ in range(draws):
        product = 1
        for hole in sample(space, rng).holes.values():
            product *= len(hole.labels)
        total += product
    return total / draws


def is_small(space: Genotype) -> bool:
    """Whether a space is walked through, as estimated from random points."""
    rng, points = random.Random(0), size(space)
    nodes = [len(trace(space, sample(space, rng).decisions).nodes) for _ in range(5)]
    return points <= WALK and points * sum(nodes) / len(nodes) <= EFFORT


def walk(space: Genotype) -> list[Point] | None:
    """Every point of a small space whose steps fit each other, in the order of the options; None
    for a space that is not small."""
    if not is_small(space):
        return None
    found: list[Point] = []
    for count, at in enumerate(_points(space)):
        if count >= 2 * WALK:       # more than the estimate
            return None
        if at is not None:
            found.append(at)
    return found


def _points(space: Genotype) -> Iterator[Point | None]:
    """Points, and None for each that cannot be; the last decision changes fastest."""
    todo: list[dict[str, Atom]] = [{}]
    while todo:
        given = todo.pop()
        asked: dict[str, Hole] = {}
        made: dict[str, Atom] = {}

        def propose(name: str, hole: Hole, given: dict[str, Atom] = given,
                    asked: dict[str, Hole] = asked, made: dict[str, Atom] = made) -> Atom:
            asked[name] = hole
            made[name] = given.get(name, hole.labels[0])
            return made[name]

        try:
            yield point(space, propose)
        except GenotypeError:
            yield None
        names = list(asked)
        for i, name in enumerate(names):
            if name not in given:       # what comes before stays as it is, the rest is new
                kept = {n: made[n] for n in names[:i]}
                todo += [{**kept, name: label} for label in reversed(asked[name].labels[1:])]


@dataclass(frozen=True)
class Catalogue:
    """The holes of a space that is too large to walk through, by name as decided.

    A hole inside a labelled choice exists where that has the label around it; what else may take
    a hole away (a block that is left out under a condition) only the expansion tells.
    """

    holes: dict[str, Hole]

    @staticmethod
    def of(space: Genotype) -> "Catalogue":
        """The holes seen in random points."""
        rng = random.Random(0)
        seen: dict[str, Hole] = {}
        for _ in range(REGISTER):
            seen |= sample(space, rng).holes
        return Catalogue({n: seen[n] for n in sorted(seen) if seen[n].kind != "solve"})

    def draw(self, rng: random.Random) -> dict[str, Atom]:
        """Random decisions."""
        return self.live({name: rng.choice(hole.labels) for name, hole in self.holes.items()})

    def live(self, decisions: Decided) -> dict[str, Atom]:
        """The decisions about holes that exist under the others."""
        return {name: label for name, label in decisions.items() if name in self.holes and
                all(decisions.get(parent, value) == value
                    for parent, value in self.holes[name].parents)}

    def change(self, at: Decided, other: Decided, rng: random.Random) -> dict[str, Atom]:
        """A child: one to three decisions of ``at`` changed, of half of the children after each
        decision was taken over from ``other`` by the toss of a coin. Opened holes are drawn."""
        full = {name: rng.choice(hole.labels) for name, hole in self.holes.items()} | dict(at)
        if rng.random() < 0.5:
            full |= {name: label for name, label in other.items() if rng.random() < 0.5}
        names = sorted(self.live(full))
        for name in rng.sample(names, min(len(names), rng.choice((1, 1, 2, 3)))):
            full[name] = rng.choice(self.holes[name].labels)
        return self.live(full)

    def near(self, best: Sequence[Past], count: int, rng: random.Random) -> list[dict[str, Atom]]:
        """``count`` candidates: a quarter random, the others children of the best trials."""
        found = [self.draw(rng) for _ in range(count if not best else count // 4)]
        while len(found) < count:
            one, two = rng.choice(best), rng.choice(best)
            found.append(self.change(one.decisions, two.decisions, rng))
        return found
