"""Bands of multiply-adds, inside which networks cost about the same."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from searchspace import SearchspaceError
from searchspace.units import parse_amount, show_amount

Array = NDArray[np.float64]
Band = tuple[str, NDArray[np.bool_]]


def bands_of(given: Sequence[str] | None, macs: Array) -> list[Band]:
    """Bands by name, each with a mask: the given ones, as 30M-45M, else five quantiles."""
    if given:
        return [(text, _inside(text, macs)) for text in given]
    edges = np.quantile(macs, np.linspace(0, 1, 6))
    return [(f"{show_amount(int(a))}-{show_amount(int(b))}",
             (macs >= a) & ((macs < b) | (b == edges[-1])))
            for a, b in pairwise(edges)]


def _inside(text: str, macs: Array) -> NDArray[np.bool_]:
    low, dash, high = text.partition("-")
    if not dash:
        raise SearchspaceError(f"--bands {text}: two ends are needed, as in 30M-45M")
    least = 0 if low == "0" else parse_amount(low)
    return np.asarray((macs >= least) & (macs <= parse_amount(high)))
