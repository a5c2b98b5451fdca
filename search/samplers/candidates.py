"""Networks that a model may choose among in a space that is too large to walk through.

They are decisions only, made without expanding them; the few that the model likes best are
expanded until one fits.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.samplers.base import Past
from searchspace import Genotype
from searchspace.holes import Hole
from searchspace.space import sample
from searchspace.tree import Atom

REGISTER = 40       # random points that tell which holes there are

Decided = Mapping[str, Atom]


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
