"""Time of drawings: ``python benchmarks/drawings.py``, every bundled network at three levels.

Processor seconds of one process, from the genotype's file to the SVG; the longest of each level
beside its mark. Ends with 1 where a mark is missed and --check is given.
"""

import argparse
import sys
import time

from rich.progress import track

from searchspace import cli, load, published, spaces
from viz.docs.gallery import families
from viz.drawing.levels import LEVELS
from viz.drawing.render import draw

MARKS = {"stage": 1.0, "block": 1.0, "operation": 5.0}


def seconds(name: str, level: str) -> tuple[float, int]:
    """Processor time of one drawing, and its bytes."""
    begin = time.process_time()
    drawn = draw(load(name), "svg", level)
    return time.process_time() - begin, len(drawn)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="How long drawings take.")
    parser.add_argument("--families", action="store_true",
                        help="one network of each family (default: all variants)")
    parser.add_argument("--check", action="store_true", help="fail where a mark is missed")
    given = parser.parse_args()
    names = (*(families() if given.families else published()), *spaces())
    draw(load("digits"), "svg", "stage")                # fonts are looked for once a process
    table = cli.table("processor seconds", ("level",),
                          ("drawings", "median", "longest", "mark"), ("slowest",))
    missed = False
    for level in LEVELS:
        found = sorted((*seconds(name, level), name) for name in
                       track(names, f"{level} level", transient=True))
        longest, size, slowest = found[-1]
        missed |= longest > MARKS[level]
        table.add_row(level, str(len(found)), f"{found[len(found) // 2][0]:.2f}", f"{longest:.2f}",
                      f"{MARKS[level]:.0f}", f"{slowest}, {size / 1e6:.2f} MB")
    cli.show(table)
    return int(missed and given.check)


if __name__ == "__main__":
    sys.exit(main())
