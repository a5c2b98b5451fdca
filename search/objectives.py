"""Objectives: what a search optimises, and how a network's value comes about.

A score is measured and archived, a table is looked up and archived, so is what training reaches; a
cost follows from the network's graph alone, a latency from that and a table of the device. The line
of an objective in `OBJECTIVES` is all that makes it known.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from search.scores.registry import DEFAULT_SCORE, find_score
from searchspace import SearchspaceError
from searchspace.budget import show_amount, show_bytes, show_time
from searchspace.errors import nearest
from searchspace.expand import Expansion
from searchspace.memory import peak


class ObjectiveError(SearchspaceError):
    """Objectives that do not exist, or do not go together."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective. ``measure`` is the cost of an expanded network; None for what is evaluated
    and archived: the score, the table and training."""

    name: str
    direction: Literal["maximize", "minimize"]      # as Optuna spells it
    title: str                      # at the head of a column
    unit: str
    shown: Callable[[float], str]   # a value for people
    measure: Callable[[Expansion], int] | None = None

    def loss(self, value: float) -> float:
        """The value as what is to be minimised; its own inverse."""
        return value if self.direction == "minimize" else -value


def _costs() -> Iterable[Objective]:
    yield Objective("macs", "minimize", "MACs", "multiply-adds", show_amount,
                    lambda network: network.cost().macs)
    yield Objective("params", "minimize", "params", "parameters", show_amount,
                    lambda network: network.cost().params)
    yield Objective("memory", "minimize", "memory", "bytes of peak activations", show_bytes,
                    lambda network: peak(network).bytes)


def _unknown(_: Expansion) -> int:
    raise ObjectiveError("a latency is foretold from the table of a device, and none is given")


OBJECTIVES = {o.name: o for o in (
    Objective("score", "maximize", "score", "the score's", lambda value: f"{value:.2f}"),
    Objective("table", "maximize", "table", "the table's", lambda value: f"{value:.2f}"),
    Objective("train", "maximize", "accuracy", "percent", lambda value: f"{value:.2f} %"),
    *_costs(),
    Objective("latency", "minimize", "latency", "nanoseconds, predicted", show_time, _unknown),
    Objective("measured-latency", "minimize", "latency", "nanoseconds, measured", show_time))}

DEFAULT = ("score",)


def named(names: Iterable[str], score: str = DEFAULT_SCORE,
          predict: Callable[[Expansion], int] | None = None) -> tuple[Objective, ...]:
    """The objectives of these names, in this order; ``score`` is the one of that name, and
    ``predict`` foretells a latency.

    Raises:
        ObjectiveError: an unknown name, or one that stands there twice.
    """
    chosen: dict[str, Objective] = {}
    for name in names:
        if name not in OBJECTIVES:
            raise ObjectiveError(f"no objective {name!r}{nearest(name, OBJECTIVES)}")
        if name in chosen:
            raise ObjectiveError(f"the objective {name!r} is given twice")
        chosen[name] = replace(OBJECTIVES[name], measure=predict) \
            if name == "latency" and predict else OBJECTIVES[name]
    if "score" in chosen:
        what = find_score(score)
        chosen["score"] = replace(chosen["score"], title=what.title, unit=what.unit,
                                  shown=what.shown)
    return tuple(chosen.values())
