"""The report of a study, one HTML file: ``python viz/report.py studies/mine``."""

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":      # this checkout, and no other one that is installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from search.archive.connection.arguments import without_secrets
from search.archive.connection.locations import folder_of
from search.environment import STUDIES
from search.results.learned import told
from search.results.read import read_study
from searchspace.cli import Console, Parser, add_limits, add_option, load_named, run, start
from viz.drawing.render import write
from viz.pages.study import encoded, write_report
from viz.plots.render import FORMATS, write_charts
from viz.plots.theme import THEMES

EXAMPLES = """\
examples:
  python viz/report.py studies/mine                        (writes studies/mine/report.html)
  python viz/report.py mine                                (the same)
  python viz/report.py studies/mine --plots figures --format pdf
"""


def arguments() -> argparse.ArgumentParser:
    """The options of the command line."""
    parser = Parser("python viz/report.py", epilog=EXAMPLES,
                    description=(__doc__ or "").partition(":")[0])
    parser.add_argument("study", metavar="STUDY", help="name or folder of a study")
    parser.add_argument("--studies", default=str(STUDIES), metavar="FOLDER",
                        help="where studies are looked for by name")
    parser.add_argument("--storage", metavar="URL", help="the database that it was searched in, "
                        "where that is not study.db in the folder")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE",
                        help="page to write (default: report.html in the folder)")
    parser.add_argument("--plots", type=Path, metavar="FOLDER",
                        help="write the plots alone, as files for a paper, and no page")
    parser.add_argument("--format", choices=FORMATS, default="svg", help="of --plots (svg)")
    parser.add_argument("--theme", choices=THEMES, default="light", help="of --plots (light)")
    add_option(parser)
    add_limits(parser)
    return parser


def main(given: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user error."""
    options = arguments().parse_args(without_secrets(given))
    return run(lambda: _report(options))


def _report(options: argparse.Namespace) -> None:
    load_named(options)
    folder = folder_of(options.study, Path(options.studies))
    results = told(read_study(folder, options.storage))
    if options.plots is not None:
        written = write_charts(results, options.plots, options.format, options.theme)
    elif options.output is not None:        # wherever that leads: a person named it
        written = [write(options.output, encoded(results))]
    else:
        written = [write_report(results, folder / "report.html")]
    Console().out(*written, sep="\n")


if __name__ == "__main__":
    start(main)
