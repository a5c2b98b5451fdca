"""Rounded figures of papers: ``3.4M`` agrees with every count that is printed so."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from searchspace.expansion import Expansion
from searchspace.notation.metadata import Header
from searchspace.ops import Cost
from searchspace.units import parse_amount
from searchspace.zoo.counting_rules import RULES


@dataclass(frozen=True, slots=True)
class Figure:
    """A printed number, and the unit of its last digit."""

    value: int
    unit: Fraction

    @classmethod
    def read(cls, text: str) -> "Figure":
        """The figure that a text like ``3.4M`` prints.

        >>> Figure.read("3.4M")
        Figure(value=3400000, unit=Fraction(100000, 1))

        Raises:
            BudgetError: the text is no positive whole amount.
        """
        value = parse_amount(text)
        digits = int("".join(c for c in text.lower().partition("e")[0] if c.isdigit()))
        return cls(value, Fraction(value, digits))

    def stands_for(self, count: int) -> bool:
        """Whether ``count``, rounded or cut off to the printed digits, is this figure.

        Papers do both: HENet's 792,652 parameters are printed as 792 K.

        >>> Figure.read("792K").stands_for(792_652), Figure.read("3.4M").stands_for(3_504_872)
        (True, False)
        """
        digits = count / self.unit
        return self.value / self.unit in (math.floor(digits), math.floor(digits + Fraction(1, 2)))

    def difference(self, count: int) -> float:
        """How far ``count`` lies above the figure, in percent."""
        return (count - self.value) / self.value * 100


class Comparison(NamedTuple):
    """A published figure and ours, counted by the paper's rule."""

    what: str                    # params or MACs
    printed: str
    ours: int
    difference: float            # in percent
    met: bool                    # ours rounds, or is cut off, to what is printed


def comparisons(header: Header, expansion: Expansion) -> tuple[Comparison, ...]:
    """The published figures of a network and ours, counted by the paper's rule."""
    if header.published is None:
        return ()
    ours = RULES[header.published.rule](expansion)
    given = (("params", header.published.params, ours.params),
             ("MACs", header.published.macs, ours.macs))
    return tuple(Comparison(what, printed, count, Figure.read(printed).difference(count),
                            Figure.read(printed).stands_for(count))
                 for what, printed, count in given if printed is not None)


def standing(header: Header, cost: Cost) -> str:
    """Status of a network: calibrated, unsettled, exact, differs, published only, or ''.

    ``exact``: our counts are those of a public implementation, or of the paper's own layer table,
    to the last digit; ``differs``: there are such counts, and ours are different.
    """
    if header.status:
        return header.status
    if header.exact:
        same = (header.exact.params, header.exact.macs) == (cost.params, cost.macs)
        return "exact" if same else "differs"
    return "published only" if header.published else ""
