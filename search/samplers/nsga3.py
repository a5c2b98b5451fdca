"""NSGA-III (Deb & Jain 2014), Optuna's: as NSGA-II, spread by reference directions; for three
objectives and more, where crowding distances say little."""

import optuna

from search.samplers.base import STARTUP, Task
from search.samplers.from_optuna import OptunaSampler


def make(task: Task) -> OptunaSampler:
    """NSGA-III with a population small enough for searches of a hundred trials."""
    return OptunaSampler(lambda seed: optuna.samplers.NSGAIIISampler(
        seed=seed, population_size=STARTUP))
