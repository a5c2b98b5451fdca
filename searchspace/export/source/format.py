"""Expressions laid out as a formatter would: on one line where it fits, else an argument a line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Call:
    """A call; or a list, with brackets and no name."""

    name: str
    args: tuple["Expression", ...] = ()
    brackets: str = "()"


@dataclass(frozen=True, slots=True)
class Each:
    """``*(element for … in …)``."""

    element: "Call | str"
    loop: str


Expression = str | Call | Each


def flat(e: Expression) -> str:
    """An expression on one line."""
    if isinstance(e, str):
        return e
    if isinstance(e, Each):
        return f"*({flat(e.element)} {e.loop})"
    return f"{e.name}{e.brackets[0]}{', '.join(map(flat, e.args))}{e.brackets[1]}"


def lay_out(e: Expression, indent: int, before: str = "", after: str = "") -> list[str]:
    """The lines of ``before expression after``."""
    pad = " " * indent
    line = f"{pad}{before}{flat(e)}{after}"
    if len(line) <= WIDTH or isinstance(e, str):
        return [line]
    if isinstance(e, Each):
        return [f"{pad}{before}*(", *lay_out(e.element, indent + 4), f"{pad}    {e.loop}",
                f"{pad}){after}"]
    if not e.args:
        return [line]
    start, end = f"{pad}{before}{e.name}{e.brackets[0]}", f"{pad}{e.brackets[1]}{after}"
    together = f"{pad}    {', '.join(map(flat, e.args))}"
    if len(together) <= WIDTH and e.name:       # a tuple has an item a line
        return [start, together, end]
    comma = "" if len(e.args) == 1 and not isinstance(e.args[0], str) else ","
    inner = [line for arg in e.args for line in lay_out(arg, indent + 4, after=comma)]
    return [start, *inner, end]


def signature(start: str, names: Sequence[str], end: str, indent: int) -> list[str]:
    """The lines of a function's head."""
    pad = " " * indent
    line = f"{pad}{start}({', '.join(names)}){end}"
    if len(line) <= WIDTH:
        return [line]
    together = f"{pad}    {', '.join(names)}"
    if len(together) <= WIDTH:
        return [f"{pad}{start}(", together, f"{pad}){end}"]
    return [f"{pad}{start}(", *(f"{pad}    {name}," for name in names), f"{pad}){end}"]


def folded(line: str) -> list[str]:
    """A line as several where it is too long: an assignment, or a return."""
    indent = len(line) - len(line.lstrip())
    found = re.fullmatch(r"( *(?:return |[^=]+ = ))(.*)", line)
    if len(line) <= WIDTH or found is None:
        return [line]
    before, value = found[1].lstrip(), found[2]
    if (terms := _split(value, " + "))[1:]:
        pad = " " * indent
        together = f"{pad}    {value}"
        inner = [together] if len(together) <= WIDTH else \
            [f"{pad}    {'+ ' if i else ''}{term}" for i, term in enumerate(terms)]
        return [f"{pad}{before}(", *inner, f"{pad})"]
    return lay_out(_expression(value), indent, before)


def _expression(text: str) -> Expression:
    """A call or tuple, read back from text; its arguments likewise."""
    if (parts := _split(text, ", "))[1:]:
        return Call("", tuple(map(_expression, parts)))
    found = re.fullmatch(r"([\w.\[\]]*)\((.*)\)", text)
    if found is None or " + " in text:
        return text
    return Call(found[1], tuple(map(_expression, _split(found[2], ", "))))


def _split(text: str, mark: str) -> list[str]:
    """The parts of a text between marks outside all brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if depth == 0 and text.startswith(mark, i):
            parts.append(text[start:i])
            start = i + len(mark)
    return [*parts, text[start:]]
