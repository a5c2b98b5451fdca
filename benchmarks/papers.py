"""What the first papers say about speed, counted and timed here, on one core.

examples:
  python benchmarks/papers.py
  python benchmarks/papers.py --seconds 3
  python benchmarks/papers.py --json papers.json

Each line compares two networks: what the paper claims, the ratio of their multiply-adds, and the
ratio of their forward passes: as they are trained, as they are deployed (`searchspace.optimize`),
and where a time is claimed, with a matrix product a group, as frameworks did then (`groupwise.py`).
Times are of the processor, one thread, medians over rounds in which both networks take turns, with
quartiles in brackets. It takes about ten minutes on an idle core.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from groupwise import groupwise
from operations import forward
from rich.console import Console
from rich.table import Table
from timing import Effort, Ratio, interleave, ratio
from torch import nn

from search.process import keep_memory
from searchspace import Genotype, build, cost, load, optimize
from searchspace.expansion import trace

SEPARABLE = Path(__file__).resolve().parent / "separable.yaml"
BATCHES = 1, 32


@dataclass(frozen=True, slots=True)
class Claim:
    """A paper's ratio of what two networks take; ``batches`` are timed."""

    paper: str
    ours: Genotype
    other: Genotype
    claimed: str
    about: str                  # what the claimed ratio is of
    batches: tuple[int, ...] = (1,)

    @property
    def timed(self) -> bool:
        """Whether it is about time."""
        return "time" in self.about


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; ratios below 1 mean that the first network takes less."""

    paper: str
    networks: str
    claimed: str
    about: str
    counted: float
    batch: int
    built: Ratio
    optimized: Ratio
    groupwise: Ratio | None     # of what is claimed about time


def claims() -> Iterator[Claim]:
    """The claims, in the order of the papers."""
    henet = {"cifar10": {2: "0.738, 0.739", 3: "0.735, 0.741", 4: "0.741, 0.736"},    # Tables 3, 5
             "cifar100": {2: "0.740", 3: "0.739", 4: "0.815"}}                        # Table 4
    for data, repeats in henet.items():
        tables = "Tables 3 and 5" if data == "cifar10" else "Table 4"
        for repeat, claimed in repeats.items():
            variant = f"repeat{repeat}-{data}"
            yield Claim(f"HENet, {tables}", load(f"henet@{variant}"),
                        load(f"shufflenet-henet@{variant}"), claimed, "time, one core", BATCHES)
    yield Claim("SINet", load("sinet@1.2"), load("vgg@16"), "1/55", "FLOPs")
    yield Claim("SINet", load("sinet@1.8"), load("resnet@34"), "1/6", "FLOPs")
    for channels in (64, 128, 256, 512):
        yield Claim("depthwise separable", load(SEPARABLE, c=channels, separable=True),
                    load(SEPARABLE, c=channels), "1/8 to 1/9", "multiply-adds")


def named(genotype: Genotype) -> str:
    """A network in the table."""
    if genotype.name == "separable":
        return f"{trace(genotype).input[0]} channels, 28×28"
    return genotype.title


def measure(claim: Claim, batch: int, effort: Effort) -> Line:
    """Count and time both networks of a claim."""
    pair = claim.ours, claim.other
    assert trace(pair[0]).input == trace(pair[1]).input
    torch.manual_seed(0)
    images = torch.randn(batch, *trace(pair[0]).input)
    nets = [build(genotype).eval() for genotype in pair]
    forms = [nets, [optimize(net) for net in nets]]
    if claim.timed:
        forms.append([groupwise(net) for net in nets])
    taken = interleave([partial(_forward, net, images) for form in forms for net in form], effort)
    ratios = [ratio(a, b) for a, b in zip(taken[::2], taken[1::2], strict=True)]
    macs = [cost(genotype).macs for genotype in pair]
    networks = named(claim.ours) if named(claim.ours) == named(claim.other) else \
        f"{named(claim.ours)} / {named(claim.other)}"
    return Line(claim.paper, networks, claim.claimed, claim.about, macs[0] / macs[1], batch,
                ratios[0], ratios[1], ratios[2] if claim.timed else None)


def _forward(net: nn.Module, images: torch.Tensor, _: int) -> None:
    forward(net, images)


def table(lines: list[Line]) -> Table:
    """The lines as they are printed."""
    made = Table("paper", "networks", "claimed", "of", "counted", "batch", "timed as built",
                 "timed as deployed", "a product a group",
                 title=f"torch {torch.__version__}, one thread")
    for line in lines:
        made.add_row(line.paper, line.networks, line.claimed, line.about, shown(line.counted),
                     str(line.batch), _shown(line.built), _shown(line.optimized),
                     _shown(line.groupwise) if line.groupwise else "")
    return made


def shown(value: float) -> str:
    """A ratio; a small one as the paper writes it."""
    return f"{value:.3f}" if value > 0.25 else f"1/{1 / value:.1f}"


def _shown(found: Ratio) -> str:
    return f"{shown(found.median)} ({shown(found.low)}–{shown(found.high)})"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15, metavar="S",
                        help="processor time of each line, at least (default: 15)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE too")
    options = parser.parse_args(arguments)
    if options.json and not options.json.absolute().parent.is_dir():
        parser.error(f"--json: there is no folder {options.json.parent}")
    torch.set_num_threads(1)
    keep_memory()
    lines = [measure(claim, batch, Effort(options.seconds, 5))
             for claim in claims() for batch in claim.batches]
    Console(width=None if sys.stdout.isatty() else 170).print(table(lines))
    if options.json:
        figures: dict[str, Any] = {"torch": torch.__version__,
                                   "lines": [asdict(line) for line in lines]}
        options.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n",
                                encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
