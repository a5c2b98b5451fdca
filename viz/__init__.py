"""Drawings, plots and pages of networks and studies; no access to databases."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from viz.drawing.render import draw, svg
    from viz.drawing.style import Style
    from viz.results import Results

__all__ = ["Results", "Style", "draw", "svg"]

_HOME = {"Results": "results", "Style": "drawing.style", "draw": "drawing.render",
         "svg": "drawing.render"}


def __getattr__(name: str) -> Any:
    """Lazy import of the exported names."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"viz.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """All exported names, those that are imported when they are needed among them."""
    return sorted({*globals(), *__all__})
