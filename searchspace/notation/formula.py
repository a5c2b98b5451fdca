"""Formulas: ``=round_to(40*w, 8)`` in a genotype, compiled once to a closure.

Arithmetic is exact: decimals are rationals, and a division that does not come out whole stays a
fraction, which an integer field then refuses. The text is parsed with Python's grammar and never
evaluated as Python: only the nodes named here have a meaning.

    names      arguments in scope; ``cin``: channels of the step's own input;
               ``x.c``, ``x.h``, ``x.w``: shape of a named tensor (``_`` is the step's input)
    operators  + - * /   == != < <= > >=   and or not   a if condition else b
    functions  floor ceil round round_even min max pow(a, x) round_to(v, d) divisor(c)
"""

import ast
import operator
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

from searchspace.errors import GenotypeError, Place, nearest, show
from searchspace.notation.arithmetic import (
    FUNCTIONS,
    MAX_DENOMINATOR,
    Number,
    exact,
    plain,
)
from searchspace.safety.limits import current
from searchspace.shapes import Shape

MAX_DEPTH = 100           # a sum of a hundred terms is as deep
MAX_KNOWN = 1000          # results of a formula that are remembered

PLAIN = frozenset({bool, int, float, str, Fraction})

COMMA = "; a formula with a comma inside {...} or [...] stands in quotes"


class Scope(Protocol):
    """Protocol: names that a formula may use."""

    args: dict[str, Any]

    def shape_of(self, tensor: str) -> Shape:
        """(C, H, W) of a named tensor."""
        ...


Compiled = Callable[[Scope], Any]

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
}
_COMPARE: dict[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
}


class Reads(NamedTuple):
    """The names of arguments, tensors and functions in a formula."""

    args: frozenset[str]
    tensors: frozenset[str]
    functions: frozenset[str]


def compile_formula(text: str, place: Place) -> tuple[Compiled, Reads]:
    """Compile ``text`` (without its ``=``); also what it reads.

    Raises:
        GenotypeError: the text is no formula of this language.
    """
    if len(text) > (most := current().formula):
        raise GenotypeError(f"formula of {len(text):,} characters; {most:,} are allowed", place)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # `1if x` and unknown escapes: a warning, not ours
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        cut = text.count("(") > text.count(")")
        hint = COMMA if cut else ""
        raise GenotypeError(f"formula {_quote(text)} cannot be read{hint}", place) from None
    compiler = _Compiler(text, place)
    run = compiler.node(tree.body)
    if not isinstance(tree.body, ast.Name | ast.Constant | ast.Attribute):
        run = _remembered(run, tuple(compiler.args), tuple(compiler.tensors))
    return run, Reads(frozenset(compiler.args), frozenset(compiler.tensors),
                      frozenset(compiler.functions))


def _remembered(run: Compiled, args: tuple[str, ...], tensors: tuple[str, ...]) -> Compiled:
    """The formula with its results remembered; exact arithmetic is slow, and widths recur."""
    known: dict[tuple[Any, ...], Any] = {}

    def recall(scope: Scope) -> Any:
        values = [scope.args.get(name) for name in args]
        kinds = tuple([type(value) for value in values])     # True is not 1
        if not PLAIN.issuperset(kinds):
            return run(scope)
        try:
            key = (current(), kinds, *values, *[scope.shape_of(name) for name in tensors])
        except GenotypeError:           # a tensor that is missing may not be needed
            return run(scope)
        if key not in known:
            value = run(scope)
            if len(known) >= MAX_KNOWN:
                known.clear()
            known[key] = value
        return known[key]
    return recall


class _Compiler:
    def __init__(self, text: str, place: Place) -> None:
        self.text, self.place = text, place
        self.args: set[str] = set()
        self.tensors: set[str] = set()
        self.functions: set[str] = set()
        self.depth = 0

    def fail(self, what: str) -> GenotypeError:
        return GenotypeError(f"formula {_quote(self.text)}: {what}", self.place)

    def node(self, n: ast.expr) -> Compiled:
        method = getattr(self, type(n).__name__.lower(), None)
        if method is None:
            raise self.fail("only names, numbers, + - * /, comparisons, 'a if c else b' and "
                            f"{', '.join(FUNCTIONS)} are allowed")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(f"nested deeper than {MAX_DEPTH} levels")
        run: Compiled = method(n)
        self.depth -= 1
        return run

    def constant(self, n: ast.Constant) -> Compiled:
        if isinstance(n.value, bool) or not isinstance(n.value, int | float | str):
            raise self.fail(f"{n.value!r} is not a number")
        if isinstance(n.value, float) and abs(n.value) > current().number:  # also infinity: 1e999
            raise self.fail(f"{n.value:g} is too large")
        value = exact(n.value) if isinstance(n.value, str) else self.bounded(exact(n.value))
        return lambda _: value

    def name(self, n: ast.Name) -> Compiled:
        name = n.id
        if name == "cin":
            self.tensors.add("_")
            return lambda scope: scope.shape_of("_")[0]
        if name in ("true", "false"):
            return lambda _: name == "true"
        self.args.add(name)

        def look_up(scope: Scope) -> Any:
            try:
                value = scope.args[name]
            except KeyError:
                raise self.fail(f"no argument {name!r}{nearest(name, scope.args)}") from None
            return exact(value) if type(value) is float else value
        return look_up

    def attribute(self, n: ast.Attribute) -> Compiled:
        if not isinstance(n.value, ast.Name) or n.attr not in ("c", "h", "w"):
            raise self.fail("after a tensor's name stands .c, .h or .w")
        tensor, axis = n.value.id, "chw".index(n.attr)
        self.tensors.add(tensor)
        return lambda scope: scope.shape_of(tensor)[axis]

    def binop(self, n: ast.BinOp) -> Compiled:
        left, right = self.node(n.left), self.node(n.right)
        if isinstance(n.op, ast.Div):
            return lambda scope: self.divide(left(scope), right(scope))
        if type(n.op) not in _BINARY:
            raise self.fail("the operators are + - * / (round a division by name: floor, ceil, "
                            "round, round_to)")
        apply = _BINARY[type(n.op)]
        return lambda scope: self.apply(apply, left(scope), right(scope))

    def apply(self, function: Callable[[Any, Any], Any], a: Any, b: Any) -> Number:
        if type(a) is int and type(b) is int:
            value = function(a, b)
        elif _is_number(a) and _is_number(b):
            value = plain(function(a, b))
        else:
            raise self.fail(f"cannot calculate with {show(a)} and {show(b)}")
        return self.bounded(value)

    def bounded(self, value: Number) -> Number:
        most = current().number
        if not -most <= value <= most:
            raise self.fail("the result is too large")
        if type(value) is not int and value.denominator > MAX_DENOMINATOR:
            raise self.fail("the result has too many decimals")
        return value

    def divide(self, a: Any, b: Any) -> Number:
        if not (_is_number(a) and _is_number(b)):
            raise self.fail(f"cannot divide {show(a)} by {show(b)}")
        if b == 0:
            raise self.fail("division by zero")
        return self.bounded(plain(Fraction(a) / b))

    def unaryop(self, n: ast.UnaryOp) -> Compiled:
        value = self.node(n.operand)
        if isinstance(n.op, ast.USub):
            return lambda scope: self.apply(operator.sub, 0, value(scope))
        if isinstance(n.op, ast.Not):
            return lambda scope: not value(scope)
        raise self.fail("the only prefixes are - and not")

    def compare(self, n: ast.Compare) -> Compiled:
        if len(n.ops) != 1 or type(n.ops[0]) not in _COMPARE:
            raise self.fail("compare two values with == != < <= > >=")
        test = _COMPARE[type(n.ops[0])]
        left, right = self.node(n.left), self.node(n.comparators[0])

        def run(scope: Scope) -> bool:
            try:
                return test(left(scope), right(scope))
            except TypeError:
                raise self.fail(f"cannot compare {show(left(scope))} with "
                                f"{show(right(scope))}") from None
        return run

    def boolop(self, n: ast.BoolOp) -> Compiled:
        parts = [self.node(v) for v in n.values]
        every = all if isinstance(n.op, ast.And) else any
        return lambda scope: every(bool(part(scope)) for part in parts)

    def ifexp(self, n: ast.IfExp) -> Compiled:
        test, yes, no = self.node(n.test), self.node(n.body), self.node(n.orelse)
        return lambda scope: yes(scope) if test(scope) else no(scope)

    def call(self, n: ast.Call) -> Compiled:
        name = n.func.id if isinstance(n.func, ast.Name) else "?"
        if name not in FUNCTIONS:
            raise self.fail(f"no function {name!r}{nearest(name, FUNCTIONS)}")
        self.functions.add(name)
        function, arity = FUNCTIONS[name]
        if n.keywords or (len(n.args) != arity if arity else not n.args):
            raise self.fail(f"{name} takes {arity or 'one or more'} values")
        parts = [self.node(a) for a in n.args]

        def run(scope: Scope) -> Any:
            values = [part(scope) for part in parts]
            for value in values:
                if not _is_number(value):
                    raise self.fail(f"{name} takes numbers, not {show(value)}")
            try:
                return self.bounded(function(*values))
            except ValueError as error:
                raise self.fail(str(error)) from None
        return run


def _is_number(value: Any) -> bool:
    return type(value) is int or type(value) is Fraction


def _quote(text: str) -> str:
    return repr(f"={text}" if len(text) <= 60 else f"={text[:60]}…")
