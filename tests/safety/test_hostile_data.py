"""Pickles, archives, MATLAB files and checkpoints that were made to do more than hold data."""

import io
import pickle
import pickletools
import random
import struct
import subprocess
import sys
import tarfile
import textwrap
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import test_data
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat
from test_hostile_files import make_training, places, put, refused

from search.data import DataError, open_data
from search.data.cifar import CIFAR10
from search.data.files import MAX_BYTES, inflate
from search.data.matlab import read_arrays
from search.data.pickles import read_pickle
from search.data.tar import MAX_MEMBERS, read_members
from search.errors import TrainingError

ROOT = Path(__file__).resolve().parents[1]
FORM = CIFAR10[0]

# --- pickles ------------------------------------------------------------------------------------

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-2**63 + 1, 2**63 - 1) | st.floats(allow_nan=False)
    | st.text(max_size=9) | st.binary(min_size=1, max_size=9),
    lambda inner: st.lists(inner, max_size=5) | st.lists(inner, max_size=4).map(tuple)
    | st.dictionaries(st.text(max_size=5) | st.binary(min_size=1, max_size=5), inner, max_size=4),
    max_leaves=20)
ARRAYS = st.tuples(st.lists(st.integers(1, 4), max_size=4), st.sampled_from("CF"), st.booleans()).map(
    lambda made: np.asarray(np.arange(np.prod(made[0], dtype=int)).reshape(made[0]), np.uint8, made[1]))


@settings(max_examples=50)
@given(PLAIN, ARRAYS, st.integers(2, 4))
def test_what_a_pickle_of_images_holds_comes_back(value: Any, array: np.ndarray, protocol: int) -> None:
    held = read_pickle(pickle.dumps([value, array, {"a": array}, value], protocol), "here")
    assert held[0] == value and held[3] == value
    assert np.array_equal(held[1], array) and held[2]["a"] is held[1]


BEGIN = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"
TYPE = b"cnumpy\ndtype\nU\x02%sK\x00K\x01\x87R"
FIELDS = (TYPE % b"V8" + b"(K\x03U\x01|NU\x01a\x85}U\x01a" + TYPE % b"i8"
          + b"J\x00\x00\x00\xc0\x86sK\x08K\x01K\x00tb")
TEXT = b"X\x00\x00\x10\x00" + b"a" * 2**20
CRASHES = {     # each took all memory, all time or the process itself of Python's and numpy's readers
    "negative offset": BEGIN + b"K\x01\x85" + FIELDS + b"\x89U\x08AAAAAAAAtb.",
    "objects": BEGIN + b"K\x01\x85" + TYPE % b"O8" + b"\x89U\x08AAAAAAAAtb.",
    "shape": BEGIN + b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86" + TYPE % b"u1" + b"\x89U\x01Atb.",
    "negative shape": BEGIN + b"J\xfe\xff\xff\xff\x85" + TYPE % b"u1" + b"\x89U\x01Atb.",
    "memo": b"\x80\x02Nr\xff\xff\xff\x7f.", "length": b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.",
    "frame": b"\x80\x04\x95" + b"\xff" * 7 + b"\x7fN.", "long": b"\x80\x02\x8b\xff\xff\xff\x7f1.",
    "key": b"\x80\x02}" + b")" + b"\x85" * 100_000 + b"Ns.", "marks": b"(" * 100_000 + b".",
    "lists": b"]" * 150_000 + b".", "digits": b"I" + b"9" * 10**6 + b"\n.",
    "bytes": b"\x80\x02]q\x00(c_codecs\nencode\nq\x01" + TEXT + b"q\x02X\x06\0\0\0latin1q\x03\x86q\x04R"
             + b"h\x01h\x04R" * 10**4 + b"e.",
    "bytearray": b"\x80\x02cbuiltins\nbytearray\n\x8a\x05\x00\x00\x00\x00\x40\x85R.",
}


def test_no_pickle_ends_the_process_or_takes_its_memory(tmp_path: Path) -> None:
    """In a process of its own, which has two gigabytes, and is given fewer steps to be quick."""
    for name, content in CRASHES.items():
        (tmp_path / name).write_bytes(content)
    work = """
        import resource, sys
        from pathlib import Path
        from search.data import DataError, pickles
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
        pickles.MAX_STEPS = 120_000
        for path in sorted(Path(sys.argv[1]).iterdir()):
            try:
                print(path.name, "gives", type(pickles.read_pickle(path.read_bytes(), "here")))
            except DataError as error:
                print(error)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(work), tmp_path], text=True, cwd=ROOT,
                          capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-500:]
    said = done.stdout.splitlines()
    assert len(said) == len(CRASHES)
    harmless = {line.partition(" gives")[0] for line in said if " gives <class" in line}
    assert harmless <= {"frame", "memo", "negative shape"}


CODES = {code.name: code for code in pickletools.opcodes}


@pytest.mark.parametrize("name", CODES)
def test_no_operation_of_a_pickle_makes_more_than_plain_values(name: str) -> None:
    """Each with whatever it may want on the stack, beside what could be run."""
    after = b"".join([CODES[name].code.encode("latin-1"), b"\x01\n\x01\n\0\0\0\0\0\0"])
    for before in (b"", b"N", b"NN", b"(", b"(NN", b"](N", b"}(U\x01aN", b"cos\nsystem\n(U\x01xt",
                   b"\x8c\x02os\x8c\x06system", b"c__builtin__\neval\nU\x011\x85", b")}"):
        try:
            plain(read_pickle(b"\x80\x04" + before + after + b".", "here"))
        except DataError as error:
            assert str(error).startswith("here is damaged")


def plain(value: Any) -> None:
    assert type(value) in (type(None), bool, int, float, str, bytes, list, tuple, dict, np.ndarray), value


@settings(max_examples=300)
@given(st.lists(st.sampled_from([
    *(code.code.encode("latin-1") for code in pickletools.opcodes if code.arg is None), BEGIN[2:],
    TYPE % b"u1", TYPE % b"i8", b"cnumpy\nndarray\n", b"c_codecs\nencode\n", b"X\x06\0\0\0latin1", b"X\x01\0\0\0x",
    b"U\x01a", b"C\x02ab", b"K\x02", b"q\x00", b"h\x00", b"q\x01", b"h\x01", b"\x94", FIELDS, b"(", b"(", b"]", b"}"]),
    max_size=40))
def test_no_order_of_operations_is_more_than_a_sentence(parts: list[bytes]) -> None:
    try:
        read_pickle(b"\x80\x02" + b"".join(parts) + b".", "here")
    except DataError as error:
        assert "\n" not in str(error)


def test_names_of_classes_that_double_and_double(tmp_path: Path) -> None:
    test_data.cifar(tmp_path, FORM, 10, packed=False)
    names = b"\x80\x02}U\x0blabel_names](" + b"]q\x00" + b"".join(
        b"](h%ch%ceq%c" % (i, i, i + 1) for i in range(60)) + b"N" * 9 + b"es."
    (tmp_path / FORM.folder / FORM.names).write_bytes(names)
    refused(lambda: open_data("cifar10", tmp_path), "batches.meta")


@pytest.mark.parametrize("label", [2**62, -1, True, 1.0, None, b"x", (), 10**30])
def test_a_label_that_is_no_class(label: object, tmp_path: Path) -> None:
    test_data.cifar(tmp_path, FORM, 10, packed=False)
    batch = {b"data": np.zeros((2, 3072), np.uint8), b"labels": [0, label]}
    (tmp_path / FORM.folder / "data_batch_1").write_bytes(pickle.dumps(batch, 3))
    refused(lambda: open_data("cifar10", tmp_path), "data_batch_1")


# --- archives -----------------------------------------------------------------------------------


def bomb(gigabytes: int) -> bytes:
    """Zeros, deflated: blocks that stand alone, so that one is made and repeated."""
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = machine.compress(bytes(2**24)) + machine.flush(zlib.Z_FULL_FLUSH)
    return block * (64 * gigabytes)


GZIP = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


def archive(folder: Path, before: list[tarfile.TarInfo | bytes], after: list[tarfile.TarInfo | bytes]) -> None:
    """A small CIFAR-10 with other members around its own."""
    test_data.cifar(folder, FORM, 10, packed=True)
    path = folder / FORM.archive
    own = zlib.decompress(path.read_bytes(), 31).rstrip(b"\0")
    own += bytes(-len(own) % 512)
    odd = [b"".join(m if isinstance(m, bytes) else m.tobuf(tarfile.GNU_FORMAT) for m in part) for part in (before, after)]
    machine = zlib.compressobj(1, zlib.DEFLATED, 31)
    path.write_bytes(machine.compress(odd[0] + own + odd[1] + bytes(1024)) + machine.flush())


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size, link
    return made


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


KINDS = [tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE]
PATHS = ["../pwned", "/tmp/pwned", f"{FORM.folder}/data_batch_1", f"{FORM.folder}/../../pwned", "."]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", KINDS)
def test_links_and_devices_of_an_archive_are_passed_over(kind: bytes, path: str, tmp_path: Path) -> None:
    home = tmp_path / "a" / "b"
    home.mkdir(parents=True)
    archive(home, [member(path, kind, 10**9, "/etc/passwd")], [member(path, kind, 0, "../../x")])
    before = everything(tmp_path)
    assert len(open_data("cifar10", home).train) == 100
    assert everything(tmp_path) == before


def extended(text: bytes, kind: bytes = tarfile.XHDTYPE) -> bytes:
    return member("x", kind, len(text)).tobuf(tarfile.USTAR_FORMAT) + text + bytes(-len(text) % 512)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME,
                                  tarfile.GNUTYPE_LONGLINK, b"Z", tarfile.REGTYPE])
@pytest.mark.parametrize("text", [b"30 path=../../pwned\n", b"24 size=99999999999999\n", b"9" * 2000,
                                  b"22 GNU.sparse.major=1\n25 GNU.sparse.size=999999\n", b"\xff" * 600])
def test_what_would_change_the_next_member_is_passed_over(kind: bytes, text: bytes, tmp_path: Path) -> None:
    archive(tmp_path, [extended(text, kind)], [])
    assert len(open_data("cifar10", tmp_path).train) == 100
    assert [p.name for p in tmp_path.iterdir()] == [FORM.archive]


@pytest.mark.parametrize(("before", "words"), [
    ([member("x", size=2**60)], "ends within x"), ([member("x", size=-512)], "damaged"),
    ([member("x", tarfile.GNUTYPE_LONGNAME)] * (MAX_MEMBERS + 1), f"more than {MAX_MEMBERS:,} members"),
    ([member("x")] * (MAX_MEMBERS + 1), "members"), ([b"\1" * 512], "damaged")])
def test_an_archive_that_never_ends_is_refused(before: list, words: str, tmp_path: Path) -> None:
    archive(tmp_path, before, [])
    refused(lambda: open_data("cifar10", tmp_path), FORM.archive, words)


def inside(content: bytes) -> bytes:
    """A MATLAB file with one packed variable that begins so."""
    return bytes(124) + b"\0\1IM" + struct.pack("<II", 15, len(content)) + content


@pytest.mark.parametrize("kind", ["cifar10", "svhn"])
def test_what_unpacks_to_gigabytes_is_refused_before_it_is_there(kind: str, tmp_path: Path) -> None:
    packed = bomb(16)
    assert len(packed) < MAX_BYTES / 10
    if kind == "svhn":
        (tmp_path / "train_32x32.mat").write_bytes(inside(b"\x78\x9c" + packed))
    else:
        (tmp_path / FORM.archive).write_bytes(GZIP + packed)
    tracemalloc.start()
    try:
        refused(lambda: open_data(kind, tmp_path), "unpacks to more than", f"{MAX_BYTES:,}")
        assert tracemalloc.get_traced_memory()[1] < 2.5 * MAX_BYTES
    finally:
        tracemalloc.stop()


def test_what_is_cut_off_or_as_large_as_allowed() -> None:
    packed = zlib.compress(bytes(1000))
    assert inflate(packed, 1000) == bytes(1000)
    for bad, most in ((packed, 999), (packed[:-1], 1000), (b"", 1000), (b"nonsense", 1000)):
        with pytest.raises(ValueError, match=r"unpacks to more|end too early|Error"):
            inflate(bad, most)
    with pytest.raises(ValueError, match="Error"):
        read_members(packed, {})


# --- MATLAB -------------------------------------------------------------------------------------

DTYPES = ["u1", "i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8"]


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["X", "y", "other", "x1"]),
                       st.tuples(st.sampled_from(DTYPES), st.lists(st.integers(1, 4), min_size=2, max_size=4)),
                       min_size=1),
       st.booleans(), st.booleans())
def test_arrays_are_read_as_scipy_reads_them(made: dict, packed: bool, more: bool) -> None:
    rng = np.random.default_rng(0)
    held: dict[str, Any] = {"words": "text", "cells": np.array([1, "a"], object), "s": {"a": 1}} if more else {}
    held |= {name: rng.integers(0, 100, shape).astype(kind) for name, (kind, shape) in made.items()}
    file = io.BytesIO()
    savemat(file, held, do_compression=packed)
    ours, theirs = read_arrays(file.getvalue(), list(made)), loadmat(io.BytesIO(file.getvalue()))
    assert ours.keys() == made.keys()
    for name, array in ours.items():
        assert array.dtype == theirs[name].dtype and np.array_equal(array, theirs[name])


def element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def variable(kind: int, name: bytes, content: bytes, shape: tuple[int, ...] = (1, 1)) -> bytes:
    return element(14, element(6, struct.pack("<II", kind, 0))
                   + element(5, struct.pack(f"<{len(shape)}i", *shape)) + element(1, name) + content)


def nested(levels: int) -> bytes:
    parts, size = [b""], 0
    for level in range(levels):
        head = element(6, struct.pack("<II", 1, 0)) + element(5, struct.pack("<ii", 1, 1)) + \
            element(1, b"X" if level == levels - 1 else b"")
        parts.append(struct.pack("<II", 14, size + len(head)) + head)
        size += 8 + len(head)
    return b"".join(reversed(parts))


PIXELS = element(2, bytes(3072))
HOSTILE = {
    **{f"kind {kind}": variable(kind, b"X", PIXELS, (32, 32, 3, 1))
       for kind in (0, 1, 2, 3, 4, 5, 16, 17, 18, 255)},        # cells, structures, objects, functions …
    "nested": nested(100_000), "name": variable(9, b"X" * 1000, PIXELS), "no name": element(14, b""),
    "shape": variable(9, b"X", PIXELS, (2**31 - 1,) * 8), "negative": variable(9, b"X", PIXELS, (-1, -1)),
    "another": variable(9, b"X", PIXELS, (32, 32, 3, 2)), "text": variable(9, b"X", element(16, b"abc")),
    "short": struct.pack("<II", 14, 2**32 - 1), "small": struct.pack("<HHI", 1, 9, 0),
    "packed twice": element(15, zlib.compress(element(15, zlib.compress(PIXELS)))),
    "nothing packed": element(15, zlib.compress(b"")), "no zlib": element(15, b"nonsense"), "end": b"\0" * 7,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_matlab_file_holds_beside_arrays_is_not_followed(name: str, tmp_path: Path) -> None:
    (tmp_path / "train_32x32.mat").write_bytes(bytes(124) + b"\0\1IM" + HOSTILE[name])
    refused(lambda: open_data("svhn", tmp_path), "train_32x32.mat")


# --- checkpoints --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a checkpoint holds after an epoch."""
    training, path = make_training(), tmp_path_factory.mktemp("saved") / "c.pt"
    training.run(1)
    training.save(path)
    state: dict[str, Any] = torch.load(path, weights_only=True)
    return state


def rewritten(path: Path, change: Callable[[zipfile.ZipFile, zipfile.ZipInfo, bytes], None]) -> None:
    old = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w") as made:
        for entry in old.infolist():
            change(made, entry, old.read(entry))


def doubled() -> list:
    value: list = [1]
    for _ in range(60):
        value = [value, value]
    return value


MORE = {"bytearray": bytearray(9), "set": {1}, "sparse": torch.eye(3).to_sparse(), "complex": 1j,
        "parameter": torch.nn.Parameter(torch.zeros(2)), "size": torch.Size([1]), "device": torch.device("cpu"),
        "type": torch.float32, "code": Path("x")}


@pytest.mark.filterwarnings("ignore")       # torch warns of what it is about to give up
@pytest.mark.parametrize("name", MORE)
def test_a_checkpoint_names_nothing_but_tensors(name: str, saved: dict, tmp_path: Path) -> None:
    torch.save(saved | {"more": MORE[name]}, tmp_path / "c.pt")
    refused(lambda: make_training().resume(tmp_path / "c.pt"), "c.pt", "names", "anew")


def packed(made: zipfile.ZipFile, entry: zipfile.ZipInfo, content: bytes) -> None:
    made.writestr(entry.filename, content, zipfile.ZIP_DEFLATED)


def twice(made: zipfile.ZipFile, entry: zipfile.ZipInfo, content: bytes) -> None:
    made.writestr(entry.filename, content)
    if entry.filename.endswith("data.pkl"):
        made.writestr(entry.filename.upper().replace("ARCHIVE", "archive"), content)


def without(made: zipfile.ZipFile, entry: zipfile.ZipInfo, content: bytes) -> None:
    if not entry.filename.endswith("data.pkl"):
        made.writestr(entry.filename, content)


@pytest.mark.parametrize("change", [packed, twice, without])
def test_a_checkpoint_that_was_packed_otherwise_is_refused(change: Callable, saved: dict, tmp_path: Path) -> None:
    torch.save(saved, tmp_path / "c.pt")
    assert make_training().resume(tmp_path / "c.pt")
    rewritten(tmp_path / "c.pt", change)
    refused(lambda: make_training().resume(tmp_path / "c.pt"), "c.pt", "not written by a training")


def test_a_checkpoint_larger_than_its_training_is_refused(saved: dict, tmp_path: Path) -> None:
    torch.save(saved | {"more": torch.zeros(2**24)}, tmp_path / "c.pt")
    refused(lambda: make_training().resume(tmp_path / "c.pt"), "c.pt", "more than the", "bytes")


UNLIKE = [None, True, -1, 1e308, float("nan"), 2**80, "x", [], {}, {"a": 1}, torch.zeros(3), torch.zeros(()),
          torch.zeros(1, dtype=torch.int8).expand(10**9), doubled()]


def test_a_checkpoint_that_is_not_built_like_the_training_is_refused(saved: dict, tmp_path: Path) -> None:
    """Each place with one of the wrong values; a training that goes on after all can be run."""
    path, rng = tmp_path / "c.pt", random.Random(0)
    for at in list(places(saved))[1:]:
        for new in rng.sample(UNLIKE, 1):
            torch.save(put(saved, at, new), path)
            training = make_training()
            try:
                if training.resume(path):
                    training.run(2)
            except DataError as error:
                assert "\n" not in str(error) and "c.pt" in str(error)
            except TrainingError as error:
                assert at[-1] == "lr" and "diverged" in str(error)
