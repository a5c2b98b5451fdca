"""The numbers of formulas, exact, and the functions that formulas may call.

A number is an int or a Fraction; a decimal that somebody wrote is the rational that it says.
"""

import math
from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from searchspace.errors import show

MAX_DENOMINATOR = 10**60   # three decimals of full precision multiplied

Number = int | Fraction


def exact(value: Any) -> Any:
    """A float as the decimal it was written as; everything else unchanged.

    >>> exact(1.4)
    Fraction(7, 5)
    """
    return _decimal(value) if type(value) is float else value


@lru_cache(maxsize=1 << 12)
def _decimal(value: float) -> Number:
    return plain(Fraction(repr(value)))


def round_to(value: Number, divisor: Number) -> int:
    """The multiple of ``divisor``, a positive whole number, nearest to ``value``, not below 0.9 of
    it (MobileNetV2's rule).

    >>> round_to(Fraction(224, 5), 8)
    48
    """
    if divisor <= 0 or divisor != int(divisor):
        raise ValueError(f"round_to needs a positive whole divisor, not {show(divisor)}")
    rounded = max(divisor, (2 * value + divisor) // (2 * divisor) * divisor)
    if rounded * 10 < value * 9:
        rounded += divisor
    return int(rounded)


def divisor(value: Number) -> int:
    """The largest divisor of ``value`` not above its square root (HENet's smaller group number).

    >>> divisor(24), divisor(48), divisor(96)
    (4, 6, 8)
    """
    if value != int(value) or not 1 <= value <= 10**7:
        raise ValueError(f"divisor needs a whole number from 1 to 10,000,000, not {show(value)}")
    whole = int(value)
    return next(d for d in range(math.isqrt(whole), 0, -1) if whole % d == 0)


_PRECISE = Context(prec=50)      # decimal contexts calculate the same on every machine, as floating
_POWER = Context(prec=15)        # point need not
_BEYOND = "the result is too large, or has too many decimals"


def power(base: Number, exponent: Number) -> Number:
    """``base`` to the power ``exponent``: exact where that is whole, else to 15 digits.

    The rounded power is a decimal like any that could be written in its place, so that what is
    calculated with it is exact again; a root that has fewer digits comes out as it is.

    >>> power(Fraction(6, 5), 2), power(4, Fraction(1, 2))
    (Fraction(36, 25), 2)
    """
    if exponent == int(exponent):
        return _whole_power(base, int(exponent))
    if base <= 0:
        raise ValueError(f"pow takes a positive number to the power {show(exponent)}, not "
                         f"{show(base)}")
    return _fractional_power(Fraction(base), Fraction(exponent))


def _whole_power(base: Number, exponent: int) -> Number:
    if base == 0 and exponent < 0:
        raise ValueError("division by zero")
    bits = max(abs(base.numerator).bit_length(), base.denominator.bit_length()) - 1
    if abs(exponent) * bits > 4 * MAX_DENOMINATOR.bit_length():
        raise ValueError(_BEYOND)
    return plain(Fraction(base) ** exponent)


@lru_cache(maxsize=1 << 10)
def _fractional_power(base: Fraction, exponent: Fraction) -> Number:
    divide, multiply = _PRECISE.divide, _PRECISE.multiply
    by = divide(Decimal(exponent.numerator), Decimal(exponent.denominator))
    log = _PRECISE.ln(divide(Decimal(base.numerator), Decimal(base.denominator)))
    result = multiply(log, by)
    if abs(result) > 100:
        raise ValueError(_BEYOND)
    return plain(Fraction(_POWER.plus(_PRECISE.exp(result))))


def _round_even(value: Number) -> int:
    return round(Fraction(value))              # 2.5 → 2, as Python and NumPy round


def _round(value: Number) -> int:
    return math.floor(value + Fraction(1, 2))  # half up: 2.5 → 3, as papers round widths


def plain(value: Number) -> Number:
    """A fraction that is whole as an int."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


FUNCTIONS: dict[str, tuple[Callable[..., Any], int | None]] = {
    "floor": (math.floor, 1), "ceil": (math.ceil, 1), "round": (_round, 1),
    "round_even": (_round_even, 1),
    "min": (lambda *v: min(v), None), "max": (lambda *v: max(v), None),
    "pow": (power, 2), "round_to": (round_to, 2), "divisor": (divisor, 1),
}
