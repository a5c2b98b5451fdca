"""The training-free scores, listed or computed for networks.

examples:
  python -m search.scores
  python -m search.scores blend zico
  python -m search.scores rate mobilenet-v2 resnet@18 my/net.yaml
  python -m search.scores rate mobilenet-v2 --score naswot --json
"""

import sys

from rich.table import Table
from rich.text import Text

from search.scores.rank_aggregation import Combination
from search.scores.rate import main as rate
from search.scores.registry import DEFAULT_SCORE, RELATIVE, SCORES, find_score
from searchspace.cli import Console, Parser, output, run, start


def main(arguments: list[str]) -> int:
    """Print a table of all scores, or details of the named ones; returns 2 for an unknown name.
    After ``rate`` come networks, see `search.scores.rate`."""
    if arguments[:1] == ["rate"]:
        return rate(arguments[1:])
    parser = Parser("python -m search.scores", __doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="scores to be described, or rate "
                        "and networks: rate --help (default: all scores, as a table)")
    names = parser.parse_args(arguments).names
    return run(lambda: _list(names, output(110)))


def _list(arguments: list[str], console: Console) -> None:
    chosen = [find_score(name) for name in arguments or (*SCORES, *RELATIVE)]
    if arguments:
        for score in chosen:
            console.print(Text.assemble((score.name, "bold"), f": {score.title}, in {score.unit}"))
            console.print(f"  from: {score.source}")
            console.print(f"  looks at: {', '.join(score.needs) or 'the genotype alone'}")
            console.print(f"  passes: {score.passes}")
            if isinstance(score, Combination):
                console.print(f"  rule: {score.rule} of the ranks of "
                              f"{', '.join(part.name for part in score.parts)}")
            console.print(f"  fails: {score.failures}")
        return
    table = Table("name", "looks at", "passes", "known failures", "from", show_lines=True)
    for score in chosen:
        mark = " (default)" if score.name == DEFAULT_SCORE else ""
        table.add_row(score.name + mark, ", ".join(score.needs), score.passes, score.failures,
                      score.source)
    console.print(table)
    console.print("NAME-standard: what is left of a score at equal size and families")


if __name__ == "__main__":
    start(lambda: main(sys.argv[1:]))
