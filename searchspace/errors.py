"""Exceptions of the project; messages are one sentence, with the place in the file."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from searchspace.text import printable

MAX_SENTENCE = 500


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a YAML file: ``file:line`` and the path inside it."""

    file: str
    line: int
    path: str = ""

    def __str__(self) -> str:
        inside = f" ({self.path})" if self.path else ""
        return f"{self.file}:{self.line}{inside}"


class SearchspaceError(Exception):
    """Base of all errors caused by user input; the command lines exit with 2 on it."""

    def __init__(self, message: str) -> None:
        super().__init__(_sentence(message))


class GenotypeError(SearchspaceError):
    """A genotype cannot be read or expanded.

    ``place`` is the position of the error; ``trail`` are the calls that led there, innermost first.
    """

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.message: str = self.args[0]
        self.place = place
        self.trail: tuple[Place, ...] = ()

    def called_from(self, place: Place) -> None:
        """Add a caller, for errors inside a block."""
        inside = self.place is not None and self.place.file == place.file and \
            self.place.path.startswith(place.path)
        if not inside and place not in self.trail:
            self.trail = (*self.trail, place)

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        if self.trail:
            text += f" [used at {self.trail[-1]}]"
        return printable(text)


class UnusedBlockError(GenotypeError):
    """A document has blocks that its net never calls; of a file, `load` warns of them."""


class GenotypeWarning(UserWarning):
    """Something in a genotype has no effect."""


class ShapeError(SearchspaceError):
    """The inputs of an operation do not fit; the expander adds the place."""


class UnknownNameError(SearchspaceError):
    """A genotype, variant, block or hole does not exist."""


class BudgetError(SearchspaceError):
    """A budget cannot be met by any network of the space, or cannot be read."""


def _sentence(message: str) -> str:
    """A message as one printable line of bounded length."""
    line = printable(" ".join(message.split()))
    return line if len(line) <= MAX_SENTENCE else f"{line[:MAX_SENTENCE - 1]}…"


# What other frameworks and papers call the things of this notation.
_ELSEWHERE = {
    "silu": "swish", "hardswish": "hswish", "hardsigmoid": "hsigmoid", "leakyrelu": "leaky",
    "identity": "none", "linear": "none", "activation": "act", "relu": "act", "conv2d": "conv",
    "convolution": "conv", "depthwise": "dw", "dwconv": "dw", "dense": "linear", "fc": "linear",
    "batchnorm": "bn", "batchnorm2d": "bn", "layernorm": "ln", "norm": "bn", "maxpool": "pool",
    "avgpool": "pool", "maxpool2d": "pool", "avgpool2d": "pool", "globalavgpool": "gap",
    "adaptiveavgpool2d": "gap", "upsample": "resize", "interpolate": "resize", "sum": "add",
    "cat": "concat", "channelshuffle": "shuffle", "skip": "residual", "shortcut": "residual",
    "kernel": "k", "kernelsize": "k", "padding": "pad", "channels": "out", "filters": "out",
    "outchannels": "out", "width": "out", "strides": "stride", "group": "groups", "name": "as",
    "input": "from", "inputs": "from"}


def nearest(name: object, known: Iterable[str]) -> str:
    """A hint at the end of a message: the nearest known name, also of what other frameworks call
    it, or all names if they are few.

    >>> nearest("cnov", ["conv", "linear"]), nearest("SiLU", ["swish", "relu"])
    ("; did you mean 'conv'?", "; did you mean 'swish'?")
    """
    names = sorted({str(k) for k in known})
    same = _ELSEWHERE.get(re.sub("[-_ ]", "", str(name)[:100].lower()))
    if same in names:
        return f"; did you mean {same!r}?"
    lower = {n.lower(): n for n in names}
    close = difflib.get_close_matches(str(name)[:100].lower(), lower, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {lower[close[0]]!r}?"
    if 0 < len(names) <= 12:
        return f"; known: {', '.join(names)}"
    return ""


def show(value: Any) -> str:
    """A value for messages."""
    if isinstance(value, Fraction):
        return f"{value} ({float(value):g})"
    if isinstance(value, int | float | str):
        shown = repr(value)
        return shown if len(shown) <= 60 else f"{shown[:60]}…"
    return "nothing" if value is None else "a list" if isinstance(value, tuple) else "a step"
