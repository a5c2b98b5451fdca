"""What a tab shows, as one frozen value: it is undone, redone, and fits into a link."""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from searchspace.errors import SearchspaceError
from searchspace.notation.tree import Atom
from searchspace.safety.limits import current
from searchspace.safety.reading import parse_json
from searchspace.safety.values import PLAIN, WORD, WrongValueError, names_to
from viz.drawing.levels import LEVELS
from viz.drawing.style import COLOURS, DIRECTIONS

COSTS = ("macs", "params", "memory", "latency")
UNTITLED = "untitled.yaml"
DEEPEST = 200           # states that can be undone
PAUSE_S = 1.5           # edits of one kind that follow each other faster are undone together
_TEXTS = ("text", "file", "variant", "size", "level", "direction", "colour", "beside",
          *COSTS)


@dataclass(frozen=True, slots=True)
class State:
    """``file``: the bundled name or the path in whose folder the text stands. ``variant`` and
    ``size`` (pixels of an edge) are empty where the file's own are meant. ``decisions``: what the
    holes of a space are set to, ``pinned`` those that random changes leave as they are. The costs
    are bounds as a person writes them: ``300M``. ``folded``: groups of the drawing that are closed,
    ``beside``: the network that this one is compared with."""

    text: str
    file: str = UNTITLED
    variant: str = ""
    size: str = ""
    decisions: Mapping[str, Atom] = field(default_factory=dict)
    pinned: tuple[str, ...] = ()
    macs: str = ""
    params: str = ""
    memory: str = ""
    latency: str = ""
    level: str = "stage"
    direction: str = "TB"
    colour: str = "op"
    folded: tuple[str, ...] = ()
    beside: str = ""

    def but(self, **changes: Any) -> "State":
        """The state with some fields changed."""
        return replace(self, **changes)

    @property
    def bounds(self) -> dict[str, str]:
        """The bounds that are set, by cost."""
        return {name: text for name in COSTS if (text := getattr(self, name).strip())}

    @property
    def network(self) -> tuple[object, ...]:
        """All that the numbers depend on."""
        return (self.text, self.file, self.variant, self.size, tuple(self.decisions.items()))


def to_link(state: State) -> str:
    """A state as the fragment of a link, without its ``#``; only what differs from a new one.

    >>> from_link(to_link(State("name: a", macs="300M"))).macs
    '300M'
    """
    usual = asdict(State(""))
    changed = {key: value for key, value in asdict(state).items() if value != usual[key]}
    packed = zlib.compress(json.dumps(changed, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def from_link(fragment: str) -> State:
    """The state that a link holds, which may come from a stranger.

    Raises:
        SearchspaceError: the fragment holds none.
    """
    try:
        packed = base64.urlsafe_b64decode(fragment.encode() + b"=" * (-len(fragment) % 4))
        unpack = zlib.decompressobj()
        text = unpack.decompress(packed, current().bytes)
        if unpack.unconsumed_tail:
            raise ValueError("it is too large")
        if not unpack.eof:
            raise ValueError("it is cut off")
        return _checked(parse_json(text))
    except (ValueError, binascii.Error, zlib.error) as error:
        raise SearchspaceError(f"the link holds no genotype: {error}") from None


def _checked(found: Any) -> State:
    if not isinstance(found, dict) or not set(found) <= {f.name for f in fields(State)}:
        raise WrongValueError("it has other parts")
    given: dict[str, Any] = {key: WORD.of(found, key) for key in _TEXTS if key in found}
    for key in ("pinned", "folded"):
        if key in found:
            if not isinstance(found[key], list):
                raise WrongValueError(f"{key} is no list")
            given[key] = tuple(WORD.check(one, key) for one in found[key])
    if "decisions" in found:
        given["decisions"] = dict(names_to(PLAIN).of(found, "decisions"))
    for key, known in (("level", LEVELS), ("direction", DIRECTIONS), ("colour", COLOURS)):
        if given.get(key, known[0]) not in known:
            raise WrongValueError(f"{key} is none of {', '.join(known)}")
    return State(**{"text": "", **given})


@dataclass(frozen=True, slots=True)
class History:
    """The present state with those before and after it. ``kind`` and ``when`` (seconds) are of the
    last change."""

    now: State
    before: tuple[State, ...] = ()
    after: tuple[State, ...] = ()
    kind: str = ""
    when: float = 0.0

    def then(self, state: State, kind: str, when: float) -> "History":
        """With a new present; edits of one kind in quick succession are one step."""
        if state == self.now:
            return self
        if kind and kind == self.kind and when - self.when < PAUSE_S and self.before:
            return History(state, self.before, (), kind, when)
        return History(state, (*self.before, self.now)[-DEEPEST:], (), kind, when)

    def undone(self) -> "History":
        """One step back; the same at the beginning."""
        if not self.before:
            return self
        return History(self.before[-1], self.before[:-1], (self.now, *self.after))

    def redone(self) -> "History":
        """One step forward again; the same at the end."""
        if not self.after:
            return self
        return History(self.after[0], (*self.before, self.now), self.after[1:])
