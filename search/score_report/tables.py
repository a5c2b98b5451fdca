"""The score report as console tables, a drawing, CSV and JSON."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table as Grid

from search.score_report.correlations import Estimate
from search.score_report.summary import Report, ScoreSummary
from search.scores.registry import BASELINES
from search.spreadsheet import write
from searchspace.safety.files import write_file
from viz.plots.correlations import Interval, Pair, dots, matrix
from viz.plots.render import chart


def tables(report: Report) -> list[Grid]:
    """The report for the console."""
    judged = [worth_table(report), band_table(report)] if report.what else []
    return [*judged, share_table(report)]


def worth_table(report: Report) -> Grid:
    """Table of the rank correlations of each score."""
    grid = Grid(title=f"{report.space}: rank correlation with {report.what}, {_most(report)} "
                      "networks", title_justify="left")
    for head in ("score", "Spearman", "Kendall", "top tenth", "given MACs", "given params",
                 f"over {report.strongest}", "s"):
        grid.add_column(head, justify="left" if head == "score" else "right", no_wrap=True)
    for ln in report.lines:
        w = ln.worth
        assert w is not None
        grid.add_row(_name(ln), str(w.spearman), _plain(w.kendall.value), str(w.top),
                     str(w.given_macs), str(w.given_params), str(w.gain), _seconds(ln),
                     style=style(ln.name))
    return grid


def band_table(report: Report) -> Grid:
    """Table of Spearman inside each band."""
    grid = Grid(title=f"{report.space}: Spearman inside bands of MACs (networks)",
                title_justify="left")
    for head in ("score", *(f"{name} ({count})" for name, count in report.bands), "least"):
        grid.add_column(head, justify="left" if head == "score" else "right")
    for ln in report.lines:
        assert ln.worth is not None
        values = [e.value for e in ln.worth.bands if not math.isnan(e.value)]
        grid.add_row(_name(ln), *(_plain(e.value) for e in ln.worth.bands),
                     _plain(min(values, default=math.nan)), style=style(ln.name))
    return grid


def share_table(report: Report) -> Grid:
    """Table of the variance shares of each score: cost, size and family."""
    grid = Grid(title=f"{report.space}: correlation with the costs, and shares of the "
                      "variance of ranks", title_justify="left")
    for head in ("score", *BASELINES, "size", "family", "either", "structure, chance", "two draws"):
        grid.add_column(head, justify="left" if head == "score" else "right")
    for ln in report.lines:
        grid.add_row(_name(ln), *(_plain(v) for v in ln.with_costs.values()),
                     *(f"{v:.0%}".replace("-", "−") for v in ln.shares), _plain(ln.again),
                     style=style(ln.name))
    return grid


def picture(report: Report) -> bytes:
    """The correlations as SVG: with the accuracies, or among the scores where none are known."""
    if report.what is None:
        return chart(matrix([Pair(a, b, None if math.isnan(value) else round(value, 4))
                             for (a, b), value in report.among.items()],
                            f"Spearman correlation between scores, {_most(report)} networks of "
                            f"{report.space}"), width=None)
    intervals = [Interval(ln.name, _kind(ln), panel, *e)
                 for ln in report.lines if ln.worth
                 for panel, e in (("all", ln.worth.spearman), ("top tenth", ln.worth.top),
                                  ("given MACs", ln.worth.given_macs),
                                  ("given params", ln.worth.given_params))
                 if not math.isnan(e.value)]
    return chart(dots(intervals, f"Spearman correlation with {report.what}, {report.networks} "
                                 f"networks of {report.space}"), width=None)


def _most(report: Report) -> int:
    """The networks of the score that could rate the most."""
    return max(line.networks for line in report.lines)


def style(name: str) -> str | None:
    """The style of a score's row: baselines are coloured."""
    return "cyan" if name in BASELINES else None


def _name(line: ScoreSummary) -> str:
    return line.name + (f" ({line.failed} not scored)" if line.failed else "")


def _kind(line: ScoreSummary) -> str:
    if line.name in BASELINES:
        return "baseline"
    return "model" if math.isnan(line.seconds) else "score"


def _seconds(line: ScoreSummary) -> str:
    return "–" if math.isnan(line.seconds) else f"{line.seconds:.3f}"


def _plain(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}".replace("-", "−")


def write_rows(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Rows as CSV; an estimate has a column for each of its ends, too."""
    flat = []
    for row in rows:
        values: dict[str, object] = {}
        for key, value in row.items():
            values |= {key: value.value, f"{key} low": value.low, f"{key} high": value.high} \
                if isinstance(value, Estimate) else {key: value}
        flat.append({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in values.items()})
    write(path, list(flat[0]), (list(values.values()) for values in flat))


def write_report(report: Report, folder: Path) -> None:
    """The report as JSON, as CSV with one row a score, and as a drawing."""
    def known(value: object) -> object:
        if isinstance(value, dict):
            return {k: known(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [known(v) for v in value]
        return None if isinstance(value, float) and math.isnan(value) else value

    bands = [name for name, _ in report.bands]
    content = {"bands": bands, "scores": [known(asdict(ln)) for ln in report.lines]}
    write_file(folder / "scores.json", json.dumps(content, indent=1) + "\n")
    flat = []
    for ln in report.lines:
        row: dict[str, object] = {k: v for k, v in asdict(ln).items() if k not in (
            "worth", "shares", "with_costs")}
        row |= {f"with {b}": v for b, v in ln.with_costs.items()}
        row |= {f"share_{k}": v for k, v in ln.shares._asdict().items()}
        if ln.worth:
            parts = {k: v for k, v in vars(ln.worth).items() if isinstance(v, Estimate)}
            parts |= {f"band {n}": e for n, e in zip(bands, ln.worth.bands, strict=True)}
            row |= parts
        flat.append(row)
    write_rows(folder / "scores.csv", flat)
    write_file(folder / "scores.svg", picture(report))
