"""Exports of a tab: its network taken home as a file that runs elsewhere."""

import base64
import tempfile
from pathlib import Path
from typing import Any

from searchspace.errors import SearchspaceError
from viz.live.commands import Given, field
from viz.live.model.evaluation import Fault
from viz.live.model.exporting import offered
from viz.live.processes.jobs import Job
from viz.live.processes.lane import Lane, Spares
from viz.live.processes.worker import GIB
from viz.live.tab import Tab

PATIENCE_S = 120.0
IDLE_S = 20.0           # after which a process that is not used ends
MEMORY = 16 * GIB       # of address space, of which torch and onnxruntime reserve much


class Exports:
    """The exports of a tab, one at a time, in a process that has room for torch; what is written
    lies in a temporary folder, which ends with the tab."""

    def __init__(self, tab: Tab, spares: Spares) -> None:
        self.tab = tab
        self._lane = Lane(Spares(spares.tools, MEMORY, waiting=0), self._made, PATIENCE_S, IDLE_S)
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """End what runs, and remove what it wrote."""
        self._lane.close()
        if self._folder is not None:
            self._folder.cleanup()

    def on_export(self, given: Given) -> None:
        """The network as a target's file."""
        target = field(given, "target")
        if target not in offered():
            raise SearchspaceError(f"no export {target!r} here; known: {', '.join(offered())}")
        if self.tab.report is None:
            raise SearchspaceError("there is no network to take home yet")
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="searchspace-",
                                                       ignore_cleanup_errors=True)
        self.tab.say("the network is written, and compared with itself …")
        self._lane.submit(Job("export", (self.tab.source(), target, Path(self._folder.name))))

    def _made(self, asked: int, result: Any) -> None:
        if isinstance(result, Fault):
            self.tab.say(result.sentence)
            return
        self.tab.screen({"file": {"name": result.name, "type": "application/octet-stream",
                                  "content": base64.b64encode(result.content).decode()}})
        self.tab.say(" ".join(result.lines))
