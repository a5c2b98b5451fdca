"""Changes of a state, by the names that a page calls them: each a function of the old state.

What a page sends is checked here, value by value.
"""

from collections.abc import Callable, Mapping
from typing import Any

from searchspace.errors import SearchspaceError
from searchspace.notation.tree import Atom
from searchspace.safety.limits import current
from searchspace.safety.values import PLAIN, WORD, WrongValueError, whole
from viz.drawing.levels import LEVELS
from viz.drawing.style import COLOURS, DIRECTIONS, check
from viz.live.model.state import COSTS, State

Given = Mapping[str, Any]
Command = Callable[[State, Given], State]

COMMANDS: dict[str, Command] = {}
LONGEST = 200           # letters of what is typed into a field


def _command(made: Command) -> Command:
    """Register a command under the name of its function."""
    COMMANDS[made.__name__] = made
    return made


@_command
def text(state: State, given: Given) -> State:
    """Another text."""
    found = WORD.of(given, "text")
    if len(found) > current().characters:
        raise SearchspaceError(f"a genotype has at most {current().characters:,} characters")
    return state.but(text=found)


@_command
def variant(state: State, given: Given) -> State:
    """Another variant of the file."""
    return state.but(variant=field(given, "variant"))


@_command
def size(state: State, given: Given) -> State:
    """Images of another size; empty for the file's own."""
    found = field(given, "size")
    if found and not (found.isdecimal() and 1 <= int(found) <= 100_000):
        raise SearchspaceError("the size of images is a whole number of pixels")
    return state.but(size=found)


@_command
def bound(state: State, given: Given) -> State:
    """A bound of the budget, or none."""
    cost = field(given, "cost")
    check("cost", cost, COSTS)
    return state.but(**{cost: field(given, "text")})


@_command
def decide(state: State, given: Given) -> State:
    """A hole set to one of its options."""
    name, label = field(given, "hole"), PLAIN.of(given, "label")
    return state.but(decisions={**state.decisions, name: label})


@_command
def pin(state: State, given: Given) -> State:
    """A hole pinned, or free again."""
    name = field(given, "hole")
    left = tuple(one for one in state.pinned if one != name)
    if len(left) < len(state.pinned):
        return state.but(pinned=left)
    # what is pinned stays, also if it was nothing but the usual option so far
    label: Atom = PLAIN.of(given, "label")
    return state.but(pinned=(*left, name), decisions={**state.decisions, name: label})


@_command
def free(state: State, given: Given) -> State:
    """All holes free again."""
    return state.but(pinned=())


@_command
def level(state: State, given: Given) -> State:
    """Another level of the drawing."""
    found = field(given, "level")
    check("level", found, LEVELS)
    return state.but(level=found, folded=())


@_command
def direction(state: State, given: Given) -> State:
    """Another direction of the drawing."""
    found = field(given, "direction")
    check("direction", found, DIRECTIONS)
    return state.but(direction=found)


@_command
def colour(state: State, given: Given) -> State:
    """Another meaning of the drawing's colours."""
    found = field(given, "colour")
    check("colour", found, COLOURS)
    return state.but(colour=found)


@_command
def fold(state: State, given: Given) -> State:
    """A group of the drawing closed; see `picture.View`."""
    key = field(given, "key")
    return state.but(folded=(*(one for one in state.folded if one != f"+{key}"), key))


@_command
def unfold(state: State, given: Given) -> State:
    """A group of the drawing open."""
    key = field(given, "key")
    return state.but(folded=(*(one for one in state.folded if one != key), f"+{key}"))


@_command
def beside(state: State, given: Given) -> State:
    """Another network beside this one, or none."""
    return state.but(beside=field(given, "name"))


def apply(state: State, name: str, given: Given) -> State:
    """The state after a command.

    Raises:
        SearchspaceError: there is no such command, or it takes something else.
    """
    if name not in COMMANDS:
        raise SearchspaceError(f"the page asked for {name!r}, which is nothing")
    try:
        return COMMANDS[name](state, given)
    except WrongValueError as error:
        raise SearchspaceError(f"the page asked for something odd: {error}") from None


def merges(name: str, given: Given) -> str:
    """Which changes are one step of undoing when they follow each other: those of one thing."""
    about = {"text": "", "decide": "hole", "bound": "cost", "size": "", "beside": ""}
    if name not in about:
        return ""
    return f"{name} {given.get(about[name], '')}"


def field(given: Given, name: str) -> str:
    """A short text that a page sends."""
    found = WORD.of(given, name)
    if len(found) > LONGEST:
        raise WrongValueError(f"{name} is too long")
    return found.strip()


def number(given: Given, name: str, most: int) -> int:
    """A whole number that a page sends."""
    return whole(0, most).of(given, name)
