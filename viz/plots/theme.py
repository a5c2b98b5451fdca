"""Colours and fonts of the plots, light and dark, as configurations of Vega-Lite.

The categories are Okabe & Ito's (2008), which people with any colour vision tell apart; text and
lines on their grounds meet WCAG AA.
"""

from typing import Any

THEMES = ("light", "dark")

_INK = {"light": ("#1c1c1c", "#565f6a", "#dfe4ea", "#ffffff"),
        "dark": ("#eef1f4", "#aab4bf", "#38424d", "#161b21")}
_CATEGORIES = {"light": ("#7a8794", "#0072b2", "#d55e00", "#009e73", "#b8538c", "#8a6d00"),
               "dark": ("#8b98a5", "#56b4e9", "#ff9d5c", "#2ec89b", "#e48fbf", "#e2c14a")}
_ACCENT = {"light": "#0072b2", "dark": "#56b4e9"}
_BOUND = {"light": "#b3261e", "dark": "#ff8a80"}
_RAMP = {"light": ("#d9dee3", "#8fb8d6", "#0072b2", "#00263d"),
         "dark": ("#333d47", "#3a6f93", "#56b4e9", "#e6f5ff")}


def config(theme: str) -> dict[str, Any]:
    """The configuration of a theme; marks refer to its styles by name."""
    ink, second, grid, ground = _INK[theme]
    accent = _ACCENT[theme]
    return {
        "background": ground, "font": "Helvetica, Arial, Liberation Sans, sans-serif",
        "view": {"stroke": None},
        "axis": {"labelColor": second, "titleColor": ink, "gridColor": grid, "domainColor": second,
                 "tickColor": second, "labelFontSize": 11, "titleFontSize": 12,
                 "titleFontWeight": "normal", "labelOverlap": "greedy", "labelSeparation": 6},
        "legend": {"labelColor": ink, "titleColor": ink, "labelFontSize": 12,
                   "titleFontWeight": "normal", "symbolSize": 70},
        "title": {"color": ink, "fontSize": 13, "fontWeight": "normal"},
        "range": {"category": list(_CATEGORIES[theme]), "ramp": list(_RAMP[theme])},
        "bar": {"color": accent}, "point": {"color": accent}, "line": {"color": accent},
        "rule": {"color": second}, "text": {"color": ink, "fontSize": 11},
        "style": {
            "front": {"stroke": accent, "strokeWidth": 1.6, "opacity": 0.9},
            "bound": {"color": _BOUND[theme], "strokeDash": [5, 4], "strokeWidth": 1.4},
            "chosen": {"color": ink, "stroke": ink, "strokeWidth": 2.2},
            "label": {"color": second, "fontSize": 10, "baseline": "middle"},
            "halo": {"stroke": ground, "strokeWidth": 4, "color": ground}}}
