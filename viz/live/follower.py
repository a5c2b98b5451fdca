"""The study that a tab shows: read again and again while it runs; searches are started here."""

import asyncio
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from searchspace.errors import SearchspaceError
from searchspace.safety.files import make_folder, write_file
from viz.live import views
from viz.live.commands import Given, field
from viz.live.folder import Folder
from viz.live.model.evaluation import Fault
from viz.live.model.studies import LINE, StudyView
from viz.live.model.tools import Follow
from viz.live.processes import searches
from viz.live.processes.jobs import Job
from viz.live.processes.lane import Lane, Spares
from viz.plots.front import Mark

EVERY_S = 1.0           # how often a study is looked at
PATIENCE_S = 120.0      # for one to be read
SPACE = "space.yaml"    # in the folder of a study that was started here
MOST_TRIALS = 1_000_000


class Follower:
    """``follow``: the study that is shown, None for none."""

    def __init__(self, screen: Callable[[dict[str, Any]], None], folder: Folder,
                 spares: Spares) -> None:
        self.screen, self.folder, self.tools = screen, folder, spares.tools
        self.follow: Follow | None = None
        self.view: StudyView | None = None
        self._sent: dict[str, Mark] = {}
        self._lane = Lane(spares, self._seen, PATIENCE_S)      # which keeps what it has read
        self._timer: asyncio.TimerHandle | None = None
        self._was_running = False
        self._drawn: tuple[float, ...] = ()

    def close(self) -> None:
        """Stop looking."""
        if self._timer is not None:
            self._timer.cancel()
        self._lane.close()

    def act(self, kind: str, given: Given) -> None:
        """Open a study, or end its search.

        Raises:
            SearchspaceError: neither, or there is no such study.
        """
        if kind == "study":
            self.open(self.named(field(given, "name")))
        elif kind == "stop-search":
            self.stop()
        else:
            raise SearchspaceError(f"the page asked for {kind!r}, which is nothing")

    def named(self, name: str) -> Follow:
        """The study of a name, folder or database URL.

        Raises:
            SearchspaceError: there is none, or it stands outside the folder.
        """
        if "://" not in name:
            return Follow(self.folder.study(name))
        if name.lower().startswith("sqlite"):
            raise SearchspaceError("a study in a file is opened by its folder, not by a URL")
        url, _, study = name.partition("#")
        return Follow(self.folder.home / (study or "study"), url)

    def open(self, follow: Follow) -> None:
        """Show a study, and follow it."""
        self.follow, self.view, self._sent = follow, None, {}
        self._look()

    def again(self) -> None:
        """Show to a page that has loaded again what it showed; a search that runs is found."""
        self._sent = {}
        running = next((p for p in self.folder.study_folders() if self._runs(p)), None)
        if self.follow is None and running is not None:
            self.follow = Follow(running)
        if self.follow is not None:
            self.view = None
            self._look()

    def start(self, space: str, options: Mapping[str, str]) -> None:
        """Search a space, whose text is written into the study's folder.

        Raises:
            SearchspaceError: the options are odd, or a search of this name runs.
        """
        if self.tools.command is None:
            raise SearchspaceError("nothing searches here")
        trials = options["trials"]
        if not trials.isdecimal() or not 1 <= int(trials) <= MOST_TRIALS:
            raise SearchspaceError("the number of trials is a whole number from 1 on")
        if not options["seed"].isdecimal():
            raise SearchspaceError("the seed is a whole number")
        if not set(options) & {"budget", "params", "memory", "latency"}:
            raise SearchspaceError("a search needs a budget: set a bound, 300M beside MACs say")
        home = self.folder.below(f"studies/{options['study']}")
        known = searches.of_study(home)
        if known is not None and known.alive:
            raise SearchspaceError(f"a search of {home.name} runs already")
        make_folder(home)
        write_file(home / SPACE, space)
        command = self.tools.command(self._whole(options, home))
        searches.start(home, command, int(trials), self.command(options))
        self.screen({"say": f"the search runs, in studies/{home.name}", "tab": "study"})
        self.open(Follow(home))

    def command(self, options: Mapping[str, str]) -> str:
        """The command that does the same, as a person types it in the start folder."""
        home = Path("studies") / options["study"]
        words = [f"--{name} {shlex.quote(value)}"
                 for name, value in self._whole(options, home).items()]
        return " ".join(["python search/run.py", *words])

    def stop(self) -> None:
        """End the search of the study that is shown.

        Raises:
            SearchspaceError: none runs that was started from here.
        """
        found = searches.of_study(self.follow.folder) if self.follow else None
        if found is None or not found.alive:
            raise SearchspaceError("no search of this study runs that was started here")
        searches.stop(found)
        self.screen({"say": "it ends after the running trial, with what was found"})

    def _whole(self, options: Mapping[str, str], home: Path) -> dict[str, str]:
        return {"space": str(home / SPACE), **options, "studies": str(home.parent)}

    def _runs(self, folder: Path) -> bool:
        found = searches.of_study(folder)
        return found is not None and found.alive

    def _look(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.follow is None:
            return
        if not self._lane.busy and (self.follow.url or (self.follow.folder / "study.db").exists()):
            self._lane.submit(Job("study", (self.follow, self.view.done if self.view else -1)))
        else:
            self._say_running()
        self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._look)

    def _seen(self, asked: int, result: StudyView | Fault | None) -> None:
        if isinstance(result, Fault):
            if self.view is None and self.follow is not None \
                    and not self._runs(self.follow.folder):
                self.screen({"say": result.sentence})
                self.follow = None
        elif result is not None:
            first = self.view is None
            self.view = result
            self._show(first)
        else:
            self._say_running()

    def _show(self, first: bool) -> None:
        assert self.view is not None
        marks = {mark.id: mark for mark in self.view.marks}
        fresh = [mark._asdict() for key, mark in marks.items() if self._sent.get(key) != mark]
        gone = [key for key, mark in self._sent.items() if marks.get(key) != mark]
        self._sent = marks
        frame = _frame(self.view)
        if first or frame != self._drawn:       # axes do not grow by themselves
            self.screen({"study-plane": self.view.spec})
        elif fresh:
            self.screen({"study-marks": {"insert": fresh, "remove": gone,
                                         "line": line(self.view.spec)}})
        self._drawn = frame
        self._table()

    def _say_running(self) -> None:
        """Show that a search has begun or ended."""
        if self.follow is not None and self._runs(self.follow.folder) != self._was_running:
            self._table()

    def _table(self) -> None:
        assert self.follow is not None
        found = searches.of_study(self.follow.folder)
        running = self._was_running = found is not None and found.alive
        words = searches.words(self.follow.folder) if found is not None else ""
        if self.view is None:
            view = StudyView(self.follow.folder.name, "", (), 0, 0, None, "", "", (), {}, ())
        else:
            view = replace(self.view, spec={}, marks=())
        self.screen({"panes": {"study-table": views.study(
            view, running, found.trials if found else 0, words)}, "searching": running})


def line(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The points of the front's line in the plane of a study."""
    layer = next((one for one in spec["layer"] if one.get("data", {}).get("name") == LINE), None)
    return layer["data"]["values"] if layer else []


def _frame(view: StudyView) -> tuple[float, ...]:
    """The ends of both axes."""
    if not view.marks:
        return ()
    xs, ys = [mark.x for mark in view.marks], [mark.y for mark in view.marks]
    return min(xs), max(xs), min(ys), max(ys)
