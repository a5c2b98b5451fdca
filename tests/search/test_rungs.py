"""Successive halving and Hyperband: which trainings go on."""

import random

import pytest

from search.pareto import dominates
from search.training.hyperband import Rungs, best_first, predicted


@pytest.mark.parametrize(("rungs", "bracket", "levels"), [
    (Rungs(9, 1, 3), 0, (1, 3)), (Rungs(9, 1, 3), 1, (3,)), (Rungs(9, 1, 3), 2, ()),
    (Rungs(10, 1, 3), 0, (1, 3, 9)), (Rungs(1, 1, 3), 0, ()), (Rungs(100, 4, 2), 0, (4, 8, 16, 32, 64)),
    (Rungs(9, 0, 3, 0), 0, ()),
])
def test_levels(rungs: Rungs, bracket: int, levels: tuple[int, ...]) -> None:
    assert rungs.levels(bracket) == levels


def test_one_objective_keeps_the_best_part() -> None:
    rungs = Rungs(9, 1, 3)
    assert rungs.goes_on((5.0,), [])                        # the first is the best so far
    assert not rungs.goes_on((5.0,), [(4.0,)]) and rungs.goes_on((3.0,), [(4.0,)])
    assert rungs.goes_on((4.0,), [(4.0,)])                  # an equal one is no worse
    others = [(float(i),) for i in range(8)]                # with it nine: three are kept
    assert rungs.goes_on((2.0,), others) and not rungs.goes_on((2.5,), others)


def test_most_of_random_trainings_are_broken_off() -> None:
    rng, rungs, seen, kept = random.Random(0), Rungs(9, 1, 3), [], 0
    for _ in range(600):
        own = (rng.random(),)
        kept += rungs.goes_on(own, seen)
        seen.append(own)
    assert 180 < kept < 240


def test_the_order_of_several_objectives_never_puts_the_worse_before_the_better() -> None:
    rng = random.Random(1)
    for _ in range(30):
        points = [(rng.randint(0, 6), rng.randint(0, 6), rng.randint(0, 2)) for _ in range(25)]
        order = best_first(points)
        assert sorted(order) == list(range(25))
        place = {i: p for p, i in enumerate(order)}
        for i, a in enumerate(points):
            for j, b in enumerate(points):
                if dominates(a, b):
                    assert place[i] < place[j]


def test_a_front_is_kept_spread_out() -> None:
    line = [(i / 10, 1 - i / 10) for i in range(11)]
    assert best_first(line)[:3] == [0, 10, 5]


def test_a_cheap_network_is_not_measured_by_a_dear_ones_accuracy() -> None:
    rungs = Rungs(9, 1, 3)
    dear = [(-90.0 - i, 300.0) for i in range(8)]           # losses: accuracy, MACs
    assert rungs.goes_on((-70.0, 10.0), dear)               # far less accurate, far cheaper
    assert not rungs.goes_on((-70.0, 310.0), dear)
    assert not Rungs(9, 1, 3).goes_on((-70.0,), [d[:1] for d in dear])


def test_brackets_share_the_epochs() -> None:
    rungs = Rungs(27, 1, 3, 3)
    drawn = [rungs.bracket(5, i) for i in range(3000)]
    assert drawn == [rungs.bracket(5, i) for i in range(3000)] != [rungs.bracket(6, i) for i in range(3000)]
    counts = [drawn.count(b) for b in range(3)]
    shares = [27 / 3 / 3, 9 / 3 / 2, 1]        # of Hyperband's bracket sizes: 9, 4.5, 3 of 16.5
    assert counts[0] > counts[1] > counts[2] > 0
    assert counts[0] / counts[2] == pytest.approx(shares[0] / shares[2], rel=0.15)
    assert {Rungs(27, 1, 3).bracket(5, i) for i in range(50)} == {0}


def test_foretold_values() -> None:
    assert predicted(50, 1, []) is None
    curves = [[60, 70, 90], [50, 70, 80], [40, 60, 85]]
    assert predicted(20, 1, curves) == 50                    # the median gain is 30 (30, 30, 45)
    assert predicted(69, 2, curves) == 85                    # 69 + 20, but no more than the median
