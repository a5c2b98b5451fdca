"""Another network beside a tab's: one that is compared, or the published one most like it."""

from collections.abc import Callable
from typing import Any, Protocol

from searchspace.errors import SearchspaceError
from viz.drawing.style import Style
from viz.live import views
from viz.live.folder import Folder
from viz.live.model.evaluation import Fault, Source
from viz.live.model.picture import Pair
from viz.live.processes.jobs import Job
from viz.live.processes.lane import Lane, Spares
from viz.live.tab import Tab

Then = Callable[[Any], None]

PATIENCE_S = 60.0
IDLE_S = 60.0       # after which a process that is not used ends


class ComparingTab(Tab, Protocol):
    """What a comparison needs of its tab."""

    folder: Folder


class Beside:
    """The comparisons of a tab: of several the last one."""

    def __init__(self, tab: ComparingTab, spares: Spares) -> None:
        self.tab = tab
        self._wanted: tuple[int, Then] = (0, lambda result: None)
        self._lane = Lane(spares, self._found, PATIENCE_S, IDLE_S)

    def close(self) -> None:
        """End what runs."""
        self._lane.close()

    def show(self) -> None:
        """Show the network that the state names beside this one, or none."""
        if self.tab.state.beside and self.tab.report is not None:
            try:
                other = self._other()
            except SearchspaceError as error:
                self._clear()
                self.tab.say(str(error))
            else:
                self._compare(other)
        elif not self.tab.state.beside:
            self._clear()

    def once(self, other: Source) -> None:
        """Show a network that no state names beside this one."""
        self._compare(other)
        self.tab.screen({"tab": "beside"})

    def likeness(self, then: Then) -> None:
        """Give the published network most like this one, in words, where none is compared."""
        if not self.tab.state.beside:
            self._ask(Job("nearest", (self.tab.source(),)),
                      lambda result: then(result) if isinstance(result, str) else None)

    def _other(self) -> Source:
        found = self.tab.folder.open(self.tab.state.beside)
        return Source(found.text, self.tab.folder.place(found.file), found.variant or None)

    def _compare(self, other: Source) -> None:
        self._ask(Job("pair", (self.tab.source(), other, Style())), self._compared)

    def _compared(self, result: Any) -> None:
        if isinstance(result, Pair):
            self.tab.screen({"panes": {"pair": views.pair(result)}, "pair":
                             result.drawing.decode().partition("\n")[2]})
        elif isinstance(result, Fault):
            self.tab.say(result.sentence)

    def _clear(self) -> None:
        self.tab.screen({"panes": {"pair": ""}, "pair": ""})

    def _ask(self, job: Job, then: Then) -> None:
        self._wanted = self._lane.submit(job), then

    def _found(self, asked: int, result: Any) -> None:
        wanted, then = self._wanted
        if asked == wanted:
            then(result)
