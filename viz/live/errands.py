"""Errands of a tab: files for the user, texts written out, networks of studies, searches."""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from searchspace.errors import SearchspaceError
from searchspace.safety.files import file_name
from viz.drawing.style import Style
from viz.live.commands import Given, field, number
from viz.live.exports import Exports
from viz.live.folder import Folder
from viz.live.follower import Follower
from viz.live.model.evaluation import Fault, Source
from viz.live.model.picture import View
from viz.live.model.state import State
from viz.live.processes.jobs import Job
from viz.live.processes.lane import Lane, Spares
from viz.live.tab import Tab

Then = Callable[[Any], None]

PATIENCE_S = 60.0
IDLE_S = 60.0       # after which a process that is not used ends
KINDS = {"svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png",
         "html": "text/html", "yaml": "text/yaml", "py": "text/x-python"}


class ErrandTab(Tab, Protocol):
    """What an errand needs of its tab."""

    folder: Folder
    follower: Follower
    latency: str | None

    def show(self, state: State, *, fresh: bool = True) -> None:
        """Show another state, its text from the top if it is ``fresh``."""
        ...

    def compare(self, other: Source) -> None:
        """Show another network beside this one."""
        ...


class Errands:
    """The errands of a tab: of several the last one."""

    def __init__(self, tab: ErrandTab, spares: Spares) -> None:
        self.tab = tab
        self._then: dict[int, Then] = {}
        self._lane = Lane(spares, self._run, PATIENCE_S, IDLE_S)
        self._exports = Exports(tab, spares)
        self.on_export = self._exports.on_export

    def close(self) -> None:
        """End what runs."""
        self._lane.close()
        self._exports.close()

    def on_freeze(self, given: Given) -> None:
        """The network at this point in place of the space."""
        def frozen(result: Any) -> None:
            if isinstance(result, Fault):
                self.tab.say(result.sentence)
            else:
                self.tab.show(self.tab.state.but(text=result, variant="", decisions={},
                                                 pinned=()))
                self.tab.say("the holes are filled; Undo brings the space back")
        self._errand(Job("frozen", (self.tab.source(),)), frozen)

    def on_plain(self, given: Given) -> None:
        """The text with its variant, size and other files' blocks written in."""
        def plain(result: Any) -> None:
            if isinstance(result, Fault):
                self.tab.say(result.sentence)
            else:
                self.tab.show(self.tab.state.but(text=result, variant="", size=""))
        self._errand(Job("plain", (self.tab.source(),)), plain)

    def on_download(self, given: Given) -> None:
        """A file for the user."""
        format = field(given, "format")
        if format not in KINDS:
            raise SearchspaceError(f"no download {format!r}; known: {', '.join(KINDS)}")
        if self.tab.report is None:
            raise SearchspaceError("there is no network to take home yet")
        name = file_name(self.tab.report.name)
        if format == "yaml":
            self._hand_over(f"{name}.yaml", format, self.tab.state.text.encode(errors="replace"))
            return
        now = self.tab.state
        level = "operation" if format == "html" else now.level
        view = View(level, Style(now.direction, "light", now.colour), now.folded, format)
        job = Job("frozen", (self.tab.source(),)) if format == "py" else \
            Job("drawing", (self.tab.source(), view))

        def made(result: Any) -> None:
            if isinstance(result, Fault):
                self.tab.say(result.sentence)
            else:
                content = _code(result) if isinstance(result, str) else result.content
                self._hand_over(f"{name}.{format}", format, content)
        self._errand(job, made)

    def _hand_over(self, name: str, format: str, content: bytes) -> None:
        self.tab.screen({"file": {"name": name, "type": KINDS[format],
                                  "content": base64.b64encode(content).decode()}})

    def on_save(self, given: Given) -> None:
        """The text as a file of the folder, where the user says."""
        path = self.tab.folder.save(field(given, "name"), self.tab.state.text)
        name = str(path.relative_to(self.tab.folder.home))
        self.tab.show(self.tab.state.but(file=name), fresh=False)
        self.tab.say(f"saved as {name}")

    def on_trial(self, given: Given) -> None:
        """The network of a study's trial: in place of the present one, or beside it."""
        beside = bool(given.get("beside"))

        def found(result: Any) -> None:
            if isinstance(result, Fault):
                self.tab.say(result.sentence)
            elif beside:
                self.tab.compare(Source(result, self.tab.folder.place("trial.yaml")))
            else:
                self.tab.show(self.tab.state.but(text=result, variant="", size="", decisions={},
                                                 pinned=(), file="trial.yaml"))
        follow = self.tab.follower.follow
        if follow is None:
            raise SearchspaceError("open a study first")
        self._errand(Job("trial", (follow, number(given, "number", 10**9))), found)

    def on_search(self, given: Given) -> None:
        """Start a search of the present space under the present budget."""
        if self.tab.report is None or not self.tab.report.is_space:
            raise SearchspaceError("this is a network; make a hole, or open a space")
        options = self._options(given)

        def written(result: Any) -> None:
            if isinstance(result, Fault):
                self.tab.say(result.sentence)
                return
            try:
                self.tab.follower.start(result, options)
            except SearchspaceError as error:
                self.tab.say(str(error))
        self._errand(Job("plain", (self.tab.source(),)), written)

    def on_command(self, given: Given) -> None:
        """The command that does the same."""
        if self.tab.report is not None and self.tab.report.is_space:
            self.tab.screen({"command": self.tab.follower.command(self._options(given))})

    def _options(self, given: Given) -> Mapping[str, str]:
        assert self.tab.report is not None
        name = file_name(field(given, "study") or f"{self.tab.report.name}-search")
        size = self.tab.report.input.rpartition("×")[2]
        bounds = {"budget" if cost == "macs" else cost: text
                  for cost, text in self.tab.state.bounds.items()}
        latency = self.tab.latency
        table = {"latency-table": latency} if latency and "latency" in bounds else {}
        return {"study": name, **bounds, **table, "input": size,
                "trials": field(given, "trials") or "150", "seed": field(given, "seed") or "0"}

    def _errand(self, job: Job, then: Then) -> None:
        """Work that the user has asked for by name."""
        self._then = {self._lane.submit(job): then}

    def _run(self, asked: int, result: Any) -> None:
        if (then := self._then.pop(asked, None)) is not None:
            then(result)


def _code(yaml: str) -> bytes:
    """Python that builds the network of a text, by this package."""
    return ('"""The network of the playground: `net` is a torch module."""\n\n'
            "from searchspace import build\nfrom searchspace.load import loads\n\n"
            f"net = build(loads({yaml!r}, \"playground.yaml\"))\n").encode(errors="replace")
