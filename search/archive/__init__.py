"""The archive: an SQL database of all evaluated architectures and their evaluations.

Its tables are in the same database as Optuna's, SQLite or PostgreSQL, under names of their own.
"""

from search.archive.archive import Archive
from search.archive.records import (
    Bounds,
    Evaluation,
    EvaluationKey,
    Measure,
    Measurement,
    NetworkRecord,
    Standing,
)
from search.environment import versions
from search.errors import StorageError

__all__ = ["Archive", "Bounds", "Evaluation", "EvaluationKey", "Measure", "Measurement",
           "NetworkRecord", "Standing", "StorageError", "versions"]
