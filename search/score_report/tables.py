"""The score report as console tables, CSV and JSON."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table as Grid

from search.score_report.correlations import Estimate, Worth
from search.score_report.variance_shares import Shares
from search.scores.registry import BASELINES
from search.spreadsheet import write
from searchspace.safety.files import write_file


@dataclass(frozen=True)
class ScoreSummary:
    """The report's line of one score. ``again``: Spearman between two draws of weights."""

    name: str
    networks: int
    failed: int
    seconds: float
    again: float
    with_costs: dict[str, float]        # Spearman with each baseline
    worth: Worth | None
    shares: Shares


def worth_table(lines: Sequence[ScoreSummary], space: str, what: str, strongest: str) -> Grid:
    """Table of the rank correlations of each score."""
    grid = Grid(title=f"{space}: rank correlation with {what}, "
                      f"{max(ln.networks for ln in lines)} networks", title_justify="left")
    for head in ("score", "Spearman", "Kendall", "top tenth", "given MACs", "given params",
                 f"over {strongest}", "s"):
        grid.add_column(head, justify="left" if head == "score" else "right", no_wrap=True)
    for ln in lines:
        w = ln.worth
        assert w is not None
        grid.add_row(_name(ln), str(w.spearman), _plain(w.kendall.value), str(w.top),
                     str(w.given_macs), str(w.given_params), str(w.gain), f"{ln.seconds:.3f}",
                     style="cyan" if ln.name in BASELINES else None)
    return grid


def band_table(lines: Sequence[ScoreSummary], bands: Sequence[tuple[str, int]], space: str) -> Grid:
    """Table of Spearman inside each band; bands by name with their numbers of networks."""
    grid = Grid(title=f"{space}: Spearman inside bands of MACs (networks)",
                title_justify="left")
    for head in ("score", *(f"{name} ({count})" for name, count in bands), "least"):
        grid.add_column(head, justify="left" if head == "score" else "right")
    for ln in lines:
        assert ln.worth is not None
        values = [e.value for e in ln.worth.bands if not math.isnan(e.value)]
        grid.add_row(_name(ln), *(_plain(e.value) for e in ln.worth.bands),
                     _plain(min(values, default=math.nan)),
                     style="cyan" if ln.name in BASELINES else None)
    return grid


def share_table(lines: Sequence[ScoreSummary], space: str) -> Grid:
    """Table of the variance shares of each score: cost, size and family."""
    grid = Grid(title=f"{space}: correlation with the costs, and shares of the "
                      "variance of ranks", title_justify="left")
    for head in ("score", *BASELINES, "size", "family", "either", "structure, chance", "two draws"):
        grid.add_column(head, justify="left" if head == "score" else "right")
    for ln in lines:
        grid.add_row(_name(ln), *(_plain(v) for v in ln.with_costs.values()),
                     *(f"{v:.0%}".replace("-", "−") for v in ln.shares), _plain(ln.again),
                     style="cyan" if ln.name in BASELINES else None)
    return grid


def _name(line: ScoreSummary) -> str:
    return line.name + (f" ({line.failed} not scored)" if line.failed else "")


def _plain(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}".replace("-", "−")


def write_report(lines: Sequence[ScoreSummary], bands: Sequence[str], folder: Path) -> None:
    """The report as JSON, and as CSV with one row a score."""
    def known(value: object) -> object:
        if isinstance(value, dict):
            return {k: known(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [known(v) for v in value]
        return None if isinstance(value, float) and math.isnan(value) else value

    content = {"bands": bands, "scores": [known(asdict(ln)) for ln in lines]}
    write_file(folder / "scores.json", json.dumps(content, indent=1) + "\n")
    flat = []
    for ln in lines:
        row: dict[str, object] = {k: v for k, v in asdict(ln).items() if k not in (
            "worth", "shares", "with_costs")}
        row |= {f"with {b}": v for b, v in ln.with_costs.items()}
        row |= {f"share_{k}": v for k, v in ln.shares._asdict().items()}
        if ln.worth:
            parts = {k: v for k, v in vars(ln.worth).items() if isinstance(v, Estimate)}
            parts |= {f"band {n}": e for n, e in zip(bands, ln.worth.bands, strict=True)}
            for key, e in parts.items():
                row |= {key: e.value, f"{key} low": e.low, f"{key} high": e.high}
        flat.append({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})
    write(folder / "scores.csv", list(flat[0]), ([row[k] for k in flat[0]] for row in flat))
