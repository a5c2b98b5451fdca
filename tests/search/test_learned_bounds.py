"""Costs that a table has of a few networks, and that are predicted of all others, in a search."""

import json
import math
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from forty_networks import ALL, SPACE, size
from sklearn.gaussian_process import GaussianProcessRegressor

from search import search
from search.errors import StudyError
from search.latency.graph_features import graph_features
from search.latency.learned import LearnedCost
from search.latency.table_cost import LearnedColumn
from search.library import Result
from search.run import main
from search.tables import TableError, read_tables
from searchspace import BudgetError, load
from searchspace import cost as cost_of
from searchspace.expansion import trace
from searchspace.notation.holes import Decisions
from searchspace.space.point import first, point

MEASURED = ALL[::3]                 # 14 networks, of which one did not run
BROKEN = MEASURED[4]


def cost(width: int, depth: int) -> float:
    """A made-up latency: something for each layer, and more for a wide one."""
    return 2 + depth * (1 + width / 16)


def accuracy(width: int, depth: int) -> float:
    return 50 + 10 * math.log(width * depth)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Accuracies of all networks, latencies of some; their space is beside them."""
    (tmp_path / "own.yaml").write_text(SPACE)
    known, costs = tmp_path / "accuracies.csv", tmp_path / "phone.csv"
    known.write_text("\n".join(["net,acc", *(f"{w}x{d},{accuracy(w, d):.3f}" for w, d in ALL)]))
    costs.write_text("\n".join(["net,phone_ms", *(
        f"{w}x{d},{-1 if (w, d) == BROKEN else cost(w, d):.3f}" for w, d in MEASURED)]))
    return known, costs


def run(files: Sequence[Path], folder: Path, bound: str | None = "phone_ms=12",
        goals: Sequence[str] = ("table:acc",), learn: bool = True, trials: int = 14) -> Result:
    return search(files[0].with_name("own.yaml"), "1G", goals, table=[str(f) for f in files],
                  table_budget=bound or (), table_learn=learn, trials=trials, folder=folder)


def test_the_best_network_inside_a_learned_bound_is_found(tmp_path: Path,
                                                          files: tuple[Path, Path]) -> None:
    found = run(files, tmp_path / "s")
    trials = found.outcome.trials
    sizes = [size(t.decisions) for t in trials]
    assert len(trials) == 14 and BROKEN not in sizes
    assert any(s not in MEASURED for s in sizes)            # predicted ones are proposed too
    assert all(cost(*s) <= 12.6 for s in sizes)             # the model is within some per cent
    assert all(t.own["phone_ms"] == pytest.approx(cost(*s), rel=0.05) and t.own["phone_ms"] <= 12
               for t, s in zip(trials, sizes, strict=True))
    best = max((s for s in ALL if cost(*s) <= 12), key=lambda s: accuracy(*s))
    assert accuracy(*size(found.outcome.chosen.decisions)) >= accuracy(*best) - 0.5

    again = run(files, tmp_path / "s", trials=15).outcome.trials
    assert [t.identity for t in again[:14]] == [t.identity for t in trials]
    with pytest.raises(StudyError, match="table_learn = True, not False"):
        run(files, tmp_path / "s", learn=False)


def test_what_was_measured_counts_and_the_rest_is_predicted(files: tuple[Path, Path]) -> None:
    space = load(files[0].with_name("own.yaml"))
    learned = LearnedColumn.of(read_tables(files, space), "phone_ms", space)
    for copy in (learned, pickle.loads(pickle.dumps(learned))):
        for width, depth in ALL:
            decisions: Decisions = {"width": width, "blocks.dw.repeat": depth}
            value, reason = copy.cost(decisions)
            if (width, depth) == BROKEN:
                assert value is None and "was not measured" in reason
                assert copy(point(space, first, decisions)) == math.inf
            elif (width, depth) in MEASURED:
                assert value == pytest.approx(cost(width, depth)) and copy.is_known(decisions)
            else:
                assert value == pytest.approx(cost(width, depth), rel=0.05)
    assert LearnedColumn.of(learned.known.table, "phone_ms", space).learned is learned.learned
    assert "from 13 measured networks" in learned.note and "100% within 10 %" in learned.note


def test_a_network_left_out_is_predicted_as_if_it_had_not_been_there(
        files: tuple[Path, Path]) -> None:
    space = load(files[0].with_name("own.yaml"))
    known = [graph_features(trace(space, {"width": w, "blocks.dw.repeat": d})) for w, d in MEASURED]
    noisy = [cost(*s) + (-1) ** i * 0.5 for i, s in enumerate(MEASURED)]
    learned = LearnedCost.fit(known, noisy)
    assert learned.measured == pytest.approx(noisy)
    rows, values = learned.scaling(known), (np.array(noisy) - learned.mean) / learned.deviation
    for i, found in enumerate(learned.left_out()):
        others = np.arange(len(noisy)) != i
        process = GaussianProcessRegressor(learned.process.kernel_, optimizer=None)
        process.fit(rows[others], values[others])
        assert found == pytest.approx(
            process.predict(rows[i:i + 1])[0] * learned.deviation + learned.mean, rel=1e-5)


def test_a_learned_cost_may_be_an_objective(tmp_path: Path, files: tuple[Path, Path]) -> None:
    found = run(files, tmp_path / "s", None, ["table:acc", "table-cost:phone_ms"])
    trials = found.outcome.trials
    assert all(t.values[1] == pytest.approx(cost(*size(t.decisions)), rel=0.05)
               for t in trials if t.values)
    assert sum(bool(t.values) for t in trials) >= 13 and found.front


def test_the_command_says_how_good_predictions_are(tmp_path: Path, files: tuple[Path, Path],
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    tables = [word for file in files for word in ("--table", str(file))]
    assert main(["--budget", "1G", "--space", str(files[0].with_name("own.yaml")), "--objective",
                 "table:acc", *tables, "--table-budget", "phone_ms=12", "--table-learn", "--trials",
                 "8", "--study", "s", "--studies", str(tmp_path)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "is predicted from 13 measured networks: each of these from all others with a rank" in out
    assert "phone_ms of the best network: 1" in out


@pytest.mark.parametrize(("bound", "goals", "error", "words"), [
    (None, ["table:acc"], StudyError, "for --table-budget COLUMN=MOST and"),
    ("phone=12", ["table:acc"], TableError, "did you mean 'phone_ms'"),
    ("phone_ms=0.5", ["table:acc"], BudgetError, "it reaches from 0.5 phone_ms|it reaches from"),
])
def test_what_cannot_be_learned_is_one_sentence(
        bound: str | None, goals: list[str], error: type[Exception], words: str, tmp_path: Path,
        files: tuple[Path, Path]) -> None:
    with pytest.raises(error, match=words) as raised:
        run(files, tmp_path / "s", bound, goals)
    assert "\n" not in str(raised.value) and not (tmp_path / "s").exists()


def test_too_few_networks_and_another_spelling_are_refused(tmp_path: Path,
                                                           files: tuple[Path, Path]) -> None:
    files[1].write_text("\n".join(files[1].read_text().splitlines()[:4]))
    with pytest.raises(TableError, match="has the phone_ms of 3 networks; it is learned from 4"):
        run(files, tmp_path / "s")
    other = tmp_path / "other"
    other.mkdir()
    (other / "own.yaml").write_text(SPACE.replace("[8, 16, 24, 32]", "[8, 16, 24]"))
    decided = {"width": 8, "blocks.dw.repeat": 1}
    counts = cost_of(load(other / "own.yaml"), decided)
    (other / "t.json").write_text(json.dumps(
        {"space": "own.yaml", "value": "ms", "command": "-", "rows": [
            {"decisions": decided, "macs": counts.macs, "params": counts.params, "values": [1.0]}]}))
    with pytest.raises(TableError, match="about another spelling of the space"):
        search(tmp_path / "own.yaml", "1G", "table-cost", table=str(other / "t.json"),
               table_learn=True, trials=1, folder=tmp_path / "o")
