"""Constraints of a user's own, as hard as a budget."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from searchspace.errors import BudgetError
from searchspace.expansion import Expansion
from searchspace.identifiers import is_name
from searchspace.space.budget import MEASURES, Bound, Costs


@dataclass(frozen=True)
class Own:
    """A user's own function of an expanded network, as a measure; of a finished trial what it gave
    then is known by ``name``."""

    name: str
    function: Callable[[Expansion], float]

    def __call__(self, costs: Costs) -> float:
        found: dict[str, float] = getattr(costs, "own", {})
        if self.name in found:
            return found[self.name]
        network: Any = costs
        given: Any = self.function(network.expansion)
        try:
            value = float(given)
        except (TypeError, ValueError, OverflowError):
            raise BudgetError(f"the constraint {self.name!r} gave {given!r}, and a number is "
                              "expected") from None
        return math.inf if math.isnan(value) else value     # what is unknown is inside no bound


def constraint(name: str, function: Callable[[Expansion], float], most: float,
               least: float | None = None) -> Bound:
    """A hard bound on a user's own function of an expanded network (`searchspace.expansion`): its
    nodes in order, each with ``op``, ``shape``, ``cost`` and ``inputs``. It is called for each
    network that is looked at, thousands of times in a search. A network of which it gives NaN or
    infinity is not inside.

    Raises:
        BudgetError: the name or the bounds are none.
    """
    if not is_name(name) or name in (*MEASURES, "latency"):
        raise BudgetError(f"{name!r} cannot name a constraint: use letters, digits, '_' and '-', "
                          "and no name of a cost")
    if not (0 < most < math.inf and (least is None or 0 <= least <= most)):
        raise BudgetError(f"the constraint {name!r} needs a positive upper bound, and no lower one "
                          "above that")
    return Bound(name, least, most, Own(name, function))
