"""HCGNet-A1 against a DenseNet and a ResNet of its size: clean accuracy and that under FGSM.

Figure 5 of HCGNet's paper shows HCGNet-B above ResNet and DenseNet under FGSM on ImageNet. As
published HCGNet-A1 has 1.1 M parameters and DenseNet-BC-100 0.8 M; the ResNet is the deepest one
of He et al. for CIFAR that can be brought to the budget.
"""

from typing import Any

import numpy as np
from intervals import difference
from repeats import read
from rivals import brought_to

from searchspace import cost, to_yaml

BUDGET = 3_000_000      # HCGNet-A1 has 2.7 M multiply-adds at 16×16 pixels when it is narrowest
OURS = "hcgnet@a1"
OTHERS = "densenet-cifar@bc-100-12"
RESNETS = ("110", "56", "44", "32", "20")


def networks(size: int, classes: int) -> dict[str, str]:
    """The three as YAML, brought to the budget."""
    resnet = next(n for n in (f"resnet-cifar@{v}" for v in RESNETS)
                  if brought_to(n, BUDGET, size, classes)[0] is not None)
    found = {}
    for name in (OURS, OTHERS, resnet):
        made, why = brought_to(name, BUDGET, size, classes)
        if made is None:
            raise SystemExit(f"{name}: {why}")
        found[name] = to_yaml(made)
    return found


def result(genotypes: dict[str, str], answers: dict[str, np.ndarray]) -> dict[str, Any]:
    """HCGNet less each other one, on clean images and under each attack. ``answers`` are of shape
    (1 + attacks, seeds, images)."""
    others = [n for n in answers if n != OURS]
    return {"macs": {n: cost(read(g)).macs for n, g in genotypes.items()},
            "differences": {n: [difference(a, b, len(others))
                                for a, b in zip(answers[OURS], answers[n], strict=True)]
                            for n in others}}
