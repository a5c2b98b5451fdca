"""Objectives: what a search optimises. One file each, registered where it is defined."""

from search.objectives.base import (
           OBJECTIVES,
           Context,
           CostObjective,
           Evaluated,
           Evaluator,
           Objective,
           ObjectiveError,
           Progress,
           named,
)
from search.objectives.candidate import Candidate

OBJECTIVES.discover(__name__)

__all__ = ["OBJECTIVES", "Candidate", "Context", "CostObjective", "Evaluated", "Evaluator",
           "Objective", "ObjectiveError", "Progress", "named"]
