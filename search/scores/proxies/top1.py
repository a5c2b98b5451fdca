"""Accuracy on ImageNet in percent, as published accuracies predict it: its mean and its lower end.

What it is fitted to and what it is worth is in `search.predictors`.
"""

from search.predictors.artefact import bundled
from search.scores.base import ScoringSubject, score

_SOURCE = "this project: a ridge regression of published accuracies, docs/scores.md"
_FAILURES = ("Knows only what was published: good networks, each trained by its paper's recipe. "
             "Refuses images of other than about 224 pixels, other than 1,000 classes, and "
             "networks far from all published ones.")


@score("top1", "predicted ImageNet top-1", _SOURCE, (), 0, 0,
       _FAILURES + " Optimised alone it leads away from what is known: use top1-lower.",
       unit="percent", digits=1)
def top1_score(subject: ScoringSubject) -> float:
    return bundled()(subject.expansion).value


@score("top1-lower", "lower end of predicted ImageNet top-1", _SOURCE, (), 0, 0, _FAILURES,
       unit="percent, the 10 % quantile", digits=1)
def top1_lower_score(subject: ScoringSubject) -> float:
    return bundled()(subject.expansion).lower
