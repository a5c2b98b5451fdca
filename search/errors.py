"""Errors of a search that a user can fix; messages are one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from searchspace import SearchspaceError
from searchspace.safety.values import WrongValueError


class StorageError(SearchspaceError):
    """A database cannot be opened, read or written."""


class RecipeError(SearchspaceError):
    """A recipe does not exist, or cannot be used here."""


class ScoreError(Exception):
    """A score cannot be computed for a network or a batch."""


class TrainingError(ScoreError):
    """A training failed: it diverged, or ran out of memory."""


class StudyError(SearchspaceError):
    """A study cannot be created or continued."""


@contextmanager
def damaged(where: str) -> Iterator[None]:
    """Context in which a stranger's database or file is loaded by a library, or its values are
    checked: what that raises for a wrong value becomes one sentence about ``where``. Nothing is
    computed in it, so that an error of this project is not mistaken for a stranger's.

    Raises:
        StorageError: a value is wrong.
    """
    try:
        yield
    except (TypeError, ValueError, LookupError, OverflowError, RecursionError) as error:
        said = str(error) if isinstance(error, WrongValueError) else \
            f"a value cannot be read ({type(error).__name__}: {error})"
        raise StorageError(f"{where} is damaged: {said}") from None
