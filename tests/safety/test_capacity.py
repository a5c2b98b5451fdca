"""A network larger than the machine is one sentence, before anything of it is made."""

from collections.abc import Callable

import pytest
import torch

from searchspace import Genotype, GenotypeError, build
from searchspace.__main__ import main


@pytest.mark.parametrize("text", [
    "- pad: {top: 1000000000000}\n- gap:\n",
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


def test_where_nothing_takes_memory_it_is_built(genotype: Callable[..., Genotype]) -> None:
    with torch.device("meta"):
        network = build(genotype("- conv: {out: 9000000, k: 101, pad: 50}\n- gap:\n"))
    assert sum(p.numel() for p in network.parameters()) > 10**9
