"""Moves of a tab in its space: what changes its decisions, and takes a while."""

import itertools
import random
from typing import Any, Protocol

from viz.live import views
from viz.live.commands import Given, field
from viz.live.model.evaluation import Fault
from viz.live.model.points import Found, Place
from viz.live.model.state import State
from viz.live.processes.jobs import Job
from viz.live.processes.lane import Lane, Spares
from viz.live.tab import Tab

KINDS = ("random", "inside", "best")        # which say that they run
PATIENCE_S = 600.0
IDLE_S = 60.0       # after which a process that is not used ends


class MovingTab(Tab, Protocol):
    """What a move needs of its tab."""

    def place(self) -> Place:
        """The present point with its budget."""
        ...

    def arrive(self, state: State, kind: str, changed: tuple[str, ...]) -> None:
        """Show a state to which decisions have moved."""
        ...


class Moves:
    """The moves of a tab, one at a time."""

    def __init__(self, tab: MovingTab, spares: Spares) -> None:
        self.tab = tab
        self._kind, self._since = "", tab.state
        self._seeds = itertools.count(random.randrange(10**6))
        self._lane = Lane(spares, self._moved, PATIENCE_S, IDLE_S)

    def close(self) -> None:
        """End what runs."""
        self._lane.close()

    def on_random(self, given: Given) -> None:
        """A random point."""
        self._begin("random", Job("random", (self.tab.place(), next(self._seeds))))

    def on_inside(self, given: Given) -> None:
        """The nearest point inside the budget."""
        self._begin("inside", Job("inside", (self.tab.place(), next(self._seeds))))

    def on_best(self, given: Given) -> None:
        """The best of many random points."""
        self._begin("best", Job("best", (self.tab.place(), next(self._seeds))))

    def on_around(self, given: Given) -> None:
        """The neighbours of one hole."""
        hole = field(given, "hole")
        self._begin(hole, Job("around", (self.tab.place(), hole)))

    def on_stop(self, given: Given) -> None:
        """End the move that runs; what it has found stays."""
        self._lane.cancel()
        self._end_move()

    def _begin(self, kind: str, job: Job) -> None:
        self._kind, self._since = kind, self.tab.state
        self._lane.submit(job)
        self.tab.screen({"moving": kind in KINDS})

    def _moved(self, asked: int, result: Any) -> None:
        kind, state = self._kind, self._since
        if isinstance(result, Fault):
            self.tab.say(result.sentence)
            self._end_move()
        elif isinstance(result, Found):
            if result.decisions:
                self._arrive(result, state)
            if result.total > 1:
                self.tab.screen({"progress": [result.done, result.total, result.remark]})
            elif result.remark:
                self.tab.say(result.remark)
            if result.done == result.total:
                self._end_move()
        else:
            self.tab.screen({"panes": {"around": views.neighbours(kind, result)}})

    def _arrive(self, found: Found, since: State) -> None:
        if self.tab.state.text != since.text:
            return                      # the space was edited meanwhile
        was = self.tab.report.decisions if self.tab.report is not None else {}
        changed = tuple(name for name, label in found.decisions.items()
                        if name in was and was[name] != label)
        self.tab.arrive(self.tab.state.but(decisions=found.decisions),
                        "best" if found.total > 1 else "", changed)

    def _end_move(self) -> None:
        self.tab.screen({"moving": False})
