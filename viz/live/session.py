"""One tab: what it asks for becomes changes of its state and jobs, what comes of them goes to its
screen. It knows nothing of how pages are served.
"""

import base64
import contextlib
import itertools
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from searchspace.errors import SearchspaceError
from searchspace.safety.files import file_name
from searchspace.safety.values import WrongValueError
from viz.drawing.style import Style
from viz.live import commands, views
from viz.live.commands import Given, field, number
from viz.live.folder import Folder
from viz.live.follower import Follower
from viz.live.model.completion import complete
from viz.live.model.evaluation import Fault, Report, Source
from viz.live.model.opening import number_at, opened
from viz.live.model.picture import Drawn, Pair, View
from viz.live.model.points import Found, Place
from viz.live.model.state import UNTITLED, History, State, from_link, to_link
from viz.live.model.tools import Follow, Told
from viz.live.processes.jobs import Job
from viz.live.processes.lane import Lane, Spares

Message = dict[str, Any]
Screen = Callable[[Message], None]
Then = Callable[[Any], None]

SLOW = 60.0         # seconds that a move, a comparison or a drawing may take
IDLE_S = 60.0       # after which a process that is not used ends
TRAIL = 100         # networks of the trail
MOVES = ("random", "inside", "best")
KINDS = {"svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png",
         "html": "text/html", "yaml": "text/yaml", "py": "text/x-python"}


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
    """A tab's state, its history, and its lanes: numbers, drawings, comparisons, errands, moves."""

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
        self._move: tuple[str, State] | None = None
        self._then: dict[int, Then] = {}
        self._beside: tuple[int, Then] = (0, lambda result: None)
        self._seeds = itertools.count(random.randrange(10**6))
        self._numbers = Lane(spares, self._numbered)
        self._drawings = Lane(spares, self._drawn, SLOW)
        self._side = Lane(spares, self._sided, SLOW, IDLE_S)
        self._errands = Lane(spares, self._run, SLOW, IDLE_S)
        self._moves = Lane(spares, self._moved, 10 * SLOW, IDLE_S)
        self.follower = Follower(screen, world.folder, spares)
        self.follower.follow = self._first = world.follow

    @property
    def state(self) -> State:
        """The present state."""
        return self.history.now

    def close(self) -> None:
        """End all that the tab has begun, except for searches."""
        for lane in (self._numbers, self._drawings, self._side, self._errands, self._moves):
            lane.close()
        self.follower.close()

    def act(self, kind: str, given: Given) -> None:
        """Do what the page asks for; a mistake is told there."""
        try:
            if (work := getattr(self, f"on_{kind.replace('-', '_')}", None)) is not None:
                work(given)
            elif kind in commands.COMMANDS:
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
        self._set(State(found.text, found.file, found.variant, macs=now.macs, params=now.params,
                        memory=now.memory, latency=now.latency, level=now.level,
                        direction=now.direction, colour=now.colour))
        self.screen({"fresh": True})

    def on_undo(self, given: Given) -> None:
        """One step back."""
        self._turn(self.history.undone())

    def on_redo(self, given: Given) -> None:
        """One step forward."""
        self._turn(self.history.redone())

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
        self.screen({"trail": self._trail})

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

    def _errand(self, job: Job, then: Then) -> None:
        """Work that the user has asked for by name."""
        self._then = {self._errands.submit(job): then}

    def _run(self, asked: int, result: Any) -> None:
        if (then := self._then.pop(asked, None)) is not None:
            then(result)

    # --- a space --------------------------------------------------------------------------------

    def on_random(self, given: Given) -> None:
        """A random point."""
        self._begin("random", Job("random", (self.place(), next(self._seeds))))

    def on_inside(self, given: Given) -> None:
        """The nearest point inside the budget."""
        self._begin("inside", Job("inside", (self.place(), next(self._seeds))))

    def on_best(self, given: Given) -> None:
        """The best of many random points."""
        self._begin("best", Job("best", (self.place(), next(self._seeds))))

    def on_around(self, given: Given) -> None:
        """The neighbours of one hole."""
        hole = field(given, "hole")
        self._begin(hole, Job("around", (self.place(), hole)))

    def on_stop(self, given: Given) -> None:
        """End the move that runs; what it has found stays."""
        self._moves.cancel()
        self._end_move()

    def on_freeze(self, given: Given) -> None:
        """The network at this point in place of the space."""
        def frozen(result: Any) -> None:
            if isinstance(result, Fault):
                self.say(result.sentence)
            else:
                self._set(self.state.but(text=result, variant="", size=self.state.size,
                                         decisions={}, pinned=()))
                self.screen({"fresh": True})
                self.say("the holes are filled; Undo brings the space back")
        self._errand(Job("frozen", (self.source(),)), frozen)

    def on_plain(self, given: Given) -> None:
        """The text with its variant, size and other files' blocks written in."""
        def plain(result: Any) -> None:
            if isinstance(result, Fault):
                self.say(result.sentence)
            else:
                self._set(self.state.but(text=result, variant="", size=""))
                self.screen({"fresh": True})
        self._errand(Job("plain", (self.source(),)), plain)

    def on_hole(self, given: Given) -> None:
        """A hole in place of the number at the cursor."""
        at = number(given, "position", len(self.state.text))
        now = self.state
        self._set(now.but(text=opened(now.text, at, self.folder.place(now.file),
                                      now.variant or None)))

    def on_cursor(self, given: Given) -> None:
        """Whether the cursor stands on a number that can become a hole."""
        at = number(given, "position", len(self.state.text))
        found = number_at(self.state.text, at)
        self.screen({"number": None if found is None else f"{found.key}: {found.text}"})

    def _begin(self, kind: str, job: Job) -> None:
        self._move = (kind, self.state)
        self._moves.submit(job)
        self.screen({"moving": kind in MOVES})

    def _moved(self, asked: int, result: Any) -> None:
        kind, state = self._move or ("", self.state)
        if isinstance(result, Fault):
            self.say(result.sentence)
            self._end_move()
        elif isinstance(result, Found):
            if result.decisions:
                self._arrive(result, state)
            if result.total > 1:
                self.screen({"progress": [result.done, result.total, result.remark]})
            elif result.remark:
                self.say(result.remark)
            if result.done == result.total:
                self._end_move()
        else:
            self.screen({"panes": {"around": views.neighbours(kind, result)}})

    def _arrive(self, found: Found, since: State) -> None:
        if self.state.text != since.text:
            return                      # the space was edited meanwhile
        was = self.report.decisions if self.report is not None else {}
        self._changed = tuple(name for name, label in found.decisions.items()
                              if name in was and was[name] != label)
        self._set(self.state.but(decisions=found.decisions),
                  "best" if found.total > 1 else "")

    def _end_move(self) -> None:
        self.screen({"moving": False})

    # --- out ------------------------------------------------------------------------------------

    def on_complete(self, given: Given) -> None:
        """What can be typed here; the text may be newer than the state's."""
        text = commands.text(self.state, given).text
        found = complete(text, number(given, "position", len(text)))
        self.screen({"offers": {"id": number(given, "id", 2**53), "start": found.start, "list": [
            offer._asdict() for offer in found.offers]}})

    def on_download(self, given: Given) -> None:
        """A file for the user."""
        format = field(given, "format")
        if format not in KINDS:
            raise SearchspaceError(f"no download {format!r}; known: {', '.join(KINDS)}")
        if self.report is None:
            raise SearchspaceError("there is no network to take home yet")
        name = file_name(self.report.name)
        if format == "yaml":
            self._hand_over(f"{name}.yaml", format, self.state.text.encode(errors="replace"))
            return
        now = self.state
        level = "operation" if format == "html" else now.level
        job = Job("frozen", (self.source(),)) if format == "py" else Job("drawing", (
            self.source(), View(level, Style(now.direction, "light", now.colour), now.folded,
                                format)))

        def made(result: Any) -> None:
            if isinstance(result, Fault):
                self.say(result.sentence)
            else:
                content = _code(result) if isinstance(result, str) else result.content
                self._hand_over(f"{name}.{format}", format, content)
        self._errand(job, made)

    def _hand_over(self, name: str, format: str, content: bytes) -> None:
        self.screen({"file": {"name": name, "type": KINDS[format],
                              "content": base64.b64encode(content).decode()}})

    def on_save(self, given: Given) -> None:
        """The text as a file of the folder, where the user says."""
        path = self.folder.save(field(given, "name"), self.state.text)
        name = str(path.relative_to(self.folder.home))
        self._set(self.state.but(file=name))
        self.say(f"saved as {name}")

    def on_trial(self, given: Given) -> None:
        """The network of a study's trial: in place of the present one, or beside it."""
        beside = bool(given.get("beside"))

        def found(result: Any) -> None:
            if isinstance(result, Fault):
                self.say(result.sentence)
            elif beside:
                self._aside(Job("pair", (self.source(), Source(
                    result, self.folder.place("trial.yaml")), Style())), self._paired)
                self.screen({"tab": "beside"})
            else:
                self._set(self.state.but(text=result, variant="", size="", decisions={},
                                         pinned=(), file="trial.yaml"))
                self.screen({"fresh": True})
        follow = self.follower.follow
        if follow is None:
            raise SearchspaceError("open a study first")
        self._errand(Job("trial", (follow, number(given, "number", 10**9))), found)

    def on_search(self, given: Given) -> None:
        """Start a search of the present space under the present budget."""
        if self.report is None or not self.report.is_space:
            raise SearchspaceError("this is a network; make a hole, or open a space")
        options = self._options(given)

        def written(result: Any) -> None:
            if isinstance(result, Fault):
                self.say(result.sentence)
                return
            try:
                self.follower.start(result, options)
            except SearchspaceError as error:
                self.say(str(error))
        self._errand(Job("plain", (self.source(),)), written)

    def on_command(self, given: Given) -> None:
        """The command that does the same."""
        if self.report is not None and self.report.is_space:
            self.screen({"command": self.follower.command(self._options(given))})

    def _options(self, given: Given) -> Mapping[str, str]:
        assert self.report is not None
        name = file_name(field(given, "study") or f"{self.report.name}-search")
        size = self.report.input.rpartition("×")[2]
        bounds = {"budget" if cost == "macs" else cost: text
                  for cost, text in self.state.bounds.items()}
        table = {"latency-table": self.latency} if self.latency and "latency" in bounds else {}
        return {"study": name, **bounds, **table, "input": size,
                "trials": field(given, "trials") or "150", "seed": field(given, "seed") or "0"}


def _look(state: State) -> tuple[object, ...]:
    """All that a drawing depends on beside the network."""
    return state.level, state.direction, state.colour, state.folded


def _code(yaml: str) -> bytes:
    """Python that builds the network of a text, by this package."""
    return ('"""The network of the playground: `net` is a torch module."""\n\n'
            "from searchspace import build\nfrom searchspace.load import loads\n\n"
            f"net = build(loads({yaml!r}, \"playground.yaml\"))\n").encode(errors="replace")
