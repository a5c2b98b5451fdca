"""Errors of a search that a user can fix; messages are one sentence."""

from searchspace import SearchspaceError


class StorageError(SearchspaceError):
    """A database cannot be opened, read or written."""


class DataError(SearchspaceError):
    """Data are missing, damaged, or unsuitable for the training."""


class RecipeError(SearchspaceError):
    """A recipe does not exist, or cannot be used here."""


class ScoreError(Exception):
    """A score cannot be computed for a network or a batch."""


class TrainingError(ScoreError):
    """A training failed: it diverged, or ran out of memory."""


class StudyError(SearchspaceError):
    """A study cannot be created or continued."""
