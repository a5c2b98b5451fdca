"""Fronts, hypervolumes and knees against brute force."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.pareto import dominates, hypervolume, hypervolumes, ideal, knee, nondominated, worst

EDGE = 5
point_lists = st.integers(1, 4).flatmap(
    lambda m: st.lists(st.tuples(*[st.integers(0, EDGE)] * m), min_size=1, max_size=12))
fronts_of_two = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=15)


def better(a: tuple, b: tuple) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and \
        any(x < y for x, y in zip(a, b, strict=True))


def cells(points: list[tuple], reference: tuple) -> int:
    """Unit cells below the reference that some point dominates."""
    return sum(any(all(x <= c for x, c in zip(p, cell, strict=True)) for p in points)
               for cell in itertools.product(*(range(r) for r in reference)))


@given(point_lists)
def test_nondominated_is_what_no_other_point_beats(points: list[tuple]) -> None:
    assert nondominated(points) == [i for i, p in enumerate(points)
                                    if not any(better(q, p) for q in points)]
    assert [dominates(points[0], p) for p in points] == [better(points[0], p) for p in points]


@given(point_lists, st.integers(1, EDGE + 1))
def test_hypervolume_is_the_number_of_dominated_cells(points: list[tuple], edge: int) -> None:
    reference = tuple([edge] * (len(points[0]) - 1) + [EDGE])
    assert hypervolume(points, reference) == cells(points, reference)


@given(point_lists)
def test_the_hypervolume_over_time_is_that_of_each_beginning(points: list[tuple]) -> None:
    reference = worst(points)
    grown = hypervolumes(points, reference)
    assert grown == [hypervolume(points[:i + 1], reference) for i in range(len(points))]
    assert grown == sorted(grown)


@given(fronts_of_two)
def test_the_knee_is_furthest_from_the_line_between_the_ends(points: list[tuple]) -> None:
    front = sorted({points[i] for i in nondominated(points)})
    found = front[knee(front)]
    (x0, y0), (x1, y1) = front[0], front[-1]
    if len(front) == 1:
        assert found == front[0]
        return

    def distance(p: tuple) -> float:      # towards the origin, of the front brought to [0, 1]²
        x, y = (p[0] - x0) / (x1 - x0), (p[1] - y1) / (y0 - y1)
        return (1 - x - y) / math.sqrt(2)

    assert distance(found) == pytest.approx(max(map(distance, front)), abs=1e-12)


def test_a_knee_by_hand() -> None:
    assert knee([(0, 100), (1, 20), (5, 10), (10, 0)]) == 1
    assert knee([(0, 10), (9, 9), (10, 0)]) == 0          # bent away from the ideal: an end
    assert knee([(3, 3)]) == 0
    assert knee([(0, 7, 2), (0, 7, 1)]) == 1              # objectives without a range do not count


def test_ends() -> None:
    assert worst([(1, 5), (3, 2)]) == (3, 5)
    assert ideal([(1, 5), (3, 2)]) == (1, 2)
