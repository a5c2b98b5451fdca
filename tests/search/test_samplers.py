"""Every sampler, held to the same: it repeats itself, keeps the budget, and proposes new networks."""

import random
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import optuna
import pytest

from search.errors import ScoreError
from search.gaussian_process import Prior, fit, typical
from search.objectives.score import training_free
from search.samplers import (
    SAMPLERS,
    PassiveSampler,
    Sampler,
    SamplingTask,
    choose,
    distribution,
    evolution,
    finished,
    gp,
    make,
    ordinal,
    proposals,
    surroundings,
)
from search.samplers.base import Past
from search.samplers.evolution import child, nondominated_ranks
from search.samplers.gp.acquisition import log_expected_improvement
from search.samplers.gp.candidates import Candidates
from search.samplers.gp.features import Encoder
from search.samplers.gp.neighbourhood import Neighbourhood
from search.samplers.gp.walked import Walked
from search.samplers.surroundings import PARENTS
from search.seeds import derive
from search.study.neighbours import Region, SpaceExhausted
from search.study.projection import settle
from searchspace import Genotype, load, spaces
from searchspace.identity import identity
from searchspace.notation.holes import Hole
from searchspace.space.budget import Budget
from searchspace.space.descent import lowest
from searchspace.space.enumeration import HoleTree, walk
from searchspace.space.point import Point, point, sample
from searchspace.space.solver import bring

HEAD = "name: small\ninput: [1, 8, 8]\n"
TAIL = "  - gap:\n  - linear: {out: 10}\n"
SPACES = {
    "conditional": HEAD + """net:
  - !choice
    as: one
    plain: {conv: {out: !choice [8, 12], k: !choice [1, 3]}}
    deep: {conv: {out: 8, repeat: !int [1, 4]}}
    odd: {mbconv: {out: 8, t: !choice [1, 2, 3], stride: 1}}
  - conv: {out: !choice [4, 6, 8, 10], k: !choice [1, 3, 5], as: two}
""" + TAIL,
    "ints": HEAD + "net:\n" + "".join(
        f"  - conv: {{out: !int [4, 16, 4], repeat: !int [1, 3], as: c{i}}}\n"
        for i in range(3)) + TAIL,
    "categories": HEAD + "net:\n" + "".join(
        f"  - conv: {{out: 8, act: !choice [relu, relu6, swish], k: !choice [1, 3, 5], as: c{i}}}\n"
        for i in range(4)) + TAIL,
    "solved": HEAD + "args: {w: !solve [1, 4, 0.25]}\nnet:\n" + "".join(
        f"  - conv: {{out: =4*w, k: !choice [1, 3, 5], repeat: !int [1, 3], as: c{i}}}\n"
        for i in range(2)) + TAIL,
    "one option": HEAD + """net:
  - conv: {out: !choice [8], k: !int [3, 3], as: a}
  - conv: {out: !int [4, 40, 2], as: b}
""" + TAIL,
}
NAMES = [name for name, entry in SAMPLERS.items() if not (entry.screens or entry.trains)]
# Optuna's others differ in what Optuna does; they are among the slow tests, and some keep the budget
# and repeat themselves in test_search.py every day.
EACH = [pytest.param(name, marks=() if name in ("gp", "evolution", "random", "tpe")
                     else pytest.mark.slow) for name in NAMES]
Score = Callable[[Point], tuple[float, ...] | None]


def space(name: str, folder: Path) -> Genotype:
    path = folder / "small.yaml"
    path.write_text(SPACES[name])
    return load(str(path))


def middle(genotype: Genotype) -> Budget:
    """What about half of the networks fit."""
    rng = random.Random(0)
    return Budget(sorted(sample(genotype, rng).cost.macs for _ in range(31))[15])


def good(at: Point) -> tuple[float, ...]:
    return (float(np.log(at.cost.params)) + at.cost.macs % 7 / 10,)


class Search:
    """A study without a database: what `search.study` does, and a score that is a function."""

    def __init__(self, sampler: str, genotype: Genotype, budget: Budget, score: Score = good,
                 directions: tuple[str, ...] = ("maximize",), seed: int = 0) -> None:
        self.space, self.budget, self.score, self.seed = genotype, budget, score, seed
        self.region = Region(genotype, budget, lowest(genotype, budget.excess, starts=4))
        self.sampler = sampler
        self.study = optuna.create_study(directions=list(directions))
        self.restart()

    def restart(self) -> None:
        """As another process finds the study: nothing but the trials is left."""
        name = choose(self.sampler, self.space, len(self.study.directions))[0]
        rises = optuna.study.StudyDirection.MAXIMIZE in self.study.directions
        self.use(make(name, SamplingTask(self.space, self.budget, rises=rises)))

    def use(self, sampler: Sampler) -> None:
        self.inner = sampler
        self.study.sampler = PassiveSampler(sampler)

    def ask(self) -> optuna.Trial:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            trial = self.study.ask()
            done = [t for t in self.study.get_trials(deepcopy=False) if finished(t)]
            rng = random.Random(derive(self.seed, "bring", len(done)))
            seen = frozenset(t.user_attrs["identity"] for t in done)
            frozen = self.study._storage.get_trial(trial._trial_id)
            nth = proposals(self.inner, self.study, frozen, self.seed,
                            ordinal(self.study, trial.number))
            self.found = settle(self.region, nth(0), seen, rng)
            return trial

    def run(self, trials: int) -> list[tuple]:
        """Until so many are finished; their decisions, identities and values."""
        while sum(finished(t) for t in self.study.get_trials(deepcopy=False)) < trials:
            trial, at = self.ask(), None
            at = self.found.point
            for name in at.sampled:
                wanted = distribution(at.holes[name])
                self.study._storage.set_trial_param(
                    trial._trial_id, name, wanted.to_internal_repr(at.decisions[name]), wanted)
            for key, value in (("decisions", at.decisions), ("identity", self.found.identity),
                               ("macs", at.cost.macs), ("params", at.cost.params)):
                trial.set_user_attr(key, value)
            values = self.score(at)
            if values is None:
                trial.set_user_attr("error", "it cannot be scored")
                self.study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                self.study.tell(trial, list(values))
        return [(t.user_attrs["decisions"], t.user_attrs["identity"], t.user_attrs["macs"],
                 t.values) for t in self.study.get_trials(deepcopy=False) if finished(t)]


def check(search: Search, told: list[tuple]) -> None:
    """Inside the budget, no network twice, every decision known and the identity right."""
    assert all(macs <= search.budget.macs for _, _, macs, _ in told)
    assert len({name for _, name, _, _ in told}) == len(told)
    for decisions, name, macs, _ in told[::5]:
        assert identity(search.space, decisions) == name
        at = point(search.space, lambda *_: pytest.fail("a hole is open"), decisions)
        assert at.decisions == decisions and at.cost.macs == macs


@pytest.mark.parametrize("kind", SPACES)
@pytest.mark.parametrize("sampler", EACH)
def test_networks_are_new_and_inside_the_budget(sampler: str, kind: str, tmp_path: Path) -> None:
    genotype = space(kind, tmp_path)
    budget = middle(genotype)
    search = Search(sampler, genotype, budget)
    count = 8 if kind == "one option" else 24
    told = search.run(count)
    assert len(told) == count
    check(search, told)


@pytest.mark.parametrize("sampler", EACH)
@pytest.mark.parametrize("kind", ["conditional", "solved"])
def test_the_same_seed_gives_the_same_trials_continued_or_not(sampler: str, kind: str,
                                                              tmp_path: Path) -> None:
    genotype = space(kind, tmp_path)
    budget = middle(genotype)
    first = Search(sampler, genotype, budget).run(24)
    broken = Search(sampler, genotype, budget)
    for upto in (3, 16, 17, 20):
        broken.run(upto)
        cut_off = broken.ask()          # as a process that is killed leaves it
        broken.study.tell(cut_off, state=optuna.trial.TrialState.FAIL)
        broken.restart()
    assert broken.run(24) == first
    assert Search(sampler, genotype, budget, seed=1).run(10) != first[:10]


@pytest.mark.parametrize("sampler", NAMES)
def test_scores_that_are_all_equal(sampler: str, tmp_path: Path) -> None:
    genotype = space("conditional", tmp_path)
    search = Search(sampler, genotype, middle(genotype), lambda _: (1.0,))
    check(search, search.run(24))


@pytest.mark.parametrize("sampler", NAMES)
def test_networks_that_cannot_be_scored(sampler: str, tmp_path: Path) -> None:
    genotype = space("categories", tmp_path)
    budget = middle(genotype)
    half = Search(sampler, genotype, budget, lambda at: good(at) if at.cost.macs % 2 else None)
    check(half, half.run(24))
    none = Search(sampler, genotype, budget, lambda _: None)
    check(none, none.run(20))


@pytest.mark.parametrize("sampler", EACH)
@pytest.mark.parametrize("directions", [("maximize", "minimize"),
                                        ("maximize", "minimize", "minimize", "maximize")])
def test_several_objectives(sampler: str, directions: tuple[str, ...], tmp_path: Path) -> None:
    genotype = space("ints", tmp_path)

    def score(at: Point) -> tuple[float, ...]:
        return (*good(at), at.cost.macs, at.cost.params, float(at.cost.macs % 5))[:len(directions)]

    search = Search(sampler, genotype, middle(genotype), score, directions)
    count = 18 if sampler == "optuna-gp" else 24      # Optuna's takes seconds for four objectives
    told = search.run(count)
    check(search, told)
    assert Search(sampler, genotype, middle(genotype), score, directions).run(count) == told


@pytest.mark.parametrize("sampler", NAMES)
def test_a_space_that_runs_out_is_used_up(sampler: str, tmp_path: Path) -> None:
    genotype = space("one option", tmp_path)
    points = walk(genotype)
    assert points is not None and len(points) == 19
    budget = Budget(points[9].cost.macs)
    search = Search(sampler, genotype, budget)
    with pytest.raises(SpaceExhausted):
        search.run(11)
    done = [t for t in search.study.trials if finished(t)]
    assert len(done) == 10      # all that fit


@pytest.mark.parametrize("sampler", ["auto", *NAMES])
def test_a_space_of_a_width_alone_is_one_network(sampler: str,
                                                 genotype: Callable[..., Genotype]) -> None:
    solved = genotype("args: {w: !solve [4, 16, 4]}\nnet:\n  - conv: {out: =w, k: 1, as: a}\n")
    narrow = point(solved, lambda _, hole: hole.labels[0])
    search = Search(sampler, solved, Budget(narrow.macs * 3))
    assert search.run(1)[0][2] == narrow.macs * 3
    with pytest.raises(SpaceExhausted):
        search.run(2)


@pytest.mark.parametrize("name", spaces())
def test_auto_tells_why(name: str) -> None:
    for objectives in (1, 2, 4):
        chosen, reason = choose("auto", load(name), objectives)
        assert chosen in NAMES
        assert reason and "\n" not in reason
    assert choose("tpe", load(name)) == ("tpe", "as asked")


# The process learns faster, and walks through the whole space, which takes long in a larger one.
@pytest.mark.parametrize(("sampler", "step", "trials"), [("gp", 4, 50), ("evolution", 2, 80), ("tpe", 2, 80)])
def test_what_learns_beats_chance(sampler: str, step: int, trials: int, tmp_path: Path) -> None:
    """Towards the end, on a score with a trend, proposals are better than random ones."""
    path = tmp_path / "ints.yaml"
    path.write_text(SPACES["ints"].replace("[4, 16, 4]", f"[4, 16, {step}]"))
    genotype = load(str(path))
    latest = {name: np.mean([told[3] for s in range(3) for told in
                             Search(name, genotype, middle(genotype), seed=s).run(trials)[-20:]])
              for name in (sampler, "random")}
    assert latest[sampler] > latest["random"] + 0.1, latest


def test_a_space_is_walked_through_once(tmp_path: Path) -> None:
    digits = walk(load("digits"))
    assert digits is not None and len(digits) == 864
    assert len({tuple(p.decisions.items()) for p in digits}) == 864
    assert HoleTree.of(load("nas-bench-macro")).total == 3 ** 8
    assert walk(load("si")) is None
    conditional = space("conditional", tmp_path)
    points = walk(conditional)
    assert points is not None and len(points) == (2 * 2 + 4 + 3) * 12
    assert {frozenset(sample(conditional, random.Random(s)).decisions.items())
            for s in range(60)} <= {frozenset(p.decisions.items()) for p in points}


def test_a_network_of_several_spellings_is_one_candidate() -> None:
    macro, budget = load("nas-bench-macro"), Budget(15_000_000)
    pool = Walked(SamplingTask(macro, budget), walk(macro) or [])
    spellings: dict[str, list[Point]] = {}
    for at in walk(macro) or []:
        if budget.fits(at):
            spellings.setdefault(identity(macro, at.decisions), []).append(at)
    assert len(pool.points) == len(spellings) < sum(map(len, spellings.values()))
    name, alike = max(spellings.items(), key=lambda pair: len(pair[1]))
    past = [Past(p.decisions, name, p.cost, (1.0,)) for p in alike]
    rows = pool.observed(past)
    assert np.allclose(rows, pool.encoder([p.decisions for p in alike],
                                          [p.cost for p in alike]).mean(0))
    order = list(range(len(pool.points)))
    first = pool.pick(order, [])
    assert first == pool.points[0].sampled
    done = Past(dict(first), identity(macro, first), pool.points[0].cost, None)
    assert pool.pick(order, [done]) == pool.points[1].sampled
    everything = [Past({}, name, done.cost, None) for name in spellings]
    assert pool.pick(order, everything) is None


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of the candidates, since each is expanded and described."""
    monkeypatch.setattr(surroundings, "RANDOM", surroundings.RANDOM // 4)
    monkeypatch.setattr(surroundings, "NEAR", surroundings.NEAR // 4)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("name", ["mobile", pytest.param("si", marks=pytest.mark.slow)])
def test_candidates_of_a_large_space_are_near_the_best(name: str) -> None:
    genotype = load(name).with_input(32)
    task = SamplingTask(genotype, middle(genotype))
    pool = Neighbourhood(task)
    best = [Past(one.at.decisions, one.identity, one.at.cost, (1.0,)) for one in pool.source.random[:2]]
    pool.renew(best[:1])
    pool.renew(best)
    names = [one.identity for one in pool.candidates]
    assert len(names) == len(set(names)) > len(pool.source.random)
    for one in pool.candidates:
        assert task.budget.fits(one.at)
        assert one.identity == identity(genotype, one.at.decisions)
    for one in pool.source.near(best[0].identity, best[0].decisions):
        before, after = best[0].decisions, one.at.sampled
        assert sum(before[n] != label for n, label in after.items() if n in before) <= 3
    again = Neighbourhood(task)             # another process, which knows only the trials
    again.renew(best)
    assert [one.identity for one in again.candidates] == names
    assert np.array_equal(again.features, pool.features)


@pytest.mark.usefixtures("few")
def test_a_large_space_is_not_used_up_by_ten_parents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gp.candidates, "EVERY", 10_000)         # neighbours alone
    monkeypatch.setattr(gp.candidates, "FRESH", gp.candidates.FRESH // 4)
    space = load("nas-bench-201")
    source = Candidates(SamplingTask(space, Budget(200_000_000)))
    scored = {one.identity: one.at.decisions for one in source.random[:15]}
    ten = dict(list(scored.items())[:10])
    few = source.around(ten)
    assert len(few.keys() - ten.keys()) > 16 and few.keys() == source.around(scored).keys()
    everything = {name: one.at.decisions for name, one in few.items()}
    more = source.around(everything)
    assert len(more.keys() - everything.keys()) >= 16 and few.keys() <= more.keys()


@pytest.mark.usefixtures("few")
def test_a_large_space_has_more_random_networks_as_a_search_goes_on() -> None:
    space, budget = load("nas-bench-201"), Budget(200_000_000)
    source, other = (Candidates(SamplingTask(space, budget, seed=seed)) for seed in (0, 1))
    first = {one.identity for one in source.random}
    assert len(first & {one.identity for one in other.random}) < 10
    scored = {one.identity: one.at.decisions for one in source.random[:24]}

    def anywhere(count: int, of: Candidates) -> set[str]:
        some = dict(list(scored.items())[:count])
        near = {c.identity for name, at in list(some.items())[:PARENTS] for c in of.near(name, at)}
        return of.around(some).keys() - near

    found = [anywhere(count, source) for count in (7, 8, 24)]
    assert found[0] <= first and len(found[1] - first) > 12 and len(found[2] - first) > 40
    again = Candidates(SamplingTask(space, budget, seed=0))     # another process
    assert anywhere(24, again) == found[2]


@pytest.mark.usefixtures("few")
def test_the_model_of_a_large_space_sees_graphs_and_decisions() -> None:
    genotype = load("mobile").with_input(32)
    pool = Neighbourhood(SamplingTask(genotype, Budget(5_000_000)))
    one, other = pool.source.random[:2]
    past = [Past(c.at.decisions, c.identity, c.at.cost, None) for c in (one, other)]
    rows = pool.observed([*past, Past({}, "of a space that changed", one.at.cost, None)])
    assert np.array_equal(rows[:2], pool.features[:2]) and not rows[2].any()
    stranger = Neighbourhood(SamplingTask(genotype, Budget(9_000_000))).source.random[0]
    seen = pool.observed([Past(stranger.at.decisions, stranger.identity, stranger.at.cost, None)])
    assert seen.shape == (1, len(pool.groups)) and seen.any()
    assert pool.prior_mean(pool.features).argmax() in np.argsort(
        [c.at.macs + c.at.cost.params for c in pool.candidates])[-10:]
    order = list(range(len(pool.candidates)))
    assert pool.pick(order, []) == one.at.sampled
    assert pool.pick(order, past[:1]) == other.at.sampled
    assert pool.pick([0], past[:1]) is None


def test_children_differ_little_and_may_take_from_both(tmp_path: Path) -> None:
    genotype, rng = space("categories", tmp_path), random.Random(0)
    one, two = (sample(genotype, rng).decisions for _ in range(2))
    differences = [sum(child(genotype, one, one, random.Random(s))[n] != one[n] for n in one)
                   for s in range(20)]
    assert set(differences) == {1}
    mixed = [child(genotype, one, two, random.Random(s)) for s in range(40)]
    strangers = [sum(c[n] not in (one[n], two[n]) for n in c) for c in mixed]
    assert max(strangers) <= 1
    assert any(sum(c[n] == two[n] != one[n] for n in c) > 1 for c in mixed)


def test_fronts() -> None:
    assert nondominated_ranks([(1.0,), (3.0,), (2.0,), (3.0,)]) == [2, 0, 1, 0]
    assert nondominated_ranks([(1, 1), (0, 2), (0, 0), (0, 1)]) == [0, 0, 2, 1]


def test_decisions_as_numbers(tmp_path: Path) -> None:
    points = walk(space("conditional", tmp_path))
    assert points is not None
    holes: dict[str, Hole] = {}
    for at in points:
        holes |= at.holes
    encoder = Encoder(holes)
    rows = encoder([p.decisions for p in points])
    assert rows.shape == (len(points), len(encoder.groups))
    assert len(np.unique(rows.round(9), axis=0)) == len(points)
    groups = np.array(encoder.groups)
    for i in range(len(holes)):
        part = rows[:, groups == i]
        furthest = ((part[:, None] - part[None]) ** 2).sum(2).max()
        assert furthest <= 1 + 1e-9
    alike = Hole("", "choice", ("x", "y"), ())
    shares = Encoder({"one.op": alike, "two.op": alike, "k": alike})
    assert shares.groups == [0, 0, 1, 1, 2, 2, 3, 3]       # the last: both ops together
    assert shares([{"one.op": "x", "two.op": "y", "k": "x"}, {"one.op": "x", "two.op": "x"}])[
        :, -2:].tolist() == [[0.5, 0.5], [1, 0]]
    free = Encoder({"a": Hole("a", "choice", (True, 1, "x"), ())})
    assert len(np.unique(free([{"a": True}, {"a": 1}, {"a": "x"}, {}]), axis=0)) == 4


def gaussian_example() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(30, 4))
    yield x
    yield 2 * x[:, 0] - np.sin(5 * x[:, 1]) + 0.01 * rng.normal(size=30)
    yield rng.uniform(size=(200, 4))


def test_the_process_is_exact_and_learns() -> None:
    x, y, at = gaussian_example()
    y = (y - y.mean()) / y.std()
    process = fit(x, y, [0, 1, 2, 3], Prior())
    assert process.lengths[1] < process.lengths[2] and process.lengths[1] < process.lengths[3]
    mean, variance = process.posterior(x, y, at)
    inverse = np.linalg.inv(process.kernel(x, x) + process.noise * np.eye(30))
    across = process.kernel(at, x)
    assert np.allclose(mean, across @ inverse @ y)
    assert np.allclose(variance, np.diag(process.kernel(at, at) - across @ inverse @ across.T),
                       atol=1e-8)
    truth = 2 * at[:, 0] - np.sin(5 * at[:, 1])
    assert np.corrcoef(mean, truth)[0, 1] > 0.98
    before = typical([0, 1, 2, 3], Prior()).posterior(x, y, at)[0]
    assert np.corrcoef(mean, truth)[0, 1] > np.corrcoef(before, truth)[0, 1]


def test_columns_of_one_group_share_a_length() -> None:
    x, y, _ = gaussian_example()
    assert len(fit(x, y, [0, 0, 1, 1], Prior()).lengths) == 2


def test_expected_improvement_is_exact_and_finite() -> None:
    rng = np.random.default_rng(0)
    draws = np.maximum(1.0 + 2.0 * rng.normal(size=1_000_000) - 1.5, 0).mean()
    found = log_expected_improvement(np.array([1.0]), np.array([2.0]), 1.5)
    assert np.exp(found[0]) == pytest.approx(draws, rel=0.01)
    many = log_expected_improvement(np.linspace(-50, 50, 2001), np.ones(2001), 0.0)
    assert np.isfinite(many).all() and (np.diff(many) > 0).all()


def test_a_model_hands_over_by_the_number_of_trials(tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    genotype, asked = load("mobile").with_input(32), []
    monkeypatch.setattr(gp.sampler, "MODELLED", 4)
    for sampler in (gp.sampler.GaussianSampler, evolution.Evolution):
        def propose(self: object, study: optuna.Study, *rest: object,
                    true: Callable = sampler.propose) -> Callable:
            asked.append((type(self).__name__, sum(finished(t) for t in study.trials)))
            return true(self, study, *rest)
        monkeypatch.setattr(sampler, "propose", propose)
    Search("auto", genotype, Budget(4_000_000)).run(7)
    assert [name for name, _ in asked] == ["GaussianSampler"] * 4 + ["Evolution"] * 3
    assert [count for _, count in asked] == list(range(7))
    small = make("gp", SamplingTask(load("digits"), Budget(100_000)))
    assert isinstance(small, gp.sampler.GaussianSampler)        # rates all networks, for as long as it lasts


def test_large_networks_are_not_expected_to_be_quick() -> None:
    """What is to be small is not sought among the largest networks that fit first."""
    def first(direction: str) -> float:
        search = Search("gp", load("digits"), Budget(300_000), lambda at: (float(at.cost.macs),), (direction,))
        return float(np.mean([macs for *_, macs, _ in search.run(gp.sampler.START)]))

    assert first("minimize") < 0.7 * first("maximize")


def test_a_proposal_that_fits_stays_as_it_is(tmp_path: Path) -> None:
    """The model's choice among networks inside the budget is what is scored."""
    genotype = space("conditional", tmp_path)
    budget = middle(genotype)
    search = Search("gp", genotype, budget)
    search.run(12)
    assert search.found.moved.changed == 0 and not search.found.replaced
    at = bring(genotype, search.found.point, budget, random.Random(0))
    assert at.decisions == search.found.point.decisions


def test_a_prior_leads_to_what_it_favours(tmp_path: Path) -> None:
    """A prior that tells the truth is followed from the first network on, from 64 calls at most;
    one that fails everywhere is no prior."""
    genotype = space("ints", tmp_path)
    budget, calls = middle(genotype), []

    def truth(decisions: dict) -> float:
        calls.append(decisions)
        return slope(decisions)

    def slope(decisions: dict) -> float:     # nothing that costs foretell
        outs = [decisions[name] for name in sorted(decisions) if name.endswith("out")]
        return float(outs[0] - outs[-1])

    def failing(decisions: dict) -> float:
        raise ScoreError("no")

    def first(prior: Callable | None) -> list[tuple]:
        search = Search("gp", genotype, budget, lambda at: (slope(at.decisions),))
        search.use(make("gp", SamplingTask(genotype, budget, prior)))
        told = search.run(8)
        check(search, told)
        return told

    guided, plain, blind = first(truth), first(None), first(failing)
    assert len(calls) <= 64
    assert np.mean([t[3] for t in guided]) > np.mean([t[3] for t in plain])
    assert len(blind) == 8


@pytest.mark.parametrize("name, budget", [("digits", 100_000), ("solved", None)])
def test_naswot_is_a_prior_for_any_number_of_channels(name: str, budget: int | None,
                                                      tmp_path: Path) -> None:
    genotype = load(name) if name == "digits" else space(name, tmp_path)
    bound = Budget(budget) if budget else middle(genotype)
    sampler = make("gp", SamplingTask(genotype, bound, training_free(genotype, 8, 4, 0)))
    search = Search("gp", genotype, bound)
    search.use(sampler)
    check(search, search.run(7))
