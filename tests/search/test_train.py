"""Final training from the command line: what it leaves, going on, what it refuses."""

import csv
import json
import re
from pathlib import Path

import filelock
import pytest
import torch
from safetensors.torch import load_file, save_file

from search.data import open_data
from search.train import main
from search.training.batches import moments
from search.training.loop import Training
from searchspace import build, fill, load, to_yaml
from searchspace.scripts import install


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(to_yaml(fill(load("digits", classes=1000), {"c": 8, "early": True, "stage1": "plain", "stage1.plain.k": 3,
                                        "stage2": "plain", "stage2.plain.k": 3})))
    return path


def test_what_a_training_leaves_can_be_loaded_back(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(network), "--data", "digits", "--epochs", "3", "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    folder = network.parent / "tiny-digits-quick"
    assert {p.name for p in folder.iterdir()} == {"genotype.yaml", "weights.safetensors", "log.csv",
                                                  "checkpoint.pt", "result.json", "lock"}
    result = json.loads((folder / "result.json").read_text())
    assert f"test accuracy {result['test_accuracy']:.2f} % on 900 images" in out
    net = build(load(folder / "genotype.yaml"))
    net.load_state_dict(load_file(folder / "weights.safetensors"))
    test = open_data("digits").test
    mean, deviation = moments(open_data("digits").train)
    assert (result["pixel_mean"], result["pixel_deviation"]) == (list(mean), list(deviation))
    x = (torch.from_numpy(test.pixels).float() / 255 - mean[0]) / deviation[0]
    with torch.no_grad():
        right = net.eval()(x).argmax(1) == torch.from_numpy(test.labels)
    assert 100 * right.float().mean().item() == pytest.approx(result["test_accuracy"], abs=0.2)
    with (folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [r["epoch"] for r in rows] == ["1", "2", "3"] and all(r["validated"] == "" for r in rows)


def test_the_same_command_goes_on(network: Path, monkeypatch: pytest.MonkeyPatch,
                                  capsys: pytest.CaptureFixture[str]) -> None:
    command = [str(network), "--data", "digits", "--epochs", "4", "--validation", "0.1"]
    assert main([*command, "--out", str(network.parent / "whole")]) == 0
    save, count = Training.save, [0]

    def cut(self: Training, path: Path) -> None:
        save(self, path)
        count[0] += 1
        if count[0] == 2:
            raise KeyboardInterrupt
    monkeypatch.setattr(Training, "save", cut)
    parts = [*command, "--out", str(network.parent / "parts")]
    assert main(parts) == 130 and "the same command resumes" in capsys.readouterr().err
    assert main(parts) == 0
    assert "resumes after epoch 2" in capsys.readouterr().out
    ours, theirs = ((network.parent / f / "weights.safetensors").read_bytes() for f in ("parts", "whole"))
    assert ours == theirs
    logs = [list(csv.DictReader((network.parent / f / "log.csv").read_text().splitlines()))
            for f in ("parts", "whole")]
    strip = [[{k: v for k, v in row.items() if k != "seconds"} for row in log] for log in logs]
    assert strip[0] == strip[1] and len(strip[0]) == 4


def test_a_training_begins_with_the_weights_of_another(network: Path,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    """Also where its classes are others: then the last layer is fresh, and the rest is not."""
    first, again = (str(network.parent / name) for name in ("first", "again"))
    command = [str(network), "--data", "digits", "--device", "cpu", "--seed", "1"]
    assert main([*command, "--epochs", "3", "--out", first]) == 0
    weights = ["--weights", f"{first}/weights.safetensors", "--epochs", "1", "--out"]
    capsys.readouterr()
    assert main([*command, *weights, again]) == 0
    told = capsys.readouterr().out
    assert "begins with the weights of" in told and "but for" not in told
    accuracy = [json.loads(Path(f, "result.json").read_text())["test_accuracy"] for f in (first, again)]
    fresh = str(network.parent / "fresh")
    assert main([*command, "--epochs", "1", "--out", fresh]) == 0
    alone = json.loads(Path(fresh, "result.json").read_text())
    assert min(accuracy) > alone["test_accuracy"] and "began_with" not in alone
    capsys.readouterr()
    assert main([*command, *weights, str(network.parent / "twelve"), "--classes", "12"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert re.search(r"but for (\S+)\.weight and \1\.bias, which are of other classes", told)

    # the same command goes on, and one with other weights or none is of another training
    assert main([*command, *weights, again]) == 0
    assert main([*command, *weights[2:], again]) == 2
    assert "is of another training: its weights is" in capsys.readouterr().err


@pytest.mark.parametrize(("change", "message"), [
    ({"classifier.linear.bias": None}, "has no classifier.linear.bias: it holds the weights of another"),
    ({"head.bias": torch.zeros(3)}, "has head.bias, which the network has not"),
    ({"classifier.linear.weight": torch.zeros(10, 3)}, "classifier.linear.weight is (10, 3), and the network's is"),
    ({"stem.conv.weight": torch.zeros(9, 1, 3, 3)}, "stem.conv.weight is (9, 1, 3, 3), and the network's is"),
])
def test_weights_of_another_network_are_refused(network: Path, change: dict, message: str,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    held = build(load(str(network)).with_args({"classes": 10})).state_dict() | change
    file = network.parent / "other.safetensors"
    save_file({name: tensor for name, tensor in held.items() if tensor is not None}, file)
    assert main([str(network), "--data", "digits", "--weights", str(file)]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_tensorboard(network: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    out = network.parent / "out"
    assert main([str(network), "--data", "digits", "--epochs", "2", "--out", str(out),
                 "--log", "tensorboard"]) == 0
    events = EventAccumulator(str(out))
    events.Reload()
    assert [e.step for e in events.Scalars("loss")] == [1, 2]


def test_without_tensorboard_the_sentence_says_what_to_install(
        network: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    assert main([str(network), "--data", "digits", "--epochs", "1", "--log", "tensorboard"]) == 2
    assert install("tensorboard") in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "message"), [
    (["digits", "--data", "digits"], "open holes"),
    (["sinet@9", "--data", "digits"], "sinet"),
    (["sinet@1.0"], "give the images"),
    (["sinet@1.0", "--data", "digits", "--classes", "4"], "4 outputs, and digits has 10 classes"),
    (["sinet@1.0", "--data", "svhn", "--data-dir", "/nowhere"], "download http"),
    (["sinet@1.0", "--data", "digits", "--device", "cuda:77"], "there is no cuda:77"),
    (["sinet@1.0", "--data", "digits", "--recipe", "no.yaml"], "there is no recipe"),
    (["henet", "--data", "digits", "--input", "8"], ""),
])
def test_mistakes_are_one_sentence(arguments: list[str], message: str, tmp_path: Path,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--out", str(tmp_path / "o")]) == 2
    err = capsys.readouterr().err
    assert message in err and err.startswith("error: ") and err.count("\n") == 1


def test_another_training_in_the_folder_is_not_overwritten(network: Path,
                                                           capsys: pytest.CaptureFixture[str]) -> None:
    command = [str(network), "--data", "digits", "--epochs", "1"]
    assert main(command) == 0 and main([*command, "--seed", "1"]) == 2
    assert "its seed is 0, not 1; name another --out" in capsys.readouterr().err


def test_two_trainings_at_once_into_a_folder_are_one(network: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    folder = network.parent / "out"
    folder.mkdir()
    command = [str(network), "--data", "digits", "--epochs", "1", "--out", str(folder)]
    with filelock.FileLock(folder / "lock"):        # as the other training holds it
        assert main(command) == 2
    assert capsys.readouterr().err == f"error: another training writes into {folder}; name another --out\n"
    assert {p.name for p in folder.iterdir()} <= {"lock"}
    assert main(command) == 0


def test_a_training_that_diverges_fails(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = network.parent / "wild.yaml"
    recipe.write_text("epochs: 2\nbatch: 8\noptimiser: {sgd: {rate: 1000, momentum: 0.9}}\n"
                      "schedule: {constant: {}}\n")
    assert main([str(network), "--data", "digits", "--recipe", str(recipe), "--out",
                 str(network.parent / "o")]) in (0, 1)
    recipe.write_text(recipe.read_text().replace("1000,", "1000, decay: 10,"))
    assert main([str(network), "--data", "digits", "--recipe", str(recipe), "--out",
                 str(network.parent / "p")]) == 1
    assert "the training failed: the training diverged" in capsys.readouterr().err
