"""Data sets: small files in the published formats, whole, damaged and missing."""

import gzip
import io
import pickle
import random
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from search.data import DATASETS, DataError, Files, Stored, open_data
from search.data.cifar import CIFAR10, CIFAR100
from search.data.files import VARIABLE, check_published, data_folder
from search.data.folder import read_image
from search.data.pickles import read_pickle

RNG = np.random.default_rng(0)
PART = 20       # images a file


def images(count: int = PART) -> np.ndarray:
    return RNG.integers(0, 256, (count, 3, 32, 32), np.uint8)


def python2_pickle(data: np.ndarray, labels: list[int], key: bytes) -> bytes:
    """A batch as the published ones are: protocol 2, keys of bytes, numpy under its old name."""
    text = pickle.dumps({b"data": data, key: labels, b"batch_label": b"batch"}, protocol=2)
    return text.replace(b"numpy._core", b"numpy.core")


def cifar(folder: Path, form, classes: int, packed: bool) -> dict[str, tuple[np.ndarray, list[int]]]:
    """A small CIFAR in one of its forms; gives what is in each part."""
    parts: dict[str, tuple[np.ndarray, list[int]]] = {}
    files: dict[str, bytes] = {}
    for part, names in (("train", form.train), ("test", form.test)):
        pieces = []
        for name in names:
            x = images()
            y = [int(v) for v in RNG.integers(0, classes, PART)]
            pieces.append((x, y))
            flat = x.reshape(PART, -1)
            if form.labels:
                before = [np.full((PART, form.labels - 1), 9, np.uint8)] * (form.labels > 1)
                columns = [*before, np.array(y, np.uint8)[:, None], flat]
                files[name] = np.concatenate(columns, axis=1).tobytes()
            else:
                files[name] = python2_pickle(flat, y, form.key)
        parts[part] = (np.concatenate([x for x, _ in pieces]), [v for _, y in pieces for v in y])
    names_of = [f"class{i}" for i in range(classes)]
    if form.labels:
        files[form.names] = ("\n".join(names_of) + "\n\n").encode()
    else:
        key = b"fine_label_names" if classes == 100 else b"label_names"
        files[form.names] = pickle.dumps({key: [n.encode() for n in names_of]}, protocol=2)
    if packed:
        with tarfile.open(folder / form.archive, "w:gz") as archive:
            for name, content in files.items():
                entry = tarfile.TarInfo(f"{form.folder}/{name}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    else:
        (folder / form.folder).mkdir()
        for name, content in files.items():
            (folder / form.folder / name).write_bytes(content)
    return parts


FORMS = [("cifar10", f, 10) for f in CIFAR10] + [("cifar100", f, 100) for f in CIFAR100]


@pytest.mark.parametrize("packed", [True, False], ids=["archive", "folder"])
@pytest.mark.parametrize(("name", "form", "classes"), FORMS, ids=[f.folder for _, f, _ in FORMS])
def test_cifar_is_read_in_all_its_forms(name: str, form, classes: int, packed: bool,
                                        tmp_path: Path) -> None:
    parts = cifar(tmp_path, form, classes, packed)
    found = open_data(name, tmp_path)
    for part, held in (("train", found.train), ("test", found.test)):
        assert isinstance(held, Stored)
        assert np.array_equal(held.pixels, parts[part][0])
        assert held.labels.tolist() == parts[part][1]
    assert found.classes == tuple(f"class{i}" for i in range(classes))
    known = packed or not form.labels       # unpacked binary files have no published checksums
    assert bool(found.notes) is known and all("fewer images" in n for n in found.notes)


@pytest.mark.parametrize(("name", "form", "classes"), FORMS, ids=[f.folder for _, f, _ in FORMS])
@pytest.mark.parametrize("share", [0.2, 0.7, 0.999])
def test_a_truncated_cifar_is_one_sentence(name: str, form, classes: int, share: float,
                                           tmp_path: Path) -> None:
    cifar(tmp_path, form, classes, packed=True)
    archive = tmp_path / form.archive
    content = archive.read_bytes()
    archive.write_bytes(content[:int(len(content) * share)])
    with pytest.raises(DataError, match=r"damaged or cut off.*download https|incomplete"):
        open_data(name, tmp_path)
    archive.unlink()
    cifar(tmp_path, form, classes, packed=False)
    piece = tmp_path / form.folder / next(iter(form.train))
    piece.write_bytes(piece.read_bytes()[:-100])
    with pytest.raises(DataError, match="damaged"):
        open_data(name, tmp_path)
    piece.unlink()
    with pytest.raises(DataError, match="incomplete"):
        open_data(name, tmp_path)


def test_random_damage_never_ends_in_another_error(tmp_path: Path) -> None:
    rng = random.Random(0)
    cifar(tmp_path, CIFAR10[0], 10, packed=False)
    batch = tmp_path / CIFAR10[0].folder / "data_batch_1"
    whole = batch.read_bytes()
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            content[rng.randrange(min(400, len(content)))] = rng.randrange(256)
        batch.write_bytes(content)
        try:
            open_data("cifar10", tmp_path)
        except DataError as error:
            assert "\n" not in str(error)


class Evil:
    def __reduce__(self):
        return (Path.write_text, (Path(__file__).with_name("evil"), "executed"))


@pytest.mark.parametrize("content", [
    pickle.dumps(Evil()), pickle.dumps({"data": np.array([Evil()], object)}),
    b"cos\nsystem\n(S'touch evil'\ntR.", pickle.dumps(np.array([[1], None], object), protocol=2),
    pickle.dumps(io.BytesIO), b"c_codecs\nencode\n(Vx\nVrot13\ntR.",
], ids=["call", "object", "os.system", "objects", "class", "codec"])
def test_a_pickle_is_read_without_executing_it(content: bytes) -> None:
    with pytest.raises(DataError, match=r"a pickle of images|damaged"):
        read_pickle(content, "here")
    assert not Path(__file__).with_name("evil").exists() and not Path("evil").exists()


@pytest.mark.parametrize("protocol", range(2, 6))
def test_pickled_arrays_come_back(protocol: int) -> None:
    array = RNG.integers(0, 9, (3, 4), np.uint8)
    if protocol == 5:       # arrays are written in a way of its own, which nobody published in
        pytest.skip("no published file is of protocol 5")
    held = read_pickle(pickle.dumps({"a": array, "b": [1, b"x", "y"]}, protocol), "here")
    assert np.array_equal(held["a"], array) and held["b"] == [1, b"x", "y"]


def svhn(folder: Path, count: int = PART) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    parts = {}
    for part in ("train", "test"):
        x = RNG.integers(0, 256, (32, 32, 3, count), np.uint8)
        y = RNG.integers(1, 11, (count, 1)).astype(np.uint8)
        y[:2, 0] = 10, 1
        savemat(folder / f"{part}_32x32.mat", {"X": x, "y": y}, do_compression=True)
        parts[part] = (x, y)
    return parts


def test_svhn_is_read(tmp_path: Path) -> None:
    parts = svhn(tmp_path)
    found = open_data("svhn", tmp_path)
    for part, held in (("train", found.train), ("test", found.test)):
        x, y = parts[part]
        assert isinstance(held, Stored)
        assert np.array_equal(held.pixels[3], x[..., 3].transpose(2, 0, 1))
        assert held.labels[:2].tolist() == [0, 1] and held.labels[3] == y[3, 0] % 10


@pytest.mark.parametrize("kept", [0, 50, 150, 5000])
def test_a_damaged_svhn_is_one_sentence(kept: int, tmp_path: Path) -> None:
    svhn(tmp_path)
    file = tmp_path / "test_32x32.mat"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(DataError, match=r"test_32x32\.mat is damaged"):
        open_data("svhn", tmp_path)


@pytest.mark.parametrize("held", [{"X": np.zeros((32, 32, 3, 2), np.uint8)},
                                  {"X": np.zeros((8, 8, 3, 2), np.uint8), "y": np.ones((2, 1))},
                                  {"X": np.zeros((32, 32, 3, 2), np.uint8),
                                   "y": np.array([[1], [11]], np.uint8)}])
def test_another_matlab_file_is_refused(held: dict, tmp_path: Path) -> None:
    savemat(tmp_path / "train_32x32.mat", held)
    with pytest.raises(DataError, match="is damaged"):
        open_data("svhn", tmp_path)


def folder(root: Path, per: int = 3) -> None:
    for part in ("train", "val"):
        for k, name in enumerate(("cat", "dog")):
            (root / part / name).mkdir(parents=True)
            for i in range(per):
                pixels = RNG.integers(0, 256, (40 + i, 50, 3), np.uint8)
                pixels[..., k] = 255
                suffix = ("png", "jpg", "JPEG")[i % 3]
                Image.fromarray(pixels).save(root / part / name / f"{i}.{suffix}")
    (root / "train" / "cat" / "notes.txt").write_text("no image")
    Image.fromarray(np.zeros((20, 20), np.uint8)).save(root / "train" / "dog" / "grey.png")


def test_folders_of_images_are_read(tmp_path: Path) -> None:
    folder(tmp_path)
    found = open_data(f"imagefolder:{tmp_path}")
    assert found.classes == ("cat", "dog") and isinstance(found.train, Files)
    assert [p.name for p in found.train.paths if p.parent.name == "cat"] == ["0.png", "1.jpg", "2.JPEG"]
    assert found.train.labels.tolist() == [0, 0, 0, 1, 1, 1, 1] and len(found.test) == 6
    for path in found.train.paths:
        assert read_image(path, 16).shape == (3, 16, 16)
    path = found.train.paths[0]
    assert np.array_equal(read_image(path, 16, 5), read_image(path, 16, 5))
    assert not np.array_equal(read_image(path, 16, 5), read_image(path, 16, 6))
    with pytest.raises(DataError, match=r"damaged, cut off or no image"):
        path.write_bytes(path.read_bytes()[:200])
        read_image(path, 16)


def test_a_folder_without_parts_is_read_with_all_that_it_has(tmp_path: Path) -> None:
    """Folders and files that programs keep for themselves are no classes and no images; what else
    is no image is told."""
    for name in ("cat", "dog", "dog/.ipynb_checkpoints", ".git"):
        (tmp_path / name).mkdir()
        for i in range(6):
            Image.fromarray(RNG.integers(0, 256, (8, 8, 3), np.uint8)).save(tmp_path / name / f"{i}.png")
    (tmp_path / "cat" / "notes").write_text("no image")
    found = open_data(f"imagefolder:{tmp_path}")
    assert found.classes == ("cat", "dog") and len(found.train) == 10 and len(found.test) == 2
    assert any("1 file without a suffix of images is not read" in note for note in found.notes)
    (tmp_path / "dog" / "0.png").rename(tmp_path / "dog" / "0.gif")
    with pytest.raises(DataError, match=r"cannot read .*0\.gif"):
        open_data(f"imagefolder:{tmp_path}")
    for i in range(3):
        (tmp_path / "dog" / f"{i}.{'png' if i else 'gif'}").unlink()
    with pytest.raises(DataError, match="dog has 3 images, so that no 5th one is kept for the test"):
        open_data(f"imagefolder:{tmp_path}")


GREYS = (np.arange(64, dtype=np.uint16) * 1040).reshape(8, 8)       # of 16 bits


@pytest.mark.parametrize("name", ["png", "pgm"])
def test_sixteen_bits_of_grey_are_no_white(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{name}"
    if name == "png":
        Image.fromarray(GREYS).save(path)
    else:
        path.write_bytes(b"P5 8 8 65535\n" + GREYS.astype(">u2").tobytes())
    Image.fromarray((GREYS >> 8).astype(np.uint8)).save(tmp_path / "b.png")
    seen = read_image(path, 8)
    assert np.array_equal(seen, read_image(tmp_path / "b.png", 8)) and seen.std() > 30


def test_pixels_of_no_known_range_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ppm").write_bytes(b"Pf\n8 8\n-1.0\n" + (GREYS / 1e5).astype("<f4").tobytes())
    with pytest.raises(DataError, match="real numbers"):
        read_image(tmp_path / "a.ppm", 8)


def test_the_middle_of_an_image_is_what_validation_sees(tmp_path: Path) -> None:
    pixels = np.zeros((80, 160, 3), np.uint8)
    pixels[10:70, 50:110] = 200        # well around the middle 70 × 70
    Image.fromarray(pixels).save(tmp_path / "a.png")
    seen = read_image(tmp_path / "a.png", 14)
    assert (seen[:, 2:12, 2:12] == 200).all() and (seen[:, 0, 0] < 200).all()


@pytest.mark.parametrize(("breaks", "message"), [
    (lambda r: (r / "train").rename(r / "elsewhere"), "no folder train in"),
    (lambda r: (r / "val").rename(r / "elsewhere"), "no folder val or test in"),
    (lambda r: (r / "val" / "dog").rename(r / "val" / "cow"), "only one of them has 'cow'"),
    (lambda r: [p.unlink() for p in (r / "val" / "dog").iterdir()], "no images in"),
])
def test_other_folders_are_refused(breaks, message: str, tmp_path: Path) -> None:
    folder(tmp_path)
    breaks(tmp_path)
    with pytest.raises(DataError, match=message):
        open_data(f"imagefolder:{tmp_path}")


@pytest.mark.parametrize("name", [n for n in DATASETS if n != "digits"])
def test_missing_files_are_told_with_what_to_download_and_where_to_put_it(
        name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "there"))
    with pytest.raises(DataError, match=r"download http.* put it there.*--data-dir") as told:
        open_data(name)
    assert str(tmp_path / "there") in str(told.value)
    assert data_folder("given") == Path("given")


def test_checksums_hold_complete_files_to_the_published_ones(tmp_path: Path) -> None:
    file = tmp_path / "x"
    assert check_published(file, "abc", "abc", complete=True) is None
    assert check_published(file, None, "abc", complete=True) is None
    assert "fewer images" in str(check_published(file, "abc", "abd", complete=False))
    with pytest.raises(DataError, match=r"damaged: its MD5 is abd"):
        check_published(file, "abc", "abd", complete=True)


def test_a_complete_archive_of_other_content_is_refused(tmp_path: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.data.cifar.COMPLETE", {"train": 5 * PART, "test": PART})
    cifar(tmp_path, CIFAR10[0], 10, packed=True)
    with pytest.raises(DataError, match=r"cifar-10-python\.tar\.gz is damaged: its MD5"):
        open_data("cifar10", tmp_path)


def test_an_archive_that_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / CIFAR10[0].archive).write_bytes(gzip.compress(b"nothing"))
    with pytest.raises(DataError, match="damaged or cut off"):
        open_data("cifar10", tmp_path)


def test_an_unknown_data_set_has_a_hint() -> None:
    with pytest.raises(DataError, match="did you mean 'cifar10"):
        open_data("cifar1oo")


def test_validation_is_split_off_by_class_and_seed() -> None:
    data = open_data("digits")
    assert (len(data.train), len(data.test)) == (897, 900)
    fitted, held = data.split(0.2, 3)
    assert isinstance(fitted, Stored) and isinstance(held, Stored)
    counts = np.bincount(held.labels) / np.bincount(data.train.labels)
    assert abs(counts - 0.2).max() < 0.02
    rows = {p.tobytes() for p in fitted.pixels} | {p.tobytes() for p in held.pixels}
    assert isinstance(data.test, Stored) and len(rows) == len(data.train)
    assert not rows & {p.tobytes() for p in data.test.pixels}
    again, other = data.split(0.2, 3)[1], data.split(0.2, 4)[1]
    assert np.array_equal(again.labels, held.labels)
    assert isinstance(other, Stored) and not np.array_equal(other.pixels, held.pixels)
    with pytest.raises(DataError, match="held out for validation"):
        Stored(np.zeros((2, 1, 8, 8), np.uint8), np.array([0, 1])) and \
            data.__class__("two", ("a", "b"), 1, 8, data.train.take([0, 1]), data.test).split(0.2, 0)
