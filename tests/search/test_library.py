"""A search as a library call: the same study as the command line's, and a user's own objective."""

from pathlib import Path

import pytest

from search import Result, read_study, search
from search.run import main
from searchspace import BudgetError, Genotype, SearchspaceError, build, cost, load


def narrow(network: Genotype) -> float:
    """The fewer parameters, the better."""
    return -float(cost(network).params)


def test_it_is_the_study_of_the_command_line(tmp_path: Path) -> None:
    found = search("digits", "100K", "table", trials=4, input=8, seed=3, folder=tmp_path / "call")
    assert main(["--space", "digits", "--budget", "100K", "--objective", "table", "--trials", "4",
                 "--seed", "3", "--studies", str(tmp_path), "--study", "typed"]) == 0
    assert [(r.decisions, r.values) for r in read_study(tmp_path / "typed").rows] == \
        [(t.decisions, t.values) for t in found.trials]
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
    assert max(t.value for t in found.trials) == \
        next(t.value for t in found.trials if t.identity == found.outcome.chosen.identity)


def test_a_function_is_an_objective(tmp_path: Path) -> None:
    found = search("digits", "100K", narrow, trials=5, input=8, folder=tmp_path)
    assert cost(found.best).params == -max(t.value for t in found.trials)


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
    assert [t.decisions for t in parts.trials] == [t.decisions for t in whole.trials]


def test_a_function_that_fails_is_told(tmp_path: Path) -> None:
    def broken(network: Genotype) -> float:
        raise RuntimeError("no accelerator")

    with pytest.raises(SearchspaceError, match="nothing could be scored: no accelerator"):
        search("digits", "100K", broken, trials=2, input=8, folder=tmp_path)


def test_what_does_not_go_together_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match="reaches from"):
        search("digits", "1", input=8, folder=tmp_path)
    with pytest.raises(SearchspaceError, match="given twice"):
        search("digits", "100K", [narrow, narrow], input=8, folder=tmp_path)
    with pytest.raises(SearchspaceError, match="no objective 'tabel'; did you mean 'table'"):
        search("digits", "100K", "tabel", input=8, folder=tmp_path)
