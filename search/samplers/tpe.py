"""Tree-structured Parzen estimators (Bergstra et al. 2011), Optuna's: one multivariate estimator
for each group of holes that exist together."""

import optuna

from search.samplers.base import STARTUP, Task
from search.samplers.from_optuna import OptunaSampler


def make(task: Task) -> OptunaSampler:
    """TPE with groups."""
    return OptunaSampler(lambda seed: optuna.samplers.TPESampler(
        seed=seed, multivariate=True, group=True, n_startup_trials=STARTUP))
