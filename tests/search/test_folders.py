"""Folders of images as people have them: without parts, with broken files, for grey networks."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from search.data import DataError, open_data
from search.data.base import Files, Stored
from search.run import main as search
from search.train import main as train
from search.training.batches import LUMA, Batches, moments
from searchspace.export.command import main as export

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(5)
GREY = """
name: grey
input: [1, 8, 8]
args: {c: !choice [4, 6], classes: 2}
net:
  - conv: {out: =c, stride: 2, as: a}
  - gap:
  - linear: {out: =classes}
"""


def flat(root: Path, per: int = 10) -> Path:
    for k, name in enumerate(("cat", "dog")):
        (root / name).mkdir(parents=True)
        for i in range(per):
            pixels = RNG.integers(0, 100, (12, 16, 3), np.uint8) + 100 * k
            Image.fromarray(pixels.astype(np.uint8)).save(root / name / f"{i}.{('png', 'jpg')[i % 2]}")
    return root


def test_a_folder_without_parts_is_split_by_class(tmp_path: Path) -> None:
    found = open_data(f"imagefolder:{flat(tmp_path)}")
    assert isinstance(found.train, Files) and isinstance(found.test, Files)
    assert found.classes == ("cat", "dog")
    assert found.train.labels.tolist() == [0] * 8 + [1] * 8 and found.test.labels.tolist() == [0, 0, 1, 1]
    assert not set(found.train.paths) & set(found.test.paths)
    assert "every 5th image of a class is kept for the test" in found.notes[0]
    assert open_data(f"imagefolder:{tmp_path}").digest == found.digest


@pytest.mark.parametrize("kept", [0, 30, 300])
def test_broken_images_are_named_before_the_search_and_can_be_left_out(
        tmp_path: Path, kept: int, capsys: pytest.CaptureFixture[str], genotype_file) -> None:
    root = flat(tmp_path / "images")
    for name in ("1.jpg", "3.jpg"):
        file = root / "dog" / name
        file.write_bytes(file.read_bytes()[:kept])
    given = ["--space", str(genotype_file(GREY)), "--budget", "1M", "--objective", "train", "--data",
             f"imagefolder:{root}", "--epochs", "1", "--trials", "1", "--validation", "0.25",
             "--studies", str(tmp_path / "studies"), "--study", "one"]
    assert search(given) == 2
    said = capsys.readouterr().err
    assert f"broken images in {root}: dog/1.jpg, dog/3.jpg; " in said and said.count("\n") == 1
    assert "leave-out.txt there" in said
    assert not (tmp_path / "studies").exists()
    (root / "leave-out.txt").write_text("dog/1.jpg\ndog/3.jpg\n")
    found = open_data(f"imagefolder:{root}")
    assert len(found.train) + len(found.test) == 18 and "left out: 2 images" in found.notes[-1]
    (root / "leave-out.txt").write_text("dog/11.jpg\n")
    with pytest.raises(DataError, match=r"leaves out .*11\.jpg, and there is no such file"):
        open_data(f"imagefolder:{root}")


def test_a_grey_network_is_searched_and_trained_on_colours(tmp_path: Path, genotype_file) -> None:
    root = flat(tmp_path / "images")
    assert search(["--space", str(genotype_file(GREY)), "--budget", "1M", "--objective", "train", "--data",
                   f"imagefolder:{root}", "--epochs", "1", "--trials", "1", "--validation", "0.25",
                   "--studies", str(tmp_path), "--study", "one"]) == 0
    out = tmp_path / "out"
    assert train([str(tmp_path / "one" / "best.yaml"), "--data", f"imagefolder:{root}", "--epochs", "1",
                  "--out", str(out)]) == 0
    result = json.loads((out / "result.json").read_text())
    assert result["folder"] == str(root) and result["data"] == "imagefolder"


def test_colours_become_grey_by_their_luminance() -> None:
    pixels = RNG.integers(0, 256, (4, 3, 6, 6), np.uint8)
    images = Stored(pixels, np.zeros(4, np.int64))
    made = Batches(images, (1, 6, 6), torch.device("cpu"), moments(images))
    x, _ = next(iter(made(range(4), 4)))
    mean, deviation = (np.array(m).reshape(1, 3, 1, 1) for m in moments(images))
    wanted = (((pixels / 255 - mean) / deviation) * np.array(LUMA).reshape(1, 3, 1, 1)).sum(1, keepdims=True)
    assert x.shape == (4, 1, 6, 6) and np.allclose(x.numpy(), wanted, atol=1e-5)
    with pytest.raises(DataError, match="3 channels, and the network takes 2"):
        Batches(images, (2, 6, 6), torch.device("cpu"), moments(images))


RUN = re.compile(r"```py\n(.*?)```", re.S)
COLOURS = """
name: colours
input: [3, 12, 12]
args: {classes: 2}
net:
  - conv: {out: 4, stride: 2, as: a}
  - gap:
  - linear: {out: =classes}
"""


@pytest.mark.slow
def test_images_are_prepared_as_the_page_says(tmp_path: Path, genotype_file,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's program, in a process of its own, answers as the training counted."""
    pytest.importorskip("onnxruntime")
    photos = flat(tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    assert train([str(genotype_file(COLOURS)), "--data", f"imagefolder:{photos}", "--epochs", "3",
                  "--out", "photos-run"]) == 0
    assert export(["photos-run/genotype.yaml", "--to", "onnx", "--weights",
                   "photos-run/weights.safetensors", "-o", "photos.onnx"]) == 0
    page = (ROOT / "docs" / "own-data.md").read_text(encoding="utf-8")
    program, = RUN.findall(page)
    test = open_data(f"imagefolder:{photos}").test
    assert isinstance(test, Files)
    done = subprocess.run([sys.executable, "-c", program, *map(str, test.paths)], check=True,
                          capture_output=True, text=True, cwd=tmp_path)
    answers = [line.rpartition(" ")[2] for line in done.stdout.splitlines()]
    right = [("cat", "dog")[k] == said for k, said in zip(test.labels, answers, strict=True)]
    result = json.loads((tmp_path / "photos-run" / "result.json").read_text())
    assert result["centre"] == 0.875
    assert 100 * sum(right) / len(right) == pytest.approx(result["test_accuracy"])
    # and the numbers that go in are those of the training, not only the answers
    own = Batches(test, (3, 12, 12), torch.device("cpu"), (result["pixel_mean"],
                                                           result["pixel_deviation"]))
    x, _ = next(iter(own(range(len(test)), len(test))))
    seen: dict[str, object] = {}
    inner = program.replace("    y, = session", "    given[path] = x.transpose(2, 0, 1)\n    y, = session")
    monkeypatch.setattr(sys, "argv", ["run.py", *map(str, test.paths)])
    exec(inner, {"given": seen})
    assert np.allclose(np.stack([seen[str(p)] for p in test.paths]), x.numpy(), atol=1e-5)
