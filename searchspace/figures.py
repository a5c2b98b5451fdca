"""Figures as papers print them: ``3.4M`` stands for every count that is printed so."""

import math
from dataclasses import dataclass
from fractions import Fraction

from .amount import parse_amount


@dataclass(frozen=True, slots=True)
class Figure:
    """A printed number, and what one unit of its last digit is worth."""

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
