"""Searching spaces of genotypes under hard budgets: samplers, scores, training, the archive."""

from typing import TYPE_CHECKING, Any

import searchspace.safety.starting  # noqa: F401 - before all that takes time

if TYPE_CHECKING:
    from search.library import Result, search
    from search.results.read import read_study

__all__ = ["Result", "read_study", "search"]

_HOME = {"Result": "library", "search": "library", "read_study": "results.read"}


def __getattr__(name: str) -> Any:
    """Lazy import of the exported names, which need Optuna and SQLAlchemy."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"search.{_HOME[name]}"), name)
