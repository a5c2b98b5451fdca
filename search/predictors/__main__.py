"""Predicted accuracies: what they are fitted to, and what they are worth.

examples:
  python -m search.predictors list
  python -m search.predictors check
  python -m search.predictors calibrate
  python -m search.predictors calibrate --calibrate mine.csv --out mine.json

`list`: the accuracies that count. `calibrate`: fit, and write the file that the package ships, or a
file of your own. `check`: what is said of each family by all others, features and penalty chosen
among those too; a minute. mine.csv has the columns network (a bundled name or a file) and accuracy
(in percent, of one data set and one recipe), and at least 20 rows.
"""

import sys
from pathlib import Path

import numpy as np
from rich.table import Table

from search.predictors.artefact import BUNDLED, CalibrationError, write
from search.predictors.evaluation import LeftOut, counted, evaluate
from search.predictors.measurements import PAPER, Measurements
from search.predictors.tables import calibrated, own, published, worth
from searchspace.cli import Parser, run, show, table
from searchspace.units import show_amount

BANDS = ((0.0, 1.3e9), (2e8, 4e8), (4e8, 7e8))
LARGEST = 20        # errors that are listed


def main(arguments: list[str] | None = None) -> int:
    """The commands; 2 for a user's mistake."""
    given = _parser().parse_args(arguments)
    return run(lambda: _do(given.command, given.calibrate, given.out))


def _parser() -> Parser:
    parser = Parser("python -m search.predictors", __doc__)
    parser.add_argument("command", choices=("list", "calibrate", "check"))
    parser.add_argument("--calibrate", metavar="CSV", type=Path,
                        help="your own networks and accuracies in place of ImageNet's")
    parser.add_argument("--out", metavar="JSON", type=Path, help="where a calibration is written")
    return parser


def _do(command: str, csv: Path | None, out: Path | None) -> None:
    scope, known = published() if csv is None else own(csv)
    if command == "list":
        show(_listed(known))
    elif command == "check":
        show(*_checked(evaluate(known), csv is None))
    elif csv is not None and out is None:
        raise CalibrationError("a calibration of your own is written where --out says")
    else:
        predictor = calibrated(scope, known)
        write(predictor, known, out or BUNDLED)
        show(f"{len(known)} accuracies of {len(set(known.networks))} networks in "
             f"{len(set(known.families))} families; features: "
             f"{', '.join(predictor.calibration.mean.design.features)}")


def _listed(known: Measurements) -> Table:
    judged = known.edges == 224
    made = table(f"{len(known)} accuracies that count; {int(counted(known).sum())} networks at 224 "
                 "pixels up to 1.3 G are judged", ("network", "family", "recipe"),
                 ("pixels", "MACs", "top-1"), ("",))
    for i in np.lexsort((known.macs, known.families)):
        made.add_row(known.networks[i], known.families[i], known.recipes[i],
                     f"{known.edges[i]:.0f}", show_amount(int(known.macs[i])),
                     f"{known.top1[i]:.2f} %",
                     "judged" if judged[i] and known.recipes[i] == PAPER else "")
    return made


def _checked(of: LeftOut, bundled: bool) -> list[Table | str]:
    made = table("each family predicted by the others", ("networks",),
                 ("", "rank correlation", "mean error", "in the 80 % interval", "spread"))
    judged = of.where(counted(of.known)) if bundled else of
    for least, most in BANDS if bundled else ():
        inside = (judged.known.macs > least) & (judged.known.macs <= most)
        name = f"{show_amount(int(least))} to " if least else "up to "
        _row(made, f"{name}{show_amount(int(most))} MACs", judged.where(inside))
    middle = np.median(of.said.distance)
    _row(made, "all", of)
    _row(made, f"near: distance to {middle:.2f}", of.where(of.said.distance <= middle))
    _row(made, "far", of.where(of.said.distance > middle))
    worst = table("largest errors", ("network", "recipe"),
                  ("top-1", "predicted", "error", "spread", "distance"))
    for i in np.argsort(-np.abs(of.errors))[:LARGEST]:
        worst.add_row(of.known.networks[i], of.known.recipes[i], f"{of.known.top1[i]:.1f}",
                      f"{of.said.value[i]:.1f}", f"{of.errors[i]:+.1f}",
                      f"{of.said.spread[i]:.1f}", f"{of.said.distance[i]:.2f}")
    usual = worth(of.known)
    return [made, f"The mean error is {of.mean_error:.2f} points, that of saying the median of all "
                  f"{usual:.2f}: " + ("useful." if of.mean_error < 0.8 * usual else
                                      "of little use."), worst]


def _row(made: Table, name: str, of: LeftOut) -> None:
    made.add_row(name, str(len(of.known)), f"{of.rank_correlation:.2f}", f"{of.mean_error:.2f}",
                 f"{of.inside:.0%}", f"{of.said.spread.mean():.1f}")


if __name__ == "__main__":
    sys.exit(main())
