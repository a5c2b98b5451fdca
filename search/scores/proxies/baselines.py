"""Baselines: a network's costs and its depth; a useful score ranks better than these."""

from search.scores.base import ScoringSubject, score
from search.scores.size_features import depth


@score(
    "macs", "MACs", "a baseline", (), 0, 0,
    "It is the cost itself: alone it finds the largest network that fits.",
    unit="multiply-adds", digits=0)
def macs_score(subject: ScoringSubject) -> float:
    return float(subject.expansion.cost().macs)


@score(
    "params", "parameters", "a baseline", (), 0, 0,
    "It is the cost itself: alone it finds the largest network that fits.",
    unit="parameters", digits=0)
def params_score(subject: ScoringSubject) -> float:
    return float(subject.expansion.cost().params)


@score(
    "depth", "depth", "a baseline", (), 0, 0,
    "A gate's layers count like others, and width not at all; many networks share a value.",
    unit="layers", digits=0)
def depth_score(subject: ScoringSubject) -> float:
    return float(depth(subject.expansion))
