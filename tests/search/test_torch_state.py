"""What a caller has set in torch, or another thread does, changes no score."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import torch

from search import search
from search.torch_state import seeded, usual


@contextmanager
def double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


STATES: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "double": double, "no gradients": torch.no_grad, "inference": torch.inference_mode,
    "meta": lambda: torch.device("meta"), "autocast": lambda: torch.autocast("cpu", torch.bfloat16)}


def scores(folder: Path, **more: str) -> list[tuple[object, ...]]:
    found = search("digits", "100K", ["score", "params"], trials=3, sampler="random", folder=folder, **more)
    return [(t["identity"], t["score"]) for t in found.trials]


@pytest.mark.parametrize("score", ["synflow", "naswot"])
def test_scores_are_those_of_torchs_usual_state(score: str, tmp_path: Path) -> None:
    expected = scores(tmp_path / "usual", score=score)
    for name, state in STATES.items():
        with state():
            assert scores(tmp_path / name, score=score) == expected, name


@pytest.mark.parametrize("name", STATES)
def test_the_callers_state_holds_again(name: str) -> None:
    def state() -> tuple[object, ...]:
        return (torch.get_default_dtype(), torch.is_grad_enabled(), torch.is_inference_mode_enabled(),
                torch.get_default_device(), torch.is_autocast_enabled("cpu"))

    plain = state()
    with STATES[name]():
        before = state()
        with usual():
            assert state() == plain
        assert state() == before != plain


def test_threads_take_turns_with_the_generator() -> None:
    def draw(seed: int) -> list[float]:
        with seeded(seed):
            return [float(torch.rand(())) for _ in range(200)]

    expected = [draw(seed) for seed in range(4)]
    torch.manual_seed(5)
    before = torch.get_rng_state()
    found: dict[int, list[float]] = {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: draw(n)})) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[n] for n in range(4)] == expected
    assert torch.get_rng_state().equal(before)
