"""Amounts are read exactly: what is written is what is meant, to the last digit, or refused."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchspace import BudgetError
from searchspace.units import LARGEST, parse_amount, parse_bytes, parse_range, parse_time

UNITS: dict[Callable[[str], int], dict[str, int]] = {
    parse_amount: {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "B": 10**9, "k": 10**3},
    parse_bytes: {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30},
    parse_time: {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9}}


@pytest.mark.parametrize("parse", UNITS, ids=lambda f: f.__name__)
@given(whole=st.integers(0, 10**15), decimals=st.text("0123456789", max_size=12), data=st.data())
def test_an_amount_is_exact(parse: Callable[[str], int], whole: int, decimals: str,
                            data: st.DataObject) -> None:
    unit, size = data.draw(st.sampled_from(sorted(UNITS[parse].items())))
    number = f"{whole}.{decimals}" if decimals else str(whole)
    meant = Fraction(number) * size
    fits = 1 <= meant < LARGEST and (parse is not parse_amount or meant.denominator == 1)
    if not fits:
        with pytest.raises(BudgetError):
            parse(number + unit)
        return
    assert parse(number + unit) == int(meant)
    assert parse_range(f"{number}{unit}-{number}{unit}", parse) == (int(meant), int(meant))


@given(text=st.text(st.sampled_from("0123456789.eE+-–_ kKMGBibnµums٣²½∞x\n\0"), max_size=14))
def test_any_text_is_an_amount_or_a_sentence(text: str) -> None:
    for parse in UNITS:
        for read in (parse, lambda t, parse=parse: parse_range(t, parse)):
            try:
                read(text)
            except BudgetError as error:
                assert "\n" not in str(error) and str(error).isprintable()
