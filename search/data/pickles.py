"""Safe reader of pickles of plain values and numpy arrays of bytes.

A pickle is a program for a stack machine. This one implements only the operations in files of
images: it resolves no names, creates no objects but those below, and recognises numpy's arrays by
their encoding. Python's own unpickler is not used, since even with restricted names a hostile
pickle can use all memory or end the process.
"""

import pickletools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.data.base import Pixels
from search.data.errors import DataError

MAX_STEPS = 4_000_000       # CIFAR-100's largest takes 500,000

_VALUES = frozenset(("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE",
                     "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES"))
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def read_pickle(data: bytes, where: str) -> Any:
    """The value of a pickle; strings of Python 2 become bytes.

    Raises:
        DataError: it is no complete pickle, or contains anything but arrays and plain values.
    """
    machine = _Machine(len(data))
    try:
        for name, argument in steps(data):
            machine.run(name, argument)
        return machine.popped(1)[0]
    except (ArithmeticError, LookupError, MemoryError, RecursionError, TypeError,
            ValueError) as error:       # a damaged pickle may fail in any way
        raise DataError(f"{where} is damaged, cut off or no pickle of images: "
                        f"{str(error) or type(error).__name__}") from None


def steps(data: bytes) -> Iterator[tuple[str, Any]]:
    """The operations of a pickle, in order, with their arguments; none is executed.

    Raises:
        ValueError: it is no pickle, truncated, or has too many operations.
    """
    for number, (operation, argument, _) in enumerate(pickletools.genops(data)):
        if number == MAX_STEPS:
            raise ValueError(f"it has more than {MAX_STEPS:,} operations")
        yield operation.name, argument


@dataclass(frozen=True, slots=True)
class _Name:
    """A global name in a pickle, as ``module name``."""

    text: str


@dataclass(slots=True)
class _Array:
    """An array created by a pickle; it has no pixels before it is filled."""

    pixels: Pixels | None = None


_BEGIN = (_Name("numpy.core.multiarray _reconstruct"), _Name("numpy._core.multiarray _reconstruct"))
_ARRAY, _TYPE, _ENCODE = _Name("numpy ndarray"), _Name("numpy dtype"), _Name("_codecs encode")
_NAMES = (*_BEGIN, _ARRAY, _TYPE, _ENCODE)
_BYTE = _Name("numpy uint8")


class _Machine:
    """Stack machine: the stack, the memo, and the number of characters that may still become
    bytes, initially the pickle's length, since each is written once."""

    def __init__(self, size: int) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []        # the stacks under each mark
        self.memo: dict[int, Any] = {}
        self.left = size

    def run(self, name: str, argument: Any) -> None:
        """Execute one operation."""
        match name:
            case _ if name in _VALUES:
                self.push(_small(argument))
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = self.stack[-1]
            case "MEMOIZE":
                self.memo[len(self.memo)] = self.stack[-1]
            case "BINGET" | "LONG_BINGET":
                self.push(self.memo[argument])
            case "SHORT_BINSTRING" | "BINSTRING":       # Python 2's text
                self.push(argument.encode("latin-1"))
            case _ if name in _CONSTANTS:
                self.push(_CONSTANTS[name])
            case "EMPTY_LIST":
                self.push([])
            case "EMPTY_DICT":
                self.push({})
            case "MARK":
                self.below.append(self.stack)
                self.stack = []
            case "TUPLE":
                self.push(tuple(self.marked()))
            case _ if name in _TUPLES:
                self.push(tuple(self.popped(_TUPLES[name])))
            case "APPEND":
                self.append(self.popped(1))
            case "APPENDS":
                self.append(self.marked())
            case "SETITEM":
                self.set(self.popped(2))
            case "SETITEMS":
                self.set(self.marked())
            case "GLOBAL":
                self.push(_named(argument))
            case "STACK_GLOBAL":
                self.push(_named("{:s} {:s}".format(*self.popped(2))))
            case "REDUCE":
                self.push(self.made(*self.popped(2)))
            case "BUILD":
                self.fill(*self.popped(1))
            case "PROTO" | "FRAME" | "STOP":
                pass
            case _:
                raise ValueError(f"it has the operation {name}, which is not read")

    def push(self, value: Any) -> None:
        """Push a value."""
        self.stack.append(value)

    def popped(self, count: int) -> list[Any]:
        """Pop the topmost values, lowest first; filled arrays are resolved."""
        found = [self.stack.pop() for _ in range(count)]
        return [v.pixels if isinstance(v, _Array) and v.pixels is not None else v
                for v in reversed(found)]

    def marked(self) -> list[Any]:
        """Pop the values above the last mark, and the mark."""
        found = self.popped(len(self.stack))
        self.stack = self.below.pop()
        return found

    def append(self, values: list[Any]) -> None:
        """Append to the list on top."""
        if not isinstance(self.stack[-1], list):
            raise ValueError("it appends to what is no list")
        self.stack[-1].extend(values)

    def set(self, pairs: list[Any]) -> None:
        """Set keys and values, in turn, in the mapping on top."""
        keys, values = pairs[::2], pairs[1::2]
        if not isinstance(self.stack[-1], dict) or any(type(k) not in (str, bytes) for k in keys):
            raise ValueError("it has a mapping whose keys are no texts")
        self.stack[-1].update(zip(keys, values, strict=True))

    def made(self, called: Any, arguments: Any) -> Any:
        """Result of a call in the pickle: bytes in Python 3's protocol 2, the type of bytes, or a
        new array."""
        match arguments:
            case (str(text), "latin1") if called == _ENCODE:
                self.left -= len(text)
                if self.left < 0:
                    raise ValueError("it makes more bytes than it has")
                return text.encode("latin-1")
            case ("u1" | b"u1", *_) if called == _TYPE:
                return _BYTE
            case (_Name() as kind, *_) if called in _BEGIN and kind == _ARRAY:
                return _Array()
        raise ValueError("it calls what is no array of bytes")

    def fill(self, state: Any) -> None:
        """Set shape and content of the array on top; states of the type of bytes are ignored."""
        if self.stack[-1] is _BYTE:
            return
        _, shape, kind, by_columns, content = state
        if not isinstance(self.stack[-1], _Array) or kind is not _BYTE:
            raise ValueError("it fills what is no array of bytes")
        self.stack[-1].pixels = np.frombuffer(content, np.uint8).reshape(
            shape, order="F" if by_columns else "C")


def _named(text: str) -> _Name:
    """A name; raises ValueError for one that is not part of arrays."""
    if (name := _Name(text)) not in _NAMES:
        raise ValueError(f"it names {text.replace(' ', '.')}, and only plain values and numpy's "
                         "arrays of bytes are read")
    return name


def _small(value: Any) -> Any:
    """A value; raises ValueError for whole numbers of more than 64 bits."""
    if isinstance(value, int) and value.bit_length() > 63:
        raise ValueError("it has a whole number of more than 64 bits")
    return value
