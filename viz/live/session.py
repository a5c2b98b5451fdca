"""One tab: what it asks for becomes changes of its state and jobs, what comes of them goes to its
screen. It knows nothing of how pages are served.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from searchspace.errors import SearchspaceError
from searchspace.safety.values import WrongValueError
from viz.live import commands, views
from viz.live.beside import Beside
from viz.live.commands import Given, field, number
from viz.live.errands import Errands
from viz.live.folder import Folder
from viz.live.follower import Follower
from viz.live.model.completion import complete
from viz.live.model.evaluation import Report, Source
from viz.live.model.opening import number_at, opened
from viz.live.model.points import Place
from viz.live.model.state import UNTITLED, History, State, from_link, to_link
from viz.live.model.tools import Follow
from viz.live.moves import Moves
from viz.live.present import Present
from viz.live.processes.lane import Spares

Message = dict[str, Any]
Screen = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class World:
    """What all tabs share. ``latency``: the file of a latency table, None without one; ``plane``:
    the drawing of the published networks; ``follow``: the study that is shown at first."""

    folder: Folder
    spares: Spares
    latency: str | None = None
    plane: dict[str, Any] | None = None
    follow: Follow | None = None


class Session:
    """A tab's state and history; its network, comparisons, moves, errands and study are parts."""

    def __init__(self, screen: Screen, world: World, state: State) -> None:
        self.screen, self.folder, self.latency = screen, world.folder, world.latency
        self.plane, spares = world.plane, world.spares
        self.history = History(state)
        self.follower = Follower(screen, world.folder, spares)
        self.follower.follow = self._first = world.follow
        self.present, self.beside = Present(self, spares), Beside(self, spares)
        self.moves, self.errands = Moves(self, spares), Errands(self, spares)

    @property
    def state(self) -> State:
        """The present state."""
        return self.history.now

    @property
    def report(self) -> Report | None:
        """The last network's; None before the first."""
        return self.present.report

    def close(self) -> None:
        """End all that the tab has begun, except for searches."""
        for part in (self.present, self.beside, self.moves, self.errands, self.follower):
            part.close()

    def act(self, kind: str, given: Given) -> None:
        """Do what the page asks for; a mistake is told there."""
        try:
            method = f"on_{kind.replace('-', '_')}"
            for part in (self, self.moves, self.errands):
                if (work := getattr(part, method, None)) is not None:
                    work(given)
                    return
            if kind in commands.COMMANDS:
                self._set(commands.apply(self.state, kind, given), commands.merges(kind, given))
            else:
                self.follower.act(kind, given)
        except SearchspaceError as error:
            self.say(str(error))
        except WrongValueError as error:
            self.say(f"the page asked for something odd: {error}")

    def say(self, sentence: str) -> None:
        """Tell one sentence."""
        self.screen({"say": sentence})

    # --- the state ------------------------------------------------------------------------------

    def on_start(self, given: Given) -> None:
        """A page that has just loaded; its link may hold a state."""
        if link := str(given.get("link", "")):
            with contextlib.suppress(SearchspaceError):
                self.history = History(self._inside(from_link(link)))
        self.present.report = None
        self.screen({"set": self.state.text, "fresh": True, "studies": self.folder.studies()})
        self._refresh(None)
        if self.plane is not None:
            self.screen({"plane": self.plane})
        self.follower.again()
        if self._first is not None and not link:
            self.screen({"tab": "study"})

    def _inside(self, state: State) -> State:
        """A state of a link, in this folder: what it was made in may be elsewhere."""
        try:
            self.folder.place(state.file)
        except SearchspaceError:
            return state.but(file=UNTITLED)
        return state

    def on_open(self, given: Given) -> None:
        """Another genotype, by its name or path."""
        found = self.folder.open(field(given, "name"))
        now = self.state
        self.show(State(found.text, found.file, found.variant, macs=now.macs, params=now.params,
                        memory=now.memory, latency=now.latency, level=now.level,
                        direction=now.direction, colour=now.colour))

    def on_undo(self, given: Given) -> None:
        """One step back."""
        self._turn(self.history.undone())

    def on_redo(self, given: Given) -> None:
        """One step forward."""
        self._turn(self.history.redone())

    def show(self, state: State, *, fresh: bool = True) -> None:
        """Show another state, its text from the top if it is ``fresh``."""
        self._set(state)
        if fresh:
            self.screen({"fresh": True})

    def arrive(self, state: State, kind: str, changed: tuple[str, ...]) -> None:
        """Show a state to which decisions have moved; these holes are marked."""
        self.present.changed = changed
        self._set(state, kind)

    def _turn(self, history: History) -> None:
        before, self.history = self.state, history
        self._after(before)

    def _set(self, state: State, kind: str = "") -> None:
        before = self.state
        self.history = self.history.then(state, kind, time.monotonic())
        if self.state != before:
            self._after(before, typed=kind.startswith("text"))

    def _after(self, before: State, typed: bool = False) -> None:
        """Show a new state. A text that was typed is on the screen already."""
        if self.state.text != before.text and not typed:
            self.screen({"set": self.state.text})
        self._refresh(before)

    def _refresh(self, before: State | None) -> None:
        now = self.state
        if before is None or now.network != before.network:
            self.present.ask()
        elif self.report is not None:
            self.present.show()
            if _look(now) != _look(before):
                self.present.draw()
        if before is None or now.beside != before.beside:
            self.beside.show()
        self.screen({"fields": self._fields(), "link": to_link(now)})

    def _fields(self) -> dict[str, Any]:
        now = self.state
        return {"size": now.size, "level": now.level, "colour": now.colour, "file": now.file,
                "direction": now.direction, "beside": now.beside,
                "undo": bool(self.history.before), "redo": bool(self.history.after),
                **{f"bound-{name}": getattr(now, name) for name in views.TITLES}}

    def source(self) -> Source:
        """The present text with its variant, size and decisions."""
        now = self.state
        return Source(now.text, self.folder.place(now.file), now.variant or None,
                      int(now.size) if now.size else None, tuple(now.decisions.items()),
                      self.latency)

    def place(self) -> Place:
        """The present point of a space with its budget."""
        return Place(self.source(), self.state.pinned, tuple(self.state.bounds.items()))

    # --- what comes of it -----------------------------------------------------------------------

    def settled(self) -> None:
        """The numbers of the present state are there: draw it, and look for what is like it."""
        self.present.draw()
        self.beside.show()
        if not self.present.is_told:
            self.beside.likeness(self._like)

    def _like(self, words: str) -> None:
        self.present.likeness = words
        self.present.show()

    def compare(self, other: Source) -> None:
        """Show another network beside this one, once."""
        self.beside.once(other)

    def on_swap(self, given: Given) -> None:
        """Edit the other network, beside the present one's file."""
        mine, other = self.state, self.state.beside
        self.on_open({"name": other})
        self._set(self.state.but(beside=f"{mine.file}@{mine.variant}" if mine.variant
                                 else mine.file))

    # --- a space --------------------------------------------------------------------------------

    def on_hole(self, given: Given) -> None:
        """A hole in place of the number at the cursor."""
        at = number(given, "position", len(self.state.text))
        now = self.state
        self._set(now.but(text=opened(now.text, at, self.folder.place(now.file),
                                      now.variant or None)))

    def on_cursor(self, given: Given) -> None:
        """Whether the cursor stands on a number that can become a hole."""
        found = number_at(self.state.text, number(given, "position", 2**53))
        self.screen({"number": None if found is None else f"{found.key}: {found.text}"})

    # --- out ------------------------------------------------------------------------------------

    def on_complete(self, given: Given) -> None:
        """What can be typed here; the text may be newer than the state's."""
        text = commands.text(self.state, given).text
        found = complete(text, number(given, "position", len(text)))
        self.screen({"offers": {"id": number(given, "id", 2**53), "start": found.start, "list": [
            offer._asdict() for offer in found.offers]}})


def _look(state: State) -> tuple[object, ...]:
    """All that a drawing depends on beside the network."""
    return state.level, state.direction, state.colour, state.folded
