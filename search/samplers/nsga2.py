"""NSGA-II (Deb et al. 2002), Optuna's: generations, ranked by dominance and crowding."""

import optuna

from search.samplers.base import STARTUP, Task
from search.samplers.from_optuna import OptunaSampler


def make(task: Task) -> OptunaSampler:
    """NSGA-II with a population small enough for searches of a hundred trials."""
    return OptunaSampler(lambda seed: optuna.samplers.NSGAIISampler(
        seed=seed, population_size=STARTUP))
