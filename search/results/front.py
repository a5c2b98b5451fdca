"""The Pareto front of a study with several objectives, and how it grew."""

import math
from dataclasses import dataclass

from search.objectives import Objective
from search.pareto import Point, ideal, knee, nondominated, volumes_after, worst
from search.study.trial import Trial
from searchspace.space.budget import Budget


@dataclass(frozen=True, slots=True)
class Front:
    """The front over a study's trials.

    ``members`` are sorted by the first objective, best first; ``volumes`` maps trial numbers to
    the hypervolume after that trial, in the product of the objectives' units, against
    ``reference``, in the objectives' units: the budget's bound if there is one, else the worst
    value seen. ``share`` is the last hypervolume as a fraction of the box between the reference
    and the best value seen of each objective.
    """

    objectives: tuple[Objective, ...]
    members: tuple[Trial, ...]
    knee: Trial
    volumes: dict[int, float]
    reference: tuple[float, ...]
    share: float

    def reference_shown(self) -> str:
        """The reference point human-readable."""
        return ", ".join(f"{o.title} {o.shown(value)}"
                         for o, value in zip(self.objectives, self.reference, strict=True))


def front_of(trials: list[Trial], objectives: tuple[Objective, ...],
             budget: Budget) -> Front | None:
    """The front of all trials; None if none has values."""
    scored = [(t, _losses(t.values, objectives)) for t in trials if t.values]
    if not scored:
        return None
    points = [losses for _, losses in scored]
    reference = tuple(
        float(bound) if (bound := getattr(budget, o.name, None)) else seen
        for o, seen in zip(objectives, worst(points), strict=True))
    volumes = volumes_after((t.number for t in trials),
                            {t.number: losses for t, losses in scored}, reference)
    order = sorted(nondominated(points), key=lambda i: (points[i], scored[i][0].number))
    box = math.prod(r - best for r, best in zip(reference, ideal(points), strict=True))
    return Front(objectives, tuple(scored[i][0] for i in order),
                 scored[order[knee([points[i] for i in order])]][0], volumes,
                 tuple(o.loss(r) for o, r in zip(objectives, reference, strict=True)),
                 volumes[trials[-1].number] / box if box > 0 else 0.0)


def _losses(values: tuple[float, ...], objectives: tuple[Objective, ...]) -> Point:
    return tuple(o.loss(v) for o, v in zip(objectives, values, strict=True))
