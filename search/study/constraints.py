"""The budget as Optuna's constraints: how far each cost is from its bound, 0 or less inside."""

from typing import Any

from searchspace.space.budget import Budget, Costs

# The attribute of a trial that Optuna keeps a constraint in, and the one where all of them were
# before 5.0: optuna-dashboard 0.21 reads them there only.
_KEY, _OLD_KEY = "constraints:{}", "constraints"


def constraints(budget: Budget, costs: Costs) -> dict[str, float]:
    """The constraints by name, in the units of the costs; a band has one for each end."""
    found: dict[str, float] = {}
    for bound in budget.bounds:
        cost = bound.measure(costs)
        found[f"most {bound.name}"] = float(cost - bound.most)
        if bound.least is not None:
            found[f"least {bound.name}"] = float(bound.least - cost)
    return found


def as_attributes(budget: Budget, costs: Costs) -> dict[str, Any]:
    """The constraints as Optuna keeps them. To be written before anything in a trial can fail: one
    without constraints counts as feasible."""
    found = constraints(budget, costs)
    return {**{_KEY.format(name): value for name, value in found.items()},
            _OLD_KEY: list(found.values())}
