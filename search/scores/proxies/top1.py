"""temporary"""
from search.errors import ScoreError
from search.predictors.top1 import predict, refusal
from search.scores.base import ScoringSubject, score


def _p(subject):
    if r:=refusal(subject.expansion): raise ScoreError(r)
    return predict(subject.expansion)
@score("top1","predicted top-1","x",(),0,0,"x",unit="%",digits=2)
def top1(subject: ScoringSubject) -> float:
    return _p(subject).value
@score("top1-lower","lower end of predicted top-1","x",(),0,0,"x",unit="%",digits=2)
def top1_lower(subject: ScoringSubject) -> float:
    return _p(subject).lower
