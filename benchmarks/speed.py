"""Measure the speed figures of the README and compare each with the mark it has to reach.

examples:
  python benchmarks/speed.py
  python benchmarks/speed.py --quick --threads 2
  python benchmarks/speed.py --only cold bring-mobile next-mobile
  python benchmarks/speed.py --json speed.json --check

Ratios are medians over rounds in which both sides take turns, with their quartiles in brackets.
Seconds are of the processor, so that other work on the machine does not count, though it empties
the caches. One thread is the steadiest. It takes about fifteen minutes of an idle core.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from candidates import REACH, bringing, following
from handwritten import HENet, MobileNetV2
from measures import (
    Row,
    about_a_millisecond,
    building,
    counting,
    importing,
    networks,
    scoring,
)
from memory import EXPANDED, growth
from outside import outside
from papers import claims
from papers import measure as measure_claim
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from timing import Effort, Ratio

from search.process import keep_memory

PACKAGES = ("searchspace", "torch", "fvcore")


def counted(scale: float) -> list[Row]:
    """The network that a reader knows, counted; about a millisecond."""
    rows = counting("mobilenet-v2", Effort(15 * scale), MobileNetV2)
    return [*rows, about_a_millisecond(rows)]


def built(scale: float) -> list[Row]:
    """The networks with a hand-written twin, built."""
    return [*building("mobilenet-v2", MobileNetV2, Effort(5 * scale)),
            *building("henet@repeat3-cifar10", HENet, Effort(5 * scale))]


def searched(scale: float) -> list[Row]:
    """The score that is not known beforehand, and a search around it."""
    rows = scoring("mobilenet-v2", 224, 32, Effort(40 * scale))
    return [*rows, *outside("mobile", max(20, round(500 * scale)), rows[0].ours or 0.0)]


def held(scale: float) -> list[Row]:
    """The score with memory held, which lasts: what is measured without it comes before."""
    keep_memory()
    return scoring("mobilenet-v2", 224, 32, Effort(40 * scale), ", memory held")


def run(scale: float) -> list[Row]:
    """Built networks against hand-written ones, with memory held."""
    keep_memory()
    return [*networks("mobilenet-v2", MobileNetV2, 224, 32, Effort(25 * scale)),
            *networks("henet@repeat3-cifar10", HENet, 31, 32, Effort(10 * scale, 15))]


def headline(effort: Effort) -> list[Row]:
    """HENet against the paper's ShuffleNet at repeat 3, which the paper has at 0.735."""
    claim = next(c for c in claims() if c.ours.variant == "repeat3-cifar10")
    line = measure_claim(claim, 32, effort)
    what, other = "HENet, batch 32", "the paper's ShuffleNet"
    assert line.groupwise is not None
    return [Row(f"{what}, as built", against=other, ratio=line.built),
            Row(f"{what}, as deployed", against=other, ratio=line.optimized),
            Row(f"{what}, a product a group", against=other, ratio=line.groupwise,
                reach="≈ 0.74 (≤ 0.8)", met=line.groupwise.median <= 0.8)]


Measure = Callable[[float], list[Row]]
GROUPS: dict[str, Measure] = {         # each takes a share of the time that it should have
    "import": lambda scale: importing(Effort(0, max(10, round(20 * scale)))),
    "cold": lambda scale: counting("mobile", Effort(30 * scale)),
    "count": counted,
    **{f"bring-{name}": lambda scale, name=name: [bringing(name, Effort(10 * scale))]
       for name in REACH},
    **{f"next-{name}": lambda scale, name=name: [following(name, Effort(2 * scale))]
       for name in REACH},
    "memory": lambda scale: [growth("mobile", max(200, round(EXPANDED * scale)))],
    "build": built,
    "count-nasnet": lambda scale: counting("nasnet-a@mobile", Effort(20 * scale, 3)),
    "count-densenet": lambda scale: counting("densenet@121", Effort(20 * scale, 3)),
    "search": searched,
    "held": held,
    "run": run,
    "henet": lambda scale: headline(Effort(20 * scale)),
}


def measure(scale: float, names: Sequence[str]) -> Iterator[list[Row]]:
    """The rows of some groups, a group at a time."""
    for name in names:
        yield GROUPS[name](scale)


def table(rows: list[Row], title: str) -> Table:
    """The rows as they are printed."""
    made = Table("measured", "ours", "against", "takes", "ratio", "to reach", "met", title=title)
    for column in (1, 3, 4):
        made.columns[column].justify = "right"
    for row in rows:
        met = "" if row.met is None else "[green]yes[/]" if row.met else "[red]no[/]"
        made.add_row(row.what, _time(row.ours), row.against, _time(row.other), _ratio(row.ratio),
                     row.reach, met)
    return made


def _time(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.3g} ms" if seconds < 1 else \
        f"{seconds:.3g} s"


def _ratio(ratio: Ratio | None) -> str:
    if ratio is None:
        return ""
    digits = 0 if ratio.median >= 10 else 3
    return f"{ratio.median:.{digits}f} ({ratio.low:.{digits}f}–{ratio.high:.{digits}f})"


def machine() -> dict[str, Any]:
    """The machine and the versions."""
    return {"cores": os.cpu_count(), "threads": torch.get_num_threads(),
            "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
            "machine": platform.machine(), "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES}}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 1 with --check where a mark is missed."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.threads < 1:
        parser.error(f"--threads must be at least 1, not {options.threads}")
    if options.json and not options.json.absolute().parent.is_dir():
        parser.error(f"--json: there is no folder {options.json.parent}")
    torch.set_num_threads(options.threads)
    console, rows = Console(width=None if sys.stdout.isatty() else 140), []
    before = machine()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        names = options.only or list(GROUPS)
        for group in progress.track(measure(0.1 if options.quick else options.effort, names),
                                    total=len(names), description="measuring"):
            rows += group
            if options.json:            # what there is so far
                _write(options.json, before, rows)
    title = ", ".join(f"{name} {value}" for name, value in before.items() if value is not None)
    console.print(table(rows, title))
    return int(options.check and any(row.met is False for row in rows))


def _write(path: Path, before: dict[str, Any], rows: list[Row]) -> None:
    figures = {"machine": before, "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    about, _, examples = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(description=about, epilog=examples,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the time, rougher figures")
    parser.add_argument("--effort", type=float, default=1.0, metavar="SHARE",
                        help="a share of the time, and of trials and candidates (default: 1)")
    parser.add_argument("--only", nargs="+", choices=GROUPS, metavar="GROUP",
                        help=f"some of: {', '.join(GROUPS)}")
    parser.add_argument("--threads", type=int, default=1, metavar="N",
                        help="torch's threads (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE too")
    parser.add_argument("--check", action="store_true",
                        help="exit with status 1 where a mark is missed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
