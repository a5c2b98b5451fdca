"""How a picture is drawn: direction, theme, what colours mean, what each node shows."""

from dataclasses import dataclass

from searchspace import SearchspaceError

from .theme import THEMES, Theme

DIRECTIONS = ("TB", "LR")
COLOURS = ("op", "macs", "params")
FIGURES = ("shape", "macs", "params", "share")

# What boxes show unless a style says otherwise. A stage has a line of its own for figures.
USUAL = {"stage": FIGURES, "block": ("shape", "macs"), "operation": ("shape", "macs")}


@dataclass(frozen=True, slots=True)
class Style:
    """The options of a drawing.

    ``direction``: TB (top-down) or LR (left to right). ``theme``: light or dark. ``colour``: what
    fills tell, op (the family of the operation), macs or params (the share of the network's
    total). ``show``: which of `FIGURES` each node shows, None for the usual ones of the level.

    Raises:
        SearchspaceError: an option that is not known.
    """

    direction: str = "TB"
    theme: str = "light"
    colour: str = "op"
    show: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        known_by = {"direction": DIRECTIONS, "theme": tuple(THEMES), "colour": COLOURS}
        for name, known in known_by.items():
            check(name, getattr(self, name), known)
        for figure in self.show or ():
            check("figure", figure, FIGURES)

    @property
    def palette(self) -> Theme:
        """The colours."""
        return THEMES[self.theme]

    def figures(self, level: str) -> tuple[str, ...]:
        """What a node of this level shows."""
        return USUAL[level] if self.show is None else self.show


def check(name: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse a value that is not known."""
    if value not in known:
        raise SearchspaceError(f"{value!r} is no {name}; known: {', '.join(known)}")
