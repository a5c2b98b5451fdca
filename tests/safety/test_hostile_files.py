"""Files from anybody: whatever they hold, reading them ends soon, in one sentence, and runs nothing."""

import ast
import copy
import io
import itertools
import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import textwrap
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import test_data
import test_latency
import test_recipes
import test_tables
import test_training
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from search.data import images, open_data
from search.data.cifar import CIFAR10, CIFAR100
from search.data.folder import SUFFIXES, UNREAD, read_image
from search.data.images import FORMATS, MAX_EDGE, MAX_PIXELS, open_image
from search.latency import LatencyTable, Predictor
from search.score_report.sample import Sample, ScoredNetwork, ScoringJob
from search.tables import fingerprint, read_tables
from search.training.loop import Training
from search.training.recipe import load_recipe
from searchspace import SearchspaceError, load
from searchspace.expansion import trace
from searchspace.safety.reading import MAX_DEPTH, parse_json, read_bytes

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120       # a machine may be busy; what hangs takes for ever


@contextmanager
def soon() -> Iterator[None]:
    """Fails where its body hangs."""
    def ring(*_: object) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def refused(read: Callable[[], object], *words: str) -> str:
    """What is said where reading fails, as it must: one sentence with these words."""
    with soon(), pytest.raises(SearchspaceError) as told:
        read()
    said = str(told.value)
    assert "\n" not in said and all(word in said for word in words), said
    return said


# --- everything that reads a file ---------------------------------------------------------------


@dataclass(frozen=True)
class Reader:
    """A kind of file: its name in a folder, how a good one is made there and how it is read."""

    file: str
    make: Callable[[Path], object]
    read: Callable[[Path], object]


def make_image(form: str) -> Callable[[Path], object]:
    return lambda folder: Image.effect_noise((24, 24), 60).save(folder / f"x.{form}", form)


def make_training() -> Training:
    return Training(test_training.network(), replace(test_training.task(epochs=2, seed=3),
                                                     what={"seed": 3}), test_training.CPU)


def make_checkpoint(folder: Path) -> None:
    training = make_training()
    training.run(1)
    training.save(folder / "c.pt")


def make_latency_table(folder: Path) -> None:
    space, rng = load("digits"), random.Random(0)
    chosen = test_latency.choose_layers(
        (test_latency.layers(test_latency.sample(space, rng).expansion) for _ in range(4)), 12, rng)
    seconds = {layer: test_latency.pretended(layer) for layer in chosen}
    test_latency.learn(test_latency.HERE, seconds).write(folder / "latency.json")


def make_sample(folder: Path) -> None:
    decisions: dict[str, Any] = test_tables.rows(1)[0]["decisions"]
    network = ScoredNetwork(decisions, "a", 1, 1, None, False, True, {}, {})
    Sample(ScoringJob("digits", 8, 2, 0, (), (), 0), None, (network,)).write(folder / "s.json")


def foretell(folder: Path) -> object:
    table = LatencyTable.read(folder / "latency.json")
    return table.error, table.device.name, Predictor(table).nanoseconds(
        trace(load("digits"), test_training.DECISIONS))


def make_tables(content: dict) -> Callable[[Path], object]:
    return lambda folder: (folder / "table.json").write_text(json.dumps(content))


def look_up(folder: Path) -> object:
    table = read_tables([folder / "table.json"])
    return table.best(table.select(""), test_tables.Budget(10**9)), table.input


def look_up_csv(folder: Path) -> object:
    table = read_tables([folder / "table.csv"], load("digits"))
    return table.best(table.select("accuracy"), test_tables.Budget(10**9)), table.input


def cifar(form: Any, classes: int, packed: bool, file: str) -> Reader:
    return Reader(file, lambda folder: test_data.cifar(folder, form, classes, packed),
                  lambda folder: open_data(f"cifar{classes}", folder))


READERS = {
    **{form: Reader(f"x.{form}", make_image(form),
                    lambda folder, form=form: read_image(folder / f"x.{form}", 8))
       for form in ("bmp", "jpeg", "png", "ppm", "webp")},
    "cifar archive": cifar(CIFAR10[0], 10, True, CIFAR10[0].archive),
    "cifar archive of records": cifar(CIFAR100[1], 100, True, CIFAR100[1].archive),
    "cifar pickle": cifar(CIFAR10[0], 10, False, "cifar-10-batches-py/data_batch_2"),
    "cifar names": cifar(CIFAR100[0], 100, False, "cifar-100-python/meta"),
    "cifar records": cifar(CIFAR10[1], 10, False, "cifar-10-batches-bin/test_batch.bin"),
    "svhn": Reader("train_32x32.mat", test_data.svhn, lambda folder: open_data("svhn", folder)),
    "recipe": Reader("r.yaml", lambda folder: (folder / "r.yaml").write_text(test_recipes.GOOD),
                     lambda folder: load_recipe(str(folder / "r.yaml"))),
    "genotype": Reader("g.yaml", lambda folder: (folder / "g.yaml").write_bytes(
        Path(load("digits").file).read_bytes()), lambda folder: load(folder / "g.yaml")),
    "table": Reader("table.json", make_tables(test_tables.ours(test_tables.rows(2))), look_up),
    "table of nas-bench-macro": Reader("table.json", make_tables(test_tables.MACRO_ROWS), look_up),
    "table in CSV": Reader("table.csv", lambda folder: test_tables.sheet(folder / "table.csv"),
                           lambda folder: look_up_csv(folder)),
    "table's digest": Reader("digest.json", lambda folder: (folder / "digest.json").write_text("{}"),
                             lambda folder: fingerprint(folder / "digest.json")),
    "latency table": Reader("latency.json", make_latency_table, foretell),
    "sample": Reader("s.json", make_sample, lambda folder: Sample.read(folder / "s.json", "digits")),
    "checkpoint": Reader("c.pt", make_checkpoint,
                         lambda folder: make_training().resume(folder / "c.pt")),
}
EVERY = pytest.mark.parametrize("reader", READERS.values(), ids=list(READERS))


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


ODD = {"pipe": os.mkfifo, "endless": lambda path: path.symlink_to("/dev/zero"),
       "silent": lambda path: path.symlink_to("/dev/ptmx"), "folder": Path.mkdir,
       "terabyte": sparse, "empty": Path.touch, "lost": lambda path: path.symlink_to("nowhere")}
# What is as good as no file, or nothing: a training begins anew, classes have numbers.
MISSING = {*(("c.pt", kind) for kind in ("pipe", "endless", "silent", "folder", "lost")),
           ("cifar-100-python/meta", "lost"), ("digest.json", "empty")}


@EVERY
def test_a_good_file_is_read(reader: Reader, tmp_path: Path) -> None:
    reader.make(tmp_path)
    assert reader.read(tmp_path) is not None


@EVERY
@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_file_or_a_huge_one_is_refused(reader: Reader, kind: str, tmp_path: Path) -> None:
    reader.make(tmp_path)
    path = tmp_path / reader.file
    path.unlink()
    ODD[kind](path)
    if (reader.file, kind) in MISSING:
        assert reader.read(tmp_path) is not None
    else:
        refused(lambda: reader.read(tmp_path), path.name.partition(".")[0])


@st.composite
def edits(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """What damages a file in a few places, its beginning above all: that is where formats are."""
    parts = draw(st.lists(st.tuples(
        st.floats(0, 1, exclude_max=True), st.booleans(), st.integers(0, 9),
        st.one_of(st.binary(max_size=8), st.sampled_from([b"\xff" * 4, b"\0" * 8, b"\x7f", b"9" * 30]))),
        min_size=1, max_size=4))

    def apply(content: bytes) -> bytes:
        for where, early, gone, put in parts:
            start = int(where * min(len(content), 300 if early else len(content)))
            content = content[:start] + put + content[start + gone:]
        return content
    return apply


@EVERY
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits())
def test_a_damaged_file_is_one_sentence_or_read(reader: Reader, tmp_path: Path,
                                                edit: Callable[[bytes], bytes]) -> None:
    path = tmp_path / reader.file
    if not path.exists():
        reader.make(tmp_path)
        path.with_suffix(".good").write_bytes(path.read_bytes())
    path.write_bytes(edit(path.with_suffix(".good").read_bytes()))
    try:
        with soon():
            reader.read(tmp_path)
    except SearchspaceError as error:
        assert "\n" not in str(error)


# What reads formats that can do more than hold data: where it may be called, and how.
RISKY = re.compile(r"(eval|exec|(.*\.)?(Image\.open|\w*[pP]ickle\.loads?|Unpickler|(torch|np|numpy|jit)\.load|"
                   r"from_file|loadmat|tarfile\.open|TarFile|extract(all)?|ZipFile|unpack_archive|"
                   r"(gzip|bz2|lzma)\.\w+|yaml\.\w*load|shelve\.open|marshal\.loads?))")
ALLOWED = {
    ("search/data/images.py", "Image.open"): {"formats": "FORMATS"},
    ("search/training/checkpoint.py", "torch.load"): {"weights_only": "True"},
    ("search/training/checkpoint.py", "ZipFile"): {},
    ("search/launchers/worker.py", "pickle.load"): {},            # from the process that started it
    ("viz/pages/page.py", "gzip.compress"): {"mtime": "0"},
    ("searchspace/plugins.py", "exec"): {},                       # what the user named with --ops
    ("searchspace/importing/files.py", "torch.load"): {"weights_only": "True"},
    ("searchspace/export/code.py", "exec"): {},     # what was written a moment before, to check it;
    ("searchspace/export/timm.py", "exec"): {},     # texts of files stay in comments there
}


def test_formats_that_can_do_more_than_hold_data_are_read_in_one_place_each() -> None:
    found = {}
    for path in (p for package in ("searchspace", "search", "viz") for p in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and RISKY.fullmatch(name := ast.unparse(node.func)):
                found[str(path.relative_to(ROOT)), name] = {
                    k.arg: ast.unparse(k.value) for k in node.keywords if k.arg != "map_location"}
    assert found == ALLOWED


# --- text ---------------------------------------------------------------------------------------


def places(value: Any, at: tuple = ()) -> Iterator[tuple]:
    """Where something stands in JSON; of long lists the first entries."""
    yield at
    if isinstance(value, dict | list):
        for key in itertools.islice(value, 3) if isinstance(value, dict) else range(len(value[:2])):
            yield from places(value[key], (*at, key))


def put(value: Any, at: tuple, new: Any) -> Any:
    """A copy with something else in one place."""
    if not at:
        return new
    made = copy.copy(value)
    made[at[0]] = put(value[at[0]], at[1:], new)
    return made


WRONG = [None, True, -1, 0, 10**300, 10**4000, 1e308, float("nan"), "x", "../x", "a\0b", "\ud800", [], {}, [[[]]],
         [1e308, 1e308], {"a": 1}]


@pytest.mark.parametrize("name", ["table", "table of nas-bench-macro", "latency table", "sample"])
def test_no_wrong_value_anywhere_is_more_than_a_sentence(name: str, tmp_path: Path) -> None:
    reader = READERS[name]
    reader.make(tmp_path)
    path = tmp_path / reader.file
    content, rng = json.loads(path.read_text()), random.Random(0)
    for at in places(content):
        for new in rng.sample(WRONG, 6) if len(at) > 1 else WRONG:
            path.write_text(json.dumps(put(content, at, new)))
            try:
                with soon():
                    reader.read(tmp_path)
            except SearchspaceError as error:
                assert "\n" not in str(error)


@pytest.mark.parametrize("deep", ["[" * 10**6, '{"a":' * 10**5, "[" * 500 + "]" * 500,
                                  "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2)])
def test_deep_json_is_refused_and_flat_is_not(deep: str) -> None:
    with pytest.raises(ValueError, match=r"nested deeper than|Expecting"):
        parse_json(deep.encode())
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_a_file_that_tells_no_size_is_read_as_far_as_is_allowed() -> None:
    path = Path("/proc/self/status")
    assert path.stat().st_size == 0 and len(read_bytes(path, 10**6)) > 100
    with pytest.raises(OSError, match="more than the 100 bytes"):
        read_bytes(path, 100)


# --- images -------------------------------------------------------------------------------------

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n{} loop\n"


@pytest.fixture
def ghostscript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is there once anything has started Ghostscript."""
    touched, command = tmp_path / "started", tmp_path / "bin" / "gs"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\ntouch {touched}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:{os.environ['PATH']}")
    return touched


@pytest.mark.parametrize("suffix", sorted(SUFFIXES | UNREAD | {".eps", ""}))
def test_postscript_is_never_run(suffix: str, ghostscript: Path, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(EPS)
    refused(lambda: read_image(path, 8), str(path), *FORMATS)
    assert not ghostscript.exists()


def test_the_plugin_for_postscript_is_not_even_imported(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(EPS)
    work = """
        import sys
        from pathlib import Path
        from search.data import DataError
        from search.data.folder import read_image
        try:
            read_image(Path(sys.argv[1]), 8)
        except DataError:
            sys.exit("PIL.EpsImagePlugin" in sys.modules)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(work), tmp_path / "a.png"], check=True, cwd=ROOT)


Image.init()
WRITTEN = sorted(set(Image.SAVE) & set(Image.OPEN) - {"PALM", "PDF"})


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("form", WRITTEN)
def test_the_content_decides_between_a_few_formats(form: str, tmp_path: Path,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    # SPIDER's writer claims the suffix of whatever file it writes for itself, for the whole process
    monkeypatch.setattr(Image, "EXTENSION", dict(Image.EXTENSION))
    path = tmp_path / "a.jpg"
    try:
        Image.new("RGB", (16, 16), (200, 0, 0)).save(path, form)
    except (OSError, KeyError, ValueError):
        pytest.skip(f"{form} is not written from colours here")
    if form in FORMATS or form == "MPO":        # several JPEGs one after another, which is one
        assert read_image(path, 4).shape == (3, 4, 4)
    else:
        refused(lambda: read_image(path, 4), str(path))


def png(width: int, height: int) -> bytes:
    """A whole image of one bit a pixel, all black."""
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(
            ">I", zlib.crc32(kind + content))
    rows = zlib.compress(bytes(height * (1 + -(-width // 8))), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)) \
        + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def resized(form: str, width: int, height: int) -> bytes:
    """An image whose header tells another size."""
    made = io.BytesIO()
    Image.new("RGB", (16, 16)).save(made, form)
    content = made.getvalue()
    at, layout = {"BMP": (18, "<II"), "JPEG": (content.find(b"\xff\xc0") + 5, ">HH"),
                  "WEBP": (content.find(b"\x9d\x01\x2a") + 3, "<HH")}[form]
    sides = (height, width) if form == "JPEG" else (width, height)
    return content[:at] + struct.pack(layout, *sides) + content[at + struct.calcsize(layout):]


BOMBS = {
    "issue": lambda: png(13_000, 13_000), "long": lambda: png(MAX_EDGE + 1, 1),
    "high": lambda: png(1, MAX_EDGE + 1), "twice as warned": lambda: png(40_000, 5000),
    "bmp": lambda: resized("BMP", 2**30, 4), "jpeg": lambda: resized("JPEG", 65_535, 65_535),
    "ppm": lambda: b"P6 60000 60000 255 " + bytes(99), "webp": lambda: resized("WEBP", 16_383, 16_383)}


@pytest.mark.parametrize("bomb", BOMBS)
def test_an_image_is_refused_by_its_size_before_it_is_decoded(
        bomb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(BOMBS[bomb]())
    assert path.stat().st_size < 200_000
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("it is decoded"))
    refused(lambda: read_image(path, 8), str(path))


def test_an_image_at_the_limit_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(MAX_EDGE, MAX_PIXELS // MAX_EDGE))
    assert open_image(path).size == (MAX_EDGE, MAX_PIXELS // MAX_EDGE)


def test_a_jpeg_of_very_many_scans_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jpg"
    Image.effect_noise((64, 64), 60).save(path, "JPEG", progressive=True)
    content = path.read_bytes()
    scans = content.count(b"\xff\xda")
    assert scans > 3 and read_image(path, 8).shape == (3, 8, 8)
    begin, end = content.rindex(b"\xff\xda"), content.rindex(b"\xff\xd9")
    path.write_bytes(content[:end] + content[begin:end] * 2000 + content[end:])
    monkeypatch.setattr(images, "MAX_WORK", 64 * 64 * 2 * scans)
    refused(lambda: read_image(path, 8), str(path), "scans")


def test_a_folder_of_images_with_what_is_none_in_it(tmp_path: Path, ghostscript: Path) -> None:
    test_data.folder(tmp_path)
    home = tmp_path / "train" / "cat"
    os.mkfifo(home / "pipe.png")
    (home / "endless.jpg").symlink_to("/dev/zero")
    (home / os.fsdecode(b"\xff\xfe\n.png")).write_bytes(EPS)
    refused(lambda: open_data(f"imagefolder:{tmp_path}"), "broken images", "train/cat")
    assert not ghostscript.exists()
    (home / "map.tiff").touch()
    refused(lambda: open_data(f"imagefolder:{tmp_path}"), "map.tiff", *FORMATS)


@pytest.mark.slow
def test_folders_in_folders_in_folders(tmp_path: Path) -> None:
    test_data.folder(tmp_path)
    here = os.open(tmp_path / "train" / "cat", os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    refused(lambda: open_data(f"imagefolder:{tmp_path}"), "nested too deeply")
    subprocess.run(["rm", "-rf", tmp_path / "train" / "cat"], check=True)     # shutil recurses too
