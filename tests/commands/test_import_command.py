"""``python -m searchspace import`` from the outside."""

from pathlib import Path

import foreign
import pytest
import torch
from safetensors.torch import load_file

from searchspace import build, cost, load
from searchspace.__main__ import main

NET = """
import torch
from torch import nn

def make():
    return nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(8, 5))

def wrong():
    return 3

def fails():
    raise RuntimeError("no weights here")

class Odd(nn.Module):
    def forward(self, x):
        return x.sort()[0]
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(NET, encoding="utf-8")
    return tmp_path / "net.py"


def test_weights_become_safetensors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = foreign.shaken(foreign.StarNet())
    torch.save({"state_dict": theirs.state_dict()}, tmp_path / "star.pth")
    out = tmp_path / "star.safetensors"
    assert main(["import", str(tmp_path / "star.pth"), "--into", "starnet@s050",
                 "-o", str(out)]) == 0
    assert "starnet@s050 is the same function" in " ".join(capsys.readouterr().out.split())
    net = build(load("starnet@s050")).eval()
    net.load_state_dict(load_file(out))
    x = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(net(x), theirs(x), rtol=1e-4, atol=1e-4)


def test_a_network_in_a_file_becomes_a_genotype(code: Path, tmp_path: Path) -> None:
    out, weights = tmp_path / "net.yaml", tmp_path / "net.safetensors"
    assert main(["import", "--run", f"{code}:make", "--input", "1,28,28", "-o", str(out),
                 "--weights", str(weights)]) == 0
    genotype = load(out)
    assert cost(genotype).params == 8 * 9 + 8 + 8 * 5 + 5
    build(genotype).load_state_dict(load_file(weights))


def test_a_genotype_that_cannot_be_written_leaves_no_weights(code: Path, tmp_path: Path) -> None:
    weights = tmp_path / "net.safetensors"
    assert main(["import", "--run", f"{code}:make", "--input", "1,28,28", "-o", str(tmp_path),
                 "--weights", str(weights)]) == 2
    assert not weights.exists()


def test_without_a_file_it_is_printed(code: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "--run", f"{code}:make", "--input", "1,28,28"]) == 0
    assert "- conv: {out: 8, stride: 2, bias: true, bn: false" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "message"), [
    ([], "give a file of weights with --into, or --run"),
    (["w.pth"], "weights need --into"),
    (["w.pth", "--into", "resnet@18"], "weights need --output"),
    (["missing.pth", "--into", "resnet-cifar@20", "-o", "x"], "missing.pth: No such file"),
    (["--run", "nowhere.py:make"], "there is no file nowhere.py"),
    (["--run", "{code}"], "there is no"),
    (["--run", "{code}:mak"], "net.py has no 'mak'; did you mean 'make'?"),
    (["--run", "{code}:wrong"], "it makes a int, and a torch.nn.Module is expected"),
    (["--run", "{code}:fails"], "RuntimeError: no weights here"),
    (["--run", "{code}:Odd"], "(Odd): torch's sort cannot be said in the notation"),
])
def test_mistakes_are_one_sentence(arguments: list[str], message: str, code: Path,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    given = [a.format(code=code) for a in arguments]
    assert main(["import", *given]) == 2
    said = capsys.readouterr().err
    assert message in " ".join(said.split())
    assert "Traceback" not in said


def test_a_shape_that_is_none_is_refused(code: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["import", "--run", f"{code}:make", "--input", "28x28"])
    assert "'28x28' is no shape like 3,224,224" in capsys.readouterr().err
