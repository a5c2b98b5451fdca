"""How notebooks show things: as whoever draws them has it, in packages that import this one.

A notebook asks an object for ``_repr_html_``. What answers is named by an entry point of the group
``searchspace.display``, under the name of the class; this project's `viz` is one. Where there is
none, a notebook shows the object's ordinary text.
"""

from functools import cache
from typing import Any

GROUP = "searchspace.display"


def html(thing: object) -> str | None:
    """An object as HTML; None where nothing is installed that shows such ones."""
    show = _shown(type(thing).__name__)
    return None if show is None else str(show(thing))


@cache
def _shown(kind: str) -> Any:
    from importlib import metadata

    return next((entry.load() for entry in metadata.entry_points(group=GROUP, name=kind)), None)
