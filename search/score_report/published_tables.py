"""The report on published networks as console tables and CSV."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.table import Table as Grid

from search.score_report.bands import bands_of
from search.score_report.published import LEFT_OUT, WHAT, PublishedLine, line, sizes
from search.score_report.sample import Sample
from search.score_report.tables import style, write_rows
from searchspace.text import counted

NOTE = ("{names}: of each family what a calibration to all other families predicts; none saw the "
        "network that it is judged by.")


def report(sample: Sample, names: Sequence[str], bands: Sequence[str],
           folder: Path) -> list[Grid | str]:
    """The correlations of the scores of these names, for the console and in scores.csv.
    ``bands`` as in 200M-400M."""
    inside = bands_of(bands, np.array([float(n.macs) for n in sample.networks]))
    lines = [line(sample, name, inside) for name in names]
    lines.sort(key=lambda ln: -np.nan_to_num(ln.spearman.value, nan=-2))
    write_csv(lines, bands, folder / "scores.csv")
    return [correlation_table(lines), band_table(lines, sizes(sample, inside)), *note(lines)]


def correlation_table(lines: Sequence[PublishedLine]) -> Grid:
    """Table of the rank correlation of each score: of all networks, given MACs, given params."""
    grid = Grid(title=f"rank correlation with {WHAT}, {_count(lines)}; in brackets 95 % intervals "
                      "over families", title_justify="left")
    for head in ("score", "Spearman", "given MACs", "given params", "s"):
        grid.add_column(head, justify="left" if head == "score" else "right", no_wrap=True)
    for ln in lines:
        grid.add_row(_name(ln), str(ln.spearman), str(ln.given_macs), str(ln.given_params),
                     "–" if math.isnan(ln.seconds) else f"{ln.seconds:.3f}", style=style(ln.name))
    return grid


def band_table(lines: Sequence[PublishedLine], bands: Sequence[tuple[str, int, int]]) -> Grid:
    """Table of Spearman inside each band: its name, how many networks and families it has."""
    grid = Grid(title="Spearman inside bands of MACs (networks, families)", title_justify="left")
    grid.add_column("score")
    for name, networks, families in bands:
        grid.add_column(f"{name} ({networks}, {families})", justify="right")
    for ln in lines:
        grid.add_row(_name(ln), *map(str, ln.bands), style=style(ln.name))
    return grid


def note(lines: Sequence[PublishedLine]) -> list[str]:
    """How predicted accuracies are judged, if there are any."""
    names = [ln.name for ln in lines if ln.name in LEFT_OUT]
    return [NOTE.format(names=" and ".join(names))] if names else []


def write_csv(lines: Sequence[PublishedLine], bands: Sequence[str], path: Path) -> None:
    """One row a score."""
    write_rows(path, [{
        "name": ln.name, "networks": ln.networks, "families": ln.families, "failed": ln.failed,
        "seconds": ln.seconds, "family left out": "yes" if ln.name in LEFT_OUT else "no",
        "spearman": ln.spearman, "given_macs": ln.given_macs, "given_params": ln.given_params,
        **{f"band {n}": e for n, e in zip(bands, ln.bands, strict=True)}} for ln in lines])


def _count(lines: Sequence[PublishedLine]) -> str:
    most = max(lines, key=lambda ln: ln.networks)
    return f"{counted(most.networks, 'network')} of {counted(most.families, 'family')}"


def _name(line: PublishedLine) -> str:
    remarks = [*["family left out"] * (line.name in LEFT_OUT),
               *[f"{line.failed} not scored"] * bool(line.failed)]
    return line.name + (f" ({', '.join(remarks)})" if remarks else "")
