"""ImageNet-style folders: DIR/train/<class>/<image> and DIR/val/<class>/<image>, or
DIR/<class>/<image>, through Pillow.

Images are decoded batch by batch. Training images are cropped at random, with random area and
aspect (Szegedy et al. 2015, section 6), each from its own seed; validation and test images are
resized so that what is left of their centre has 7/8 of the shorter edge (256 for 224 pixels).
"""

import hashlib
import math
import os
import random
from collections.abc import Sequence, Set
from pathlib import Path

import numpy as np

from search.data.base import Data, Files, Pixels
from search.data.broken import LEFT_OUT, check_images, left_out
from search.data.errors import DataError
from search.data.images import FORMATS, eight_bits, open_image
from searchspace.shapes import Size, sides
from searchspace.text import counted

SUFFIXES = frozenset((".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".webp"))
# images that are refused, since ignoring them would go unnoticed
UNREAD = frozenset((".avif", ".gif", ".heic", ".tif", ".tiff"))
TESTS = ("val", "test")
ASPECT = (3 / 4, 4 / 3)
CENTRE = 7 / 8  # share of the shorter edge that is left of an image's centre: 224 of 256 pixels
_TRIES = 10
_EVERY = 5      # of a folder without parts, so many a test image


def load_folder(folder: Path) -> Data:
    """The data set in ``folder``: with parts for training and testing, or a folder for each class
    alone, of which every fifth image is kept for the test.

    Raises:
        DataError: its parts are missing or empty, or do not have the same classes; or images are
            broken.
    """
    test = next((t for t in TESTS if (folder / t).is_dir()), None)
    flat = test is None and not (folder / "train").is_dir() and _is_flat(folder)
    if not flat and (not (folder / "train").is_dir() or test is None):
        missing = "train" if not (folder / "train").is_dir() else " or ".join(TESTS)
        raise DataError(f"there is no folder {missing} in {folder}: put the images in "
                        f"{folder}/train/CLASS/ and {folder}/val/CLASS/, one folder a class; or "
                        f"all in {folder}/CLASS/")
    classes = _classes(folder if flat else folder / "train")
    if test is not None and (others := _classes(folder / test)) != classes:
        odd = sorted(set(classes) ^ set(others))[0]
        raise DataError(f"{folder}/train and {folder}/{test} do not have the same classes: only "
                        f"one of them has {odd!r}")
    omitted = left_out(folder)
    other: list[Path] = []
    listed = {part: [_images(folder / part / name, omitted, other) for name in classes]
              for part in ([""] if flat else ["train", str(test)])}
    digest = hashlib.md5(usedforsecurity=False)
    for path in (path for found in listed.values() for images in found for path in images):
        digest.update(os.fsencode(f"{path.relative_to(folder)} {path.stat().st_size}\n"))
    if flat:
        whole = listed[""]
        few = next((i for i, found in enumerate(whole) if len(found) < _EVERY), None)
        if few is not None:
            raise DataError(f"{folder / classes[few]} has {counted(len(whole[few]), 'image')}, so "
                            f"that no {_EVERY}th one is kept for the test: add some, or put the "
                            f"images in {folder}/train/CLASS/ and {folder}/val/CLASS/")
        listed = {"train": [[p for i, p in enumerate(found) if i % _EVERY != _EVERY - 1]
                            for found in whole],
                  "test": [found[_EVERY - 1::_EVERY] for found in whole]}
    train, held = (_files(found) for found in listed.values())
    check_images([*train.paths, *held.paths], folder)
    notes = [f"{folder} has no parts: every {_EVERY}th image of a class is kept for the test"] \
        if flat else []
    if other:
        notes.append(f"{counted(len(other), 'file')} without a suffix of images "
                     f"{'is' if len(other) == 1 else 'are'} not read, such as {other[0]}")
    notes += [f"left out: {counted(len(omitted), 'image')} in {folder / LEFT_OUT}"] \
        if omitted else []
    return Data("imagefolder", classes, 3, 224, train, held, digest=digest.hexdigest(),
                notes=tuple(notes), folder=folder.resolve())


def _is_flat(folder: Path) -> bool:
    """Whether folders with images stand in ``folder`` itself."""
    return folder.is_dir() and any(
        file.suffix.lower() in SUFFIXES for part in folder.iterdir() if part.is_dir()
        for file in part.iterdir())


def _files(listed: Sequence[Sequence[Path]]) -> Files:
    paths = tuple(path for found in listed for path in found)
    labels = [label for label, found in enumerate(listed) for _ in found]
    return Files(paths, np.array(labels, np.int64))


def _classes(part: Path) -> tuple[str, ...]:
    found = tuple(sorted(p.name for p in part.iterdir() if p.is_dir() and not _is_hidden(p, part)))
    if len(found) < 2:
        raise DataError(f"{part} needs a folder for each class, two at least, and has {len(found)}")
    return found


def _images(folder: Path, omitted: Set[Path], other: list[Path]) -> list[Path]:
    """The files of a class with suffixes of images, sorted, without those ``omitted``; those
    without such a suffix are added to ``other``."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p not in omitted
                   and not _is_hidden(p, folder))
    if odd := next((p for p in files if p.suffix.lower() in UNREAD), None):
        raise DataError(f"cannot read {odd}: only images of {', '.join(FORMATS)} are read; "
                        "convert it")
    if not (found := [p for p in files if p.suffix.lower() in SUFFIXES]):
        raise DataError(f"there are no images in {folder}")
    other += [p for p in files if p.suffix.lower() not in SUFFIXES]
    return found


def _is_hidden(path: Path, folder: Path) -> bool:
    """Whether a path is one that programs keep for themselves, as .ipynb_checkpoints is."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


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
        cut = eight_bits(image).convert("RGB").resize((width, height), Resampling.BILINEAR, box=box)
        return np.asarray(cut).transpose(2, 0, 1)
    except Exception as error:          # Pillow fails in many ways on damaged bytes
        raise DataError(f"{path} is damaged, cut off or no image: {error}") from None


Box = tuple[float, float, float, float]


def _middle(width: int, height: int, shape: float) -> Box:
    """The centre of an image; ``shape``: its width over its height."""
    h = min(width / shape, height) * CENTRE
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
