"""The learned predictor: its features, its process of several sources, and what it predicts."""

import itertools
import random

import numpy as np
import pytest

from search.errors import ScoreError
from search.gaussian_process import Other, Prior, Process, fit
from search.predictors.artefact import bundled
from search.surrogate.columns import Columns
from search.surrogate.features import EXPECTED, GROUPS, Describer, live
from search.surrogate.judged import Judged, quarters
from search.surrogate.model import LEAST, MOST, Observed, Surrogate, chosen
from search.surrogate.paths import along_paths, sets_of
from search.surrogate.stretch import Stretch
from search.tables import find_tables, read_tables
from searchspace import load
from searchspace.expansion import trace
from searchspace.space.point import sample

RNG = np.random.default_rng(0)


# --- features -----------------------------------------------------------------------------------


def every_path(nodes, at):
    """The kinds of operations on each path from the input to one node, by following all of them."""
    inside = {i: (node, kind) for i, node, kind in nodes}
    node, kind = inside[at]
    for j in node.inputs:
        if j < 0:
            yield [kind]
        elif j in inside:
            for path in every_path(nodes, j):
                yield [*path, kind]


@pytest.mark.parametrize(("name", "args"), [("nas-bench-201", {"n": 1}), ("digits", {})])
def test_paths_are_counted_as_if_each_was_walked(name, args) -> None:
    space, rng, walked = load(name, **args), random.Random(3), 0
    for _ in range(12):
        nodes = live(trace(space, sample(space, rng).decisions))
        if not nodes:
            continue
        paths = list(every_path(nodes, nodes[-1][0]))
        sets = sets_of(sorted({kind for *_, kind in nodes})[:4])
        counts = np.array([[sum(kind in some for kind in path) for some in sets] for path in paths])
        found, logarithm = along_paths(nodes, sets)
        np.testing.assert_allclose(found, [counts.min(0), counts.max(0), counts.mean(0)])
        assert np.isclose(logarithm, np.log(len(paths)))
        walked += 1
    assert walked > 3


def test_what_leads_nowhere_has_no_features() -> None:
    space = load("nas-bench-201")
    cell = {f"cell.e{name}.edge.op": "nor_conv_3x3" for name in ("01", "02", "12", "03", "13", "23")}
    describe = Describer(("conv 3×3", "conv 1×1"))
    ends = [describe(trace(space, {**cell, "cell.e01.edge.op": "none", "cell.e12.edge.op": op,
                                   "cell.e13.edge.op": op})) for op in ("skip_connect", "avg_pool_3x3")]
    assert {k: v for k, v in ends[0].items() if k[0] in ("levels", "positions", "paths")} == \
        {k: v for k, v in ends[1].items() if k[0] in ("levels", "positions", "paths")}
    whole = describe(trace(space, cell))
    assert whole["paths", "most conv 3×3"] == 3 * 15 + 5     # three in a cell; stem and two between
    assert whole["paths", "fewest conv 3×3"] == 15 + 1       # one in a cell, and past both by pooling
    assert {group for group, _ in whole} == set(GROUPS) - {"expected"}     # 32 pixels


def test_published_accuracies_say_what_to_expect_of_networks_for_imagenet() -> None:
    networks = [trace(load(name)) for name in ("mobilenet-v2@0.5", "mobilenet-v2@1.0", "vgg@11")]
    describe = Describer.of(networks)
    found = [describe(network) for network in networks]
    assert describe.expects and {group for group, _ in found[0]} == set(GROUPS)
    predicted = [100 * (1 - np.exp(-features[EXPECTED])) for features in found]
    assert predicted[:2] == pytest.approx([bundled()(one).value for one in networks[:2]], abs=0.01)
    with pytest.raises(ScoreError, match="too far"):
        bundled()(networks[2])
    assert 40 < predicted[2] < 90                       # expected all the same
    small = trace(load("mobilenet-v2@1.0", classes=10))
    assert not Describer.of([*networks, small]).expects


def test_what_is_expected_orders_networks_of_which_nothing_is_known() -> None:
    """Values follow the expected accuracy and not the costs, which are alike."""
    networks = [{("costs", "log_macs"): float(i % 7), ("costs", "log_params"): float(i % 5),
                 EXPECTED: i / 60} for i in range(60)]
    columns = Columns.of(networks)
    assert np.corrcoef(columns.prior_mean(columns(networks)), np.arange(60))[0, 1] > 0.999
    some = [3, 17, 29, 41, 55]
    values = np.array([60 + 20 * i / 60 for i in some])
    model = Surrogate.fit(columns, [Observed([networks[i] for i in some], values)])
    assert Judged.of(model(networks).value, np.arange(60.0)).spearman > 0.98
    low = Surrogate.fit(columns, [Observed([networks[i] for i in some], -values)], maximize=False)
    assert Judged.of(low(networks).value, -np.arange(60.0)).spearman > 0.9


def test_columns_weigh_each_group_alike() -> None:
    networks = [{("costs", "log_macs"): float(i), ("costs", "log_params"): float(i % 3),
                 **{("levels", str(j)): float((i * j) % 5) for j in range(1, 20)},
                 ("paths", "constant"): 1.0} for i in range(30)]
    columns = Columns.of(networks)
    x = columns(networks)
    assert ("paths", "constant") not in columns.names
    assert x.mean(0) == pytest.approx(0)
    assert [(x[:, columns.group(g)] ** 2).sum(1).mean() for g in ("costs", "levels")] == \
        pytest.approx([1, 1])
    assert np.corrcoef(columns.prior_mean(x), np.arange(30))[0, 1] > 0.6


# --- the process --------------------------------------------------------------------------------


def test_other_sources_are_correlated_observations() -> None:
    """Against the normal distribution of all values, conditioned by hand."""
    x, y = RNG.normal(size=(9, 3)), RNG.normal(size=9)
    source = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2])
    process = Process(np.array([0, 0, 1]), np.array([1.5, 0.7]), 0.4, 0.8, 0.1,
                      (Other(0.9, 2.0, 0.3), Other(0.5, 0.5, 0.2)))
    at = RNG.normal(size=(2, 3))
    c, scale, noise = np.array([1, 0.9, 0.5]), np.array([1, 2.0, 0.5]), np.array([0.1, 0.3, 0.2])
    every, of = np.concatenate([x, at]), np.array([*source, 0, 0])
    k = process.kernel(every, every)
    for i, j in itertools.product(range(11), repeat=2):
        k[i, j] *= scale[of[i]] * scale[of[j]] * (1 if of[i] == of[j] else c[of[i]] * c[of[j]])
    seen = k[:9, :9] + np.diag(noise[source])
    mean, variance = process.posterior(x, y, at, source)
    solved = np.linalg.solve(seen, np.column_stack([y, k[:9, 9:]]))
    assert mean == pytest.approx(k[9:, :9] @ solved[:, 0])
    assert variance == pytest.approx(np.diag(k[9:, 9:] - k[9:, :9] @ solved[:, 1:]))
    left, spread = process.left_out(x, y, source)
    for i in range(9):
        rest = [j for j in range(9) if j != i]
        weights = np.linalg.solve(seen[np.ix_(rest, rest)], seen[rest, i])
        assert left[i] == pytest.approx(weights @ y[rest])
        assert spread[i] == pytest.approx(seen[i, i] - weights @ seen[rest, i])


def test_agreement_and_scale_are_learned() -> None:
    x = RNG.normal(size=(60, 2))
    truth = x[:, 0] - x[:, 1]
    noise = 0.05 * RNG.normal(size=60)
    source = np.repeat([0, 1], 30)

    def others(values):
        return fit(x, values + noise, [0, 0], Prior(), source).others[0]

    alike = others(truth)
    unlike = others(np.where(source == 0, truth, np.sin(9 * x[:, 0]) * np.cos(7 * x[:, 1])))
    twice = others(np.where(source == 0, truth, 2 * truth))
    assert alike.agreement > 0.85 > unlike.agreement + 0.1 and twice.scale > 1.4 * alike.scale
    one, none = (fit(x, truth + noise, [0, 0], Prior(), s) for s in (np.zeros(60, dtype=np.intp), None))
    assert one.lengths == pytest.approx(none.lengths, rel=1e-4) and one.others == ()


# --- the model ----------------------------------------------------------------------------------


@pytest.mark.parametrize("maximize", [True, False])
def test_stretching_can_be_undone(maximize) -> None:
    values = RNG.normal(size=40)
    scale = Stretch.of(values, maximize)
    stretched = scale(values)
    assert scale.back(stretched) == pytest.approx(values)
    assert stretched.mean() == pytest.approx(0) and stretched.std() == pytest.approx(1)
    assert (np.argsort(stretched) == np.argsort(values if maximize else -values)).all()
    assert np.isfinite(Stretch.of(np.ones(5))(np.array([1.0, 2.0, -50.0]))).all()


@pytest.fixture(scope="module")
def digits():
    """Features of the digits table's networks, multiply-adds, and the values of each."""
    table = read_tables(find_tables("digits", ()))
    networks = [trace(table.space, row.decisions) for row in table.rows]
    describe, column = Describer.of(networks[::5]), table.select("")
    return ([describe(network) for network in networks],
            np.array([float(network.cost().macs) for network in networks]),
            np.array([column.values(i) for i in range(len(networks))]))


def known(digits, count, column=0, seed=0):
    features, _, values = digits
    some = np.random.default_rng(seed).permutation(len(features))[:count]
    return some, Observed([features[i] for i in some], values[some, column])


def test_a_space_is_learned_from_few_of_its_networks(digits) -> None:
    features, macs, values = digits
    columns, truth = Columns.of(features), values.mean(1)
    some, observed = known(digits, 40)
    model = Surrogate.fit(columns, [observed])
    rest = np.setdiff1d(np.arange(len(features)), some)
    found = model([features[i] for i in rest])
    bands = [band[rest] for band in quarters(macs)]
    judged = Judged.of(found.value, truth[rest], bands)
    alone = Judged.of(macs[rest], truth[rest], bands)
    assert judged.spearman > alone.spearman + 0.04 and judged.worst > alone.worst + 0.2
    assert 0.65 < found.coverage(truth[rest]) < 0.97
    assert 0.6 < model.left_out().coverage(observed.values) < 0.95
    assert (found.lower < found.value).all() and (found.value < found.upper).all()
    assert set(model.importance()) <= set(GROUPS) and max(model.importance().values()) > 0
    again = Surrogate.fit(columns, [observed])([features[i] for i in rest])
    assert (again.value == found.value).all()


def test_another_source_helps_where_little_is_known(digits) -> None:
    """Of ten networks, and of sixty others from other initialisations, shifted and scaled."""
    features, _, values = digits
    columns, truth = Columns.of(features), values.mean(1)
    gains = []
    for seed in range(3):
        some, observed = known(digits, 10, seed=seed)
        _, other = known(digits, 60, column=1, seed=seed + 50)
        alone, both = (Surrogate.fit(columns, sources) for sources in (
            [observed], [observed, Observed(other.networks, 0.5 * other.values - 20)]))
        rest = np.setdiff1d(np.arange(len(features)), some)
        gains.append(Judged.of(both(columns([features[i] for i in rest])).value, truth[rest]).spearman
                     - Judged.of(alone([features[i] for i in rest]).value, truth[rest]).spearman)
    assert np.mean(gains) > 0.03 and min(gains) > 0


def test_lower_values_may_be_better(digits) -> None:
    features, macs, _ = digits
    columns, cost = Columns.of(features), np.sqrt(macs)
    some = np.random.default_rng(1).permutation(len(features))[:40]
    found = Surrogate.fit(columns, [Observed([features[i] for i in some], cost[some])], maximize=False)(
        columns(features))
    assert Judged.of(found.value, cost).spearman > 0.97
    assert (found.lower <= found.upper).all()


def test_too_few_are_not_learned_from(digits) -> None:
    columns = Columns.of(digits[0])
    with pytest.raises(ValueError, match=f"needs {LEAST} evaluated networks or more, and there are 4"):
        Surrogate.fit(columns, [known(digits, 4)[1]])


def test_of_many_the_best_and_the_latest_are_learned_from() -> None:
    assert chosen(np.arange(10.0), True) == list(range(10))
    values = np.array([9.0] * 20 + [1.0] * 1000)
    found = chosen(values, True)
    assert len(found) == MOST and found[:20] == list(range(20)) and found[-1] == 1019
    assert 5 not in chosen(np.array([9.0] * 600 + [1.0] * 400), maximize=False)[:1]


def test_correlations_of_bands() -> None:
    costs = np.arange(40.0)
    predicted = np.where(costs < 10, -costs, costs)
    judged = Judged.of(predicted, costs, quarters(costs))
    assert judged.worst == pytest.approx(-1) and judged.spearman < 1
    assert np.isnan(Judged.of(np.ones(5), np.arange(5.0)).worst)
