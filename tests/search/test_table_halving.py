"""Tables with columns after several numbers of epochs: searches that stop trainings early there."""

import csv
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from forty_networks import ALL, SPACE, size

from search import search
from search.archive import Archive
from search.errors import StudyError
from search.library import Result
from search.objectives import ObjectiveError
from search.run import main
from search.study import open_study
from search.study.settings import Settings
from search.study.trial import Trial
from search.tables import TableError, read_tables
from search.training.hyperband import Rungs
from search.training.options import TrainOptions
from searchspace import load
from searchspace.notation.holes import Decisions
from searchspace.space.budget import Budget

EPOCHS = (4, 12, 36, 108)
NAMES = [f"{width}x{depth}" for width, depth in ALL]


def name(network: Decisions) -> str:
    """As the space writes it."""
    return "{}x{}".format(*size(network))


def values(network: str) -> list[float]:
    """Made-up accuracies after `EPOCHS`: higher later, and the ranks change on the way."""
    rng = random.Random(network)
    last = 60 + 30 * rng.random()
    return [round(last - 8 * (3 - i) - rng.random() * 2 * (3 - i), 2) for i in range(4)]


def latency(network: str) -> int:
    """A made-up cost."""
    return 1 + random.Random(f"cost {network}").randrange(6)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table with made-up values of two seeds, whose mean is `values`; its space is beside it."""
    (tmp_path / "own.yaml").write_text(SPACE)
    heads = [f"acc;seed={seed};epoch={epochs}" for epochs in reversed(EPOCHS) for seed in (1, 2)]
    lines = [",".join(["net", *heads, "plain", "tpu"])]
    for network in NAMES:
        own = [v + half for v in reversed(values(network)) for half in (-0.5, 0.5)]
        lines.append(",".join([network, *(f"{v:.2f}" for v in own), "50", str(latency(network))]))
    path = tmp_path / "own.csv"
    path.write_text("\n".join(lines))
    return path


def run(table: Path, folder: Path, goals: Sequence[str] = ("table:acc",), trials: int = 19,
        halving: int | None = 3) -> Result:
    return search(table.with_suffix(".yaml"), "1G", goals, table=str(table),
                  table_halving=halving, trials=trials, folder=folder, sampler="random")


def told(trials: Sequence[Trial]) -> list[tuple[object, ...]]:
    """All of them but numbers and times."""
    return [(t.identity, t.values, t.curve, t.epochs, t.pruned, t.error) for t in trials]


@pytest.mark.parametrize(("known", "reduction", "levels"), [
    (EPOCHS, 3, (4, 12, 36)), ((12, 200), 3, (12,)), (range(1, 10), 3, (1, 3)),
    (range(1, 201), 3, (7, 21, 63, 189)), ((200, 12), 2, (12,)), (EPOCHS, 9, (4, 36)),
    ((1, 2, 50, 90, 100), 2, (50, 100)[:1]), ((0, 8, 9), 2, (8,))])
def test_a_rung_is_the_first_that_is_known(known: Sequence[int], reduction: int,
                                           levels: tuple[int, ...]) -> None:
    rungs = Rungs.among(list(known), reduction)
    assert rungs.levels(0) == levels and rungs.known == (*levels, max(known))
    assert [rungs.place(e) for e in rungs.known] == list(range(len(levels) + 1))
    assert rungs.steps(len(levels)) == levels


def test_as_if_all_epochs_were_known_where_they_are() -> None:
    for epochs in range(2, 120):
        options = TrainOptions("digits")
        assert Rungs.among(range(1, epochs + 1), 3).levels(0) == options.rungs(epochs).levels(0)


def test_one_of_three_goes_on_and_the_best_is_one_looked_up_to_the_end(tmp_path: Path,
                                                                       table: Path) -> None:
    found = run(table, tmp_path / "s")
    trials = found.outcome.trials
    at_rung: list[list[float]] = [[], [], []]
    for t in trials:                # asynchronous successive halving, written anew
        own, reached = values(name(t.decisions)), 0
        while reached < 3:
            rung = at_rung[reached]
            rung.append(own[reached])
            if sorted(rung, reverse=True).index(own[reached]) >= max(1, len(rung) // 3):
                break
            reached += 1
        assert t.curve == pytest.approx(own[:reached + 1]) and t.epochs == EPOCHS[reached]
        assert t.pruned == (reached < 3) and (t.values is None) == t.pruned
    best = max((t for t in trials if t.value is not None), key=lambda t: (t.value, -t.number))
    assert sum(t.pruned for t in trials) > 8
    assert found.outcome.chosen == best and not best.pruned
    assert {t.epochs for t in trials} == set(EPOCHS)


def test_a_search_of_recorded_trainings_stops_those_that_a_real_one_did(tmp_path: Path) -> None:
    """Trainings are recorded in a table; the search there is the same, trial by trial."""
    given = Settings("digits", Budget.read("100K"), 8, 0, "random", 8, 32, 10, ("train",),
                     train=TrainOptions("digits", epochs=4, reduction=2, device="cpu"))
    with open_study(given, tmp_path / "trained", "s") as study:
        study.run(lambda trials: None)
        trained = study.trials()
    holes = [hole.name for hole in load("digits").holes]
    path = tmp_path / "recorded.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*holes, *(f"accuracy;epoch={e}" for e in range(1, 5))])
        for t in trained:
            writer.writerow([*(str(t.decisions.get(h, "")) for h in holes), *t.curve,
                             *[""] * (4 - t.epochs)])
    replayed = replace(given, objectives=("table:accuracy",), train=None, table=(path,),
                       table_halving=2)
    with open_study(replayed, tmp_path / "replayed", "s") as study:
        study.run(lambda trials: None)
        looked_up = study.trials()
    assert [(t.identity, t.values, t.epochs, t.pruned) for t in looked_up] == \
        [(t.identity, t.values, t.epochs, t.pruned) for t in trained]
    assert {t.pruned for t in trained} == {True, False}
    assert all(t.curve == tuple(u.curve[e - 1] for e in t.after)
               for t, u in zip(looked_up, trained, strict=True))


def test_costs_beside_are_compared_too_and_a_cheap_network_is_no_worse(tmp_path: Path,
                                                                       table: Path) -> None:
    found = run(table, tmp_path / "s", ["table:acc", "table-cost:tpu"])
    trials = found.outcome.trials
    assert any(t.pruned for t in trials) and found.front
    points = [(-t.curve[0], latency(name(t.decisions))) for t in trials]
    saved = 0
    for i, t in enumerate(trials):
        own, kept = points[i], max(1, (i + 1) // 3)
        ahead = sum(p[0] <= own[0] and p[1] <= own[1] and p != own for p in points[:i])
        assert t.epochs == 4 or ahead < kept
        saved += t.epochs > 4 and sum(p[0] < own[0] for p in points[:i]) >= kept
    assert saved                # by accuracy alone they would have been stopped
    assert all(t.values is None or t.values[1] == latency(name(t.decisions)) for t in trials)


def test_an_interrupted_one_goes_on_as_if_it_had_not_been(tmp_path: Path, table: Path) -> None:
    run(table, tmp_path / "parts", trials=7)
    parts = run(table, tmp_path / "parts").outcome.trials
    assert told(parts) == told(run(table, tmp_path / "whole").outcome.trials)
    with pytest.raises(StudyError, match="table_halving = 3, not 2"):
        run(table, tmp_path / "parts", halving=2)


def test_what_is_archived_is_what_was_looked_up(tmp_path: Path, table: Path) -> None:
    trials = run(table, tmp_path / "s", trials=10).outcome.trials
    with Archive(f"sqlite:///{tmp_path / 's' / 'study.db'}") as archive:
        kept = {(e.identity, e.data.split(maxsplit=1)[1]): e.value for e in archive.evaluations()}
    assert kept == {(t.identity, f"acc;epoch={epochs}"): value
                    for t in trials for epochs, value in zip(t.after, t.curve, strict=True)}


def test_a_value_that_is_missing_at_a_rung_fails_its_trial(tmp_path: Path, table: Path) -> None:
    lines = table.read_text().splitlines()
    at = [i for i, head in enumerate(lines[0].split(",")) if head.endswith("epoch=12")]
    table.write_text("\n".join(
        ",".join("" if i in at and row % 2 else cell for i, cell in enumerate(line.split(",")))
        for row, line in enumerate(lines)))
    trials = run(table, tmp_path / "s", trials=12).outcome.trials
    failed = [t for t in trials if t.error]
    assert failed and all("lacks this network" in t.error and "after 12 epochs" in t.error
                          for t in failed if t.error)
    assert any(t.epochs == 108 for t in trials)


@pytest.mark.parametrize(("goals", "halving", "error", "words"), [
    (["table:plain"], 3, TableError, "'plain' not after several numbers of epochs"),
    (["table:acc;epoch=12"], 3, TableError, "not after several numbers of epochs"),
    (["table:ac"], 3, TableError, "did you mean 'acc'"),
    (["table:acc", "table:plain"], 3, ObjectiveError, "by one column, and the objectives are"),
    (["table-cost:tpu"], 3, StudyError, "for --objective table or table:COLUMN only"),
    (["table:acc"], 1, StudyError, "of 2 networks or more")])
def test_what_cannot_be_stopped_early_is_one_sentence(
        goals: list[str], halving: int, error: type[Exception], words: str, tmp_path: Path,
        table: Path) -> None:
    with pytest.raises(error, match=words) as raised:
        run(table, tmp_path / "s", goals, halving=halving)
    assert "\n" not in str(raised.value) and not (tmp_path / "s").exists()


def test_the_command_says_where_it_stops_and_how_many_epochs_that_took(
        tmp_path: Path, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--budget", "1G", "--space", str(table.with_suffix(".yaml")), "--objective",
               "table:acc", "--table", str(table), "--table-halving", "--trials", "19", "--sampler",
               "random", "--study", "s", "--studies", str(tmp_path)]
    assert main(command) == 0
    out = " ".join(capsys.readouterr().out.split())
    with (tmp_path / "s" / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    epochs = [int(row["epochs"]) for row in rows]
    assert "trainings of 108 epochs, rungs after epoch 4, 12, 36: 1 of 3 trainings continues" in out
    assert f"{sum(row['pruned'] == '1' for row in rows)} stopped early" in out
    assert f"{sum(epochs):,} epochs in all, where full trainings of the same networks are " \
        f"{108 * len(rows):,}" in out


def test_columns_by_the_number_of_epochs(table: Path) -> None:
    found = read_tables([table], load(table.with_suffix(".yaml"))).after_epochs("acc;seed=2")
    assert list(found) == list(EPOCHS)
    assert [found[e].mean([0]) for e in EPOCHS] == \
        pytest.approx([v + 0.5 for v in values(NAMES[0])])
