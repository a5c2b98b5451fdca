"""Ask the predicted accuracy about families that it has never seen, and then with them.

examples:
  python studies/predictor/blind.py

Each network of a family that came later (2018 to 2026) is predicted twice: by a calibration on the
families that were bundled first, fitted and committed before any accuracy of the later ones was
read, and by one on all families but its own. A minute.
"""

import sys
from collections.abc import Iterable

import numpy as np
from rich.table import Table
from scipy.stats import spearmanr

from search.predictors.calibration import Values
from search.predictors.cross_validation import BANDS, counted, evaluate
from search.predictors.fit import fit
from search.predictors.published_accuracies import Measurements, published_accuracies
from searchspace.cli import Parser, run, show, table
from searchspace.units import show_amount

FIRST = frozenset((
    "alexnet", "amoebanet", "condensenet", "darts", "dpn-cifar", "efficientnet", "googlenet",
    "hcgnet", "mobilenet-v1", "mobilenet-v2", "mobilenet-v3-small", "nasnet-a", "pnasnet",
    "randwire-regular", "resnet-cifar", "shiftnet", "shufflenet-v1", "shufflenet-v2-50", "sinet",
    "squeezenet", "squeezenext"))


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    Parser("python studies/predictor/blind.py", __doc__).parse_args(arguments)
    return run(lambda: show(*_tables(published_accuracies())))


def _tables(known: Measurements) -> Iterable[Table | str]:
    later = ~np.isin(known.families, list(FIRST)) & counted(known)
    asked = known.where(later)
    before = fit(known.where(np.isin(known.families, list(FIRST))))(asked.x)
    after = evaluate(known).where(later).said
    yield _networks(asked, before, after)
    yield _summary(asked, before, after)


def _networks(asked: Measurements, before: Values, after: Values) -> Table:
    made = table("families that came later", ("network", "recipe"),
                 ("MACs", "top-1", "before", "error", "spread", "after", "error", "spread"))
    for i in np.argsort(asked.macs):
        top1 = asked.top1[i]
        made.add_row(asked.networks[i], asked.recipes[i], show_amount(int(asked.macs[i])),
                     f"{top1:.1f}", *(text for said in (before, after) for text in (
                         f"{said.value[i]:.1f}", f"{said.value[i] - top1:+.1f}",
                         f"{said.spread[i]:.1f}")))
    return made


def _summary(asked: Measurements, before: Values, after: Values) -> Table:
    made = table("all of them", ("multiply-adds",), ("networks", "rank correlation before", "after",
                                                      "mean error before", "after"))
    for least, most in BANDS:
        mine = (asked.macs > least) & (asked.macs <= most)
        errors = [said.value[mine] - asked.top1[mine] for said in (before, after)]
        made.add_row(f"{show_amount(int(least))} to {show_amount(int(most))}", str(mine.sum()),
                     *(f"{spearmanr(said.value[mine], asked.top1[mine]).statistic:.2f}"
                       for said in (before, after)),
                     *(f"{np.abs(error).mean():.2f}" for error in errors))
    return made


if __name__ == "__main__":
    sys.exit(main())
