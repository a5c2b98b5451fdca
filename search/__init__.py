"""Searching spaces of genotypes under hard budgets: samplers, scores, training, the archive."""

from typing import TYPE_CHECKING, Any

import searchspace.safety.starting  # noqa: F401 - before all that takes time

if TYPE_CHECKING:
    from search.library import Result, search
    from search.objectives.function import OpenTrial
    from search.results.read import read_study
    from searchspace.space.budget import Budget
    from searchspace.space.constraint import constraint

__all__ = ["Budget", "OpenTrial", "Result", "constraint", "read_study", "search"]

_HOME = {"Budget": "searchspace.space.budget", "OpenTrial": "search.objectives.function",
         "Result": "search.library", "constraint": "searchspace.space.constraint",
         "read_study": "search.results.read", "search": "search.library"}


def __getattr__(name: str) -> Any:
    """Lazy import of the exported names, which need Optuna and SQLAlchemy."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """All exported names, those that are imported when they are needed among them."""
    return sorted({*globals(), *__all__})
