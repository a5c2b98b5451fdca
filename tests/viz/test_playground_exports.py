"""Exports of the playground: what is offered, and that the files run without this project."""

import asyncio
import base64
import subprocess
import sys
from pathlib import Path

import pytest

from searchspace import SearchspaceError, cost, load
from searchspace.export import needs
from searchspace.export.command import NAMES
from searchspace.notation.sources import GENOTYPES
from searchspace.scripts import install
from viz.live.exports import Exports
from viz.live.model import exporting
from viz.live.model.evaluation import Fault, Source
from viz.live.model.exporting import Exported
from viz.live.model.tools import Tools
from viz.live.processes.lane import Spares

SPACE = GENOTYPES / "spaces" / "digits.yaml"
COUNT = "import sys, runpy; found = runpy.run_path(sys.argv[1])[sys.argv[2]]()\n" \
    "print(sum(p.numel() for p in found.parameters()), 'searchspace' in sys.modules)"


def parameters(path: Path, name: str) -> int:
    """Of the network of a file, in a process that does not import this project."""
    done = subprocess.run([sys.executable, "-I", "-c", COUNT, str(path), name], text=True,
                          capture_output=True, check=True, cwd=path.parent)
    count, ours = done.stdout.split()
    assert ours == "False"
    return int(count)


def test_every_target_has_a_label() -> None:
    assert set(exporting.LABELS) == set(NAMES)
    assert {"code", "torch", "timm"} <= set(exporting.offered())


def test_what_is_missing_is_said_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    assert set(exporting.offered()) == {"code", "torch", "timm"}
    assert exporting.absent() == (f"ONNX and ONNX in 8 bits: {install('export')}; "
                                  "ExecuTorch program: pip install executorch")
    monkeypatch.setattr(needs, "find_spec", lambda name: object())
    assert exporting.absent() == "" and set(exporting.offered()) == set(NAMES)


def test_a_network_is_exported_from_its_text(tmp_path: Path) -> None:
    source = Source((GENOTYPES / "henet.yaml").read_text(encoding="utf-8"), "henet.yaml")
    made = exporting.exported(source, "code", tmp_path)
    assert list(tmp_path.iterdir()) == []                   # nothing is left
    assert str(tmp_path) not in " ".join(made.lines) and "not trained" in made.lines[-1]
    file = tmp_path / made.name
    file.write_bytes(made.content)
    name = made.lines[0].partition("class ")[2].partition(",")[0]
    assert parameters(file, name) == cost(load("henet")).params


def test_a_space_is_exported_at_its_point(tmp_path: Path) -> None:
    text = SPACE.read_text(encoding="utf-8")
    made = exporting.exported(Source(text, str(SPACE)), "torch", tmp_path)
    assert made.name.endswith(".pt2") and made.content[:2] == b"PK"


def test_a_file_too_large_for_a_page_is_not_sent(tmp_path: Path,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MOST", 1000)
    source = Source((GENOTYPES / "henet.yaml").read_text(encoding="utf-8"), "henet.yaml")
    with pytest.raises(SearchspaceError, match="python -m searchspace export FILE --to code"):
        exporting.exported(source, "code", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("root", ["checkout", "site"])
def test_an_extra_is_installed_where_the_package_came_from(root: str, tmp_path: Path) -> None:
    folder = tmp_path / root
    folder.mkdir()
    if root == "checkout":
        (folder / "pyproject.toml").touch()
    said = install("export", folder)
    assert said == (f"pip install -e '{folder}[export]'" if root == "checkout"
                    else "pip install 'searchspace[export]'")


def test_the_page_is_handed_the_file() -> None:
    sent: list[dict[str, object]] = []

    class Tab:
        report = None
        screen = staticmethod(sent.append)

        def say(self, sentence: str) -> None:
            sent.append({"say": sentence})

    async def work() -> None:
        exports = Exports(Tab(), Spares(Tools()))       # type: ignore[arg-type]
        exports._made(1, Exported("net.py", b"x = 1", ("checked.",)))
        exports._made(2, Fault("no"))
        with pytest.raises(SearchspaceError, match="no export 'zip'"):
            exports.on_export({"target": "zip"})
        with pytest.raises(SearchspaceError, match="no network"):
            exports.on_export({"target": "code"})
        exports.close()

    asyncio.run(work())
    file = sent[0]["file"]
    assert isinstance(file, dict) and base64.b64decode(file["content"]) == b"x = 1"
    assert sent[1:] == [{"say": "checked."}, {"say": "no"}]
