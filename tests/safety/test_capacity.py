"""A network larger than the machine is one sentence, before anything of it is made."""

import time
from collections.abc import Callable

import pytest
import torch
from bundled import NAMES, expanded

from searchspace import Genotype, GenotypeError, build
from searchspace.__main__ import main
from searchspace.building.capacity import BUILT, VERIFIED


@pytest.mark.parametrize("text", [
    "- conv: {out: 1000, k: 1}\n- pad: {top: 90000, left: 90000}\n- gap:\n",
    "- conv: {out: 9000000, k: 101, pad: 50}\n- gap:\n",
    "- conv: {out: 9000000, k: 1, bn: false, act: none}\n- conv: {out: 9000000, k: 1}\n- gap:\n",
])
def test_it_is_refused_by_its_size(text: str, genotype: Callable[..., Genotype],
                                   genotype_file: Callable[..., object],
                                   capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(GenotypeError, match=r"^net needs .* and this machine has"):
        build(genotype(text))
    assert main([str(genotype_file(text)), "--verify"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_network_of_very_many_layers_is_refused_soon(
        genotype: Callable[..., Genotype], genotype_file: Callable[..., object],
        capsys: pytest.CaptureFixture[str]) -> None:
    text = "- conv: {out: 8, k: 1, repeat: 1000}\n" * 20 + "- gap:\n"
    start = time.process_time()
    with pytest.raises(GenotypeError, match="20,001 layers, and those of up to 20,000 are built"):
        build(genotype(text))
    assert main([str(genotype_file(text)), "--verify"]) == 2
    assert time.process_time() - start < 30
    told = capsys.readouterr().err
    assert told.startswith("error: ") and told.count("\n") == 1


def test_no_bundled_network_is_near_the_limit() -> None:
    assert max(len(expanded(name).nodes) for name in NAMES) * 2 < VERIFIED < BUILT


def test_where_nothing_takes_memory_it_is_built(genotype: Callable[..., Genotype]) -> None:
    with torch.device("meta"):
        network = build(genotype("- conv: {out: 9000000, k: 101, pad: 50}\n- gap:\n"))
    assert sum(p.numel() for p in network.parameters()) > 10**9
