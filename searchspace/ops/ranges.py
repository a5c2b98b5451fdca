"""Ranges of the numbers that operations take, as annotations of their fields.

``k: Annotated[int, Within(1, 9)]`` is a whole number from 1 to 9; both of a pair are.
"""

from dataclasses import dataclass
from typing import Annotated

WIDEST = 100_000        # of windows, strides and margins: as wide as an image may be
BEYOND = 10**15         # of counts of channels, which `limits.Limits.channels` bounds


@dataclass(frozen=True, slots=True)
class Within:
    """The least and the greatest number that a field takes, and whether it is ``odd``."""

    least: float = -BEYOND
    most: float = BEYOND
    odd: bool = False

    def holds(self, number: float) -> bool:
        """Whether a number is in the range."""
        return self.least <= number <= self.most and not (self.odd and number % 2 == 0)

    def __str__(self) -> str:
        ends = f"from {self.least:,} to {self.most:,}"
        return f"{ends}, odd" if self.odd else ends


ANY = Within()          # of a field that says nothing

Count = Annotated[int, Within(1)]                       # of channels, of groups
Step = Annotated[int, Within(1, WIDEST)]                # a stride, a kernel, a dilation
Epsilon = Annotated[float, Within(1e-12, 1)]            # float32 keeps it beside a variance
Share = Annotated[float, Within(0, 1)]                  # a probability, a weight
