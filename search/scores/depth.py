"""Depth: a baseline."""

from search.scores.base import TrainingFree
from searchspace.expand import Expansion


def depth(expansion: Expansion) -> int:
    """Operations with multiply-adds on the longest way from the image to the output."""
    longest: list[int] = []
    for node in expansion.nodes:
        before = max((longest[i] for i in node.inputs if i >= 0), default=0)
        longest.append(before + (node.cost.macs > 0))
    return longest[expansion.output] if longest else 0


DEPTH = TrainingFree(
    "depth", "depth", "a baseline", (), 0, 0,
    "A gate's layers count like others, and width not at all; many networks share a value.",
    lambda subject: float(depth(subject.expansion)), "layers", 0)
