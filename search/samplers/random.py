"""Random search: every hole uniform over its options, then brought to the budget."""

import optuna

from search.samplers.base import Task
from search.samplers.from_optuna import OptunaSampler


def make(task: Task) -> OptunaSampler:
    """Random proposals."""
    return OptunaSampler(lambda seed: optuna.samplers.RandomSampler(seed=seed))
