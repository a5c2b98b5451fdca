"""One tab: what it asks for becomes changes of its state and jobs, what comes of them goes to its
screen. It knows nothing of how pages are served.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from searchspace.errors import SearchspaceError
from searchspace.safety.files import file_name
from searchspace.safety.values import WrongValueError
from viz.drawing.style import Style
from viz.live import commands, views
from viz.live.commands import Given, field, number
from viz.live.errands import Errands
from viz.live.folder import Folder
from viz.live.follower import Follower
from viz.live.model.completion import complete
from viz.live.model.evaluation import Fault, Report, Source
from viz.live.model.opening import number_at, opened
from viz.live.model.picture import Drawn, Pair, View
from viz.live.model.points import Place
from viz.live.model.state import UNTITLED, History, State, from_link, to_link
from viz.live.model.tools import Follow, Told
from viz.live.moves import Moves
from viz.live.processes.jobs import Job
from viz.live.processes.lane import Lane, Spares

Message = dict[str, Any]
Screen = Callable[[Message], None]
Then = Callable[[Any], None]

SLOW = 60.0         # seconds that a move, a comparison or a drawing may take
IDLE_S = 60.0       # after which a process that is not used ends
TRAIL = 100         # networks of the trail


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
    """A tab's state and history, its lanes of numbers, drawings and comparisons; moves and errands
    have theirs."""

    def __init__(self, screen: Screen, world: World, state: State) -> None:
        self.screen, self.folder, self.latency = screen, world.folder, world.latency
        self.plane, spares = world.plane, world.spares
        self.history = History(state)
        self.report: Report | None = None
        self._shown: State | None = None        # the state that the report is of
        self._asked: dict[int, State] = {}
        self._changed: tuple[str, ...] = ()
        self._likeness = ""
        self._trail: list[dict[str, Any]] = []
        self._beside: tuple[int, Then] = (0, lambda result: None)
        self._numbers = Lane(spares, self._numbered)
        self._drawings = Lane(spares, self._drawn, SLOW)
        self._side = Lane(spares, self._sided, SLOW, IDLE_S)
        self.follower = Follower(screen, world.folder, spares)
        self.follower.follow = self._first = world.follow
        self.moves, self.errands = Moves(self, spares), Errands(self, spares)

    @property
    def state(self) -> State:
        """The present state."""
        return self.history.now

    def close(self) -> None:
        """End all that the tab has begun, except for searches."""
        for part in (self._numbers, self._drawings, self._side, self.moves, self.errands,
                     self.follower):
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
        self.report = self._shown = None
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
        self._changed = changed
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
        self.screen({"fields": self._fields(), "link": to_link(now)})
        if before is None or now.network != before.network:
            self._ask()
        elif self.report is not None:
            self._show_numbers()
            if _look(now) != _look(before):
                self._draw()
        if before is None or now.beside != before.beside:
            self._compare()

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

    # --- numbers and drawings -------------------------------------------------------------------

    def _ask(self) -> None:
        asked = self._numbers.submit(Job("numbers", (self.source(),)))
        self._asked[asked] = self.state
        for old in [n for n in self._asked if n < asked - 100]:
            del self._asked[old]

    def _numbered(self, asked: int, result: Report | Fault) -> None:
        state = self._asked.pop(asked, None)
        if state is None:
            return
        if isinstance(result, Fault):
            if state.network == self.state.network:
                self.screen({"fault": asdict(result)})
            return
        self.report, self._shown = result, state
        self._likeness = ""
        if isinstance(result.told, Told):
            self._walk(result, result.told)
        self.screen({"here": isinstance(result.told, Told), "trail": self._trail})
        self.screen({
            "fault": None, "settled": state.network == self.state.network, "lines": result.lines,
            "variants": {"names": result.variants, "chosen": result.variant},
            "space": result.is_space, "name": file_name(result.name)})
        self._show_numbers()
        if state.network == self.state.network:
            self._draw()
            self._compare()
            if not isinstance(result.told, Told):
                self._likely()

    def _show_numbers(self) -> None:
        if self.report is not None:
            self.screen({"panes": {
                **views.numbers(self.report, self.state, self._likeness),
                "stages": views.stages(self.report),
                "holes": views.holes(self.report, self.state, self._changed)}})

    def _walk(self, report: Report, told: Told) -> None:
        """One more step of the trail."""
        here = {"x": report.macs, "y": told.value, "low": told.value - told.spread,
                "high": told.value + told.spread, "name": report.title}
        if not self._trail or (self._trail[-1]["x"], self._trail[-1]["y"]) != (here["x"],
                                                                              here["y"]):
            self._trail = [*self._trail, {**here, "n": len(self._trail)}][-TRAIL:]

    def _draw(self) -> None:
        now = self.state
        self._drawings.submit(Job("drawing", (self.source(), View(
            now.level, Style(now.direction, "light", now.colour), now.folded))))

    def _drawn(self, asked: int, result: Drawn | Fault) -> None:
        if isinstance(result, Drawn):
            self.screen({"drawing": result.content.decode().partition("\n")[2],
                         "unfold": result.unfold, "fold": result.fold})
        else:
            self.screen({"note": f"No drawing: {result.sentence}"})

    # --- beside another network -----------------------------------------------------------------

    def _compare(self) -> None:
        if self.state.beside and self.report is not None:
            try:
                other = self._other()
            except SearchspaceError as error:
                self.screen({"panes": {"pair": ""}, "pair": ""})
                self.say(str(error))
            else:
                self._aside(Job("pair", (self.source(), other, Style())), self._paired)
        elif not self.state.beside:
            self.screen({"panes": {"pair": ""}, "pair": ""})

    def _other(self) -> Source:
        found = self.folder.open(self.state.beside)
        return Source(found.text, self.folder.place(found.file), found.variant or None)

    def compare(self, other: Source) -> None:
        """Show another network beside this one, once."""
        self._aside(Job("pair", (self.source(), other, Style())), self._paired)
        self.screen({"tab": "beside"})

    def _paired(self, result: Any) -> None:
        if isinstance(result, Pair):
            self.screen({"panes": {"pair": views.pair(result)}, "pair":
                         result.drawing.decode().partition("\n")[2]})
        elif isinstance(result, Fault):
            self.say(result.sentence)

    def on_swap(self, given: Given) -> None:
        """Edit the other network, beside the present one's file."""
        mine, other = self.state, self.state.beside
        self.on_open({"name": other})
        self._set(self.state.but(beside=f"{mine.file}@{mine.variant}" if mine.variant
                                 else mine.file))

    def _likely(self) -> None:
        def found(result: Any) -> None:
            if isinstance(result, str):
                self._likeness = result
                self._show_numbers()
        if not self.state.beside:
            self._aside(Job("nearest", (self.source(),)), found)

    def _aside(self, job: Job, then: Then) -> None:
        self._beside = self._side.submit(job), then

    def _sided(self, asked: int, result: Any) -> None:
        wanted, then = self._beside
        if asked == wanted:
            then(result)

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
