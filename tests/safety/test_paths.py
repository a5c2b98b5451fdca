"""Names become no paths, and links lead nowhere: a study's own folder is all that is written to."""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search import honesty, train
from search.cli.search_options import read_name
from search.latency.find import table_path
from search.run import main as run
from search.score_report.sample import Sample
from search.study.settings import Settings
from search.tables import TableError, read_tables
from searchspace import GenotypeError, SearchspaceError, load, to_yaml
from searchspace.safety.files import LONGEST, file_name, make_folder, own, replacing, write_file
from searchspace.space.budget import Budget

# What has a meaning in a path somewhere, between any other text.
PIECES = st.sampled_from(["..", "/", "\\", ".", "~", "\0", ":", "\n", "C:", " ", "%2e%2e%2f", "con",
                          "NUL", "com1", "aux.txt", "-", "*", "$HOME", "é", "e\u0301", "／", "．．",
                          "\u202e", "\ud800", "\N{PILE OF POO}", "a" * 300, "é" * 300, "A", "a"])
NAMES = st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join)
PLAIN = st.text("abcXYZ019-_", min_size=1, max_size=40).filter(
    lambda name: not PureWindowsPath(name).is_reserved() and name[0] != "-")

# Every place that makes a path of what stands in a file: the path, and the folder that it is in.
PLACES: dict[str, Callable[[Path, str], tuple[Path, Path]]] = {
    "a study": lambda home, name: (
        home / Settings(name, Budget(10**6), 32, 0, "auto", 1, 4).study_name, home),
    "a table of latencies": lambda home, name: (
        table_path(home, SimpleNamespace(slug=name), SimpleNamespace(name=name), 32),
        home / "latency-tables"),
    "a training beside its genotype": lambda home, name: (
        train._folder(str(home / "net.yaml"), SimpleNamespace(name=name),
                      SimpleNamespace(name=name)), home),
    "a training of a published network": lambda home, name: (
        train._folder("sinet@1.6", SimpleNamespace(name=name), SimpleNamespace(name=name)),
        train.STUDIES),
    "a report on scores": lambda home, name: (
        honesty._folder(SimpleNamespace(out=None, read=None),
                        SimpleNamespace(job=SimpleNamespace(space=name))), honesty.FOLDER),
}

repeatedly = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def is_safe(name: str) -> bool:
    """Whether every file system takes a name, and takes it for one in the folder that it is in."""
    return (0 < len(name.encode()) <= 255 and name.isprintable() and " " not in name
            and Path(name).name == PureWindowsPath(name).name == name
            and not PureWindowsPath(name).is_reserved() and name[0] not in ".-" and name[-1] != ".")


# --- names ----------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(NAMES)
def test_any_text_becomes_the_name_of_a_file(text: str) -> None:
    name = file_name(text)
    assert is_safe(name) and len(name.encode()) <= LONGEST and file_name(name) == name


@given(PLAIN)
def test_a_name_stays_as_it_is(name: str) -> None:
    assert file_name(name) == name


def test_long_names_stay_apart() -> None:
    assert len({file_name("x" * 300 + end) for end in "abc"}) == 3


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@repeatedly
@given(name=NAMES)
def test_no_name_leads_out_of_its_folder(place: Callable[[Path, str], tuple[Path, Path]],
                                         tmp_path: Path, name: str) -> None:
    (tmp_path / "net.yaml").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "published", lambda: ["sinet@1.6"])        # which takes its time
        path, home = place(tmp_path, name)
    assert path.parent == home and is_safe(path.name)


@settings(max_examples=200)
@given(NAMES | PLAIN)
def test_a_study_is_called_by_a_name_or_refused(text: str) -> None:
    options: Any = SimpleNamespace(study=text)
    default: Any = SimpleNamespace(study_name="default")
    try:
        name = read_name(options, default)
    except SearchspaceError as error:
        assert "--study" in str(error) and file_name(text) != text
    else:
        assert name == (text or "default") and is_safe(name)


# --- files that a file names ----------------------------------------------------------------------


OUTSIDE = ["../other.yaml", "sub/../../other.yaml", "{outside}/other.yaml", "link.yaml",
           "down/other.yaml"]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with a genotype, a space and blocks, beside a ``home`` with links to them."""
    home = tmp_path / "home"
    (home / "sub").mkdir(parents=True)
    (tmp_path / "other.yaml").write_text(to_yaml(load("digits")), encoding="utf-8")
    (home / "link.yaml").symlink_to(tmp_path / "other.yaml")
    (home / "down").symlink_to(tmp_path)
    return tmp_path


@pytest.mark.parametrize("named", OUTSIDE)
@pytest.mark.parametrize("key", ["base: {}", "use: [{}]"])
def test_a_genotype_reads_no_file_outside_of_its_folder(key: str, named: str, outside: Path) -> None:
    path = outside / "home" / "net.yaml"
    path.write_text("name: net\ninput: [3, 8, 8]\nnet: [gap: ]\n"
                    + key.format(named.format(outside=outside)) + "\n", encoding="utf-8")
    with pytest.raises(GenotypeError, match="outside the folder of this file"):
        load(path)


def test_a_base_without_an_ending_is_a_bundled_one(outside: Path, tmp_path: Path) -> None:
    shutil.copy(outside / "other.yaml", outside / "home" / "plain")
    for named in (str(outside / "other"), "../../../../tmp/other", str(outside / "home" / "plain")):
        path = outside / "home" / "net.yaml"
        path.write_text(f"name: net\nbase: '{named}'\n", encoding="utf-8")
        with pytest.raises(GenotypeError, match="no bundled genotype is named"):
            load(path)


def test_a_genotype_reads_what_lies_below_it(outside: Path) -> None:
    home = outside / "home"
    shutil.copy(outside / "other.yaml", home / "sub" / "space.yaml")
    (home / "net.yaml").write_text("name: net\nbase: sub/space.yaml\n", encoding="utf-8")
    assert load(home / "net.yaml").is_space


@pytest.mark.parametrize("named", ["../other.yaml", "{outside}/other.yaml"])
def test_a_table_and_a_sample_read_no_space_elsewhere(named: str, outside: Path) -> None:
    space = named.format(outside=outside)
    path = outside / "home" / "table.json"
    path.write_text(json.dumps({"space": space, "value": "v", "rows": [{}]}))
    with pytest.raises(TableError, match="neither bundled nor a file beside"):
        read_tables([path])
    job = {"space": space, "input": 8, "batch": 4, "seed": 0, "scores": [], "compared": [],
           "again": 0, "what": None}
    network = {"decisions": {}, "identity": "a", "macs": 1, "params": 1, "reference": False,
               "drawn": True}
    path.write_text(json.dumps({"job": job, "networks": [network]}))
    with pytest.raises(SearchspaceError, match="say so by --space"):
        Sample.read(path, "digits")
    assert Sample.read(path, space).job.space == space


@pytest.mark.parametrize("named", ["digits", "mine.yaml", "link.yaml", "circle.yaml"])
def test_a_table_chooses_no_file_of_the_current_folder(
        named: str, outside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for name in ("digits", "mine.yaml"):
        (here / name).write_text("a secret of its own", encoding="utf-8")
    monkeypatch.chdir(here)
    (outside / "home" / "circle.yaml").symlink_to("circle.yaml")
    path = outside / "home" / "table.json"
    path.write_text(json.dumps({"space": named, "value": "v", "rows": [{}]}))
    with pytest.raises(TableError, match="row 1" if named == "digits" else "space: ") as told:
        read_tables([path])
    assert "secret" not in str(told.value)


# --- links ----------------------------------------------------------------------------------------


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_file(path, "before")
    with pytest.raises(ZeroDivisionError), replacing(path) as fresh:
        fresh.write_text("half of it")
        raise ZeroDivisionError
    assert path.read_text() == "before" and [p.name for p in tmp_path.iterdir()] == ["a.csv"]
    write_file(path, b"after")
    assert path.read_text() == "after"
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode       # not a temporary file's
    with pytest.raises(OSError, match="nowhere/b"):
        write_file(tmp_path / "nowhere" / "b", "")


def replace_by_links(folder: Path, elsewhere: Path, kept: tuple[str, ...] = ()) -> None:
    """Put a link to something of a person's own in the place of every file in a folder."""
    elsewhere.mkdir()
    for number, path in enumerate(sorted(p for p in folder.rglob("*") if p.is_file())):
        if path.name not in kept:
            path.unlink()
            (elsewhere / str(number)).write_text("precious")
            path.symlink_to(elsewhere / str(number))


def untouched(elsewhere: Path) -> bool:
    return {p.read_text() for p in elsewhere.iterdir()} == {"precious"}


SEARCH = ["--space", "digits", "--input", "8", "--budget", "200K", "--objective", "macs", "--objective", "params",
          "--sampler", "random", "--trials", "3", "--study", "s"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study that was searched to its end."""
    studies = tmp_path_factory.mktemp("studies")
    assert run([*SEARCH, "--studies", str(studies)]) == 0
    return studies / "s"


@pytest.fixture
def copy(study: Path, tmp_path: Path) -> Path:
    shutil.copytree(study, tmp_path / "studies" / "s")
    return tmp_path / "studies" / "s"


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_symlink()}


def test_a_search_writes_through_no_link_to_a_file(study: Path, copy: Path, tmp_path: Path) -> None:
    replace_by_links(copy, tmp_path / "mine", kept=("study.db", "lock", "latency.json"))
    assert run([*SEARCH, "--studies", str(copy.parent)]) == 0
    assert untouched(tmp_path / "mine")
    assert files(copy) == files(study) >= {"best.yaml", "front/001.yaml", "report.html"}


def test_a_search_writes_through_no_link_to_a_folder(study: Path, copy: Path,
                                                     tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    folders = [p for p in copy.iterdir() if p.is_dir()]
    assert {p.name for p in folders} == {"front", "artifacts"}
    for path in folders:
        for inside in path.iterdir():
            (tmp_path / "mine" / inside.name).write_text("precious")
        shutil.rmtree(path)
        path.symlink_to(tmp_path / "mine")
    assert run([*SEARCH, "--studies", str(copy.parent)]) == 0
    assert untouched(tmp_path / "mine") and files(copy) == files(study)


@pytest.mark.parametrize("name", ["study.db", "lock"])
def test_a_search_opens_no_link(name: str, study: Path, copy: Path, tmp_path: Path,
                                capsys: pytest.CaptureFixture[str]) -> None:
    (copy / name).rename(tmp_path / "mine")
    before = (tmp_path / "mine").read_bytes()
    (copy / name).symlink_to(tmp_path / "mine")
    assert run([*SEARCH, "--studies", str(copy.parent)]) == 2
    assert f"{name} is a link" in capsys.readouterr().err
    assert (tmp_path / "mine").read_bytes() == before


def test_a_training_writes_through_no_link(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(
        "name: net\ninput: [1, 8, 8]\nnet:\n  - gap:\n  - linear: {out: 10}\n", encoding="utf-8")
    given = [str(tmp_path / "net.yaml"), "--data", "digits", "--epochs", "1", "--device", "cpu"]
    usual, mine = tmp_path / "net-digits-quick", tmp_path / "mine"
    assert train.main(given) == 0
    shutil.move(usual, tmp_path / "a")
    replace_by_links(shutil.copytree(tmp_path / "a", usual), mine, kept=("checkpoint.pt", "lock"))
    assert train.main(given) == 0
    assert untouched(mine) and files(usual) == files(tmp_path / "a")
    shutil.rmtree(usual)
    usual.symlink_to(mine)
    assert train.main(given) == 0
    assert untouched(mine) and files(usual) == files(tmp_path / "a")
    (tmp_path / "named").mkdir()
    (tmp_path / "link").symlink_to("named")         # a person's own: where they want it
    assert train.main([*given, "--out", str(tmp_path / "link")]) == 0
    assert files(tmp_path / "named") == files(tmp_path / "a")


def test_what_a_killed_process_left_goes_with_the_next_writing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        writing = replacing(tmp_path / name)
        with suppress(OSError), writing as fresh:
            fresh.write_text("half")
            fresh.rename(tmp_path / "kept")     # as if the process ended here
        (tmp_path / "kept").rename(fresh)
    with replacing(tmp_path / "a", alone=True) as fresh:
        fresh.write_text("whole")
    assert (tmp_path / "a").read_text() == "whole"
    assert len(list(tmp_path.iterdir())) == 2       # what was to become b may be in work


def test_links_are_replaced_or_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    with pytest.raises(SearchspaceError, match="is a link"):
        own(tmp_path / "link")
    write_file(make_folder(tmp_path / "link") / "a", "")
    assert not (tmp_path / "link").is_symlink() and not list((tmp_path / "theirs").iterdir())
    assert own(tmp_path / "link") == make_folder(tmp_path / "link")


def test_a_study_under_a_hostile_name_stays_in_its_folder(tmp_path: Path) -> None:
    """All that a search writes, with the name of a space from a file."""
    space = tmp_path / "in" / "space.yaml"
    space.parent.mkdir()
    text = to_yaml(load("digits"))
    assert "name: digits" in text
    space.write_text(text.replace("name: digits", 'name: "/../../../pwned"'), encoding="utf-8")
    studies = tmp_path / "a" / "b" / "studies"
    before = files(tmp_path)
    run(["--space", str(space), "--objective", "macs", "--budget", "200K", "--input", "8", "--sampler", "random",
         "--trials", "3", "--studies", str(studies)])
    new = {p for p in files(tmp_path) - before if not "a/b/studies".startswith(p)}
    assert all(p.startswith("a/b/studies/") for p in new)
    assert len({p.split("/")[3] for p in new}) <= 1
