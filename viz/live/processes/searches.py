"""Searches that a page has started: processes of their own, which outlive the page and the server.

Which they are is noted in the user's own state folder, not in the study's, which may come from a
stranger: a number there could mean any process.
"""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from searchspace.errors import SearchspaceError
from searchspace.safety.allowed import noted_in
from searchspace.safety.files import file_name, make_folder, own, write_file
from searchspace.safety.reading import parse_json, read_bytes

LOG = "search.log"
_LARGEST = 100_000      # bytes of a note


@dataclass(frozen=True, slots=True)
class Running:
    """A search: the study's folder, its process, when that began (as the system counts), how many
    trials it makes, and the command as a person types it."""

    folder: str
    pid: int
    began: str
    trials: int
    shown: str

    @property
    def alive(self) -> bool:
        """Whether the process still runs, and is the same one."""
        return self.pid > 1 and bool(self.began) and _began(self.pid) == self.began


def start(folder: Path, command: Sequence[str], trials: int, shown: str) -> Running:
    """Start a search of a study in ``folder``; its words go into ``search.log`` there.

    Raises:
        SearchspaceError: one runs already, or the process cannot be started.
    """
    known = of_study(folder)
    if known is not None and known.alive:
        raise SearchspaceError(f"a search of {folder.name} runs already")
    try:
        make_folder(folder)
        with own(folder / LOG).open("ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, start_new_session=True,
                                       cwd=folder.parent)
    except OSError as error:
        raise SearchspaceError(f"the search cannot be started: {error}") from None
    found = Running(str(folder), process.pid, _began(process.pid), trials, shown)
    _PROCESSES[process.pid] = process
    path = _note(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, json.dumps(asdict(found)))
    return found


def of_study(folder: Path) -> Running | None:
    """The last search that a page has started in a study's folder."""
    try:
        found = parse_json(read_bytes(_note(folder), _LARGEST))
        made = Running(str(found["folder"]), int(found["pid"]), str(found["began"]),
                       int(found["trials"]), str(found["shown"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return made if made.folder == str(folder) else None


def stop(found: Running) -> None:
    """Ask a search to end after the running trial, with what was found."""
    if found.alive:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(found.pid, signal.SIGINT)


def words(folder: Path, lines: int = 12) -> str:
    """The last lines that a search has printed."""
    try:
        text = read_bytes(own(folder / LOG), 10_000_000).decode("utf-8", errors="replace")
    except (OSError, SearchspaceError):
        return ""
    return "\n".join(text.strip().splitlines()[-lines:])


_PROCESSES: dict[int, subprocess.Popen[bytes]] = {}      # children of this server


def _note(folder: Path) -> Path:
    return noted_in().parent / "searches" / f"{file_name(str(folder))}.json"


def _began(pid: int) -> str:
    """When a process began, in the system's own words; empty if it does not run."""
    if pid in _PROCESSES and _PROCESSES[pid].poll() is not None:
        return ""               # ended, and waits for nobody
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        with contextlib.suppress(OSError, IndexError):
            rest = stat.read_text().rpartition(")")[2].split()
            return "" if rest[0] == "Z" else rest[19]
        return ""
    try:
        done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True,
                              text=True, check=False, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
