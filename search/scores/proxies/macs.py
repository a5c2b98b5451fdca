"""Multiply-adds: a baseline."""

from search.scores.base import TrainingFree

MACS = TrainingFree(
    "macs", "MACs", "a baseline", (), 0, 0,
    "It is the cost itself: alone it finds the largest network that fits.",
    lambda subject: float(subject.expansion.cost().macs), "multiply-adds", 0)
