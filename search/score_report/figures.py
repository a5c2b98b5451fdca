"""Estimates with intervals as SVG, and a matrix of correlations: no plotting library needed."""

import math
from collections.abc import Mapping, Sequence

from search.score_report.correlations import Estimate
from searchspace.text import markup

ROW, LEFT, PANEL, GAP, TOP = 20, 170, 200, 26, 62
BASE, SCORE = "#a44a3f", "#1b6ca8"


def dots(title: str, panels: Sequence[str], rows: Mapping[str, Sequence[Estimate]],
         marked: frozenset[str]) -> str:
    """One row per score, one panel per statistic from −1 to 1: a dot, and a line for its interval.
    ``marked`` rows (baselines) have another colour."""
    width = LEFT + len(panels) * (PANEL + GAP)
    height = TOP + ROW * len(rows) + 40
    out = [_head(width, height, title)]
    for p, name in enumerate(panels):
        left = LEFT + p * (PANEL + GAP)
        out.append(f'<text x="{left + PANEL / 2}" y="{TOP - 14}" text-anchor="middle">'
                   f'{markup(name)}</text>')
        for tick in (-1, -0.5, 0, 0.5, 1):
            x = left + PANEL * (tick + 1) / 2
            out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" '
                       f'y2="{height - 34}" stroke="{"#999" if tick == 0 else "#e3e3e3"}"/>'
                       f'<text x="{x:.1f}" y="{height - 18}" text-anchor="middle" '
                       f'font-size="10">{tick:g}</text>')
    for r, (name, values) in enumerate(rows.items()):
        y = TOP + ROW * r + ROW / 2
        colour = BASE if name in marked else SCORE
        out.append(f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end" fill="{colour}">'
                   f'{markup(name)}</text>')
        for p, e in enumerate(values):
            if math.isnan(e.value):
                continue
            x, low, high = (LEFT + p * (PANEL + GAP) + PANEL * (v + 1) / 2
                            for v in (e.value, e.low, e.high))
            out.append(f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{colour}" '
                       f'stroke-width="2" opacity="0.45"/><circle cx="{x:.1f}" cy="{y}" r="4" '
                       f'fill="{colour}"><title>{markup(f"{name}, {panels[p]}: {e}")}</title>'
                       '</circle>')
    return "\n".join([*out, "</svg>", ""])


def matrix(title: str, names: Sequence[str], values: Sequence[Sequence[float]]) -> str:
    """Correlations between scores: blue above 0, red below, the number in each field."""
    cell = 38
    top = 150
    width, height = LEFT + cell * len(names) + 20, top + cell * len(names) + 20
    out = [_head(width, height, title)]
    for i, name in enumerate(names):
        at = LEFT + cell * i + cell / 2
        out.append(f'<text x="{LEFT - 8}" y="{top + cell * i + cell / 2 + 4}" text-anchor="end">'
                   f'{markup(name)}</text><text transform="translate({at + 4},{top - 8}) '
                   f'rotate(-60)">{markup(name)}</text>')
        for j, value in enumerate(values[i]):
            known = not math.isnan(value)
            colour = SCORE if known and value > 0 else BASE
            out.append(f'<rect x="{LEFT + cell * j}" y="{top + cell * i}" width="{cell - 1}" '
                       f'height="{cell - 1}" fill="{colour}" '
                       f'opacity="{abs(value) * 0.8 if known else 0:.2f}"/>'
                       f'<text x="{LEFT + cell * (j + 0.5)}" y="{top + cell * (i + 0.5) + 4}" '
                       f'text-anchor="middle" font-size="10">{f"{value:.2f}" if known else "–"}'
                       '</text>')
    return "\n".join([*out, "</svg>", ""])


def _head(width: float, height: float, title: str) -> str:
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" '
            f'fill="white"/><text x="14" y="24" font-size="15">{markup(title)}</text>')
