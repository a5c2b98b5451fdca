"""ImageNet-style folders: DIR/train/<class>/<image> and DIR/val/<class>/<image>, through Pillow.

Images are decoded batch by batch. Training images are cropped at random, with random area and
aspect (Szegedy et al. 2015, section 6), each from its own seed; validation and test images are
resized so that what is left of their centre has 7/8 of the shorter edge (256 for 224 pixels).
"""

import hashlib
import math
import os
import random
from pathlib import Path

import numpy as np

from search.data.base import Data, Files, Pixels
from search.data.images import FORMATS, open_image
from search.errors import DataError
from searchspace.sizes import Size, sides

SUFFIXES = frozenset((".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".webp"))
UNREAD = frozenset((".tif", ".tiff"))       # refused, since ignoring them would go unnoticed
TESTS = ("val", "test")
ASPECT = (3 / 4, 4 / 3)
_TRIES = 10


def load_folder(folder: Path) -> Data:
    """The data set in ``folder``.

    Raises:
        DataError: its parts are missing or empty, or do not have the same classes.
    """
    test = next((t for t in TESTS if (folder / t).is_dir()), None)
    if not (folder / "train").is_dir() or test is None:
        missing = "train" if not (folder / "train").is_dir() else " or ".join(TESTS)
        raise DataError(f"there is no folder {missing} in {folder}: put the images in "
                        f"{folder}/train/CLASS/ and {folder}/val/CLASS/, one folder a class")
    classes = _classes(folder / "train")
    if (others := _classes(folder / test)) != classes:
        odd = sorted(set(classes) ^ set(others))[0]
        raise DataError(f"{folder}/train and {folder}/{test} do not have the same classes: only "
                        f"one of them has {odd!r}")
    parts: list[Files] = []
    digest = hashlib.md5(usedforsecurity=False)
    for part in ("train", test):
        paths: list[Path] = []
        labels: list[int] = []
        for label, name in enumerate(classes):
            found = _images(folder / part / name)
            paths += found
            labels += [label] * len(found)
            for path in found:
                digest.update(os.fsencode(f"{path.relative_to(folder)} {path.stat().st_size}\n"))
        parts.append(Files(tuple(paths), np.array(labels, np.int64)))
    return Data("imagefolder", classes, 3, 224, parts[0], parts[1], digest=digest.hexdigest())


def _classes(part: Path) -> tuple[str, ...]:
    found = tuple(sorted(p.name for p in part.iterdir() if p.is_dir()))
    if len(found) < 2:
        raise DataError(f"{part} needs a folder for each class, two at least, and has {len(found)}")
    return found


def _images(folder: Path) -> list[Path]:
    """The files of a class with suffixes of images, sorted."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    if odd := next((p for p in files if p.suffix.lower() in UNREAD), None):
        raise DataError(f"cannot read {odd}: only images of {', '.join(FORMATS)} are read; "
                        "convert it")
    if not (found := [p for p in files if p.suffix.lower() in SUFFIXES]):
        raise DataError(f"there are no images in {folder}")
    return found


def read_image(path: Path, size: Size, crop_seed: int | None = None,
               scale: tuple[float, float] = (0.08, 1.0)) -> Pixels:
    """An image as uint8 of shape (3, height, width): a centre crop of the size's
    aspect, or with ``crop_seed`` a random crop with a share of the area within ``scale``.

    Raises:
        DataError: the file is no image, or damaged.
    """
    from PIL.Image import Resampling

    image = open_image(path)
    height, width = sides(size)
    box = _middle(*image.size, width / height) if crop_seed is None else \
        _part(*image.size, random.Random(crop_seed), scale, width / height)
    try:
        cut = image.convert("RGB").resize((width, height), Resampling.BILINEAR, box=box)
        return np.asarray(cut).transpose(2, 0, 1)
    except Exception as error:          # Pillow fails in many ways on damaged bytes
        raise DataError(f"{path} is damaged, cut off or no image: {error}") from None


Box = tuple[float, float, float, float]


def _middle(width: int, height: int, shape: float) -> Box:
    """The centre of an image; ``shape``: its width over its height."""
    h = min(width / shape, height) * 7 / 8
    w = h * shape
    left, top = (width - w) / 2, (height - h) / 2
    return left, top, left + w, top + h


def _part(width: int, height: int, rng: random.Random, scale: tuple[float, float],
          shape: float) -> Box:
    for _ in range(_TRIES):
        area = width * height * rng.uniform(*scale)
        aspect = math.exp(rng.uniform(*(math.log(a) for a in ASPECT)))
        w, h = math.sqrt(area * aspect * shape), math.sqrt(area / aspect / shape)
        if w <= width and h <= height:
            left, top = rng.uniform(0, width - w), rng.uniform(0, height - h)
            return left, top, left + w, top + h
    return _middle(width, height, shape)
