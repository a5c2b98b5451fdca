"""The faults of a search that a user can mend, one sentence each."""

from searchspace import SearchspaceError


class StorageError(SearchspaceError):
    """A database that cannot be opened, read or written."""


class DataError(SearchspaceError):
    """Data that are missing, damaged, or not what a training needs."""


class RecipeError(SearchspaceError):
    """A recipe that does not exist, or cannot be used here."""


class ScoreError(Exception):
    """A network or a batch that a score cannot rate; its message is one sentence saying why."""


class TrainingError(ScoreError):
    """A network that cannot be trained: it diverged, or did not fit into memory."""


class StudyError(SearchspaceError):
    """A study that cannot be made or continued."""
