"""Budgets: hard upper bounds on a network's costs, as users write them."""

import re
from dataclasses import dataclass
from fractions import Fraction

from .errors import BudgetError
from .ops import Cost

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9}
_AMOUNT = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9_]*)?(?:e[+-]?[0-9]+)?)\s*([a-z]?)\s*\Z", re.I)


def parse_amount(text: str) -> int:
    """A count as users write it: ``300M``, ``0.3G``, ``3e8`` and ``300_000_000`` are the same.

    >>> parse_amount("0.3G")
    300000000

    Raises:
        BudgetError: the text is no positive whole amount.
    """
    match = _AMOUNT.match(text)
    unit = match[2].lower() if match else None
    if match is None or unit not in _UNITS or len(text) > 40:
        raise BudgetError(f"{text!r} is no amount; write it like 300M, 0.3G, 3e8 or 300_000_000")
    exponent = match[1].lower().partition("e")[2]
    amount = Fraction(match[1].replace("_", "")) * _UNITS[unit] if abs(int(exponent or 0)) < 20 \
        else Fraction(0)
    if amount < 1 or amount.denominator != 1 or amount >= 10**18:
        raise BudgetError(f"{text!r} is no whole amount from 1 to 10^18")
    return int(amount)


def show_amount(amount: float) -> str:
    """A count for people, three or four digits: 300.8M, 6.31G, 507K.

    >>> show_amount(300774272)
    '300.8M'
    """
    for unit, size in (("G", 10**9), ("M", 10**6), ("K", 10**3)):
        if amount >= size * 0.99995:
            value = amount / size
            return f"{value:.1f}{unit}" if value >= 10 else f"{value:.2f}{unit}"
    return f"{amount:.0f}"


def macs(cost: Cost) -> float:
    """The multiply-adds of a cost, as a measure."""
    return cost.macs


def params(cost: Cost) -> float:
    """The parameters of a cost, as a measure."""
    return cost.params


@dataclass(frozen=True, slots=True)
class Budget:
    """Upper bounds, each optional; a network fits that is above none of them."""

    macs: int | None = None
    params: int | None = None

    def fits(self, cost: Cost) -> bool:
        """Whether a cost is within every bound."""
        return self.excess(cost) <= 1.0

    def excess(self, cost: Cost) -> float:
        """The greatest ratio of a cost to its bound; at most 1 for a network that fits."""
        ratios = [cost.macs / self.macs] if self.macs else []
        if self.params:
            ratios.append(cost.params / self.params)
        return max(ratios, default=0.0)

    def __str__(self) -> str:
        parts = [f"{show_amount(self.macs)} MACs"] if self.macs else []
        parts += [f"{show_amount(self.params)} params"] if self.params else []
        return " and ".join(parts) or "no bound"
