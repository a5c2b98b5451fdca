"""Notebook displays by entry points, so that drawing packages can depend on this one.

A notebook calls an object's ``_repr_html_``. The implementation is an entry point of the group
``searchspace.display`` with the name of the class; this project's `viz` has some. Without one, a
notebook shows the object's text.
"""

from functools import cache
from typing import Any

GROUP = "searchspace.display"


def html(thing: object) -> str | None:
    """An object as HTML; None if no display is installed for its class."""
    show = _shown(type(thing).__name__)
    return None if show is None else str(show(thing))


@cache
def _shown(kind: str) -> Any:
    from importlib import metadata

    return next((entry.load() for entry in metadata.entry_points(group=GROUP, name=kind)), None)
