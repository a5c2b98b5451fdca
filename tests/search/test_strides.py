"""Gradients of strided 1×1 convolutions of few channels, which oneDNN gets wrong with channels last."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from search.scores.strides import BLOCK, without_strides

CHANNELS = (3, 8, 12)

NET = """
name: net
input: [3, 32, 32]
net:
- conv: {out: 8, k: 1, stride: 2}
- conv: {out: 12, k: 1, stride: 2}
- conv: {out: 16, k: 1, stride: 2}
- gap:
- linear: {out: 10}
"""

# By a process of its own: what this is about ends processes.
GRADIENTS = """
import torch
from search.scores.base import ScoringSubject
from search.scores.instrumentation import loss, weight_gradients, weights
from searchspace import build, load
genotype = load({path!r})
one = ScoringSubject(genotype, None, 32, 16, 0, 0)
torch.manual_seed(0)
plain = build(genotype).double()
for name in ("network", "nodes"):
    found = weight_gradients(getattr(one, name), one.images, one.labels)
    with torch.no_grad():
        for ours, theirs in zip(weights(plain), weights(getattr(one, name)), strict=True):
            ours.copy_(theirs)
    exact = weight_gradients(plain, one.images.double().contiguous(), one.labels)
    for ours, theirs in zip(found, exact, strict=True):
        torch.testing.assert_close(ours.double(), theirs, rtol=1e-3, atol=1e-5)
"""


@pytest.mark.parametrize("instructions", ["AVX2", pytest.param("ALL", marks=pytest.mark.slow)])
def test_gradients_are_those_of_torchs_own_layout(instructions: str, tmp_path: Path) -> None:
    path = str(tmp_path / "net.yaml")
    Path(path).write_text(NET, encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", GRADIENTS.format(path=path)], capture_output=True, text=True,
                          env={**os.environ, "ONEDNN_MAX_CPU_ISA": instructions}, check=False)
    assert done.returncode == 0, done.stderr


def test_the_function_stays() -> None:
    for channels in (*CHANNELS, BLOCK):
        plain = nn.Conv2d(channels, 6, 1, (2, 3), (1, 2))
        changed = without_strides(copy.deepcopy(plain))
        x = torch.randn(2, channels, 9, 11)
        torch.testing.assert_close(changed(x), plain(x))
        assert (changed.stride == (1, 1)) == (channels < BLOCK)
