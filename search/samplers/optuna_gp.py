"""Optuna's Gaussian process, for comparison: it knows neither the costs nor which networks are
equal, and proposes conditional holes independently of each other."""

import optuna

from search.samplers.base import STARTUP, Task
from search.samplers.from_optuna import OptunaSampler


def make(task: Task) -> OptunaSampler:
    """Optuna's Gaussian process."""
    return OptunaSampler(lambda seed: optuna.samplers.GPSampler(
        seed=seed, n_startup_trials=STARTUP, deterministic_objective=True,
        warn_independent_sampling=False))
