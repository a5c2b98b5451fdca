"""Formulas: exact values, the scope they see, and everything that they must not be."""

import math
import time
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchspace import GenotypeError, Place
from searchspace.notation.arithmetic import MAX_DENOMINATOR, divisor, exact, round_to
from searchspace.notation.formula import compile_formula
from searchspace.safety.limits import current

ARGS = {"w": 1.4, "n": 3, "c": 48, "name": "relu", "yes": True, "nothing": None, "pair": (1, 2)}
SHAPES = {"_": (16, 8, 4), "x": (24, 56, 28)}


def value(text: str, args: dict[str, Any] = ARGS) -> Any:
    run, _ = compile_formula(text, Place("net.yaml", 7, "net[0]"))
    return run(SimpleNamespace(args=args, shape_of=SHAPES.__getitem__))


@pytest.mark.parametrize(("text", "expected"), [
    ("2 + 3*4 - 1", 13), ("(2 + 3)*4", 20), ("-n + 5", 2), ("--3", 3), (" 7 ", 7),
    ("1.4*40", 56), ("0.1 + 0.2", Fraction(3, 10)), ("3*0.1", Fraction(3, 10)),     # not as floats
    ("w*40", 56), ("w + w", Fraction(14, 5)), ("1e3", 1000), ("1e-1", Fraction(1, 10)),
    ("c/2", 24), ("c/5", Fraction(48, 5)), ("c/5*5", 48), ("1/3 + 1/3 + 1/3", 1),
    ("cin", 16), ("_.c", 16), ("_.h/_.w", 2), ("x.c + x.h + x.w", 108),
    ("floor(7/2)", 3), ("floor(-7/2)", -4), ("ceil(7/2)", 4), ("ceil(-7/2)", -3), ("floor(4)", 4),
    ("round(5/2)", 3), ("round(7/2)", 4), ("round(-5/2)", -2), ("round(2.4)", 2),   # half goes up
    ("min(3, w, 2)", Fraction(7, 5)), ("max(3, n/2)", 3), ("min(5)", 5),
    ("round_to(32*w, 8)", 48), ("round_to(24*0.35, 8)", 8), ("round_to(2, 8)", 8),
    ("round_to(20, 8)", 24), ("round_to(19, 8)", 24), ("round_to(18, 8)", 24), ("round_to(92, 8)", 96),
    ("divisor(24)", 4), ("divisor(48)", 6), ("divisor(96)", 8), ("divisor(97)", 1), ("divisor(1)", 1),
    ("divisor(36)", 6), ("divisor(192)", 12),
    ("pow(1.2, 3)", Fraction(216, 125)), ("pow(2, -2)", Fraction(1, 4)), ("pow(-2, 3)", -8),
    ("pow(w, 0)", 1), ("pow(0, 0)", 1), ("pow(4, 1/2)", 2), ("pow(0.008, 1/3)", Fraction(1, 5)),
    ("pow(1, 1e15)", 1), ("round(224*pow(1.15, 1.5))", 276),
    ("pow(2, 0.5)", Fraction("1.41421356237310")),             # 15 digits of 1.414213562373095…
    ("n == 3", True), ("n != 3", False), ("n < 3.5", True), ("n <= 3", True), ("n > 3", False),
    ("n >= 4", False), ("w == 1.4", True), ("name == 'relu'", True), ("name != 'tanh'", True),
    ("yes", True), ("not yes", False), ("true", True), ("false", False), ("yes and n > 2", True),
    ("not yes or n == 3", True), ("n > 2 and n < 3", False),
    ("'relu6' if n > 2 else 'none'", "relu6"), ("1 if n > 5 else 2 if n > 2 else 3", 2),
    ("1 if n else n/0", 1),                                     # the branch not taken is not run
    ("name", "relu"), ("nothing", None), ("pair", (1, 2)),
])
def test_a_formula_has_an_exact_value(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected and type(found) is type(expected)


HOSTILE = {
    "9**9**9": "the operators are + - * /", "n % 2": "the operators", "n // 2": "the operators",
    "1 << 99": "the operators", "n @ n": "the operators", "~n": "the only prefixes are - and not",
    "+n": "the only prefixes",
    "x.__class__": "after a tensor's name stands .c, .h or .w", "x.c.real": "after a tensor's name",
    "().__class__": "after a tensor's name", "x.shape": "after a tensor's name",
    "__import__('os')": "no function '__import__'", "open('x')": "no function 'open'",
    "eval('1')": "no function 'eval'", "flor(2)": "no function 'flor'; did you mean 'floor'",
    "x.c()": "no function '?'", "(lambda: 1)()": "no function '?'",
    "lambda: 1": "only names, numbers", "[1]": "only names", "(1, 2)": "only names",
    "{1}": "only names", "{}": "only names", "f'{n}'": "only names", "n[0]": "only names",
    "[n for n in x]": "only names", "await n": "only names", "min(*pair)": "only names",
    "(n := 3)": "only names",
    "1j": "1j is not a number", "b'a'": "is not a number", "...": "is not a number",
    "None": "None is not a number", "True": "True is not a number",
    "n = 3": "cannot be read", "import os": "cannot be read", "": "cannot be read",
    "  ": "cannot be read", "1 +": "cannot be read", "1; 2": "cannot be read", "\0": "cannot be read",
    "1if n else 2": "cannot be read", "'\\d'": "cannot be read", "007": "cannot be read",
    "round_to(40*w": "cannot be read; a formula with a comma inside {...} or [...] stands in quotes",
    "1 < 2 < 3": "compare two values", "n is n": "compare two values", "n in pair": "compare two",
    "round(v=1)": "round takes 1 values", "min()": "min takes one or more values",
    "round_to(3)": "round_to takes 2 values",
    "n/0": "division by zero", "n/(n - 3)": "division by zero",
    "round_to(n, 0)": "round_to needs a positive whole divisor, not 0",
    "round_to(n, -8)": "round_to needs a positive whole divisor",
    "divisor(0)": "divisor needs a whole number", "divisor(n/2)": "divisor needs a whole number",
    "divisor(100000000)": "divisor needs a whole number",
    "pow(n)": "pow takes 2 values", "pow(name, 2)": "pow takes numbers, not 'relu'",
    "pow(0, -1)": "division by zero", "pow(9, 9e14)": "too large", "pow(2, 9e14)": "too large", "pow(10, 16)": "too large",
    "pow(1.15, 1e15)": "too large", "pow(9, 99999.5)": "too large", "pow(10, 15.5)": "too large",
    "pow(1.1, 70)": "too many decimals", "pow(1.1, 1e3)": "too many decimals",
    "pow(-2, 0.5)": "pow takes a positive number to the power 1/2 (0.5), not -2",
    "name*9": "cannot calculate with 'relu' and 9", "yes + 1": "cannot calculate with True and 1",
    "-yes": "cannot calculate with 0 and True", "nothing + 1": "cannot calculate with nothing and 1",
    "pair*9": "cannot calculate with a list and 9", "name/2": "cannot divide 'relu' by 2",
    "name < 3": "cannot compare 'relu' with 3", "floor(name)": "floor takes numbers, not 'relu'",
    "min(name, 'a')": "min takes numbers", "ceil(yes)": "ceil takes numbers, not True",
    "1e999": "too large", "1e16": "too large", "9"*390: "too large", "1e15*10": "too large",
    "-1e15 - 1": "too large", "9*"*50 + "9": "too large", "1/1e15*"*20 + "1": "too many decimals",
    "1e-300": "too many decimals", "1e-300*1e-300": "too many decimals",
    "1/(1/1e15)*2": "too large", "m": "no argument 'm'", "nn": "no argument 'nn'",
    "1+"*150 + "1": "nested deeper than 100 levels", "-"*101 + "n": "nested deeper than 100 levels",
    "1+"*300 + "1": "formula of 601 characters; 400 are allowed",
}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: t[:30])
def test_whatever_else_python_can_say_is_refused(text: str) -> None:
    start = time.process_time()
    with pytest.raises(GenotypeError) as caught:
        value(text)
    assert HOSTILE[text] in str(caught.value)
    assert str(caught.value).startswith("net.yaml:7 (net[0]): ")
    assert len(str(caught.value)) < 300 and "\n" not in str(caught.value)
    assert time.process_time() - start < 1


@pytest.mark.parametrize(("before", "after", "least", "most"), [
    ("(", ")", 50, 199), ("-", "", 98, 399), ("not ", "", 98, 99), ("1+", "", 98, 199),
    ("floor(", ")", 50, 57), ("1 if true else ", "", 26, 26)])
def test_deep_nesting_is_a_value_or_a_sentence(before: str, after: str, least: int,
                                               most: int) -> None:
    value(f"{before*least}{'true' if 'not' in before else 1}{after*least}")
    try:
        value(f"{before*most}1{after*most}")
    except GenotypeError as error:
        assert "nested deeper than 100 levels" in str(error) or "cannot be read" in str(error)


def test_the_names_that_a_formula_uses_are_known() -> None:
    _, reads = compile_formula("w*cin + x.h if yes else min(n, floor(w))", Place("f", 1))
    assert reads == ({"w", "yes", "n"}, {"_", "x"}, {"min", "floor"})


def test_floats_are_the_decimals_that_were_written() -> None:
    assert exact(0.1) == Fraction(1, 10) and exact(3.0) == 3 and type(exact(3.0)) is int
    assert exact("0.1") == "0.1" and exact(True) is True


@given(st.integers(1, 10_000), st.integers(1, 64))
def test_round_to_is_the_rule_of_the_mobile_networks(numerator: int, step: int) -> None:
    wanted = Fraction(numerator, 10)
    near = range(step, int(wanted) + 2*step, step)
    nearest = min(near, key=lambda m: (abs(m - wanted), -m))        # half goes up
    allowed = nearest if nearest >= wanted*Fraction(9, 10) else nearest + step
    assert round_to(wanted, step) == allowed


@given(st.integers(1, 5000))
def test_divisor_is_the_smaller_of_the_nearest_two(c: int) -> None:
    pairs = [(m, c // m) for m in range(1, c + 1) if c % m == 0 and m <= c // m]
    assert divisor(c) == min(pairs, key=lambda p: p[1] - p[0])[0]


# --- against a second evaluator -----------------------------------------------------------------

Evaluated = tuple[str, Fraction | bool | None]      # the text, and its value; None: to be refused


def bounded(v: Fraction | None) -> Fraction | None:
    good = v is not None and abs(v) <= current().number and v.denominator <= MAX_DENOMINATOR
    return v if good else None


def both(a: Evaluated, b: Evaluated, sign: str) -> Evaluated:
    text, (x, y) = f"({a[0]}{sign}{b[0]})", (a[1], b[1])
    if x is None or y is None or (sign == "/" and y == 0):
        return text, None
    return text, bounded({"+": lambda: x + y, "-": lambda: x - y, "*": lambda: x * y,
                          "/": lambda: x / y}[sign]())


def called(name: str, values: list[Evaluated]) -> Evaluated:
    text = f"{name}({', '.join(v for v, _ in values)})"
    numbers = [v for _, v in values]
    if None in numbers:
        return text, None
    least, most = sorted(numbers)[0], sorted(numbers)[-1]
    down = Fraction(numbers[0].numerator // numbers[0].denominator)
    up = -Fraction(-numbers[0].numerator // numbers[0].denominator)
    return text, {"floor": down, "ceil": up, "min": least, "max": most,
                  "round": up if numbers[0] - down >= Fraction(1, 2) else down}[name]


def chosen(parts: tuple[Evaluated, Evaluated, str, Evaluated, Evaluated]) -> Evaluated:
    a, b, sign, yes, no = parts
    text = f"({yes[0]} if {a[0]}{sign}{b[0]} else {no[0]})"
    if a[1] is None or b[1] is None:
        return text, None
    holds = {"<": a[1] < b[1], "==": a[1] == b[1], ">=": a[1] >= b[1]}[sign]
    return text, yes[1] if holds else no[1]


def deeper(inner: st.SearchStrategy[Evaluated]) -> st.SearchStrategy[Evaluated]:
    return st.one_of(
        st.builds(both, inner, inner, st.sampled_from("+-*/")),
        st.builds(lambda a: (f"-{a[0]}", None if a[1] is None else -a[1]), inner),
        st.builds(lambda f, a: called(f, [a]), st.sampled_from(["floor", "ceil", "round"]), inner),
        st.builds(called, st.sampled_from(["min", "max"]), st.lists(inner, min_size=1, max_size=3)),
        st.tuples(inner, inner, st.sampled_from(["<", "==", ">="]), inner, inner).map(chosen))


LEAVES = st.one_of(
    st.integers(0, 2000).map(lambda n: (str(n), Fraction(n))),
    st.integers(0, 10**6).map(lambda n: (f"{n // 1000}.{n % 1000:03}", Fraction(n, 1000))),
    st.sampled_from([("w", Fraction(7, 5)), ("n", Fraction(3)), ("cin", Fraction(16)),
                     ("x.h", Fraction(56)), ("1e15", Fraction(10**15))]))


@settings(max_examples=300)
@given(st.recursive(LEAVES, deeper, max_leaves=12))
def test_values_agree_with_a_second_evaluator(case: Evaluated) -> None:
    text, expected = case
    if len(text) > 400:
        return
    if expected is None:
        with pytest.raises(GenotypeError):
            value(text)
    else:
        found = value(text)
        assert found == expected
        assert type(found) is (int if expected.denominator == 1 else Fraction)
        assert math.isfinite(found)
