"""AZ-NAS complexity: the multiply-adds; as a component of a ranking more is better."""

from search.scores.base import TrainingFree
from search.scores.proxies.expressivity import SOURCE

COMPLEXITY = TrainingFree(
    "az-complexity", "AZ-NAS complexity", SOURCE + "Sec. 3.2", (), 0, 0,
    "It is the cost, as `macs`: alone it finds the largest network that fits.",
    lambda subject: float(subject.expansion.cost().macs), "multiply-adds", 0)
