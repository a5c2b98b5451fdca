"""CIFAR-10 and CIFAR-100 (Krizhevsky 2009), in both forms in which they are published.

The python form is pickles, read without executing them; the binary form is records of labels and
3×32×32 bytes. Each is an archive (tar.gz), or the folder that it unpacks to.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from search.data.base import Data, Labels, Pixels, Stored, check_labels
from search.data.errors import DataError
from search.data.files import check_published, first_present, md5, read_bytes
from search.data.pickles import read_pickle
from search.data.tar import read_members

SITE = "https://www.cs.toronto.edu/~kriz/"
PIXELS = 3 * 32 * 32
COMPLETE = {"train": 50_000, "test": 10_000}


@dataclass(frozen=True, slots=True)
class Form:
    """One published form: its archive with the MD5, the folder in it, the files of each part
    (with their MD5s where these are published), and the labels before each record."""

    archive: str
    md5: str
    folder: str
    train: dict[str, str | None]
    test: dict[str, str | None]
    names: str                  # the file of the classes' names
    labels: int                 # bytes before the pixels of a record; the last one counts
    key: bytes = b""            # of the labels in a pickle


CIFAR10 = (
    Form("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a", "cifar-10-batches-py",
         {"data_batch_1": "c99cafc152244af753f735de768cd75f",
          "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
          "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
          "data_batch_4": "634d18415352ddfa80567beed471001a",
          "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb"},
         {"test_batch": "40351d587109b95175f43aff81a1287e"}, "batches.meta", 0, b"labels"),
    Form("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", "cifar-10-batches-bin",
         {f"data_batch_{i}.bin": None for i in range(1, 6)}, {"test_batch.bin": None},
         "batches.meta.txt", 1))
CIFAR100 = (
    Form("cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85", "cifar-100-python",
         {"train": "16019d7e3df5f24257cddd939b257f8d"},
         {"test": "f0ef6b0ae62326f3e7ffdfab6717acfc"}, "meta", 0, b"fine_labels"),
    Form("cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8", "cifar-100-binary",
         {"train.bin": None}, {"test.bin": None}, "fine_label_names.txt", 2))


def load_cifar10(folder: Path) -> Data:
    """CIFAR-10 from ``folder``; raises DataError if it is missing, damaged or truncated."""
    return _load("cifar10", CIFAR10, 10, folder)


def load_cifar100(folder: Path) -> Data:
    """CIFAR-100 with its fine labels from ``folder``; raises DataError as for CIFAR-10."""
    return _load("cifar100", CIFAR100, 100, folder)


def _load(name: str, forms: tuple[Form, ...], classes: int, folder: Path) -> Data:
    choices = {place: form for form in forms for place in (form.folder, form.archive)}
    found = first_present(folder, list(choices), [SITE + forms[0].archive])
    form = choices[found.name]
    read = _unpacked if found.is_dir() else _packed
    wanted = (*form.train, *form.test, form.names)
    contents, archive_md5 = read(found, form, wanted)
    parts: list[Stored] = []
    notes, digest = [], hashlib.md5(usedforsecurity=False)
    for part, files in (("train", form.train), ("test", form.test)):
        pieces = []
        for file in files:
            if file not in contents:
                raise DataError(f"{found} is incomplete: there is no {file} in it; download "
                                f"{SITE + form.archive} again")
            pieces.append(_images(contents[file], form, classes, f"{found}/{file}"))
            digest.update(contents[file])
        images = Stored(np.concatenate([p for p, _ in pieces]),
                        np.concatenate([p for _, p in pieces]))
        for file, expected in files.items():
            if archive_md5 is None and expected is not None:
                notes.append(check_published(found / file, expected, md5(contents[file]),
                                             len(images) == COMPLETE[part]))
        parts.append(images)
    if archive_md5 is not None:
        complete = [len(p) for p in parts] == list(COMPLETE.values())
        notes.append(check_published(found, form.md5, archive_md5, complete))
    return Data(name, _names(contents.get(form.names), form, classes, found), 3, 32, parts[0],
                parts[1], digest=digest.hexdigest(), notes=tuple(n for n in notes if n))


Contents = tuple[dict[str, bytes], str | None]      # of files by name; the archive's MD5


def _unpacked(found: Path, form: Form, wanted: tuple[str, ...]) -> Contents:
    return {n: read_bytes(found / n) for n in wanted if os.path.exists(found / n)}, None


def _packed(found: Path, form: Form, wanted: tuple[str, ...]) -> Contents:
    packed = read_bytes(found)
    try:
        held = read_members(packed, {f"{form.folder}/{name}": name for name in wanted})
    except ValueError as error:
        raise DataError(f"{found} is damaged or cut off: {error}; download {SITE + form.archive} "
                        "again") from None
    return held, md5(packed)


def _images(content: bytes, form: Form, classes: int, where: str) -> tuple[Pixels, Labels]:
    if form.labels:
        record = form.labels + PIXELS
        if len(content) % record:
            raise DataError(f"{where} is damaged or cut off: it has {len(content):,} bytes, and "
                            f"records have {record:,}")
        rows = np.frombuffer(content, np.uint8).reshape(-1, record)
        labels, pixels = rows[:, form.labels - 1].astype(np.int64), rows[:, form.labels:]
    else:
        batch = read_pickle(content, where)
        labels, pixels = _batch(batch, form, where)
    return pixels.reshape(-1, 3, 32, 32), check_labels(labels, classes, where)


def _batch(batch: Any, form: Form, where: str) -> tuple[Labels, Pixels]:
    """Labels and pixels of a pickled batch, whose keys are bytes in Python 2's pickles."""
    held = {k if isinstance(k, bytes) else str(k).encode(): v for k, v in batch.items()} \
        if isinstance(batch, dict) else {}
    pixels, labels = held.get(b"data"), held.get(form.key)
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or \
            pixels.shape[1:] != (PIXELS,) or not isinstance(labels, list) or \
            len(labels) != len(pixels) or not all(type(x) is int for x in labels):
        raise DataError(f"{where} is damaged: 'data' of shape (n, {PIXELS}) and n whole numbers "
                        f"in {form.key.decode()!r} were expected")
    return np.array(labels, np.int64), pixels


def _names(content: bytes | None, form: Form, classes: int, found: Path) -> tuple[str, ...]:
    """The classes' names, or their numbers if the file of the names is missing."""
    if content is None:
        return tuple(map(str, range(classes)))
    if form.labels:
        names: Any = content.decode("utf-8", "replace").split()
    else:
        held = read_pickle(content, f"{found}/{form.names}")
        key = b"fine_label_names" if form.key == b"fine_labels" else b"label_names"
        names = held.get(key, held.get(key.decode())) if isinstance(held, dict) else None
    if not isinstance(names, list) or len(names) != classes or \
            not all(isinstance(n, str | bytes) for n in names):
        raise DataError(f"{found}/{form.names} is damaged: it should name {classes} classes")
    return tuple(n.decode("utf-8", "replace") if isinstance(n, bytes) else n for n in names)
