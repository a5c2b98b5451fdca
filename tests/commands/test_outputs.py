"""What may become of a command's output, its arguments and its signals: documented exit statuses.

The commands run in processes of their own, forked from this one, see benchmarks/attack_commands.py.
"""

import importlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import attack_commands
import command_lines
import pytest
from attack_commands import Ended
from command_lines import LINES, CommandLine
from inside import ran

from searchspace.__main__ import main

ROOT = Path(__file__).parents[2]
TOLD = {"": 0, "stdout full": 2, "all full": 2, "stdout closed": 0, "stderr closed": 0,
        "all closed": 0, "nobody reads": 130, "cp1252": 0, "ascii": 0, "cp932": 0}
HELPFUL = [module for module in LINES if not re.search("launchers|scores", module)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("attacked")
    importlib.import_module("attacked_files").make(made)
    return made


def run(folder: Path, module: str, *words: str, around: str = "", after: float = 0.0) -> Ended:
    importlib.import_module(module)
    return attack_commands.run(CommandLine(module, words, around, after), folder, 400.0)


# Every day each command meets a third of the surroundings.
@pytest.mark.parametrize(("around", "modules"), [
    *(pytest.param(around, HELPFUL[i % 3::3], id=f"{around}-a third") for i, around in enumerate(TOLD)),
    *(pytest.param(around, HELPFUL, id=f"{around}-all", marks=pytest.mark.slow) for around in TOLD)])
def test_help_goes_wherever_the_output_goes(around: str, modules: list[str], folder: Path) -> None:
    for module in modules:
        done = run(folder, module, "--help", around=around)
        assert (done.fault, done.status) == ("", TOLD[around]), (module, done)
        if around == "stdout full":
            assert done.err == "error: output: No space left on device\n"


@pytest.mark.parametrize("around", TOLD)
@pytest.mark.parametrize("words", [
    ("net.yaml",), ("net.yaml", "--yaml"), ("--list", "sinet*", "--json")], ids=" ".join)
def test_a_table_goes_wherever_the_output_goes(words: tuple[str, ...], around: str,
                                               folder: Path) -> None:
    done = run(folder, "searchspace.__main__", *words, around=around)
    assert (done.fault, done.status) == ("", TOLD[around]), done


def test_a_letter_that_an_encoding_lacks_is_a_question_mark(folder: Path) -> None:
    done = run(folder, "searchspace.__main__", "net.yaml", around="ascii")
    assert "input 1?8?8" in done.out and done.status == 0


@pytest.mark.parametrize("around", ["stderr full", "stderr closed", "all full", "all closed"])
def test_a_mistake_that_nobody_can_be_told_stays_one(around: str, folder: Path) -> None:
    assert run(folder, "searchspace.__main__", "hent", around=around).status == 2


@pytest.mark.parametrize("around", ["no home", "home nowhere", "one column", "folder gone"])
def test_other_surroundings(around: str, folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    importlib.import_module("attacked_files").make(own)
    net = str(folder / "net.yaml")
    done = run(own, "searchspace.__main__", net, "--ops", str(folder / "ops.py"), around=around)
    assert (done.fault, done.status) == ("", 0), done


# --- one search and one training ------------------------------------------------------------------

SEARCH = ("--space", "space.yaml", "--objective", "macs", "--sampler", "random", "--input", "8",
          "--budget", "1M", "--trials", "3")


@pytest.mark.slow
@pytest.mark.parametrize(("around", "status"), [
    ("nobody reads", 130), ("stdout full", 2), ("ascii", 0), ("no space", 2)])
def test_a_search(around: str, status: int, folder: Path, tmp_path: Path) -> None:
    given = (*SEARCH, "--studies", str(tmp_path), "--study", "s")
    done = run(folder, "search.run", *given, around=around)
    assert (done.fault, done.status) == ("", status), done
    assert (tmp_path / "s" / "best.yaml").exists() == (status == 0)
    assert done.err.count("\n") == (status == 2)
    again = run(folder, "search.run", *given)
    assert (again.status, again.err) == (0, "") and (tmp_path / "s" / "best.yaml").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("around", "status"), [
    ("nobody reads", 130), ("no space", 2), ("SIGTERM", 130)])
def test_a_training_goes_on_after_it(around: str, status: int, folder: Path,
                                     tmp_path: Path) -> None:
    given = ("net.yaml", "--data", "digits", "--epochs", "2", "--out", str(tmp_path / "t"))
    done = run(folder, "search.train", *given, around=around)
    assert (done.fault, done.status) == ("", status), done
    again = run(folder, "search.train", *given)
    assert (again.status, again.err) == (0, "") and (tmp_path / "t" / "result.json").exists()


def test_a_study_that_another_process_runs(folder: Path, tmp_path: Path) -> None:
    (folder / "studies" / "s").mkdir(exist_ok=True)
    done = run(folder, "search.run", *SEARCH, "--studies", "studies", "--study", "s",
               around="in use")
    assert done.status == 2 and "is being run by another process" in done.err


# --- arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("module", "words", "message"), [
    ("search.run", ("--memory=--", "--space", "digits"), "--memory: expected one argument"),
    ("searchspace.__main__", ("net.yaml", "--set", "classes=\udcff"), "--set takes ARG=VALUE"),
    ("searchspace.__main__", ("net.yaml", "--ops", "exits.py"), "SystemExit"),
    ("search.run", (*SEARCH, "--studies", "\udcff"), "cannot be written as UTF-8"),
    ("search.run", (*SEARCH, "--study=-x"), "is no name of a folder everywhere"),
    ("search.launchers.__main__", (), "a worker is started by search/run.py"),
    ("viz.render", ("net.yaml", "-o", "l" * 256 + ".svg"), "File name too long"),
    ("search.status", ("l" * 300,), "File name too long"),
])
def test_a_mistake_is_one_sentence(module: str, words: tuple[str, ...], message: str,
                                   folder: Path) -> None:
    done = run(folder, module, *words)
    assert (done.fault, done.status, done.err.count("\n")) == ("", 2, 1), done
    assert message in done.err and done.err.startswith("error: ")


def test_a_file_whose_name_is_no_text(folder: Path) -> None:
    assert run(folder, "searchspace.__main__", "n\udcff.yaml").status == 0
    assert run(folder, "viz.render", "n\udcff.yaml", "-o", "\udcff.svg").status == 0
    assert (folder / "\udcff.svg").exists()


def test_a_library_keeps_its_signals() -> None:
    code = ("import signal, sys, searchspace, search\n"
            "sys.exit(signal.getsignal(signal.SIGINT) is not signal.default_int_handler)")
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("line", [("-m", "search.archive"), ("search/status.py",)])
def test_a_command_that_is_interrupted_while_it_imports(line: tuple[str, ...],
                                                        tmp_path: Path) -> None:
    (tmp_path / "sqlalchemy.py").write_text("import os, time\nos.kill(os.getpid(), 2)\n"
                                            "time.sleep(9)\n")
    done = subprocess.run(
        [sys.executable, *line], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"})
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_out_of_memory_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def large(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("searchspace.__main__.trace", large)
    done = ran(main, "henet")
    assert (done.returncode, done.stderr) == (2, "error: out of memory\n")


# --- the generator --------------------------------------------------------------------------------

# What makes this repository's own pages, and what serves until it is ended (it has its own tests).
SPARED = {"viz.docs.notebooks", "viz.docs.screens", "viz.playground"}


def test_every_command_is_attacked() -> None:
    found = {str(path.relative_to(ROOT).with_suffix("")).replace(os.sep, ".")
             for package in ("search", "searchspace", "viz")
             for path in (ROOT / package).rglob("*.py")
             if '__name__ == "__main__"' in path.read_text(encoding="utf-8")}
    assert found == set(LINES) | SPARED


def test_a_seed_is_a_command_line() -> None:
    known = {module: list(command_lines.options_of(command_lines.parser_of(module)))
             for module in LINES}
    assert all(len(known[m]) > 1 for m in HELPFUL)
    lines = [command_lines.command_line(f"0-{i}", known) for i in range(300)]
    assert lines == [command_lines.command_line(f"0-{i}", known) for i in range(300)]
    assert {line.module for line in lines} == set(LINES)
    assert len({line.around for line in lines}) > 15


@pytest.mark.parametrize(("ended", "fault"), [
    (Ended(3, "", "", 1, 1, False), "status 3"), (Ended(-9, "", "", 1, 1, True), "goes on"),
    (Ended(1, "", "Traceback (most recent call last):", 1, 1, False), "traceback"),
    (Ended(130, "", "", 1, 1, False), "")])
def test_what_is_a_fault(ended: Ended, fault: str) -> None:
    assert ended.fault.startswith(fault) and bool(ended.fault) == bool(fault)


@pytest.mark.slow
def test_generated_command_lines_end_as_documented() -> None:
    done = subprocess.run([sys.executable, "benchmarks/attack_commands.py", "40", "--seed", "3",
                           "--seconds", "4"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "40 command lines" in done.stdout, done.stdout
