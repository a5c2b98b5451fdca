"""What can be typed at a place of a text: steps, arguments, their values, names in formulas.

The text may be broken, since it is being typed; so lines are looked at, not a tree.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from searchspace.compiler.reserved import STRUCTURAL
from searchspace.load import library
from searchspace.notation.inheritance import KEYS
from searchspace.notation.reader import HOLE_TAGS
from searchspace.notation.schema import mapping
from searchspace.notation.tree import Map, Scalar, Tree
from searchspace.notation.writer import document_text
from searchspace.ops import OPS, Field, schema

_WORD = re.compile(r"[A-Za-z_][\w-]*\Z|\Z")
_STEP = re.compile(r"^\s*-\s+=?\w*\Z")
_CALL = re.compile(r"([A-Za-z_]\w*)\s*:\s*\Z")
_KEY_BELOW = re.compile(r"^\s*-\s+([A-Za-z_]\w*)\s*:\s*(?:\{|$)")
_FORMULA = re.compile(r"[:\[,(\s\"']=[^,\]}]*\Z|[:\[,]\s*\"=[^\"]*\Z")
_ARGS = re.compile(r"^\s*args:\s*\{(.*)\}", re.MULTILINE)
_OWN = re.compile(r"^  ([A-Za-z_]\w*):\s*(?:#.*)?$", re.MULTILINE)

HOLES = {"choice": "one of these: !choice [3, 5]", "int": "a range: !int [2, 4]",
         "solve": "what the budget solver may move: !solve [0.25, 2, 0.05]",
         "graph": "a random graph: !graph {ws: {n: 32, k: 4, p: 0.75}}"}
WORDS = {"from": "the inputs, by name; otherwise the step before", "as": "a name for this step",
         "of": "inline branches", "repeat": "how many times", "when": "only where this holds",
         "first": "parameters of the first repeat alone", "each": "decided in every repeat"}
SPECIAL = {"identity": "passes on what it is given", "split": "the channels in parts",
           "residual": "adds an earlier tensor where the shapes agree",
           "wire": "a graph of nodes, by its edges"}
FORMULAS = {
    "cin": "channels of the step's own input", "floor": "rounded down", "ceil": "rounded up",
    "round": "to the nearest whole number, halves up", "round_even": "halves to the even one",
    "min": "the least", "max": "the greatest", "pow": "pow(a, x): a to the power of x",
    "round_to": "round_to(v, d): a multiple of d near v, never below 0.9 v",
    "divisor": "divisor(c): the group number of HENet's blocks"}
TOP = {"name": "the network's name", "input": "[channels, height, width]",
       "args": "arguments of the network: {w: 1.0}", "net": "the steps",
       "blocks": "blocks of its own", "variants": "named settings", "default": "variant meant",
       "base": "another genotype that this one changes", "steps": "replaces named steps of a base",
       "use": "files with blocks", "source": "where it is from", "note": "remarks"}


class Offer(NamedTuple):
    """One completion: what it is called, what kind it is, one line about it."""

    label: str
    kind: str
    about: str


class Completion(NamedTuple):
    """The offers for the word that begins at a character of the text."""

    start: int
    offers: tuple[Offer, ...]


def complete(text: str, position: int) -> Completion:
    """What can stand at a position (characters from 0) of a text.

    >>> [o.label for o in complete("net:\\n  - conv: {out: 8, gro", 28).offers]
    ['groups']
    """
    start = text.rfind("\n", 0, position) + 1
    before = text[start:position]
    word = _WORD.search(before)
    assert word is not None
    typed, begin = word[0], start + word.start()
    found = [offer for offer in _offers(text, start, before, before[:word.start()])
             if offer.label.startswith(typed) and offer.label != typed]
    return Completion(begin, tuple(found))


def _offers(text: str, start: int, before: str, left: str) -> Iterator[Offer]:
    if re.search(r"(?:^|\s)#", left):
        return
    if left.endswith("!"):
        yield from (Offer(tag, "hole", HOLES[tag]) for tag in HOLE_TAGS)
    elif _FORMULA.search(left) or left.rstrip().endswith("="):
        yield from (Offer(name, "formula", about) for name, about in FORMULAS.items())
        yield from (Offer(name, "argument", about) for name, about in _arguments(text, start))
    elif _STEP.match(before) or re.search(r"\bof:\s*\[[^\]]*[\[{]\s*\Z", left):
        yield from _steps(text)
    elif inside := _inside(text, start, left):
        yield from inside
    elif before.strip() and not before.startswith((" ", "\t", "-")):
        yield from (Offer(key, "key", TOP.get(key, "")) for key in KEYS)


def _inside(text: str, start: int, left: str) -> list[Offer]:
    """Keys or values within the innermost open brace of a step, or of lines below it."""
    depth = 0
    for i in range(len(left) - 1, -1, -1):
        if left[i] in "}]":
            depth += 1
        elif left[i] in "{[" and depth:
            depth -= 1
        elif left[i] in "{[":
            call = _CALL.search(left[:i])
            return _parts(call[1], left[i + 1:]) if call and left[i] == "{" else []
    indent = len(left) - len(left.lstrip())
    if left.strip() and not _CALL.search(left):
        return []
    for line in reversed(text[:start].splitlines()[-12:]):
        shallow = len(line) - len(line.lstrip()) < indent
        if shallow and (call := _KEY_BELOW.match(line)):
            return _parts(call[1], left.lstrip())
        if shallow and line.strip():
            return []
    return []


def _parts(name: str, given: str) -> list[Offer]:
    """What may follow within the parameters of a step: its keys, or the values of one."""
    key = re.search(r"([A-Za-z_]\w*)\s*:\s*\Z", given)
    known = parameters(name)
    if key is not None:
        found = schema(OPS[name]).get(key[1]) if name in OPS else None
        return [] if found is None else _values(found)
    if re.search(r":\s*[^,{}\[\]]+\Z", given):
        return []
    done = set(re.findall(r"([A-Za-z_]\w*)\s*:", given))
    words = {} if not known and name not in STRUCTURAL else WORDS
    return [Offer(label, "argument", about) for label, about in {**known, **words}.items()
            if label not in done]


def _values(field: Field) -> list[Offer]:
    plain = [*field.choices, *(("true", "false") if bool in field.types else ())]
    return [Offer(value, "value", f"of {field.name}") for value in plain]


@cache
def parameters(name: str) -> dict[str, str]:
    """The parameters of an operation or a bundled block, each with a line about it."""
    if name in OPS:
        return {field.name: _field(field) for field in schema(OPS[name]).values()}
    if name in STRUCTURAL:
        return dict.fromkeys(STRUCTURAL[name], f"of {name}")
    tree = library().trees.get(name)
    if not isinstance(tree, Map):
        return {}
    return {arg: "required" if isinstance(value, Scalar) and value.value is None
            else f"{_plain(value)} unless given"
            for arg, value in mapping(tree.get("args"), "args").items.items()}


def _field(field: Field) -> str:
    kinds = [*("yes or no" if t is bool else {int: "whole number", float: "number",
                                            str: "word"}[t] for t in field.types)]
    kinds += ["[height, width]"] if field.pair else []
    kinds += [" | ".join(field.choices)] if field.choices else []
    usual = "required" if field.required else \
        f"{str(field.default).lower() if isinstance(field.default, bool) else field.default} " \
        "unless given"
    return f"{' or '.join(kinds)}; {usual}"


def _plain(tree: Tree) -> str:
    if isinstance(tree, Scalar):
        return str(tree.value)
    return document_text(Map({"v": tree})).partition(": ")[2].strip()


def _steps(text: str) -> Iterator[Offer]:
    for name, op in OPS.items():
        yield Offer(name, "operation", first_line(op))
    for name, about in SPECIAL.items():
        yield Offer(name, "operation", about)
    for name in library().trees:
        yield Offer(name, "block", ", ".join(parameters(name)))
    section = re.search(r"^blocks:\n((?:[ \t#].*\n|\n)*)", text, re.MULTILINE)
    for name in _OWN.findall(section[1]) if section else ():
        yield Offer(name, "block", "of this file")


def _arguments(text: str, start: int) -> Iterator[tuple[str, str]]:
    """Arguments in scope: of the block around the line, and of the network."""
    above = _ARGS.findall(text[:start])
    scopes = [above[-1]] if above else []
    top = re.search(r"^args:\s*\{(.*)\}", text, re.MULTILINE)
    if top is not None:
        scopes.append(top[1])
    for scope in dict.fromkeys(scopes):
        for name, value in re.findall(r"([A-Za-z_]\w*)\s*:\s*([^,{}]*)", scope):
            yield name, value.strip() or "required"


def first_line(made: Any) -> str:
    """The first sentence of a docstring."""
    lines = (made.__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(lines.split())


