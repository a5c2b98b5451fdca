"""Generated command lines against all commands: documented exit statuses only, and no traceback.

  python benchmarks/attack_commands.py 2000
  python benchmarks/attack_commands.py 200 --seed 7 --only search.run
  python benchmarks/attack_commands.py 1 --from 1234      # one line again

Each line runs in a process of its own, forked from one that has imported everything, in a new copy
of a folder with files of every kind. What is attacked is a copy of the packages, so that nothing of
the project is written to. Who takes longer than --seconds is interrupted as by Ctrl-C.
"""

import argparse
import importlib
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parents[1]
STATUSES = {0, 1, 2, 130}
MASKED = (signal.SIGINT, signal.SIGTERM)
GRACE_S = 120.0         # until an interrupted command has ended, on a busy machine
FILE_BYTES = 4_096     # that a process without space may write to a file
ENCODINGS = {"cp1252", "ascii", "cp932", "latin-1"}


@dataclass(frozen=True)
class Ended:
    """How a command line ended. ``status``: minus the signal that killed it, as of `subprocess`;
    ``late``: it went on after it was interrupted."""

    status: int
    out: str
    err: str
    seconds: float
    megabytes: int
    late: bool

    @property
    def fault(self) -> str:
        """What is wrong with it; empty if nothing is."""
        if self.late:
            return "goes on after an interruption"
        if self.status not in STATUSES:
            return f"status {self.status}"
        if "Traceback (most" in self.out + self.err or "Exception ignored" in self.err:
            return "traceback"
        return ""


@contextmanager
def attacked() -> Iterator[Path]:
    """A folder that goes first where modules are looked for, with a copy of the packages."""
    with tempfile.TemporaryDirectory(prefix="attack-") as home:
        for package in ("searchspace", "search", "viz", "benchmarks"):
            shutil.copytree(ROOT / package, Path(home) / package,
                            ignore=shutil.ignore_patterns("__pycache__"))
        yield Path(home)


def prepare(home: Path) -> Path:
    """The folder that every command line gets a copy of."""
    from benchmarks import attacked_files
    from benchmarks.command_lines import CommandLine

    yard = home / "yard"
    yard.mkdir()
    attacked_files.make(yard)
    shutil.copytree(ROOT / "studies" / "digits", yard / "studies" / "digits")
    for module, *words in (
            ("search.run", "--space", "digits", "--objective", "table", "--budget", "400K",
             "--trials", "3", "--study", "s", "--studies", "studies", "--sampler", "random"),
            ("search.honesty", "--space", "digits", "--scores", "params", "--networks", "5",
             "--out", "."),
            ("benchmarks.attacked_files",)):
        made = run(CommandLine(module, tuple(words)), yard, 300.0)
        assert made.status == 0, made
    return yard


def run(line: "CommandLine", folder: Path, seconds: float) -> Ended:  # noqa: F821
    """Run a command line in a folder, interrupted after so many seconds."""
    with tempfile.TemporaryFile("w+b") as out, tempfile.TemporaryFile("w+b") as err:
        start = time.monotonic()
        signal.pthread_sigmask(signal.SIG_BLOCK, MASKED)        # until it is in its command
        number = os.fork()
        if not number:
            _child(line, folder, out.fileno(), err.fileno())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, MASKED)
        status, used, late = _wait(number, line, start, seconds)
        took = time.monotonic() - start
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read(10**6).decode("utf-8", "replace"))
    return Ended(status, *texts, took, used.ru_maxrss // 1024, late)


def _wait(number: int, line: "CommandLine", start: float,  # noqa: F821
          seconds: float) -> tuple[int, resource.struct_rusage, bool]:
    """Wait for a process, and send what is to be sent."""
    waiting = [(seconds, signal.SIGINT), (seconds + GRACE_S / 2, signal.SIGINT),
               (seconds + GRACE_S, signal.SIGKILL)]
    if line.around.startswith("SIG"):
        waiting.insert(0, (line.after_s, getattr(signal, line.around)))
    while True:
        ended, status, used = os.wait4(number, os.WNOHANG)
        if ended:
            late = not waiting
            return os.waitstatus_to_exitcode(status), used, late
        if waiting and time.monotonic() - start > waiting[0][0]:
            os.kill(number, waiting.pop(0)[1])
        time.sleep(0.01)


def _child(line: "CommandLine", folder: Path, out: int, err: int) -> None:  # noqa: F821
    """The forked process: its streams and surroundings, then the command. Does not return."""
    status = 99
    try:
        os.setpgid(0, 0)
        os.chdir(folder)
        _surround(line.around, out, err)
        command = importlib.import_module(line.module)
        sys.argv = [line.module, *line.arguments]
        sys.orig_argv = [sys.executable, "-m", line.module, *line.arguments]

        def main() -> int:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, MASKED)
            return int(command.main(*(() if "launchers" in line.module else ([*line.arguments],))))

        try:
            importlib.import_module("searchspace.cli").start(main)
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except BaseException:
        status = 1
        with suppress(Exception):
            os.write(err, traceback.format_exc().encode(errors="replace"))
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            status = 120            # as Python's own end
    os._exit(status)


def _surround(around: str, out: int, err: int) -> None:
    """Make the surroundings of a command line."""
    os.environ |= {"HOME": os.getcwd(), "XDG_STATE_HOME": f"{os.getcwd()}/state"}
    if around in ("no home", "home nowhere"):
        for name in ("HOME", "XDG_STATE_HOME", "USER", "LOGNAME"):
            os.environ.pop(name, None)
        if around == "home nowhere":
            os.environ["HOME"] = f"{os.getcwd()}/no home/\udcff"
    elif around == "one column":
        os.environ |= {"COLUMNS": "1", "LINES": "1", "TERM": "dumb", "LANG": "C"}
    elif around == "no space":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
        sys.dont_write_bytecode = True      # Python itself would keep half a file of it, for ever
    elif around == "in use":
        import fcntl
        lock = os.open("studies/s/lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_EX)
    elif around == "folder gone":
        shutil.rmtree(os.getcwd(), ignore_errors=True)
    reader, writer = os.pipe()
    os.close(reader)
    full, nothing = os.open("/dev/full", os.O_WRONLY), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2({"stdout full": full, "all full": full, "nobody reads": writer}.get(around, out), 1)
    os.dup2({"stderr full": full, "all full": full}.get(around, err), 2)
    closed = {"stdout closed": (1,), "stderr closed": (2,), "all closed": (0, 1, 2)}.get(around, ())
    for number in closed:
        os.close(number)
    encoding = around if around in ENCODINGS else "utf-8"

    def stream(number: int, errors: str) -> TextIO:
        return None if number in closed else open(  # type: ignore[return-value]
            number, "w" if number else "r", encoding=encoding, errors=errors, closefd=False)

    sys.stdin, sys.stdout, sys.stderr = (
        stream(0, "strict"), stream(1, "strict"), stream(2, "backslashreplace"))


def attack(options: argparse.Namespace) -> int:
    """Run the command lines; 1 if one of them ended as it should not."""
    from benchmarks.command_lines import LINES, command_line, options_of, parser_of

    for module in ("torch", "viz.pages.study", "search.training.loop", *LINES):
        importlib.import_module(module)
    known = {module: list(options_of(parser_of(module))) for module in LINES}
    yard, ended, faults, number = prepare(Path.cwd()), Counter[int](), 0, options.begin
    start, slowest, largest = time.monotonic(), 0.0, 0
    while sum(ended.values()) < options.count:
        line = command_line(f"{options.seed}-{number}", known)
        number += 1
        if options.only and options.only != line.module:
            continue
        with tempfile.TemporaryDirectory(prefix="line-", ignore_cleanup_errors=True) as copy:
            folder = Path(copy) / "yard"
            os.system(f"cp -a '{yard}' '{folder}'")     # with its pipe, links and rights
            done = run(line, folder, options.seconds)
        ended[done.status] += 1
        slowest, largest = max(slowest, done.seconds), max(largest, done.megabytes)
        if done.fault or options.count == 1:
            faults += bool(done.fault)
            print(f"{number - 1}: {done.fault or 'right'}, status {done.status}, "
                  f"{done.seconds:.1f} s: {line}\n{done.err[-options.shown:]}", flush=True)
            if options.count == 1:
                print(done.out)
    statuses = ", ".join(f"{count} with {status}" for status, count in sorted(ended.items()))
    print(f"{sum(ended.values())} command lines (seed {options.seed}) in "
          f"{time.monotonic() - start:.0f} s: {faults} faults; {statuses}; at most "
          f"{slowest:.0f} s and {largest} MB")
    return 1 if faults else 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, help="how many lines")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--from", dest="begin", type=int, default=0, metavar="N",
                        help="number of the first line")
    parser.add_argument("--only", metavar="MODULE", help="lines of this command alone")
    parser.add_argument("--seconds", type=float, default=8.0, help="after which Ctrl-C comes")
    parser.add_argument("--shown", type=int, default=1500, help="letters of what a fault printed")
    options = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with attacked() as home:
        os.chdir(home)
        sys.path[:0] = [str(home)]
        return attack(options)


if __name__ == "__main__":
    raise SystemExit(main())
