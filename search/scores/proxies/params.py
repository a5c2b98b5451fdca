"""Parameters: a baseline."""

from search.scores.base import TrainingFree

PARAMS = TrainingFree(
    "params", "parameters", "a baseline", (), 0, 0,
    "It is the cost itself: alone it finds the largest network that fits.",
    lambda subject: float(subject.expansion.cost().params), "parameters", 0)
