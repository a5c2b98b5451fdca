"""Time of networks in the form that is deployed, against the same as built.

examples:
  python benchmarks/deployed.py henet mobilenet-v2
  python benchmarks/deployed.py shufflenet-v2 --batch 8 --seconds 5

Processor time on one thread, medians over rounds in which all forms take turns.
"""

import argparse
from functools import partial

import torch
from operations import forward
from timing import Effort, interleave, ratio
from torch import nn

from search.process import keep_memory
from searchspace import build, load, optimize
from searchspace.building.fold import fold
from searchspace.expansion import trace


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="+", metavar="NAME")
    parser.add_argument("--batch", type=int, default=1, metavar="N")
    parser.add_argument("--seconds", type=float, default=6, metavar="S")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_memory()
    for name in options.networks:
        genotype = load(name)
        net = build(genotype).eval()
        images = torch.randn(options.batch, *trace(genotype).input)
        built, folded, deployed = interleave(
            [partial(_run, form, images) for form in (net, fold(net), optimize(net))],
            Effort(options.seconds))
        print(f"{name}, {options.batch} images: batch norm merged "
              f"{ratio(folded, built).median:.2f}, all {ratio(deployed, built).median:.2f}",
              flush=True)


def _run(net: nn.Module, images: torch.Tensor, _: int) -> None:
    forward(net, images)


if __name__ == "__main__":
    main()
