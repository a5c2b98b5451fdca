"""The archive: every architecture and every evaluation that was ever paid for, in SQL.

Its tables stand beside Optuna's in one database, SQLite or PostgreSQL, under names of their own.
"""

from search.archive.archive import Archive
from search.archive.records import Evaluation, EvaluationKey, Measurement, NetworkRecord, Standing
from search.environment import versions
from search.errors import StorageError

__all__ = ["Archive", "Evaluation", "EvaluationKey", "Measurement", "NetworkRecord", "Standing",
           "StorageError", "versions"]
