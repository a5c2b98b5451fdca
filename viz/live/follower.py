"""The study that a tab shows: read again and again while it runs; searches are started here."""

import asyncio
import contextlib
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from searchspace.errors import SearchspaceError
from searchspace.safety.files import make_folder, write_file
from viz.live import views
from viz.live.commands import Given, field
from viz.live.folder import Folder
from viz.live.model.evaluation import Fault
from viz.live.model.studies import Look, StudyPlane, StudyView
from viz.live.model.tools import Follow
from viz.live.processes import searches
from viz.live.processes.jobs import Job
from viz.live.processes.lane import Lane, Spares

WATCH_S = 0.1           # how often it is looked whether the study's file has changed
EVERY_S = 1.0           # how often a study in a database is read, and whether its search runs
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
        self._plane = StudyPlane()
        self._lane = Lane(spares, self._seen, PATIENCE_S)      # which keeps what it has read
        self._timer: asyncio.TimerHandle | None = None
        self._was_running = False
        self._due = 0.0         # when it is looked at again, whatever the file says
        self._stamped: tuple[tuple[int, int], ...] = ()

    def close(self) -> None:
        """Stop looking."""
        if self._timer is not None:
            self._timer.cancel()
        self._lane.close()

    def act(self, kind: str, given: Given) -> None:
        """Open a study, or end its search; get ready while one is chosen.

        Raises:
            SearchspaceError: neither, or there is no such study.
        """
        if kind == "studies":
            self._prepare()
        elif kind == "study":
            self.open(self.named(field(given, "name")))
        elif kind == "stop-search":
            self.stop()
        else:
            raise SearchspaceError(f"the page asked for {kind!r}, which is nothing")

    def _prepare(self) -> None:
        if self.follow is None and not self._lane.busy:
            self._lane.submit(Job("prepare"))

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
        self.follow = follow
        self._begin()

    def again(self) -> None:
        """Show to a page that has loaded again what it showed; a search that runs is found."""
        running = next((p for p in self.folder.study_folders() if self._runs(p)), None)
        if self.follow is None and running is not None:
            self.follow = Follow(running)
        if self.follow is not None:
            self._begin()

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

    def _begin(self) -> None:
        self.view, self._plane, self._stamped, self._due = None, StudyPlane(), (), 0.0
        self._look()

    def _look(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.follow is None:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(WATCH_S, self._look)
        due, stamp = loop.time() >= self._due, self._stamp()
        if not self._lane.busy and (stamp != self._stamped or (due and self.follow.url)):
            self._stamped = stamp
            self._lane.submit(Job("study", (self.follow, self.view.done if self.view else -1)))
        elif due:
            self._say_running()
        if due:
            self._due = loop.time() + EVERY_S

    def _stamp(self) -> tuple[tuple[int, int], ...]:
        """What changes when something is written into the study's file, or into its log."""
        if self.follow is None or self.follow.url:
            return ()
        found = []
        for name in ("study.db", "study.db-wal"):
            with contextlib.suppress(OSError):
                seen = (self.follow.folder / name).stat()
                found.append((seen.st_mtime_ns, seen.st_size))
        return tuple(found)

    def _seen(self, asked: int, result: Look | Fault | None) -> None:
        if isinstance(result, Fault):
            if self.view is None and self.follow is not None \
                    and not self._runs(self.follow.folder):
                self.screen({"say": result.sentence})
                self.follow = None
        elif result is not None:
            self.view = result.view
            self._table()               # there at once, while the plane is drawn
            if message := self._plane.add(result):
                self.screen(message)
        else:
            self._say_running()

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
            view = StudyView(self.follow.folder.name, "", (), 0, 0, "", "", ())
        else:
            view = self.view
        self.screen({"panes": {"study-table": views.study(
            view, running, found.trials if found else 0, words)}, "searching": running})

