"""Predicted accuracies: what they are fitted to, and what they are worth.

examples:
  python -m search.predictors list
  python -m search.predictors check
  python -m search.predictors check --data cifar10
  python -m search.predictors calibrate
  python -m search.predictors calibrate --calibrate mine.csv --out mine.json

`list`: the accuracies that count. `calibrate`: fit, and write the file that the package ships, or a
file of your own. `check`: what is said of each family by all others, features and penalty chosen
among those too; a minute. mine.csv has the columns network (a bundled name or a file) and accuracy
(in percent, of one data set and one recipe), and at least 20 rows.
"""

from argparse import Namespace
from pathlib import Path

import numpy as np
from rich.table import Table

from search.predictors.artefact import BUNDLED, CalibrationError, write
from search.predictors.cross_validation import BANDS, LeftOut, counted, evaluate
from search.predictors.published_accuracies import DATA_SETS, IMAGENET, Measurements
from search.predictors.user_accuracies import calibrated, own, published, worth
from searchspace.cli import Parser, run, show, start, table
from searchspace.units import show_amount

LARGEST = 20        # errors that are listed


def main(arguments: list[str] | None = None) -> int:
    """The commands; 2 for a user's mistake."""
    given = _parser().parse_args(arguments)
    return run(lambda: _do(given))


def _parser() -> Parser:
    parser = Parser("python -m search.predictors", __doc__)
    parser.add_argument("command", choices=("list", "calibrate", "check"))
    parser.add_argument("--data", choices=DATA_SETS, default=IMAGENET.key,
                        help="whose published accuracies (default: imagenet)")
    parser.add_argument("--calibrate", metavar="CSV", type=Path,
                        help="your own networks and accuracies in place of published ones")
    parser.add_argument("--out", metavar="JSON", type=Path, help="where a calibration is written")
    return parser


def _do(given: Namespace) -> None:
    data, csv = DATA_SETS[given.data], given.calibrate
    scope, known = published(data) if csv is None else own(csv)
    if given.command == "list":
        show(_listed(known))
    elif given.command == "check":
        show(*_checked(evaluate(known), csv is None and data is IMAGENET))
    elif csv is not None and given.out is None:
        raise CalibrationError("a calibration of your own is written where --out says")
    elif csv is None and data is not IMAGENET:
        raise CalibrationError(f"too little is published of {data.name} to calibrate on: see "
                               f"check --data {data.key}")
    else:
        predictor = calibrated(scope, known)
        write(predictor, known, given.out or BUNDLED)
        show(f"{len(known)} accuracies of {len(set(known.networks))} networks in "
             f"{len(set(known.families))} families; features: "
             f"{', '.join(predictor.calibration.mean.design.features)}")


def _listed(known: Measurements) -> Table:
    judged = counted(known)
    made = table(f"{len(known)} accuracies that count; {int(judged.sum())} networks at 224 "
                 "pixels up to 1.3 G are judged", ("network", "family", "recipe"),
                 ("pixels", "MACs", "top-1"), ("",))
    for i in np.lexsort((known.macs, known.families)):
        made.add_row(known.networks[i], known.families[i], known.recipes[i],
                     f"{known.edges[i]:.0f}", show_amount(int(known.macs[i])),
                     f"{known.top1[i]:.2f} %",
                     "judged" if judged[i] else "")
    return made


def _checked(of: LeftOut, bundled: bool) -> list[Table | str]:
    made = table("each family predicted by the others", ("networks",),
                 ("", "rank correlation", "mean error", "in the 80 % interval", "spread"))
    judged, said = (of.where(counted(of.known)) if bundled else of), of.predicted
    for least, most in BANDS if bundled else ():
        inside = judged.where((judged.known.macs > least) & (judged.known.macs <= most))
        name = f"{show_amount(int(least))} to " if least else "up to "
        name += f"{show_amount(int(most))} MACs"
        _row(made, name, inside.predicted)
        if inside.refused.any():
            _row(made, f"{name}, those refused too", inside)
    middle = np.median(said.said.distance)
    _row(made, "all", said)
    _row(made, f"near: distance to {middle:.2f}", said.where(said.said.distance <= middle))
    _row(made, "far", said.where(said.said.distance > middle))
    worst = table("largest errors", ("network", "recipe"),
                  ("top-1", "predicted", "error", "spread", "distance"))
    for i in np.argsort(-np.abs(said.errors))[:LARGEST]:
        worst.add_row(said.known.networks[i], said.known.recipes[i], f"{said.known.top1[i]:.1f}",
                      f"{said.said.value[i]:.1f}", f"{said.errors[i]:+.1f}",
                      f"{said.said.spread[i]:.1f}", f"{said.said.distance[i]:.2f}")
    usual = worth(said.known)
    return [made, f"{len(of.known)} accuracies of {len(set(of.known.networks))} networks in "
                  f"{len(set(of.known.families))} families; {int(of.refused.sum())} are refused as "
                  "too far from all others.",
            f"The mean error is {said.mean_error:.2f} points, that of saying the median of all "
            f"{usual:.2f}: " + ("useful." if said.mean_error < 0.8 * usual else
                                "of little use."), worst]


def _row(made: Table, name: str, of: LeftOut) -> None:
    made.add_row(name, str(len(of.known)), f"{of.rank_correlation:.2f}", f"{of.mean_error:.2f}",
                 f"{of.inside:.0%}", f"{of.said.spread.mean():.1f}")


if __name__ == "__main__":
    start(main)
