"""What a study keeps of its files: an edit is named and refused, and reading needs none of them."""

import importlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from search import status, train
from search.cli.network_argument import found_network
from search.errors import StudyError
from search.launchers.worker import WorkerJob, work
from search.results.files import write_best
from search.results.outcome import Outcome
from search.results.read import read_study
from search.run import main as run
from search.study import open_study
from search.study.kept import ATTRIBUTE
from search.study.settings import Settings
from search.study.trial import Trial
from search.training.options import TrainOptions
from searchspace import cost, load, plugins
from searchspace.compiler.blocks import Blocks
from searchspace.errors import SearchspaceError
from searchspace.notation.reader import parse
from searchspace.ops import OPS
from searchspace.safety import allowed
from searchspace.space.budget import Budget
from viz import report
from viz.pages import study as page

FILES = {
    "own.yaml": """\
name: own
base: base.yaml
use: blocks.yaml
args: {w: !solve [0.5, 1.5, 0.25]}
steps:
  s1: {mbconv: {out: "=round_to(16*w, 4)", stride: 2, t: !choice [2, 3, 4, 6]}}
  s2: {unit: {k: !choice [3, 5], act: !choice [relu, swish]}}
""",
    "base.yaml": """\
name: base
input: [3, 32, 32]
args: {classes: 10}
net:
  - conv: {out: 8, stride: 2, k: !choice [3, 5], as: stem}
  - act: {as: s1}
  - act: {as: s2}
  - gap:
  - linear: {out: =classes}
""",
    "blocks.yaml": """\
blocks:
  unit:
    args: {k: , act: }
    body: [dw: {k: =k, act: =act}, conv: {out: 16, k: 1}]
"""}
EDITS = {
    "a formula": ("own.yaml", "16*w", "64*w", "`- mbconv: {out: \"=round_to(16*w, 4)\", "
                  "stride: 2, t: !choice [2, 3, 4, 6], as: s1}` is now `- mbconv: {out: \"=round_to(64*w"),
    "an option more": ("own.yaml", "[3, 5]", "[3, 5, 7]", "k: !choice [3, 5, 7]"),
    "an option less": ("own.yaml", "[relu, swish]", "[relu]", "act: !choice [relu]"),
    "a range": ("own.yaml", "0.25]", "0.5]", "!solve [0.5, 1.5, 0.5]"),
    "a hole more": ("own.yaml", "stride: 2, t", "stride: !choice [1, 2], t", "stride: !choice [1, 2]"),
    "a hole less": ("own.yaml", "k: !choice [3, 5]", "k: 5", "k: 5"),
    "the base": ("base.yaml", "out: 8, stride: 2", "out: 12, stride: 2", "conv: {out: 12"),
    "the base's length": ("base.yaml", "  - gap:", "  - act:\n  - gap:", "`- act: {}` is new"),
    "a used block": ("blocks.yaml", "out: 16, k: 1", "out: 24, k: 1", "conv: {out: 24, k: 1}"),
    "beyond any budget": ("own.yaml", "16*w", "4096*w", "round_to(4096*w, 4)"),
}


def opens(given: Settings, folder: Path, name: str) -> None:
    """Open a study, and close it."""
    with open_study(given, folder, name):
        pass


def settings(space: Path | str, **changes: Any) -> Settings:
    given: dict[str, Any] = {"space": str(space), "budget": Budget(400_000), "input": 32, "seed": 0,
                             "sampler": "random", "trials": 3, "batch": 4,
                             "objectives": ("params",)}
    return Settings(**given | changes)


def run_study(folder: Path, given: Settings) -> list[Trial]:
    with open_study(given, folder, folder.name) as study:
        study.run(lambda _: None)
        return study.trials()


def told(trials: list[Trial]) -> list[tuple[Any, ...]]:
    return [(t.decisions, t.identity, t.macs, t.values) for t in trials]


def content(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "study.db")) as database:
        return list(database.iterdump())


def attributes(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    """Change what a study keeps, as somebody may who hands it on."""
    with closing(sqlite3.connect(folder / "study.db")) as database:
        where = f"WHERE key = '{ATTRIBUTE}'"
        (text,), = database.execute(f"SELECT value_json FROM study_user_attributes {where}")
        new = change(json.loads(text))
        if new is None:
            database.execute(f"DELETE FROM study_user_attributes {where}")
        else:
            database.execute(f"UPDATE study_user_attributes SET value_json = ? {where}",
                             [json.dumps(new)])
        database.commit()


@pytest.fixture
def space(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "own.yaml"


# --- edits --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a space and a study of it."""
    home = tmp_path_factory.mktemp("begun")
    for name, text in FILES.items():
        (home / name).write_text(text, encoding="utf-8")
    run_study(home / "s", settings(home / "own.yaml"))
    return home


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_space_is_refused_and_what_changed_is_named(begun: Path, edit: str) -> None:
    file, old, new, words = EDITS[edit]
    assert FILES[file].count(old) == 1
    before = content(begun / "s")
    (begun / file).write_text(FILES[file].replace(old, new), encoding="utf-8")
    try:
        with pytest.raises(StudyError) as error:
            opens(settings(begun / "own.yaml"), begun / "s", "s")
    finally:
        (begun / file).write_text(FILES[file], encoding="utf-8")
    assert words in str(error.value) and "study 's' cannot be continued" in str(error.value)
    assert content(begun / "s") == before


def test_after_the_edit_is_undone_a_study_goes_on_as_if_nothing_had_been(
        space: Path, tmp_path: Path) -> None:
    whole = run_study(tmp_path / "whole", settings(space, trials=6))
    folder = tmp_path / "s"
    run_study(folder, settings(space, trials=2))
    space.write_text(FILES["own.yaml"].replace("16*w", "64*w"), encoding="utf-8")
    with pytest.raises(StudyError, match="its space has changed"):
        run_study(folder, settings(space, trials=4))
    text = FILES["own.yaml"].replace("name: own", "# widths of 4\nname: mine\nnote: a  note")
    moved = tmp_path / "moved.yaml"
    moved.write_text(f"{text}\nvariants: {{new: {{fill: {{w: 0.5}}}}}}\ndefault:\n", encoding="utf-8")
    assert told(run_study(folder, settings(moved, trials=4))) == told(whole)[:4]
    space.write_text(FILES["own.yaml"], encoding="utf-8")
    assert told(run_study(folder, settings(space, trials=6))) == told(whole)


def test_a_shared_study_keeps_its_space_too(url: str, space: Path, tmp_path: Path) -> None:
    with open_study(settings(space), tmp_path / "a", "s", url, alone=False) as study:
        study.run(lambda _: None)
    space.write_text(FILES["own.yaml"].replace("16*w", "64*w"), encoding="utf-8")
    with pytest.raises(StudyError, match="its space has changed"), \
            open_study(settings(space), tmp_path / "b", "s", url, alone=False):
        pass


def test_another_space_is_named(space: Path, tmp_path: Path) -> None:
    run_study(tmp_path / "s", settings(space))
    with pytest.raises(StudyError, match=r"made with space = .*own\.yaml, not digits"):
        opens(settings("digits"), tmp_path / "s", "s")


def test_a_newer_version_with_other_blocks_is_told_so(tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    run_study(tmp_path / "s", settings("mobile", budget=Budget(3_000_000)))
    before = read_study(tmp_path / "s")
    module = importlib.import_module("searchspace.load")     # its name is the function's, too
    trees = module.library().trees

    def newer(old: str, new: str) -> None:
        text = (module.LIBRARY / "mobile.yaml").read_text(encoding="utf-8")
        assert old in text
        blocks = parse(text.replace(old, new))["blocks"]
        monkeypatch.setattr(module, "library", lambda: Blocks({**trees, **blocks.items}))

    newer("  mbconv: ", "  mbconv:\n    about: a block ")
    opens(settings("mobile", budget=Budget(3_000_000)), tmp_path / "s", "s")
    newer("relu6", "relu")
    with pytest.raises(StudyError, match=r"bundled blocks of its space have changed: .*relu6"):
        opens(settings("mobile", budget=Budget(3_000_000)), tmp_path / "s", "s")
    after = read_study(tmp_path / "s")
    assert cost(page.genotype(after, after.rows[0])).macs == before.rows[0].macs
    assert after.space.outer.trees == before.space.outer.trees


def test_a_network_that_counts_otherwise_is_refused(space: Path, tmp_path: Path) -> None:
    words = r"network of trial 2 had 7 MACs and [\d,]+ parameters .* and has [\d,]+ and [\d,]+ here"
    run_study(tmp_path / "s", settings(space))
    with open_study(settings(space), tmp_path / "s", "s") as study:
        trial = replace(study.trials()[2], macs=7)
        with pytest.raises(StudyError, match=words):
            write_best(study, Outcome([trial], [trial], [], [], None, trial, None, False),
                       tmp_path / "best.yaml")
    assert not (tmp_path / "best.yaml").exists()
    with closing(sqlite3.connect(tmp_path / "s/study.db")) as database:
        database.execute("UPDATE trial_user_attributes SET value_json = '7' WHERE key = 'macs'")
        database.commit()
    with pytest.raises(StudyError, match=words.replace("trial 2", "trial 0")), \
            opens(settings(space), tmp_path / "s", "s"):
        pass


def test_a_study_without_a_copy_is_read_and_not_continued(space: Path, tmp_path: Path) -> None:
    run_study(tmp_path / "s", settings(space))
    attributes(tmp_path / "s", lambda _: None)
    assert len(read_study(tmp_path / "s").rows) == 3
    with pytest.raises(StudyError, match="kept no copy"):
        opens(settings(space), tmp_path / "s", "s")
    space.unlink()
    with pytest.raises(SearchspaceError, match="no file"):
        read_study(tmp_path / "s")


@pytest.mark.parametrize("damage", [
    lambda kept: {**kept, "space": {**kept["space"], "text": "name: other\nnet: []\n"}},
    lambda kept: {**kept, "operations": [{"file": 1}]}, lambda kept: {**kept, "blocks": 1},
    lambda kept: 1, lambda kept: {**kept, "space": {"text": 1, "sha256": ""}}])
def test_a_damaged_copy_is_one_sentence(begun: Path, tmp_path: Path, damage: Any) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s/study.db").write_bytes((begun / "s/study.db").read_bytes())
    attributes(tmp_path / "s", damage)
    with pytest.raises(SearchspaceError, match="copy of its space is damaged"):
        read_study(tmp_path / "s")


# --- other files --------------------------------------------------------------------------------

RECIPE = "name: own\nepochs: 4\nbatch: 32\noptimiser: {sgd: {rate: 0.1}}\nschedule: {cosine: {}}\n"


def test_a_changed_recipe_is_named(tmp_path: Path) -> None:
    recipe = tmp_path / "own.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    given = settings("digits", input=8, classes=10, objectives=("train",),
                     train=TrainOptions("digits", recipe=str(recipe), device="cpu"))
    with open_study(given, tmp_path / "s", "s"):
        pass
    recipe.write_text(f"# of ours\n{RECIPE}note: a note\n", encoding="utf-8")
    opens(given, tmp_path / "s", "s")
    recipe.write_text(RECIPE.replace("0.1", "0.2"), encoding="utf-8")
    with pytest.raises(StudyError, match=r"made with recipe = own [0-9a-f]{8}, not own [0-9a-f]{8}"):
        opens(given, tmp_path / "s", "s")


# --- without the files --------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports without the published networks, which take their time."""
    monkeypatch.setattr(page, "published_at", lambda edge: ())
    monkeypatch.setattr(page, "nearest", lambda expansion: None)


@pytest.mark.usefixtures("quick")
def test_a_study_is_read_where_its_files_are_not(space: Path, tmp_path: Path,
                                                 monkeypatch: pytest.MonkeyPatch,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["--space", "own.yaml", "--budget", "400K", "--input", "32", "--trials", "2", "--study",
             "s", "--studies", "studies", "--objective", "params"]
    assert run(given) == 0
    folder = tmp_path / "studies/s"
    best = (folder / "best.yaml").read_text(encoding="utf-8")
    counted = cost(load(folder / "best.yaml"))
    assert f"({counted.macs:,}), {counted.params:,} parameters" in best
    space.write_text(FILES["own.yaml"].replace("16*w", "64*w"), encoding="utf-8")
    capsys.readouterr()
    assert run([*given, "--trials", "4"]) == 2
    _, err = capsys.readouterr()
    assert err.count("\n") == 1 and "64*w" in err
    assert (folder / "best.yaml").read_text(encoding="utf-8") == best

    for name in FILES:
        (tmp_path / name).unlink()
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    monkeypatch.chdir(tmp_path / "studies")
    found = read_study(elsewhere)
    assert [cost(page.genotype(found, row)).macs for row in found.rows] == \
        [row.macs for row in found.rows]
    assert status.main([str(elsewhere), "--once"]) == 0
    assert report.main([str(elsewhere)]) == 0
    assert train.main([str(elsewhere / "best.yaml"), "--data", "digits", "--epochs", "1", "--input",
                       "8", "--device", "cpu", "--out", str(tmp_path / "trained")]) == 0


def test_a_worker_uses_the_copy(space: Path, tmp_path: Path) -> None:
    with open_study(settings(space), tmp_path / "s", "s") as study:
        job = WorkerJob(replace(study.plan.settings, trials=3), tmp_path / "s", "s", study.session.url)
    space.unlink()
    work(job)
    assert len(read_study(tmp_path / "s").rows) == 3


# --- operations ---------------------------------------------------------------------------------

CODE = '''
from dataclasses import dataclass
from pathlib import Path

from searchspace.ops import Op, op

Path({ran!r}).touch()


@op("halve")
@dataclass(frozen=True, slots=True)
class Halve(Op):
    """Every value halved."""

    examples = (({{}}, ((4, 5, 5),)),)

    def shape(self, *inputs):
        return inputs[0]

    def module(self, *inputs):
        return lambda x: x / 2
'''


@dataclass
class Operations:
    """A space that needs an operation of its own, in a file that leaves a trace when it runs."""

    file: Path
    space: Path
    ran: Path
    forget: Callable[[], None]

    def has_run(self) -> bool:
        found = self.ran.exists()
        self.ran.unlink(missing_ok=True)
        return found


@pytest.fixture
def operations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operations]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    known, ran = dict(OPS), tmp_path / "ran"

    def forget() -> None:
        """As a new process."""
        OPS._entries.clear()
        OPS._entries.update(known)
        plugins._RUN.clear()

    space, file = tmp_path / "halved.yaml", tmp_path / "mine.py"
    file.write_text(CODE.format(ran=str(ran)), encoding="utf-8")
    space.write_text("name: halved\ninput: [3, 32, 32]\nnet:\n"
                     "  - conv: {out: !choice [4, 8, 12, 16, 20], stride: 2, as: a}\n  - halve:\n"
                     "  - gap:\n  - linear: {out: 10}\n", encoding="utf-8")
    yield Operations(file, space, ran, forget)
    forget()


def begin(operations: Operations, folder: Path) -> None:
    """A study of the space, by a process that is gone."""
    plugins.load_file(operations.file)
    run_study(folder, settings(operations.space, trials=2))
    operations.forget()
    assert operations.has_run()


def test_operations_that_the_user_has_named_need_not_be_named_again(
        operations: Operations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(operations, tmp_path / "s")
    operations.file.unlink()
    operations.space.unlink()
    monkeypatch.chdir("/")
    found = read_study(tmp_path / "s")
    assert operations.has_run()
    assert [cost(page.genotype(found, row)).macs for row in found.rows] == \
        [row.macs for row in found.rows]
    assert not [fact for fact in found.facts if "mine.py" in fact[1]]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("stranger", ["another user", "another code"])
def test_what_a_stranger_hands_on_is_read_and_not_run(stranger: str, operations: Operations,
                                                      tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "s"
    begin(operations, folder)
    if stranger == "another user":
        allowed.noted_in().unlink()
    else:
        def change(kept: dict[str, Any]) -> dict[str, Any]:
            text = kept["operations"][0]["text"].replace("x / 2", "x / 3")
            kept["operations"][0] |= plugins_entry(text)
            return kept
        attributes(folder, change)
    operations.file.unlink()
    assert len(read_study(folder).rows) == 2
    assert status.main([str(folder), "--once"]) == 0
    assert report.main([str(folder)]) == 0
    assert "mine.py are not loaded: name the file with --ops" in \
        (folder / "report.html").read_text(encoding="utf-8")
    (folder / "best.yaml").write_text("name: b\ninput: [3, 8, 8]\nnet: [halve: , gap: ]\n")
    assert train.main([str(folder / "best.yaml"), "--data", "digits"]) == 2
    assert "mine.py are not loaded: name the file with --ops" in capsys.readouterr().err
    assert not operations.has_run() and "halve" not in OPS


def plugins_entry(text: str) -> dict[str, str]:
    return {"text": text, "sha256": plugins.Source("", text).digest}


def test_a_network_is_trained_with_the_operations_of_the_study_beside_it(
        operations: Operations, tmp_path: Path) -> None:
    begin(operations, tmp_path / "s")
    (tmp_path / "s/front").mkdir()
    for place in ("best.yaml", "front/001.yaml"):
        (tmp_path / "s" / place).write_text("name: b\ninput: [3, 8, 8]\nnet: [halve: , gap: ]\n")
        assert cost(found_network(str(tmp_path / "s" / place))).macs == 0
        operations.forget()


def test_edited_operations_are_refused_and_named(operations: Operations, tmp_path: Path) -> None:
    begin(operations, tmp_path / "s")
    text = operations.file.read_text(encoding="utf-8")

    def go_on(text: str, trials: int) -> list[Trial]:
        operations.forget()
        operations.file.write_text(text, encoding="utf-8")
        plugins.load_file(operations.file)
        return run_study(tmp_path / "s", settings(operations.space, trials=trials))

    with pytest.raises(StudyError, match=r"operations in mine\.py have changed: .*x / 2.*x / 3"):
        go_on(text.replace("x / 2", "x / 3"), 3)
    assert len(go_on(f"# a half\n{text}", 3)) == 3
    assert len(go_on(text, 4)) == 4
    found = read_study(tmp_path / "s")      # with what is loaded
    assert ("kept copy of mine.py", plugins.Source("", text).digest[:12]) in found.settings


def test_a_worker_runs_the_operations_of_its_job(operations: Operations, tmp_path: Path) -> None:
    plugins.load_file(operations.file)
    with open_study(settings(operations.space), tmp_path / "s", "s") as study:
        job = WorkerJob(study.plan.settings, tmp_path / "s", "s", study.session.url)
    operations.forget()
    allowed.noted_in().unlink()
    operations.file.unlink()
    work(job)
    assert len(read_study(tmp_path / "s").rows) == 3


def test_permission_is_kept_in_a_file_that_a_person_can_read(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for _ in range(2):
        allowed.allow("a" * 64, "/home/me/mine.py")
    allowed.allow("b" * 64, "/home/me/other\n" + "c" * 64)
    lines = allowed.noted_in().read_text(encoding="utf-8").splitlines()
    assert lines == [f"{'a' * 64}  '/home/me/mine.py'", f"{'b' * 64}  '/home/me/other\\n{'c' * 64}'"]
    assert allowed.is_allowed("a" * 64) and not allowed.is_allowed("c" * 64)
    allowed.noted_in().write_text(lines[1], encoding="utf-8")
    assert not allowed.is_allowed("a" * 64)


@pytest.mark.parametrize("given", ["", "relative"])
def test_permission_is_kept_in_no_current_folder(given: str, monkeypatch: pytest.MonkeyPatch,
                                                 tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", given)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert allowed.noted_in() == tmp_path / ".local/state/searchspace/operations"


def test_without_a_home_nothing_is_noted_and_nothing_fails(tmp_path: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", os.fspath(tmp_path / "file"))
    allowed.allow("a" * 64, "mine.py")
    assert not allowed.is_allowed("a" * 64)
