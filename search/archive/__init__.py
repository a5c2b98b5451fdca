"""The archive: every architecture and every evaluation that was ever paid for, in SQL.

Its tables stand beside Optuna's in one database, SQLite or PostgreSQL, under names of their own.
"""

from search.archive.archive import Archive, versions
from search.archive.database import StorageError
from search.archive.rows import (
    Evaluation,
    EvaluationKey,
    Measurement,
    NetworkRecord,
    Standing,
)

__all__ = ["Archive", "Evaluation", "EvaluationKey", "Measurement", "NetworkRecord", "Standing",
           "StorageError", "versions"]
