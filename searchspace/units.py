"""Amounts as users write and read them: counts (300M), bytes (4MB), times (20ms), ranges
(280M-300M), durations (3 min 20 s)."""

import re
from collections.abc import Callable
from fractions import Fraction

from searchspace.errors import BudgetError

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9}
_BYTES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9,
          "kib": 2**10, "mib": 2**20, "gib": 2**30}
_TIMES = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9}
_DURATIONS = {"s": 1, "min": 60, "h": 3600}
_AMOUNT = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9_]*)?(?:e[+-]?[0-9]+)?)\s*([a-zµ]*)\s*\Z", re.I)
_DASH = re.compile(r"(?<!e)[-–]", re.I)      # 3e-1 is a number
LARGEST = 10**18


def parse_amount(text: str) -> int:
    """A count as users write it: ``300M``, ``0.3G``, ``3e8`` and ``300_000_000`` are the same.

    >>> parse_amount("0.3G")
    300000000

    Raises:
        BudgetError: the text is no positive whole amount.
    """
    found = _scaled(text, _UNITS)
    if found is None:
        raise BudgetError(f"{text!r} is no amount; write it like 300M, 0.3G, 3e8 or 300_000_000")
    if found.denominator != 1 or not 1 <= found < LARGEST:
        raise BudgetError(f"{text!r} is no whole amount from 1 to 10^18")
    return int(found)


def parse_bytes(text: str) -> int:
    """Memory as users write it: ``4MB`` is four million bytes, ``4MiB`` 4·2²⁰; parts of a byte are
    dropped. The unit is never guessed.

    >>> parse_bytes("1.5KiB")
    1536

    Raises:
        BudgetError: the text is no positive amount with a unit.
    """
    found = _scaled(text, _BYTES)
    if found is None or not 1 <= found < LARGEST:
        raise BudgetError(f"{text!r} is no amount of memory; write it with its unit, like 4MB, "
                          "512KB or 1.5MiB (KB, MB, GB are powers of 1000; KiB, MiB, GiB of 1024)")
    return int(found)


def parse_time(text: str) -> int:
    """A time as users write it, in nanoseconds: ``20ms``, ``0.02s``. The unit is never guessed.

    >>> parse_time("1.5ms")
    1500000

    Raises:
        BudgetError: the text is no positive time with a unit.
    """
    found = _scaled(text, _TIMES)
    if found is None or not 1 <= found < LARGEST:
        raise BudgetError(f"{text!r} is no time; write it with its unit, like 20ms, 800us or 0.1s")
    return int(found)


def parse_duration(text: str) -> float:
    """How long something may take, as users write it, in seconds: ``90s``, ``20min``, ``1.5h``.
    The unit is never guessed.

    >>> parse_duration("1.5h")
    5400.0

    Raises:
        BudgetError: the text is no positive duration with a unit.
    """
    found = _scaled(text, _DURATIONS)
    if found is None or not 0 < found < LARGEST:
        raise BudgetError(f"{text!r} is no duration; write it with its unit, like 90s, 20min or "
                          "1.5h")
    return float(found)


def parse_range(text: str, parse: Callable[[str], int]) -> tuple[int | None, int]:
    """Bounds as users write them: ``300M`` is an upper one, ``280M-300M`` a lower and an upper.

    Each end has its own unit: 280-300M might mean either.

    >>> parse_range("280M-300M", parse_amount)
    (280000000, 300000000)

    Raises:
        BudgetError: an end is no amount, or the range is empty.
    """
    ends = _DASH.split(text)
    if len(ends) != 2 or not all(end.strip() for end in ends):
        return None, parse(text)
    if ends[0].strip()[-1].isdigit() and ends[1].strip()[-1].isalpha():
        unit = ends[1].strip().lstrip("0123456789._")
        raise BudgetError(f"{text!r}: write the unit at both ends, {ends[0].strip()}{unit}-"
                          f"{ends[1].strip()}")
    least, most = parse(ends[0]), parse(ends[1])
    if least > most:
        raise BudgetError(f"{text!r} is an empty range: its lower end is above the upper one")
    return least, most


def _scaled(text: str, units: dict[str, int]) -> Fraction | None:
    """The number times its unit; 0 if its exponent is out of bounds, None if it is no number."""
    match = _AMOUNT.match(text)
    if match is None or match[2].lower() not in units or len(text) > 40:
        return None
    exponent = match[1].lower().partition("e")[2]
    if abs(int(exponent or 0)) >= 20:
        return Fraction(0)
    return Fraction(match[1].replace("_", "")) * units[match[2].lower()]


def show_amount(amount: float) -> str:
    """A human-readable count, three or four digits: 300.8M, 6.31G, 507.0K.

    >>> show_amount(300774272)
    '300.8M'
    """
    number, unit = _rounded(amount)
    return number + unit


def show_digits(amount: int, digits: int = 3) -> str:
    """A count as drawings typeset it, to so many significant digits: 301 M, with five 300.77 M.

    >>> show_digits(300774272), show_digits(3504872, 5), show_digits(999999), show_digits(12)
    ('301 M', '3.5049 M', '1.00 M', '12')
    """
    if amount < 1000:
        return str(amount)
    for unit, size in (("k", 10**3), ("M", 10**6), ("G", 10**9), ("T", 10**12)):
        value = amount / size
        for decimals in range(digits - 1, max(digits - 4, -1), -1):
            if round(value, decimals) < 10 ** (digits - decimals):
                return f"{value:.{decimals}f} {unit}"
    return f"{value:,.0f} T"


def show_bytes(amount: float) -> str:
    """Human-readable memory, in powers of 1000: 6.02 MB.

    >>> show_bytes(6021120)
    '6.02 MB'
    """
    number, unit = _rounded(amount)
    return f"{number} {unit}B"


def show_time(nanoseconds: float) -> str:
    """A human-readable time: 20.3 ms, 812 µs.

    >>> show_time(20_300_000)
    '20.3 ms'
    """
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size * 0.99995:
            value = nanoseconds / size
            return f"{value:.{max(0, 2 - len(str(int(value))) + 1)}f} {unit}"
    return f"{nanoseconds:.0f} ns"


def show_duration(seconds: float) -> str:
    """How long something takes, to two units: 45 s, 3 min 20 s, 1 h 5 min.

    >>> show_duration(45.2), show_duration(200), show_duration(3900)
    ('45 s', '3 min 20 s', '1 h 5 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _rounded(amount: float) -> tuple[str, str]:
    for unit, size in (("G", 10**9), ("M", 10**6), ("K", 10**3)):
        if amount >= size * 0.99995:
            value = amount / size
            return (f"{value:.1f}" if value >= 10 else f"{value:.2f}"), unit
    return f"{amount:.0f}", ""


def exactly(amount: int, millions: str = "M", thousands: str = "K", ones: str = "") -> str:
    """An exact count with the largest unit that divides it.

    >>> exactly(2_500_000), exactly(2_500_001)
    ('2500K', '2500001')
    """
    for unit, size in ((millions, 10**6), (thousands, 10**3)):
        if amount % size == 0:
            return f"{amount // size}{unit}"
    return f"{amount}{ones}"
