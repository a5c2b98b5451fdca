"""Console form of the feasibility report: short before a search, in full with ``--report``."""

from decimal import Decimal

from rich.table import Table
from rich.text import Text

from search.study.feasibility import Report
from search.study.settings import Settings
from searchspace.cli import Console
from searchspace.shapes import show_size
from searchspace.space.budget import amount, show
from searchspace.text import counted

SHOWN = 3      # drivers in the short form


def print_short(console: Console, report: Report, settings: Settings) -> None:
    """Print the size of the space and the share inside the budget, in two lines."""
    ranges = ", ".join(show(name, *ends) for name, ends in report.ranges.items())
    console.print(Text.assemble(
        "space ", (settings.space, "bold"), f" at {show_size(settings.input)}: "
        f"{counted(report.holes, 'hole')}, {_points(report)}; {ranges}"))
    name, drivers = next(iter(report.drivers.items()))
    hang = ", ".join(f"{hole} ({_percent(share)})" for hole, share in drivers[:SHOWN])
    console.print(Text.assemble("budget ", (str(settings.budget), "bold"),
                                f": {_fitting(report)} fit",
                                f"; {_NAMES.get(name, name)} vary with {hang}" if hang else ""))


def print_report(console: Console, report: Report, settings: Settings) -> None:
    """Print the full report."""
    console.print(Text.assemble(
        "space ", (settings.space, "bold"), f" at {show_size(settings.input)}, budget ",
        (str(settings.budget), "bold")))
    known = {b.name for b in settings.budget.known}
    bounds = {b.name: ("up to " if b.least is None else "") + amount(b.name, *b.ends)
              for b in settings.budget.bounds if b.name not in known}
    reach = Table("cost", "least", "greatest", "budget")
    for name, ends in report.ranges.items():
        reach.add_row(_NAMES.get(name, name), *(amount(name, end) for end in ends),
                      bounds.get(name, "–"))
    console.print(reach)
    console.print("All points were enumerated." if report.counted else
                  "The ranges were found by descent over the holes, without a guarantee.")
    console.print(f"{counted(report.holes, 'hole')}, {_points(report)}" + (
        "" if report.points_exact else
                  " (estimated: which holes exist depends on more than labelled choices)"))
    console.print(f"distinct networks: {_distinct(report)}")
    if bounds:
        console.print(f"inside the budget: {_fitting(report)}")
    console.print("Holes that drive the cost, by share of the variance of its logarithm:")
    drives = Table(*(title for name in report.drivers for title in (_NAMES.get(name, name), "")))
    for row in range(max(map(len, report.drivers.values()), default=0)):
        drives.add_row(*(text for found in report.drivers.values() for text in (
            (found[row][0], _percent(found[row][1])) if row < len(found) else ("", ""))))
    console.print(drives)


_NAMES = {"macs": "MACs", "params": "params", "memory": "activations", "latency": "latencies"}


def _points(report: Report) -> str:
    about = "" if report.points_exact else "about "
    known = f", {report.distinct:,} distinct" if report.counted else ""
    return f"{about}{_count(report.points)} points{known}"


def _distinct(report: Report) -> str:
    if report.counted:
        return _count(report.distinct_least)
    least = f"at least {_count(report.distinct_least)} (95 %)"
    if report.distinct is None:
        return f"{least}; no two of {report.looked} random points were the same"
    return f"about {_count(report.distinct)}, {least}, from the repeats among {report.looked} " \
           "random points"


def _fitting(report: Report) -> str:
    share = report.fitting
    if report.counted:
        return f"{_percent(share.value)} of all points"
    return f"{_percent(share.value)} of {report.looked} random points " \
           f"({_percent(share.low)} to {_percent(share.high)})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share == 0 or share >= 0.1 else f"{100 * share:.2g} %"


def _count(number: float) -> str:
    """6,561, or 1.8·10¹¹ for large numbers."""
    if number < 10**6:
        return f"{number:,.0f}"
    digits, _, power = f"{Decimal(number):.1e}".partition("e+")     # of any size
    return f"{digits}·10" + power.lstrip("0").translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
