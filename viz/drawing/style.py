"""Colours of drawings, light and dark: text has the contrast of WCAG AA on every fill."""

from collections.abc import Mapping
from dataclasses import dataclass

from searchspace import SearchspaceError

# Shares of the network's total at which the next colour begins, by MACs or parameters.
STEPS = (0.0, 0.005, 0.02, 0.05, 0.1, 0.2)


@dataclass(frozen=True, slots=True)
class Theme:
    """A palette.

    ``families``: fill and line of each family of operations; ``scale``: fills for the shares in
    `STEPS`; ``lanes``: colours of channel groups; ``bands``: fills of groups by depth, alternating;
    ``changed``: fills of added, removed and changed stages.
    """

    name: str
    background: str
    ink: str
    second: str
    open: str
    edge: str
    border: str
    track: str
    bar: str
    bands: tuple[str, str]
    scale: tuple[str, ...]
    lanes: tuple[str, ...]
    families: Mapping[str, tuple[str, str]]
    changed: Mapping[str, tuple[str, str]]

    def step(self, share: float) -> str:
        """The fill of a box that has this share of the total."""
        return self.scale[max(i for i, least in enumerate(STEPS) if share >= least)]

    def lane(self, number: int) -> str:
        """The colour of a channel group, counted from 0."""
        return self.lanes[number % len(self.lanes)]


LIGHT = Theme(
    name="light", background="#ffffff", ink="#1c1c1c", second="#4a4a4a", open="#8a3b00",
    edge="#566270", border="#97a3b0", track="#dfe4ea", bar="#3f5068", bands=("#fafbfc", "#f1f4f7"),
    scale=("#ffffff", "#f3f8fc", "#e2eef8", "#cfe2f3", "#bcd7ef", "#abcdeb"),
    lanes=("#0b62a4", "#b34a00", "#1f7a3f", "#8a3d8f", "#7a6500", "#a8274a"),
    families={
        "conv": ("#dce9f7", "#33628f"), "depthwise": ("#ddf0dc", "#3d7a3a"),
        "pool": ("#fde6d2", "#a85c14"), "join": ("#ececec", "#5c5c5c"),
        "channels": ("#fdf3c7", "#857000"), "linear": ("#e8e1f4", "#66489c"),
        "attention": ("#fbdfe8", "#a3345c"), "other": ("#ffffff", "#757575"),
        "block": ("#f5f7fa", "#3f5068"), "tensor": ("#ffffff", "#757575"),
    },
    changed={"same": ("#ffffff", "#97a3b0"), "changed": ("#fdf3c7", "#857000"),
             "added": ("#ddf0dc", "#3d7a3a"), "removed": ("#fbdfe8", "#a3345c")},
)

DARK = Theme(
    name="dark", background="#12161b", ink="#f2f5f8", second="#c3ccd5", open="#ffbd8a",
    edge="#9aa7b4", border="#5b6875", track="#3a4550", bar="#a9bdd4", bands=("#181d23", "#1f262e"),
    scale=("#12161b", "#182430", "#1c3144", "#203e58", "#244b6c", "#28567c"),
    lanes=("#62b0f0", "#ff9d57", "#6fca8c", "#d78fdb", "#d9c24a", "#ff8aa9"),
    families={
        "conv": ("#1d3a56", "#7db4e6"), "depthwise": ("#1f4022", "#7fc47b"),
        "pool": ("#52330f", "#eda55c"), "join": ("#363b41", "#b0b6bd"),
        "channels": ("#463d08", "#d8c04a"), "linear": ("#3b2d5c", "#b79cec"),
        "attention": ("#57223a", "#ee8db2"), "other": ("#1b2026", "#9aa3ad"),
        "block": ("#222a33", "#9fb2c8"), "tensor": ("#12161b", "#9aa3ad"),
    },
    changed={"same": ("#1b2026", "#5b6875"), "changed": ("#463d08", "#d8c04a"),
             "added": ("#1f4022", "#7fc47b"), "removed": ("#57223a", "#ee8db2")},
)

THEMES = {theme.name: theme for theme in (LIGHT, DARK)}
DIRECTIONS = ("TB", "LR")
COLOURS = ("op", "macs", "params")
FIGURES = ("shape", "macs", "params", "share")

# Default contents of boxes. A stage has a separate line for figures.
USUAL = {"stage": FIGURES, "block": ("shape", "macs"), "operation": ("shape", "macs")}


@dataclass(frozen=True, slots=True)
class Style:
    """The options of a drawing.

    ``direction``: TB (top-down) or LR (left to right). ``theme``: light or dark. ``colour``:
    meaning of fills, op (the family of the operation), macs or params (the share of the network's
    total). ``show``: which of `FIGURES` each node shows, None for the level's default.

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
        """The figures that nodes of this level show."""
        return USUAL[level] if self.show is None else self.show


def check(name: str, value: str, known: tuple[str, ...]) -> None:
    """Raise SearchspaceError for an unknown value."""
    if value not in known:
        raise SearchspaceError(f"{value!r} is no {name}; known: {', '.join(known)}")
