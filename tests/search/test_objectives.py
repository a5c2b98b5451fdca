"""Searches with other objectives than the score, and with several: end to end, and small."""

import csv
import json
import random
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from inside import ran

from search import run
from search.archive import Archive
from search.errors import StudyError
from search.objectives import OBJECTIVES, ObjectiveError, named
from search.pareto import nondominated
from search.results.front import front_of
from search.results.read import read_study
from search.samplers import SAMPLERS, distribution
from search.study import open_study
from search.study.kept import ATTRIBUTE
from search.study.settings import Settings
from search.study.trial import Trial
from search.tables import fingerprint, read_tables
from searchspace import cost, load
from searchspace.identity import identity
from searchspace.space.budget import Budget
from searchspace.space.enumeration import every_point
from searchspace.space.fill import free
from searchspace.space.point import sample

BUDGET = Budget(150_000)


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete table of the space `digits` with made-up values."""
    rng, rows = random.Random(0), []
    for p in every_point(load("digits")):
        good = 80 + 15 * (p.cost.macs / 400_000) ** 0.5 + rng.random()
        rows.append({"decisions": p.decisions, "macs": p.cost.macs, "params": p.cost.params,
                     "values": [good, good + 0.5]})
    path = tmp_path_factory.mktemp("table") / "made-up.json"
    path.write_text(json.dumps({"space": "digits", "value": "made up", "command": "none",
                                "rows": rows}))
    return path


def settings(**changes: object) -> Settings:
    values = {"space": "digits", "budget": BUDGET, "input": 8, "seed": 0, "sampler": "tpe",
              "trials": 25, "batch": 4, "objectives": ("table", "macs")} | changes
    return Settings(**values)  # type: ignore[arg-type]


def run_study(folder: Path, given: Settings) -> list[Trial]:
    with open_study(given, folder, "s") as study:
        study.run(lambda _: None)
        return study.trials()


def told(trials: list[Trial]) -> list:
    return [(t.decisions, t.identity, t.macs, t.params, t.values) for t in trials]


def command(folder: Path, *arguments: str) -> CompletedProcess[str]:
    return ran(run.main, "--study", "t", "--studies", str(folder), *arguments)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_two_objectives_give_a_front(tmp_path: Path, table: Path) -> None:
    arguments = ["--space", "digits", "--budget", "150K", "--objective", "table", "--objective",
                 "macs", "--table", str(table), "--sampler", "tpe"]
    done = command(tmp_path, *arguments, "--trials", "30")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "Pareto front" in done.stdout and "hypervolume" in done.stdout
    assert "the knee" in done.stdout and "regret" in done.stdout
    assert "no accuracy" not in done.stdout          # nothing was scored by NASWOT
    folder = tmp_path / "t"
    trials, front = read(folder / "trials.csv"), read(folder / "front.csv")
    seen = [(-float(t["table"]), int(t["macs"])) for t in trials]
    best = {trials[i]["trial"] for i, a in enumerate(seen)
            if not any(b != a and b[0] <= a[0] and b[1] <= a[1] for b in seen)}
    assert {row["trial"] for row in front} == {t["trial"] for t in trials if t["front"] == "1"} \
        == best
    values = [float(row["table"]) for row in front]
    assert values == sorted(values, reverse=True)
    volumes = [float(t["hypervolume"]) for t in trials]
    assert volumes == sorted(volumes) and volumes[0] < volumes[-1]
    assert f"hypervolume {volumes[-1]:.4g}" in done.stdout
    files = sorted((folder / "front").iterdir())
    assert [f.name for f in files] == [f"{row['front']}.yaml" for row in front]
    for file, row in zip(files, front, strict=True):
        network = load(file)
        assert identity(network) == row["identity"]
        assert cost(network).macs == int(row["macs"])
    (knee,) = [row for row in front if row["knee"] == "1"]
    assert identity(load(folder / "best.yaml")) == knee["identity"]
    assert (folder / "best.svg").is_file()
    (folder / "front" / "999.yaml").write_text("of an earlier, longer front")
    again = command(tmp_path, *arguments, "--trials", "31")
    assert again.returncode == 0, again.stderr
    assert read(folder / "trials.csv")[3]["identity"] == trials[3]["identity"]
    assert not (folder / "front" / "999.yaml").exists()


def test_optunas_best_trials_are_the_front(tmp_path: Path, table: Path) -> None:
    given = settings(table=(table,), objectives=("table", "params", "macs"), trials=30)
    with open_study(given, tmp_path, "s") as study:
        study.run(lambda _: None)
        front = front_of(study.trials(), study.plan.objectives, given.budget)
        assert front is not None
        assert {t.number for t in front.members} == {t.number for t in study.session.study.best_trials}
        assert front.knee in front.members
        assert front.reference[2] == 150_000        # the budget's; the others are the worst seen
        assert front.reference[0] == min(t.values[0] for t in study.trials() if t.values)
        assert 0 < front.share < 1


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name in ("nsga2", "tpe") else pytest.mark.slow)
    for name, entry in SAMPLERS.items() if not (entry.screens or entry.trains)])
def test_a_search_of_two_objectives_continues_as_if_uninterrupted(name: str, tmp_path: Path,
                                                                 table: Path) -> None:
    given = settings(sampler=name, table=(table,), trials=21)
    first = run_study(tmp_path / "a", given)
    assert len({t.identity for t in first}) == 21
    assert all(t.macs <= 150_000 for t in first)
    folder = tmp_path / "b"
    run_study(folder, settings(sampler=name, table=(table,), trials=5))
    with open_study(given, folder, "s") as study, pytest.raises(KeyboardInterrupt):
        study.run(lambda trials: _stop_at(18, trials))
    with open_study(given, folder, "s") as study:
        study.session.study.ask()          # a trial that is cut off before its end
    assert told(run_study(folder, given)) == told(first)


def _stop_at(count: int, trials: list[Trial]) -> None:
    if len(trials) == count:
        raise KeyboardInterrupt


def test_a_table_alone_is_searched_for_its_best(tmp_path: Path, table: Path) -> None:
    done = command(tmp_path, "--space", "digits", "--budget", "150K", "--objective", "table",
                   "--table", str(table), "--trials", "12")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "t"
    trials = read(folder / "trials.csv")
    assert "score" not in trials[0] and "hypervolume" not in trials[0]
    best = max(trials, key=lambda t: float(t["table"]))
    assert identity(load(folder / "best.yaml")) == best["identity"]
    assert not (folder / "finals.csv").exists()         # no published network is in a table
    known = json.loads(table.read_text())["rows"]
    top = max(sum(r["values"]) / 2 for r in known if r["macs"] <= 150_000)
    regret = top - float(best["table"])
    assert f"the best network inside the budget {top:.2f}: regret {regret:.2f}" in \
        " ".join(done.stdout.split())


def test_lookups_are_archived_under_the_files_digest(tmp_path: Path, table: Path) -> None:
    found = run_study(tmp_path, settings(table=(table,), objectives=("table",), trials=6))
    with Archive(f"sqlite:///{tmp_path / 'study.db'}") as archive:
        kept = archive.evaluations(study="s")
    assert {e.identity: e.value for e in kept} == {t.identity: t.value for t in found}
    assert {(e.score, e.data) for e in kept} == {("table", fingerprint(table))}


def test_costs_need_no_archive_and_a_score_keeps_its_own(tmp_path: Path) -> None:
    found = run_study(tmp_path / "a", settings(objectives=("params", "macs"), trials=5))
    assert [t.values for t in found] == [(t.params, t.macs) for t in found]
    with Archive(f"sqlite:///{tmp_path / 'a' / 'study.db'}") as archive:
        assert archive.evaluations() == ()
    found = run_study(tmp_path / "b", settings(objectives=("macs", "score"), trials=3))
    with Archive(f"sqlite:///{tmp_path / 'b' / 'study.db'}") as archive:
        kept = archive.evaluations(study="s")
    assert [(e.score, e.value) for e in kept] == [("naswot", t.values[1]) for t in found if t.values]


def test_a_cost_alone_is_made_small(tmp_path: Path) -> None:
    given = settings(objectives=("params",), trials=30)
    with open_study(given, tmp_path, "s") as study:
        study.run(lambda _: None)
        best, trials = study.best(3), study.trials()
    assert [t.params for t in best] == sorted(t.params for t in trials)[:3]


def test_with_a_cost_as_objective_widths_are_proposed(tmp_path: Path) -> None:
    common = {"space": "mobile", "input": 32, "budget": Budget(7_000_000), "trials": 12,
              "sampler": "random"}
    filled = run_study(tmp_path / "a", settings(**common, objectives=("score",)))
    spread = run_study(tmp_path / "b", settings(**common, objectives=("macs", "params")))
    assert min(t.macs for t in filled) > 0.8 * 7_000_000        # solved: just under the budget
    assert min(t.macs for t in spread) < 0.6 * 7_000_000
    assert max(t.macs for t in spread) <= 7_000_000
    assert {t.decisions["w"] for t in spread} <= set(load("mobile").holes[0].labels)


def test_a_freed_space_has_the_same_networks() -> None:
    space = load("mobile")
    freed = free(space)
    assert {h.kind for h in freed.holes} == {"choice", "int"}
    at = sample(freed, random.Random(1))
    assert not at.solved
    assert identity(freed, at.decisions) == identity(space, at.decisions)
    width = distribution(freed.holes[0])
    assert (width.low, width.high, width.step) == (0.25, 2.0, 0.05)
    assert free(load("digits")).holes == load("digits").holes


def test_a_network_that_the_table_lacks_fails_its_trial(tmp_path: Path, table: Path) -> None:
    content = json.loads(table.read_text())
    content["rows"] = content["rows"][::2]
    half = tmp_path / "half.json"
    half.write_text(json.dumps(content))
    found = run_study(tmp_path, settings(table=(half,), trials=20))
    known = read_tables([half])
    lacking = [t for t in found if t.values is None]
    assert 0 < len(lacking) < 20
    for t in lacking:
        assert t.error is not None and "lacks this network" in t.error
        assert known.values("").of(t.identity, cost(load("digits"), t.decisions),
                                       t.decisions) is None
    front = front_of(found, named(("table", "macs")), BUDGET)
    assert front is not None and list(front.volumes) == [t.number for t in found]
    assert not {t.number for t in lacking} & {t.number for t in front.members}


def test_the_front_of_trials_that_all_failed_is_none() -> None:
    failed = Trial(number=0, decisions={}, identity="x", macs=1, params=1, memory=1, values=None, error="why")
    assert front_of([failed], named(("table", "macs")), BUDGET) is None


def test_a_front_of_equal_values_has_a_knee_and_no_volume() -> None:
    same = [Trial(number=i, decisions={}, identity=str(i), macs=5, params=5, memory=5, values=(1.0, 5.0)) for i in range(3)]
    front = front_of(same, named(("table", "params")), Budget(10))
    assert front is not None
    assert [t.number for t in front.members] == [0, 1, 2] and front.knee is same[0]
    assert set(front.volumes.values()) == {0.0} and front.share == 0.0


def test_losses_are_lower_where_values_are_better() -> None:
    for objective in named(OBJECTIVES):
        better, worse = (2.0, 1.0) if objective.direction == "maximize" else (1.0, 2.0)
        assert objective.loss(better) < objective.loss(worse)
        assert objective.loss(objective.loss(3.5)) == 3.5
    values = [(3.0, 1.0), (2.0, 1.0), (1.0, 0.5)]
    score, macs = named(("score", "macs"))
    assert nondominated([(score.loss(a), macs.loss(b)) for a, b in values]) == [0, 2]


def test_unknown_and_repeated_objectives_are_refused() -> None:
    with pytest.raises(ObjectiveError, match="no objective 'mac'; did you mean 'macs'"):
        named(("mac",))
    with pytest.raises(ObjectiveError, match="'macs' is given twice"):
        named(("macs", "score", "macs"))


def test_a_study_keeps_its_objectives_and_its_table(tmp_path: Path, table: Path) -> None:
    run_study(tmp_path, settings(table=(table,), trials=1))
    with pytest.raises(StudyError, match="objectives = table and macs, not table and params"):
        open_study(settings(table=(table,), objectives=("table", "params")), tmp_path, "s").__enter__()
    moved = tmp_path / "moved.json"
    moved.write_bytes(table.read_bytes())
    assert len(run_study(tmp_path, settings(table=(moved,), trials=2))) == 2
    content = json.loads(table.read_text())
    content["rows"][0]["values"] = [1]
    moved.write_text(json.dumps(content))
    with pytest.raises(StudyError, match="made with table = "):
        open_study(settings(table=(moved,)), tmp_path, "s").__enter__()


def test_a_study_from_before_there_were_objectives_is_continued(tmp_path: Path) -> None:
    given = settings(objectives=("score",))
    stored = {k: v for k, v in given.lasting().items() if k not in ("objectives", "table")}
    attributes = {"settings": stored, ATTRIBUTE: given.resolved().kept.as_json()}
    given.check_same(attributes, "s")
    with pytest.raises(StudyError, match="objectives"):
        settings(objectives=("macs",)).check_same(attributes, "s")


def test_studies_of_other_objectives_have_other_names() -> None:
    assert settings(objectives=("score",)).study_name == "digits-150K-8px-seed0"
    assert settings(objectives=("table", "macs")).study_name == "digits-150K-table-macs-8px-seed0"


@pytest.mark.parametrize(("path", "name"), [
    ("my/space.yaml", "space"), ("my/first space.yml", "first-space"), ("a@b/space.yaml@wide", "space-wide"),
    ("space", "space"), ("nas-bench-201", "nas-bench-201"), ("v1.5.yaml", "v1.5")])
def test_a_study_of_a_file_is_named_after_it(path: str, name: str) -> None:
    assert settings(space=path).study_name == f"{name}-150K-table-macs-8px-seed0"


def test_studies_of_files_are_told_apart_and_older_ones_are_continued(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Older ones are named after the path of the file."""
    text = "name: own\ninput: [3, 8, 8]\nnet: [{conv: {out: !choice [4, 8, 12], k: %d}}, gap: ]\n"
    commands = []
    for folder, kernel in (("one", 3), ("two", 5)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "space.yaml").write_text(text % kernel)
        commands.append(["--space", str(tmp_path / folder / "space.yaml"), "--budget", "100K", "--objective",
                         "params", "--studies", str(tmp_path), "--trials"])
    one, two = commands
    assert run.main([*one, "1"]) == 0 and read_study(tmp_path / "space-100K-params-8px-seed0").rows
    capsys.readouterr()
    assert run.main([*two, "1"]) == 2
    assert "was made with space = " in capsys.readouterr().err
    for trials in (1, 2):
        assert run.main([*two, str(trials), "--study", "two-space.yaml-100K-params-8px-seed0"]) == 0
        assert len(read_study(tmp_path / "two-space.yaml-100K-params-8px-seed0").rows) == trials


@pytest.mark.parametrize("arguments, words", [
    (["--objective", "sped"], ["no objective 'sped'"]),
    (["--objective", "macs", "--objective", "macs"], ["given twice"]),
    (["--objective", "table", "--table", "none.json"], ["cannot read", "none.json"]),
    (["--objective", "table", "--space", "mobile"], ["mobile", "--table FILE"]),
    (["--table", "none.json"], ["--table", "--objective table"]),
])
def test_a_mistake_about_objectives_is_one_sentence(arguments: list[str], words: list[str],
                                                    tmp_path: Path) -> None:
    done = command(tmp_path, "--budget", "150K", "--space", "digits", *arguments)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.slow
def test_the_benchmarks_file_is_found_by_the_environment(tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    space, content = load("nas-bench-macro"), {}
    for p in every_point(space):         # its format and its networks, but made-up accuracies
        name = "".join(str(op) for op in p.decisions.values())
        content[name] = {"test_acc": [1.0], "mean_acc": float(int(name, 3) % 97), "std": 0.0,
                         "params": p.cost.params, "flops": p.cost.macs}
    path = tmp_path / "made-up.json"
    path.write_text(json.dumps(content))
    monkeypatch.setenv("NAS_BENCH_MACRO", str(path))
    done = command(tmp_path, "--space", "nas-bench-macro", "--budget", "60M", "--objective", "table",
                   "--sampler", "random", "--trials", "4")
    assert done.returncode == 0, done.stderr
    assert "regret" in done.stdout and "at 32×32" in done.stdout
    trials = read(tmp_path / "t" / "trials.csv")
    assert len(trials) == 4 and all(t["error"] == "" for t in trials)
    for t in trials:
        name = "".join(t[f"layer{i}.layer.op"] for i in range(1, 9))
        twins = [row["mean_acc"] for other, row in content.items()
                 if sorted(other) == sorted(name) and row["flops"] == int(t["macs"])
                 and row["params"] == int(t["params"])]
        assert min(twins) <= float(t["table"]) <= max(twins)
