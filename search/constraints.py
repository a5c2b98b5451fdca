"""The budget as Optuna's constraints: how far each cost is from its bound, 0 or less inside."""

import optuna

from searchspace.budget import Budget, Costs

# Where Optuna kept constraints before 5.0. optuna-dashboard 0.21 reads them there only.
_OLD_KEY = "constraints"


def constraints(budget: Budget, costs: Costs) -> dict[str, float]:
    """The constraints by name, in the units of the costs; a band has one for each end."""
    found: dict[str, float] = {}
    for bound in budget.bounds:
        cost = bound.measure(costs)
        found[f"most {bound.name}"] = float(cost - bound.most)
        if bound.least is not None:
            found[f"least {bound.name}"] = float(bound.least - cost)
    return found


def constrain(trial: optuna.Trial, budget: Budget, costs: Costs) -> None:
    """Tell Optuna; before anything in the trial can fail, as one without constraints counts as
    feasible, and no second telling is heard."""
    found = constraints(budget, costs)
    for name, value in found.items():
        trial.set_constraint(name, value)
    trial.storage.set_trial_system_attr(trial._trial_id, _OLD_KEY, list(found.values()))
