"""A search as a library call: the same study as the command line's, and a user's own objective."""

import math
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from search import Budget, OpenTrial, Result, constraint, read_study, search
from search.run import main
from searchspace import BudgetError, Genotype, SearchspaceError, build, cost, fill, load, propose
from searchspace.expansion import Expansion, trace
from searchspace.identity import identity
from searchspace.space.point import first, last, point


def narrow(network: Genotype) -> float:
    """The fewer parameters, the better."""
    return -float(cost(network).params)


def test_it_is_the_study_of_the_command_line(tmp_path: Path) -> None:
    found = search("digits", "100K", "table", trials=4, input=8, seed=3, folder=tmp_path / "call")
    assert main(["--space", "digits", "--budget", "100K", "--objective", "table", "--trials", "4",
                 "--seed", "3", "--studies", str(tmp_path), "--study", "typed"]) == 0
    assert [(r.decisions, r.values) for r in read_study(tmp_path / "typed").rows] == \
        [(t.decisions, t.values) for t in found.outcome.trials]
    assert (tmp_path / "call" / "best.yaml").read_text().count("\n") == \
        (tmp_path / "typed" / "best.yaml").read_text().count("\n")


def test_what_it_gives(tmp_path: Path) -> None:
    seen: list[int] = []
    found = search("digits", "100K", "table", trials=3, input=8, folder=tmp_path,
                   on_trial=lambda trials: seen.append(len(trials)))
    assert isinstance(found, Result) and seen == [0, 1, 2, 3]
    assert cost(found.best).macs <= 100_000 and not found.best.is_space
    assert cost(load(found.folder / "best.yaml")) == cost(found.best)
    assert sum(p.numel() for p in build(found.best).parameters()) == cost(found.best).params
    assert found.front == (found.best,)
    assert max(t["table"] for t in found.trials) == \
        next(t["table"] for t in found.trials if t["identity"] == found.outcome.chosen.identity)
    assert repr(found) == f"Result(name={found.name!r}, trials=3, folder={str(tmp_path)!r})"


def test_a_function_is_an_objective(tmp_path: Path) -> None:
    found = search("digits", "100K", narrow, trials=5, input=8, folder=tmp_path)
    assert cost(found.best).params == -max(t["function"] for t in found.trials)


def test_a_front_of_a_function_and_a_cost(tmp_path: Path) -> None:
    found = search("digits", "100K", [lambda network: float(cost(network).params), "macs"],
                   trials=6, input=8, folder=tmp_path)
    costs = [cost(network) for network in found.front]
    assert len(costs) > 1
    assert [c.params for c in costs] == sorted((c.params for c in costs), reverse=True)
    assert [c.macs for c in costs] == sorted((c.macs for c in costs), reverse=True)


def test_it_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    whole = search("digits", "100K", "table", trials=5, input=8, folder=tmp_path / "whole")
    seen: list[int] = []
    search("digits", "100K", "table", trials=5, input=8, folder=tmp_path / "parts",
           on_trial=lambda trials: seen.append(len(trials)), should_stop=lambda: seen[-1] == 2)
    parts = search("digits", "100K", "table", trials=5, input=8, folder=tmp_path / "parts")
    assert seen == [0, 1, 2]
    assert [t | {"seconds": 0} for t in parts.trials] == [t | {"seconds": 0} for t in whole.trials]


def test_a_function_that_fails_is_told(tmp_path: Path) -> None:
    def broken(network: Genotype) -> float:
        raise RuntimeError("no accelerator")

    with pytest.raises(SearchspaceError, match="nothing could be scored: no accelerator"):
        search("digits", "100K", broken, trials=2, input=8, folder=tmp_path)


def test_what_does_not_go_together_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match="reaches from"):
        search("digits", "1", input=8, folder=tmp_path)
    with pytest.raises(SearchspaceError, match="only one objective can be a function"):
        search("digits", "100K", [narrow, narrow], input=8, folder=tmp_path)
    with pytest.raises(SearchspaceError, match="no objective 'tabel'; did you mean 'table'"):
        search("digits", "100K", "tabel", input=8, folder=tmp_path)


# --- a function's values, reports and pruning ---------------------------------------------------

def layers(network: Expansion) -> float:
    """A user's own constraint."""
    return float(len(network.nodes))


def two(network: Genotype) -> dict[str, float]:
    total = cost(network)
    return {"size": float(total.params), "work": float(total.macs), "both": total.params + total.macs}


def test_a_function_may_give_several_values_by_name(tmp_path: Path) -> None:
    calls = []

    def counted(network: Genotype) -> dict[str, float]:
        calls.append(network)
        return two(network)

    found = search("digits", "100K", counted, trials=5, folder=tmp_path,
                   goals={"size": "maximize", "work": "minimize"})
    assert len(calls) == 5 == len(found.trials)         # once a network
    for t in found.trials:
        assert (t["function:size"], t["function-cost:work"]) == (t["params"], t["macs"])
        assert t["both"] == t["params"] + t["macs"]
    assert len(found.front) >= 1
    again = search("digits", "100K", counted, trials=6, folder=tmp_path,
                   goals={"size": "maximize", "work": "minimize"})
    assert len(calls) == 6 and again.trials[:5] == found.trials


def test_a_goal_may_be_minimised(tmp_path: Path) -> None:
    found = search("digits", "100K", two, trials=4, folder=tmp_path, goals={"both": "minimize"})
    total = cost(found.best)
    assert total.macs + total.params == min(t["both"] for t in found.trials)


@pytest.mark.parametrize(("objective", "goals", "words"), [
    (two, {}, "the function gives size, work, both by name: say which is optimised"),
    (two, {"siez": "maximize"}, "the function gives no 'siez', only size, work, both"),
    (narrow, {"a": "maximize", "b": "minimize"}, "the function gives one value, and the goals are a, b"),
    (two, {"size": "up"}, "is 'maximize' or 'minimize', not 'up'"),
    ("table", {"size": "maximize"}, "no objective is one"),
])
def test_goals_that_the_function_does_not_give_are_told(
        tmp_path: Path, objective: Any, goals: Any, words: str) -> None:
    with pytest.raises(SearchspaceError, match=words):
        search("digits", "100K", objective, trials=2, folder=tmp_path, goals=goals)


@pytest.mark.parametrize(("arguments", "words"), [
    ({"seed": 2**63}, "seed is a whole number from -9,223"), ({"seed": 1.5}, "seed is a whole number"),
    ({"trials": "2"}, "trials is a whole number from 1 up, not '2'"), ({"trials": -1}, "trials is a whole"),
    ({"trials": True}, "trials is a whole number"), ({"workers": 0}, "workers is a whole number from 1"),
    ({"batch": 1}, "batch is a whole number from 2"), ({"input": [8, 8, 3]}, "input is the edge"),
    ({"input": "8"}, "input is a whole number|input is the edge"), ({"objective": []}, "name an objective"),
    ({"budget": 0}, "give a budget"), ({"table": Path("none.csv")}, "none.csv"),
])
def test_an_argument_that_is_none_is_one_sentence_before_anything_is_written(
        arguments: dict[str, Any], words: str, tmp_path: Path) -> None:
    home = tmp_path / "s"
    with pytest.raises(SearchspaceError, match=words):
        search(**{"space": "digits", "budget": "100K", "objective": "table", "trials": 2, "folder": home}
               | arguments)
    assert not home.exists()


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    found = search("digits", "100K", "table", trials=np.int64(2), seed=np.int64(3), input=[8, 8],
                   folder=tmp_path)
    assert len(found.trials) == 2


def test_budgets_that_nothing_can_be_compared_with() -> None:
    with pytest.raises(BudgetError, match="above 0, not 0"):
        Budget(0)
    with pytest.raises(BudgetError, match="nothing predicts it"):
        propose(load("digits"), Budget("300K", latency="20ms"), random.Random(0))


class Late(optuna.pruners.BasePruner):
    """Stops what has reported a value below 0 after step 2."""

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        return trial.last_step == 2 and trial.intermediate_values[2] < 0


def stepwise(network: Genotype, trial: OpenTrial) -> float:
    sign = 1 if cost(network).params % 2 else -1
    for step in range(1, 4):
        trial.report(sign * step, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return float(sign * 3)


def test_a_function_reports_and_is_stopped(tmp_path: Path) -> None:
    found = search("digits", "100K", stepwise, trials=12, folder=tmp_path, pruner=Late())
    states = {t["params"] % 2: t["state"] for t in found.trials}
    assert states == {0: "pruned", 1: "complete"}
    assert all((t["state"] == "pruned") == (t["params"] % 2 == 0) for t in found.trials)
    assert all(t["function"] is None for t in found.trials if t["state"] == "pruned")
    with found.study() as study:
        assert {tuple(t.intermediate_values.values()) for t in study.trials} == {(1, 2, 3), (-1, -2)}
        assert study.best_value == 3
    assert len({t["identity"] for t in found.trials}) == 12     # what was stopped is not repeated


def test_reports_are_refused_where_there_are_several_objectives(tmp_path: Path) -> None:
    with pytest.raises(SearchspaceError, match="searches of one objective"):
        search("digits", "100K", [stepwise, "macs"], trials=2, folder=tmp_path)


# --- constraints, callbacks, workers, spaces ----------------------------------------------------

def test_a_constraint_of_ones_own_is_hard(tmp_path: Path) -> None:
    free = search("digits", "100K", "table", trials=6, folder=tmp_path / "free", warm_start=False)
    counts = [len(trace(fill(load("digits"), t.decisions)).nodes) for t in free.outcome.trials]
    assert max(counts) > min(counts)
    most = min(counts)
    found = search("digits", "100K", "table", trials=6, folder=tmp_path / "bound",
                   constraints=[constraint("layers", layers, most)])
    assert all(t["layers"] <= most for t in found.trials)
    assert len(trace(found.best).nodes) <= most
    with found.study() as study:
        assert all(t.system_attrs["constraints:most layers"] <= 0 for t in study.trials)
    with pytest.raises(SearchspaceError, match="made with budget"):
        search("digits", "100K", "table", trials=6, folder=tmp_path / "bound")
    with pytest.raises(BudgetError, match="layers"):
        search("digits", "100K", "table", trials=6, constraints=[constraint("layers", layers, 1)])
    for name, most, words in (("layers", 0, "positive upper bound"), ("macs", 1, "cannot name"),
                              ("a b", 1, "cannot name")):
        with pytest.raises(BudgetError, match=words):
            constraint(name, layers, most)


def test_what_is_called_may_change_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def moves(network: Genotype) -> float:
        os.chdir("/")
        return cost(network).params

    found = search("digits", "100K", moves, trials=3, folder="here")
    assert found.folder == tmp_path / "here" and (found.folder / "best.yaml").is_file()
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for folder in (None, "here"):
        with pytest.raises(SearchspaceError, match="the current folder is gone"):
            search("digits", "100K", "macs", trials=2, folder=folder)


def test_a_network_of_which_a_constraint_knows_nothing_is_not_inside(tmp_path: Path) -> None:
    unknown = constraint("odd", lambda network: math.nan if len(network.nodes) % 2 else 1, 5)
    found = search("digits", "100K", trials=6, folder=tmp_path, score="deepmad",
                   constraints=[unknown])
    assert found.trials and {t["odd"] for t in found.trials} == {1}
    for value, words in ((math.nan, "which odd is a finite number"), (None, "'odd' gave None")):
        with pytest.raises(BudgetError, match=words):
            search("digits", "100K", trials=6, constraints=[constraint("odd", lambda _, v=value: v, 5)])


def test_callbacks_are_called_as_optuna_calls_its_own(tmp_path: Path) -> None:
    seen: list[int] = []
    for trials in (2, 3):       # those of an earlier call are not told again
        search("digits", "100K", "table", trials=trials, folder=tmp_path,
               callbacks=[lambda study, trial: seen.append(len(study.trials) + trial.number)])
    assert seen == [1, 3, 5]


def test_a_space_may_be_a_genotype(tmp_path: Path) -> None:
    space = fill(load("digits"), {load("digits").holes[0].name: load("digits").holes[0].labels[0]})
    found = search(space, Budget(macs="100K", params="4K"), "params", trials=3, folder=tmp_path)
    assert all(t["params"] <= 4_000 for t in found.trials)
    assert load("digits").holes[0].name not in found.trials[0]
    with pytest.raises(SearchspaceError, match="network without holes"):
        search(found.best, "100K", "params", folder=tmp_path)


def test_a_latency_needs_what_predicts_it(tmp_path: Path) -> None:
    with pytest.raises(SearchspaceError, match=r"predictor=Predictor\(LatencyTable.read\(FILE\)\)"):
        search("digits", Budget(latency="1ms"), "params", trials=1, folder=tmp_path)


def test_without_a_budget_it_says_how_to_give_one(tmp_path: Path) -> None:
    with pytest.raises(SearchspaceError, match="give a budget"):
        search("digits", objective="table", folder=tmp_path)


def test_a_function_of_a_script_is_refused_by_workers(tmp_path: Path) -> None:
    with pytest.raises(SearchspaceError, match="workers are other processes, which import"):
        search("digits", "100K", lambda network: 1.0, trials=2, folder=tmp_path, workers=2)


@pytest.mark.slow
def test_several_workers_evaluate_a_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(
        "from searchspace import cost\ndef size(network):\n    return float(cost(network).params)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    from mine import size  # type: ignore[import-not-found]
    found = search("digits", "100K", size, trials=6, folder=tmp_path / "study", workers=2)
    assert [t["function"] for t in found.trials] == [t["params"] for t in found.trials]
    assert len({t["identity"] for t in found.trials}) == 6


def test_the_trials_are_a_table(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    found = search("digits", "100K", "table", trials=4, folder=tmp_path)
    frame = pandas.DataFrame(found.trials)
    assert len(frame) == 4 and frame["table"].max() == max(t["table"] for t in found.trials)
    assert all(set(t) == set(found.trials[0]) for t in found.trials)


# --- proposals for a loop of one's own ----------------------------------------------------------

def test_proposals_are_inside_the_budget_and_near_to_what_was_asked_for() -> None:
    space, rng = load("mobile").with_input(64), random.Random(3)
    budget = Budget("10M", params="1.5M")
    hole = next(h for h in space.holes if h.kind == "choice")
    for label in hole.labels:
        network = propose(space, budget, rng, {hole.name: label})
        assert not network.is_space and budget.fits(point(network, first))
    assert len({identity(propose(space, budget, rng)) for _ in range(5)}) == 5
    with pytest.raises(BudgetError, match="was found inside"):
        propose(space, Budget("1K"), rng)
    with pytest.raises(SearchspaceError, match="no hole is named 'depht'"):
        propose(space, budget, rng, {"depht": 1})


def test_a_loop_of_optunas_keeps_the_budget() -> None:
    """Suggestions are brought inside; before, most of them did not fit."""
    space, budget = load("mobile").with_input(64), Budget("6M")
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    asked, rng, fitted = 12, random.Random(0), 0
    for _ in range(asked):
        trial = study.ask()
        near = {h.name: trial.suggest_categorical(h.name, h.labels) for h in space.holes
                if h.kind == "choice" and not h.each}
        fitted += cost(fill_all(space, near)).macs <= 6_000_000
        network = propose(space, budget, rng, near)
        assert cost(network).macs <= 6_000_000
        study.tell(trial, float(cost(network).params))
    assert fitted < asked


def fill_all(space: Genotype, near: Mapping[str, Any]) -> Genotype:
    return fill(space, point(space, last, near).decisions)
