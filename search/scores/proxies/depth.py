"""Depth: a baseline."""

from search.scores.base import TrainingFree
from search.scores.size_features import depth

DEPTH = TrainingFree(
    "depth", "depth", "a baseline", (), 0, 0,
    "A gate's layers count like others, and width not at all; many networks share a value.",
    lambda subject: float(depth(subject.expansion)), "layers", 0)
