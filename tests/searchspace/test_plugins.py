"""Operations of one's own on the command line."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from inside import ran

from searchspace import SearchspaceError
from searchspace.__main__ import main as show
from searchspace.plugins import load_file
from viz.render import main as render

ROOT = Path(__file__).parents[2]
HALVE = '''
from dataclasses import dataclass

from searchspace.ops import Op, op


@op("halve")
@dataclass(frozen=True, slots=True)
class Halve(Op):
    """Every value halved."""

    examples = (({}, ((4, 5, 5),)),)

    def shape(self, *inputs):
        return inputs[0]

    def module(self, *inputs):
        return lambda x: x / 2
'''
NET = "name: halved\ninput: [3, 32, 32]\nnet:\n  - conv: {out: 8}\n  - halve:\n  - gap:\n"


@pytest.mark.parametrize(("main", "command"), [
    (show, ["-m", "searchspace", "{net}", "--verify"]),
    (render, ["viz/render.py", "{net}", "-o", "{out}"])])
def test_a_command_line_takes_a_file_of_operations(main: Callable[[list[str]], int], command: list[str],
                                                   tmp_path: Path) -> None:
    ops, net = tmp_path / "mine.py", tmp_path / "net.yaml"
    ops.write_text(HALVE, encoding="utf-8")
    net.write_text(NET, encoding="utf-8")
    arguments = [part.format(net=net, out=tmp_path / "net.svg") for part in command]
    with_ops = subprocess.run([sys.executable, *arguments, "--ops", str(ops)], cwd=ROOT, text=True,
                              capture_output=True, check=False)
    assert with_ops.returncode == 0, with_ops.stderr
    without = ran(main, *arguments[arguments.index(str(net)):])     # this process has not read the file
    assert without.returncode == 2
    assert "halve" in without.stderr and without.stderr.count("\n") == 1


@pytest.mark.parametrize("text, words", [
    (None, "no such Python file"), ("x = 1", "defines no operation"),
    (HALVE.replace('"halve"', '"a b"'), "'a b' cannot name an operation"),
    ("1 / 0", "ZeroDivisionError: division by zero"), ("def", "SyntaxError")])
def test_a_bad_file_is_one_sentence(text: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(SearchspaceError, match=words):
        load_file(path)
