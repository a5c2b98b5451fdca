"""The size of images is the space's own where none is asked for, square or not."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from search import read_study, search
from search.data.base import Stored
from search.data.folder import read_image
from search.run import main
from search.train import main as train
from search.training.batches import Batches
from searchspace import cost, load
from searchspace.expansion import trace

SPACE = """\
name: own
input: [{channels}, {height}, {width}]
args: {{w: !solve [0.5, 3, 0.25], classes: 10}}
net:
  - conv: {{out: "=round_to(8*w, 4)", stride: 2, k: !choice [3, 5], as: stem}}
  - mbconv: {{out: "=round_to(16*w, 4)", stride: 2, t: !choice [2, 3, 4, 6], as: s1}}
  - gap:
  - linear: {{out: =classes}}
"""


def space(folder: Path, height: int, width: int, channels: int = 3) -> Path:
    path = folder / "own.yaml"
    path.write_text(SPACE.format(channels=channels, height=height, width=width))
    return path


@pytest.mark.parametrize(("height", "width"), [(16, 48), pytest.param(32, 32, marks=pytest.mark.slow)])
def test_a_search_takes_the_size_of_its_space(tmp_path: Path, height: int, width: int) -> None:
    common = ["--space", str(space(tmp_path, height, width)), "--trials", "2", "--studies", str(tmp_path)]
    assert main([*common, "--budget", "400K", "--study", "one"]) == 0
    found = load(tmp_path / "one" / "best.yaml")
    assert trace(found).input == (3, height, width)
    assert cost(found).macs <= 400_000
    assert f"at {height}×{width}" in (tmp_path / "one" / "report.html").read_text()
    rows = read_study(tmp_path / "one").rows
    assert main([*common, "--budget", "400K", "--study", "one", "--trials", "3"]) == 0     # continued
    assert [r.decisions for r in read_study(tmp_path / "one").rows][:2] == [r.decisions for r in rows]


def test_another_size_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = space(tmp_path, 32, 32)
    found = search(path, "1M", input=(16, 48), trials=1, folder=tmp_path / "two")
    assert trace(found.best).input == (3, 16, 48)
    common = ["--space", str(path), "--budget", "1M", "--trials", "1", "--studies", str(tmp_path)]
    assert main([*common, "--input", "16x48"]) == 0
    assert trace(load(tmp_path / "own-1M-16x48px-seed0" / "best.yaml")).input == (3, 16, 48)
    with pytest.raises(SystemExit):
        main([*common, "--input", "16x48x3"])
    assert "is no size of images" in capsys.readouterr().err


def test_a_rectangle_is_trained_on_as_it_is(tmp_path: Path) -> None:
    path = space(tmp_path, 6, 10, channels=1)
    assert main(["--space", str(path), "--budget", "400K", "--objective", "train", "--data", "digits",
                 "--epochs", "1", "--trials", "1", "--studies", str(tmp_path), "--study", "t"]) == 0
    best = tmp_path / "t" / "best.yaml"
    assert trace(load(best)).input == (1, 6, 10)
    out = tmp_path / "trained"
    assert train([str(best), "--data", "digits", "--epochs", "1", "--out", str(out)]) == 0
    assert trace(load(out / "genotype.yaml")).input == (1, 6, 10)
    assert json.loads((out / "result.json").read_text())["test_images"] > 0


def test_stored_images_are_cut_or_resized_to_a_rectangle() -> None:
    pixels = np.arange(2 * 8 * 16, dtype=np.uint8).reshape(2, 1, 8, 16)
    images = Stored(pixels, np.zeros(2, np.int64))

    def first(height: int, width: int) -> torch.Tensor:
        made = Batches(images, (1, height, width), torch.device("cpu"), ((0.0,), (1 / 255,)))
        return next(iter(made([0, 1], 2)))[0]

    assert torch.allclose(first(8, 16), torch.from_numpy(pixels).float())
    assert torch.allclose(first(7, 14), torch.from_numpy(pixels[:, :, 0:7, 1:15]).float())     # cropped
    assert first(4, 16).shape == (2, 1, 4, 16)
    assert first(4, 16)[0, 0, :, 0].std() > 0


def test_files_are_cut_in_the_aspect_of_the_network(tmp_path: Path) -> None:
    """A picture of 32×64 whose columns are 0 to 63: the centre of a 16×32 network is 28×56 of it."""
    columns = np.tile(np.arange(64, dtype=np.uint8) * 4, (32, 1))
    Image.fromarray(np.stack([columns] * 3, -1)).save(tmp_path / "a.png")
    seen = read_image(tmp_path / "a.png", (16, 32))
    assert seen.shape == (3, 16, 32)
    assert 4 * 4 <= seen[0, 0, 0] <= 4 * 6 and 4 * 57 <= seen[0, 0, -1] <= 4 * 59
    assert read_image(tmp_path / "a.png", (16, 32), 3).shape == (3, 16, 32)
