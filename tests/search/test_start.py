"""Where a search starts: the published networks of its space, as they are or brought to the budget."""

from collections.abc import Callable
from pathlib import Path

import pytest

from search.objectives import Candidate, Evaluated
from search.results.final_comparison import (
    Entry,
    FinalResult,
    _is_made_for,
    contestants,
    verdict,
)
from search.study import open_study
from search.study.settings import Settings
from search.study.trial import Trial
from search.study.warm_start import COLD, Start, find_start
from searchspace import Cost, cost, load, spaces
from searchspace.identity import identity
from searchspace.shapes import Size
from searchspace.space.budget import Budget, macs
from searchspace.space.descent import lowest
from searchspace.space.known_networks import known_networks

Write = Callable[..., Path]


def settings(**changes: object) -> Settings:
    values = {"space": "si", "budget": Budget(340_000_000), "input": 224, "seed": 0,
              "sampler": "tpe", "trials": 6, "batch": 4} | changes
    return Settings(**values)  # type: ignore[arg-type]


def cheap(candidate: Candidate, progress: object) -> Evaluated:
    return Evaluated(float(len(str(candidate.decisions))))


def run_study(folder: Path, given: Settings) -> list[Trial]:
    with open_study(given, folder, "s") as study:
        study.evaluators = {"score": cheap}
        study.run(lambda _: None)
        return study.trials()


def start_of(name: str, bound: int, size: int, **args: object) -> Start:
    space = load(name, **args).with_input(size)
    return find_start(space, Budget(bound), 0, lowest(space, macs))


def test_those_that_fit_enter_as_published_and_all_enter_brought_to_the_budget() -> None:
    start = start_of("si", 340_000_000, 224)
    assert (start.known, start.fitting) == (4, ("sinet-1.0", "sinet-1.2"))
    assert [p.start for p in start.proposals] == ["sinet-1.0", "sinet-1.2", "sinet-1.6"]
    for made, name in zip(start.proposals, ("1.0", "1.2"), strict=False):
        published = load(f"sinet@{name}")
        assert made.identity == identity(published)
        assert made.point.cost == cost(published)
        assert not made.brought
    brought = start.proposals[2]        # 1.6, and 1.8 and 1.0 with it: they differ in width alone
    assert brought.brought and brought.moved.changed == 0
    assert brought.point.decisions["w"] > 1.2
    assert 0.95 * 340e6 < brought.point.cost.macs <= 340e6
    assert start.describe() == ("2 of 4 known networks fit and start the search: sinet-1.0, "
                                "sinet-1.2; brought to the budget: sinet-1.6")


def test_a_network_that_does_not_fit_is_brought_by_its_width_where_that_is_enough() -> None:
    start = start_of("mobile", 300_000_000, 224)       # MobileNetV2 takes 300.8 M
    assert (start.known, start.fitting, start.brought) == (
        3, (), ("mobilenet-v2-1.0", "efficientnet-b0", "mobilenet-v3-like"))
    assert start.proposals[0].moved.changed == 0
    tight = start_of("mobile", 17_000_000, 224)
    assert all(p.moved.changed > 0 and p.brought for p in tight.proposals)


def test_a_published_network_is_known_at_other_classes_and_sizes() -> None:
    start = start_of("he", 20_000_000, 31, classes=10)
    assert start.known == 3                 # those for 100 classes are the same here
    assert start.fitting == tuple(f"henet-repeat{r}-cifar10" for r in (2, 3, 4))
    assert {p.identity for p in start.proposals[:3]} == \
        {identity(load(f"henet@repeat{r}-cifar10")) for r in (2, 3, 4)}
    more = start_of("he", 20_000_000, 31, classes=100)
    assert {p.identity for p in more.proposals[:3]} == \
        {identity(load(f"henet@repeat{r}-cifar100")) for r in (2, 3, 4)}


@pytest.mark.parametrize("name", spaces())
def test_every_start_of_every_space_is_inside_and_new(name: str) -> None:
    space = load(name)
    low = lowest(space, macs)
    budget = Budget(low.cost.macs * 12)
    start = find_start(space, budget, 0, low)
    assert all(budget.fits(cost(space, p.point.decisions)) for p in start.proposals)
    assert all(identity(space, p.point.decisions) == p.identity for p in start.proposals)
    assert len({p.identity for p in start.proposals}) == len(start.proposals)
    assert bool(start.proposals) is bool(known_networks(space))
    if not start.proposals:
        assert start == COLD and "no network" in start.describe()


def test_a_network_that_images_of_this_size_do_not_fit_through_is_left_out(genotype_file: Write) -> None:
    path = genotype_file("""
        name: small
        input: [3, 32, 32]
        args: {k: !choice [1, 3, 9]}
        default:
        variants:
          tall: {fill: {k: 9}}
          flat: {fill: {k: 1}}
        net: [conv: {out: 4, k: =k, pad: 0}, gap: ]
    """)
    assert start_of(str(path), 10**9, 16).fitting == ("tall", "flat")
    small = start_of(str(path), 10**9, 8)
    assert (small.known, small.fitting, small.brought) == (2, ("flat",), ())
    assert small.describe() == "1 of 2 known networks fit and start the search: flat"


def test_a_search_begins_with_them_and_learns_from_them(tmp_path: Path) -> None:
    warm = run_study(tmp_path / "warm", settings())
    start = start_of("si", 340_000_000, 224)
    assert [(t.identity, t.start, t.brought) for t in warm[:3]] == \
        [(p.identity, p.start, p.brought) for p in start.proposals]
    assert [t.start for t in warm[3:]] == [None] * 3 and len(warm) == 6
    with open_study(settings(), tmp_path / "warm", "s") as study:
        told = study.session.study.get_trials(deepcopy=False)[0]      # what the sampler sees
    assert told.params == {k: v for k, v in warm[0].decisions.items() if k != "w"}
    cold = run_study(tmp_path / "cold", settings(warm_start=False))
    assert [t.start for t in cold] == [None] * 6


@pytest.mark.parametrize("sampler", ["tpe", pytest.param("gp", marks=pytest.mark.slow)])
def test_a_warm_start_survives_interruption(sampler: str, tmp_path: Path) -> None:
    given = settings(space="he", budget=Budget(20_000_000), input=31, classes=10, sampler=sampler,
                     trials=14)
    whole = run_study(tmp_path / "whole", given)
    assert sum(t.start is not None for t in whole) >= 4
    for stop in (2, 5):
        run_study(tmp_path / "parts", settings(space="he", budget=Budget(20_000_000), input=31,
                                               classes=10, sampler=sampler, trials=stop))
        with open_study(given, tmp_path / "parts", "s") as study:
            study.session.study.ask()      # cut off before its end
    parts = run_study(tmp_path / "parts", given)
    assert [(t.decisions, t.identity, t.value, t.start) for t in parts] == \
        [(t.decisions, t.identity, t.value, t.start) for t in whole]


def test_a_known_network_is_no_find(tmp_path: Path) -> None:
    trials = run_study(tmp_path, settings())
    found = contestants(load("si"), trials, settings())
    assert [e.name for e in found[:4]] == ["trial 0 (sinet-1.0)", "trial 1 (sinet-1.2)", "trial 2",
                                           "trial 3"]
    assert [e.start for e in found[:4]] == ["sinet-1.0", "sinet-1.2", None, None]


def test_the_verdict_on_a_known_network_claims_no_find() -> None:
    def result(name: str, trial: int | None, start: str | None, *scores: float) -> FinalResult:
        return FinalResult(Entry(name, load("sinet"), None, Cost(1, 1), trial, False, start), scores)

    known = result("trial 0 (sinet-1.0)", 0, "sinet-1.0", 20.0, 20.5, 21.0)
    found = result("trial 4", 4, None, 11.0, 12.0, 13.0)
    rival = result("henet", None, None, 10.0, 11.0, 12.0)
    assert "nothing found scores above it" in verdict([known, found, rival], settings())
    better = result("henet", None, None, 30.0, 30.5, 31.0)
    assert "above everything found" in verdict([known, found, better], settings())
    last = result("trial 5", 5, None, 25.0, 25.5, 26.0)
    assert "trial 5 (25.5 ± 0.5) scores above" in verdict([known, last, rival], settings())


@pytest.mark.parametrize(("name", "size", "made"), [
    ("mobilenet-v2@1.0", 224, True), ("hcgnet@a1", 224, False), ("hcgnet@a1", 32, True),
    ("hcgnet@a1", (48, 64), True), ("hcgnet@a1", (48, 65), False), ("mobilenet-v2@1.0", 32, True)])
def test_networks_for_small_images_are_not_compared_at_large_ones(name: str, size: Size, made: bool) -> None:
    assert _is_made_for(name, size) is made


@pytest.mark.parametrize("name", spaces())
def test_the_variants_of_a_space_are_spaces_or_networks_of_their_own(name: str) -> None:
    """What one variant has decided is no hole of it for the others to decide."""
    for variant in load(name).variants:
        one = load(f"{name}@{variant}")
        assert all(set(known.decisions) <= {hole.name for hole in one.holes}
                   for known in known_networks(one))
