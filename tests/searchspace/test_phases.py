"""Phases: each has its own time, and nothing is counted where nothing is measured."""

import threading
import time

import pytest

from searchspace.phases import REST, measured, phase


@phase("inner")
def inner(seconds: float = 0.0) -> float:
    time.sleep(seconds)
    return seconds


@phase("outer")
def outer() -> float:
    return inner(0.05) + inner(0.05)


def test_a_phase_inside_another_is_taken_off() -> None:
    with measured() as profile:
        assert outer() == 0.1
    spent = profile.spent
    assert {name: s.times for name, s in spent.items()} == {REST: 0, "outer": 1, "inner": 2}
    assert spent["inner"].seconds >= 0.1
    assert spent["outer"].seconds < spent["inner"].seconds
    assert spent["inner"].processor < spent["inner"].seconds       # asleep


def test_the_phases_add_up_to_the_whole() -> None:
    start = time.perf_counter()
    with measured() as profile:
        outer()
        time.sleep(0.02)
    whole = time.perf_counter() - start
    assert 0.12 <= sum(s.seconds for s in profile.spent.values()) <= whole
    assert profile.spent[REST].seconds >= 0.02


def test_a_phase_that_fails_has_ended() -> None:
    @phase("failing")
    def failing() -> None:
        raise ValueError("no")

    with measured() as profile:
        with pytest.raises(ValueError, match="no"):
            failing()
        time.sleep(0.02)
    assert profile.spent["failing"].seconds < 0.02 <= profile.spent[REST].seconds


def test_other_threads_and_times_are_not_counted() -> None:
    inner()
    with measured() as profile:
        thread = threading.Thread(target=inner)
        thread.start()
        thread.join()
    inner()
    assert "inner" not in profile.spent
