"""What every objective must hold: an objective is tested by being registered.

One that needs more of a search than its name says so in `NEEDS`.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from search.latency import Device
from search.objectives import OBJECTIVES, Objective, Progress, named
from search.study import Study, open_study
from search.study.settings import Settings
from search.training.options import TrainOptions
from searchspace import Genotype, cost
from searchspace.registry import Registry
from searchspace.space.budget import Budget
from searchspace.zoo import counting_rules  # noqa: F401 - registers the rules

BUDGET = Budget(150_000)
TABLE = Path(__file__).resolve().parents[2] / "search" / "tables" / "digits.json"


def params(network: Genotype) -> float:
    """A user's function."""
    return float(cost(network).params)


NEEDS = {
    "table": {"table": (TABLE,)},
    "table-cost": {"table": (TABLE,)},
    "supernet": {"train": TrainOptions("digits", validation=0.8, supernet=4, device="cpu")},
    "train": {"train": TrainOptions("digits", epochs=1, device="cpu")},
    "latency": {"predictor": SimpleNamespace(nanoseconds=lambda network: 7 * network.cost().macs,
                                             table=SimpleNamespace(digest="made up"))},
    "measured-latency": {"device": Device.here("cpu", 1, 1)},
    "function": {"function": params},
    "function-cost": {"function": params},
}


@contextmanager
def opened(name: str, folder: Path, trials: int = 1) -> Iterator[Study]:
    given = Settings("digits", BUDGET, 8, 0, "random", trials, 4, objectives=(name,),
                     warm_start=False, **NEEDS.get(name, {}))
    with open_study(given, folder, "s") as study:
        yield study


@pytest.fixture(params=sorted(OBJECTIVES))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_it_describes_itself_before_anything_is_opened(name: str) -> None:
    [one] = named([name])
    assert isinstance(one, Objective) and one.name == name and one.__doc__
    assert one.title and one.unit and one.direction in ("maximize", "minimize")
    assert one.shown(12_345_678.5) and "\n" not in one.shown(0.0)


def test_its_loss_is_what_is_minimised_and_goes_both_ways(name: str) -> None:
    [one] = named([name])
    assert one.loss(one.loss(3.25)) == 3.25
    assert (one.loss(1.0) < one.loss(2.0)) is (one.direction == "minimize")


def test_a_network_gets_a_finite_value_and_gets_it_again(name: str, tmp_path: Path) -> None:
    """Also in the next session; a cost is computed again, all else comes from the archive."""
    values, archived = [], []
    for _ in range(2):
        with opened(name, tmp_path) as study:
            trial = study.session.study.ask()
            candidate = study.begin(trial, 0)
            for told in (trial, study.session.study.ask()):
                found = study.evaluators[name](candidate, Progress(told, 0, {}))
                assert found.error is None and math.isfinite(found.value) and found.seconds >= 0
                values.append(found.value)
            archived.append(len(study.session.archive.evaluations()))
            assert all("\n" not in note for note in study.evaluators[name].notes)
    assert len(set(values)) == 1 and archived[0] == archived[1] <= 1


def test_a_search_by_it_ends_with_its_best_network(name: str, tmp_path: Path) -> None:
    with opened(name, tmp_path, trials=3) as study:
        assert study.run(lambda trials: None) is None
        trials = study.trials()
        values = [t.value for t in trials if t.value is not None]
        assert len(trials) == 3 and len(values) == 3
        [best] = study.best(1)
        one = study.plan.objectives[0]
        assert one.loss(best.value) == min(map(one.loss, values))
        assert study.session.study.best_trial.number == best.number


def test_what_it_needs_is_asked_for_in_one_sentence(name: str, tmp_path: Path) -> None:
    """A study without it either runs or is refused; it never ends in something else."""
    from searchspace import SearchspaceError

    given = Settings("digits", BUDGET, 8, 0, "random", 1, 4, objectives=(name,), warm_start=False)
    if name in NEEDS and name not in ("table", "table-cost"):
        with pytest.raises(SearchspaceError, match=name.removeprefix("measured-")), \
                open_study(given, tmp_path, "s") as study:
            study.run(lambda trials: None)


@pytest.mark.parametrize("registry", Registry.every, ids=lambda r: r.what)
def test_registries_suggest_and_are_documented(registry: Registry) -> None:
    """Of whatever is registered by name: a misspelt name gets a hint, and the page names all."""
    page = (Path(__file__).resolve().parents[2] / registry.page).read_text(encoding="utf-8")
    assert [entry for entry in registry if f"`{entry}`" not in page] == []
    first = next(iter(registry))
    with pytest.raises(registry.error, match=f"no {registry.what} '{first}x'.*{first}"):
        registry.find(f"{first}x")
    with pytest.raises(ValueError, match="defined twice"):
        registry.add(first, registry[first])
