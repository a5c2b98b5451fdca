"""The present network of a tab: its numbers, its drawing, and the trail of where it came from."""

from dataclasses import asdict
from typing import Any, Protocol

from searchspace.safety.files import file_name
from viz.drawing.style import Style
from viz.live import views
from viz.live.model.evaluation import Fault, Report
from viz.live.model.picture import Drawn, View
from viz.live.model.state import State
from viz.live.model.tools import Told
from viz.live.processes.jobs import Job
from viz.live.processes.lane import Lane, Spares
from viz.live.tab import Tab

PATIENCE_S = 60.0   # for a drawing
TRAIL = 100         # networks of the trail
ASKED = 100         # states whose numbers may still come


class PresentTab(Tab, Protocol):
    """What the present network needs of its tab."""

    def settled(self) -> None:
        """The numbers of the present state are there."""
        ...


class Present:
    """``report``: of the last text that was a network, None before the first; ``changed``: holes
    that are marked; ``likeness``: the published network that is most like it, in words."""

    def __init__(self, tab: PresentTab, spares: Spares) -> None:
        self.tab = tab
        self.report: Report | None = None
        self.changed: tuple[str, ...] = ()
        self.likeness = ""
        self._asked: dict[int, State] = {}
        self._trail: list[dict[str, Any]] = []
        self._numbers = Lane(spares, self._numbered)
        self._drawings = Lane(spares, self._drawn, PATIENCE_S)

    def close(self) -> None:
        """End what runs."""
        self._numbers.close()
        self._drawings.close()

    @property
    def is_told(self) -> bool:
        """Whether its accuracy is predicted."""
        return self.report is not None and isinstance(self.report.told, Told)

    def ask(self) -> None:
        """Ask for the numbers of the tab's state."""
        asked = self._numbers.submit(Job("numbers", (self.tab.source(),)))
        self._asked[asked] = self.tab.state
        for old in [n for n in self._asked if n < asked - ASKED]:
            del self._asked[old]

    def show(self) -> None:
        """Show the numbers that are known, beside the present bounds."""
        if self.report is not None:
            self.tab.screen({"panes": self._panes(self.report)})

    def _panes(self, report: Report) -> dict[str, str]:
        return {**views.numbers(report, self.tab.state, self.likeness),
                "stages": views.stages(report),
                "holes": views.holes(report, self.tab.state, self.changed)}

    def draw(self) -> None:
        """Ask for the drawing of the tab's state."""
        now = self.tab.state
        self._drawings.submit(Job("drawing", (self.tab.source(), View(
            now.level, Style(now.direction, "light", now.colour), now.folded))))

    def _numbered(self, asked: int, result: Report | Fault) -> None:
        state = self._asked.pop(asked, None)
        if state is None:
            return
        settled = state.network == self.tab.state.network
        if isinstance(result, Fault):
            if settled:
                self.tab.screen({"fault": asdict(result)})
            return
        self.report, self.likeness = result, ""
        self._walk(result)
        if settled:
            self.tab.settled()          # first, so that what it begins runs meanwhile
        # one message: each takes its own way to the page
        self.tab.screen({
            "fault": None, "settled": settled, "lines": result.lines,
            "variants": {"names": result.variants, "chosen": result.variant},
            "space": result.is_space, "name": file_name(result.name),
            "panes": self._panes(result), "here": self.is_told, "trail": self._trail})

    def _walk(self, report: Report) -> None:
        """One more step of the trail, where it leads on."""
        told = report.told
        if not isinstance(told, Told):
            return
        here = {"x": report.macs, "y": told.value, "low": told.value - told.spread,
                "high": told.value + told.spread, "name": report.title}
        if not self._trail or (self._trail[-1]["x"], self._trail[-1]["y"]) != (here["x"],
                                                                              here["y"]):
            self._trail = [*self._trail, {**here, "n": len(self._trail)}][-TRAIL:]

    def _drawn(self, asked: int, result: Drawn | Fault) -> None:
        if isinstance(result, Drawn):
            self.tab.screen({"drawing": result.content.decode().partition("\n")[2],
                             "unfold": result.unfold, "fold": result.fold})
        else:
            self.tab.screen({"note": f"No drawing: {result.sentence}"})
