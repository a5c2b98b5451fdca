"""The short forms of `benchmarks/attack_notation.py`: a sample every day, a longer one among the slow
tests."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bundled import FAMILIES, costs, network
from damage import damaged
from grammar import BLOCKS, genotypes
from hypothesis import HealthCheck, given, settings
from outcome import outcome
from soundness import check_counts, check_network

from benchmarks import attack_notation
from benchmarks.attack import Attack
from searchspace import Genotype, SearchspaceError, spaces
from searchspace.expansion import trace

Write = Callable[..., Path]


def check_damaged(path: Path, numbers: range) -> None:
    """None raises, takes long, or reads back as another; some are networks, most are sentences."""
    words = []
    for number in numbers:
        path.write_text(damaged(number), encoding="utf-8", newline="")
        start = time.process_time()
        words.append(isinstance(outcome(path, number), str))
        assert time.process_time() - start < 10, number
    assert 0.6 < sum(words) / len(words) < 0.95


def test_damaged_files_are_sentences_or_networks(genotype_file: Write) -> None:
    check_damaged(genotype_file("- gap:"), range(150))


@pytest.mark.slow
def test_many_damaged_files_are_sentences_or_networks(genotype_file: Write) -> None:
    check_damaged(genotype_file("- gap:"), range(150, 3_000))


def check_generated(write: Write, count: int) -> None:
    @settings(max_examples=count, suppress_health_check=list(HealthCheck))
    @given(text=genotypes())
    def each(text: str) -> None:
        made = outcome(write(text, {"blocks.yaml": BLOCKS}))
        assert isinstance(made, Genotype), made
        check_counts(made)
        check_network(made)

    each()


def test_generated_genotypes_are_sound(genotype_file: Write) -> None:
    check_generated(genotype_file, 12)


@pytest.mark.slow
def test_many_generated_genotypes_are_sound(genotype_file: Write) -> None:
    check_generated(genotype_file, 60)


@pytest.mark.slow
def test_random_networks_of_all_spaces_are_sound() -> None:
    attack = Attack()
    attack_notation.networks(attack, 2 * len(spaces()), 0)
    assert not attack.faults and len(attack.outcomes) == len(spaces())


@pytest.mark.parametrize("names", [
    pytest.param(names, marks=pytest.mark.campaign if i % 4 else pytest.mark.slow, id=family)
    for i, (family, names) in enumerate(FAMILIES.items())])
def test_a_bundled_network_is_sound(names: tuple[str, ...]) -> None:
    made = network(min(names, key=lambda name: costs()[name].macs))
    for size in (33, 64):       # cheaper than its own
        try:
            trace(smaller := made.with_input(size))
        except SearchspaceError:
            continue
        made = smaller
        break
    check_network(made)


def test_the_same_number_damages_alike() -> None:
    assert damaged(7) == damaged(7) != damaged(8)
    random.seed(1)
    assert damaged(7) == damaged(7)
