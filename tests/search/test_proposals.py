"""Proposals: repeats give way to the nearest new network, small spaces are used up, all is counted."""

import itertools
import random
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest

from search.objectives import Candidate, Evaluated
from search.results.proposal_counts import count, summary
from search.study import open_study
from search.study.distance import Distance, distance
from search.study.neighbours import Region, SpaceExhausted
from search.study.projection import settle
from search.study.settings import Settings
from search.study.trial import Trial
from searchspace import Genotype, GenotypeError, cost, load, spaces
from searchspace.expansion import Expansion, trace
from searchspace.identity import identity
from searchspace.identity.canonical import canonical
from searchspace.space.budget import Budget, macs
from searchspace.space.descent import highest, lowest
from searchspace.space.enumeration import every_point, walk
from searchspace.space.point import neighbours, point, sample

WL_ROUNDS = 48      # how far around each vertex networkx's hash looks

Read = Callable[..., Genotype]
Write = Callable[..., Path]

# Conditional, with combinations that make no network (two groups of 9 channels), options that make
# the same network (a sum of twins in either order), and a width that is solved.
SMALL = """
name: small
input: [3, 16, 16]
args: {w: !solve [1, 2, 0.5]}
net:
  - conv: {out: =6*w, stride: 2, groups: !choice [1, 3], k: 3, as: a}
  - !choice
    as: b
    none: {identity: }
    wide: {conv: {out: !int [6, 12, 3], groups: !choice [1, 2], k: 1}}
  - dw: {k: 3, as: c}
  - dw: {k: 3, from: b, as: d}
  - add: {from: [!choice [c, d], b]}
  - gap:
  - linear: {out: 4}
"""


def settings(space: Path | str, budget: Budget, **changes: object) -> Settings:
    values = {"space": str(space), "budget": budget, "input": 16, "seed": 0, "sampler": "random",
              "trials": 60, "batch": 4} | changes
    return Settings(**values)  # type: ignore[arg-type]


def cheap(candidate: Candidate, progress: object) -> Evaluated:
    """A stand-in for the score: any number that decisions determine."""
    decisions = candidate.decisions
    return Evaluated(random.Random(repr(sorted(decisions.items()))).random() + len(decisions))


def run_study(folder: Path, given: Settings) -> tuple[list[Trial], str | None]:
    with open_study(given, folder, "s") as study:
        study.evaluators = {"score": cheap}
        reason = study.run(lambda _: None)
        return study.trials(), reason


def counted_out(space: Genotype, budget: Budget) -> set[str]:
    """Every network of a space inside a budget by brute force over all options of all holes."""
    sampled = [h for h in space.holes if h.kind != "solve"]
    widths = [h for h in space.holes if h.kind == "solve"]
    found = set()
    for labels in itertools.product(*(h.labels for h in sampled)):
        decisions = dict(zip([h.name for h in sampled], labels, strict=True))
        fitting = []
        for width in itertools.product(*(h.labels for h in widths)):
            full = decisions | dict(zip([h.name for h in widths], width, strict=True))
            try:
                total = cost(space, full)
            except GenotypeError:
                continue
            if budget.fits(total):
                fitting.append((total.macs, full))
        if fitting:
            found.add(identity(space, max(fitting, key=lambda pair: pair[0])[1]))
    return found


# Every day each bound and each sampler.
@pytest.mark.parametrize(("sampler", "bound"), [
    pytest.param(sampler, bound, marks=() if sampler == "random" or bound == 70_000 else pytest.mark.slow)
    for bound in (10**9, 70_000, 40_000) for sampler in ("random", "tpe", "nsga2")])
def test_a_small_space_is_scored_whole_before_it_stops(genotype_file: Write, tmp_path: Path,
                                                       sampler: str, bound: int) -> None:
    path = genotype_file(SMALL)
    wanted = counted_out(load(path).with_input(16), Budget(bound))
    assert 4 <= len(wanted) <= 20
    trials, reason = run_study(tmp_path, settings(path, Budget(bound), sampler=sampler))
    assert {t.identity for t in trials} == wanted
    assert len(trials) == len(wanted)
    assert reason is not None and f"all {len(wanted)} were tried" in reason
    assert all(t.macs <= bound for t in trials)
    again, reason = run_study(tmp_path, settings(path, Budget(bound), sampler=sampler))
    assert len(again) == len(wanted) and reason is not None


def test_counting_out_meets_every_point_once(genotype: Read) -> None:
    space = genotype(SMALL)
    keys = [tuple(sorted(p.decisions.items(), key=str)) for p in every_point(space)]
    assert len(set(keys)) == len(keys)
    rng = random.Random(0)
    drawn = {tuple(sorted(sample(space, rng).decisions.items(), key=str)) for _ in range(3000)}
    assert drawn == set(keys)
    assert walk(load("cell")) is None
    macro = walk(load("nas-bench-macro"))
    assert macro is not None and len(macro) == 6561


def test_a_repeat_gives_way_to_the_nearest_new_network() -> None:
    """One change is enough until all of those networks are scored; then two are."""
    space = load("nas-bench-macro")
    budget, rng = Budget(200_000_000), random.Random(4)
    region = Region(space, budget, lowest(space, macs))
    at = sample(space, rng)
    seen = {identity(space, at.decisions)}
    beside = {identity(space, p.decisions) for name in at.decisions
              for p in neighbours(space, at, name)} - seen
    assert 10 < len(beside) <= 16       # some are the same: a layer that moved past an identity
    changes = []
    for _ in range(len(beside) + 12):
        found = settle(region, lambda name, _: at.decisions[name], frozenset(seen), rng)
        assert found.replaced and found.identity not in seen
        assert found.moved == distance(at, found.point)
        seen.add(found.identity)
        changes.append(found.moved.changed)
    assert changes == [1] * len(beside) + [2] * 12


def test_the_nearest_left_in_a_counted_space_is_taken(genotype: Read) -> None:
    space = genotype("- conv: {out: 8, k: !choice [1, 3], as: a}\n- conv: {out: 8, k: !choice [1, 3], as: b}\n"
                     "- conv: {out: 8, k: !choice [1, 3], as: c}\n- conv: {out: 8, k: !choice [1, 3], as: d}\n")
    region, rng = Region(space, Budget(10**9), lowest(space, macs)), random.Random(0)
    points = walk(space)
    assert points is not None and len(points) == 16
    by_name = {identity(space, p.decisions): p for p in points}
    at = points[0]
    for left in ((15, 7), (15, 12, 14), (15,)):       # three or four changes away, two or three, four
        keep = {identity(space, points[i].decisions) for i in left}
        name, found = region.nearest_new(at, frozenset(by_name) - keep, rng)
        assert name in keep
        assert distance(at, found).changed == min(distance(at, by_name[k]).changed for k in keep)
    with pytest.raises(SpaceExhausted, match="all 16 were tried"):
        region.nearest_new(at, frozenset(by_name), rng)


def test_a_space_too_large_to_count_says_that_it_only_seems_used_up() -> None:
    class Everything(frozenset):
        def __contains__(self, name: object) -> bool:
            return True

    space = load("mobile").with_input(32)
    region = Region(space, Budget(3_000_000), lowest(space, macs))
    assert region.inside is None
    with pytest.raises(SpaceExhausted, match="seems used up"):
        settle(region, lambda _, hole: hole.labels[0], Everything(), random.Random(0))


def test_the_distance_of_two_points(genotype: Read) -> None:
    space = genotype(
        "- conv: {out: 8, k: !choice [1, 3, 5], as: a}\n"
        "- conv: {out: !int [8, 12], repeat: !choice [2, 1], as: b}\n"
        "- !choice {as: s, plain: {act: }, deep: {dw: {k: !choice [3, 5]}}}\n")
    holes = {"a.conv.k": 1, "b.conv.out": 8, "b.conv.repeat": 2, "s": "plain"}
    at = point(space, lambda name, _: holes[name])
    assert distance(at, at) == Distance(0, 0.0, 0.0)
    moved = point(space, lambda name, _: (holes | {"a.conv.k": 3, "b.conv.out": 11})[name])
    assert distance(at, moved) == Distance(2, 0.5, (1 / 2 + 3 / 4) / 2)     # 2, 1 is no order
    other = point(space, lambda name, _: (holes | {"s": "deep", "s.deep.k": 5})[name])
    assert distance(at, other) == Distance(2, 2 / 5, 0.0)
    assert distance(other, at) == Distance(2, 2 / 5, 0.0)


def test_proposals_that_make_no_network_are_counted(genotype: Read) -> None:
    space = genotype("- conv: {out: !choice [8, 9], groups: !choice [1, 2], as: a}\n")
    region = Region(space, Budget(10**9), lowest(space, macs))
    wrong = {"a.conv.out": 9, "a.conv.groups": 2}
    found = settle(region, lambda name, _: wrong[name], frozenset(), random.Random(1))
    assert found.lost == 1 and not found.replaced
    good = settle(region, lambda name, _: {**wrong, "a.conv.out": 8}[name], frozenset(),
                  random.Random(1))
    assert (good.lost, good.moved) == (0, Distance(0, 0.0, 0.0))


def test_what_became_of_the_proposals_is_counted() -> None:
    def trial(number: int, **more: object) -> Trial:
        values = {"decisions": {}, "identity": str(number), "macs": 1, "params": 1, "memory": 1, "values": (1.0,),
                  "seconds": 0.0, "changed": 0, "replaced": False, "error": None} | more
        return Trial(number=number, **values)  # type: ignore[arg-type]

    trials = [trial(0, start="known"), trial(1), trial(2, changed=1, share=0.5, rank=0.25),
              trial(3, changed=2, share=1.0, rank=0.75, replaced=True), trial(4, lost=1, share=0.0),
              trial(5, values=None, error="too small")]
    found = count(trials)
    assert (found.made, found.scored) == (6, 4)     # one was lost, one could not be scored
    assert (found.kept, found.moved, found.replaced) == (1, 2, 1)
    assert (found.share, found.rank) == (0.25, 0.125)
    text = summary(trials)
    assert "6 proposals, 66.7% scored: 1 as proposed" in text
    assert summary(trials[:1]) == "no proposals"


def graph_of(expansion: Expansion) -> nx.DiGraph:
    """The canonical graph for networkx, which knows nothing of our hashes. What tells a vertex's
    inputs apart stands on vertices of its own, on the way to it."""
    graph = nx.DiGraph()
    for v, (sign, inputs) in enumerate(canonical(expansion)):
        graph.add_node(v, sign=ascii(sign))
        for i, (u, label) in enumerate(inputs):
            graph.add_node((v, i), sign=f"input {label}")
            graph.add_edges_from([(u, (v, i)), ((v, i), v)])
    return graph


def rounds_of(graph: nx.DiGraph) -> str:
    """networkx's own hash, which tells most graphs apart at once, where the search among all
    mappings may take for ever."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The hashes produced for directed graphs changed")
        return nx.weisfeiler_lehman_graph_hash(graph, node_attr="sign", iterations=WL_ROUNDS)


def isomorphic(a: nx.DiGraph, b: nx.DiGraph) -> bool:
    """By networkx alone."""
    return rounds_of(a) == rounds_of(b) and bool(nx.vf2pp_is_isomorphic(a, b, node_label="sign"))


def isomorphic_pairs(space: Genotype, trials: list[Trial]) -> list[tuple[int, int]]:
    """Trials that scored one network twice; the same networks have the same costs and hashes."""
    costs = Counter((t.macs, t.params) for t in trials)
    groups: dict[tuple[int, int, str], list[tuple[int, nx.DiGraph]]] = {}
    for t in trials:
        if costs[t.macs, t.params] > 1:
            graph = graph_of(trace(space, t.decisions))
            groups.setdefault((t.macs, t.params, rounds_of(graph)), []).append((t.number, graph))
    return [(a, b) for group in groups.values()
            for (a, one), (b, other) in itertools.combinations(group, 2)
            if nx.vf2pp_is_isomorphic(one, other, node_label="sign")]


def test_networkx_finds_what_is_the_same(genotype: Read) -> None:
    one, other, third = (graph_of(trace(genotype(
        f"- conv: {{out: 8, as: a}}\n- conv: {{out: 8, as: b}}\n- conv: {{from: a, out: 8, k: {k}}}\n"
        f"- add: {{from: {take}}}"))) for k, take in ((1, "[_, b]"), (1, "[b, _]"), (3, "[_, b]")))
    assert isomorphic(one, other) and not isomorphic(one, third)


@pytest.mark.parametrize(("sampler", "trials"), [
    ("random", 4), pytest.param("auto", 1000, marks=pytest.mark.campaign)])
def test_no_network_of_the_cell_space_is_scored_twice(sampler: str, trials: int,
                                                      tmp_path: Path) -> None:
    given = settings("cell", Budget(300_000_000), input=224, sampler=sampler, trials=trials)
    found, reason = run_study(tmp_path, given)
    assert reason is None and len(found) == trials
    made = count(found)
    assert made.scored >= 0.99 * made.made
    assert isomorphic_pairs(load("cell").with_input(224), found) == []


@pytest.mark.parametrize(("bound", "proposals"), [
    ("tight", 3), pytest.param("tight", 150, marks=pytest.mark.campaign),
    pytest.param("middle", 150, marks=pytest.mark.campaign)])
@pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name in ("digits", "he", "si") else pytest.mark.slow)
    for name in spaces()])
def test_proposals_of_every_space_are_scored(name: str, proposals: int, bound: str) -> None:
    """At least 99 of 100, in the middle of what the space reaches and just above its least."""
    space, rng = load(name), random.Random(11)
    low, high = lowest(space, macs), highest(space, macs)
    budget = Budget(int((low.cost.macs * high.cost.macs) ** 0.5) if bound == "middle" else
                    int(low.cost.macs * 1.05))
    region, seen, lost = Region(space, budget, low), set(), 0
    for made in range(proposals):
        try:
            found = settle(region, lambda _, hole: rng.choice(hole.labels), frozenset(seen), rng)
        except SpaceExhausted:
            assert made == len(seen)     # each one led to a new network, until none was left
            break
        assert budget.fits(found.point)
        lost += found.lost
        seen.add(found.identity)
    assert lost <= 0.01 * (len(seen) + lost)
