"""YAML text read as a tree.

The reader takes a strict subset of YAML: duplicate keys, Python tags, merge keys and several
documents are refused; plain scalars mean what YAML 1.2 says (``on`` is a word, ``1e6`` a number,
``010`` is refused because readers disagree about it); size, nesting and alias expansion are
bounded, so that a hostile file costs no more than a sentence.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from searchspace.errors import GenotypeError, Place, nearest
from searchspace.identifiers import check_name, is_name, show_name
from searchspace.notation.formula import COMMA
from searchspace.notation.tree import Atom, Map, Scalar, Seq, Tagged, Tree, children, describe
from searchspace.safety.limits import Limits, beyond, current
from searchspace.safety.reading import read_bytes

_REMEMBERED = 20_000  # characters up to which a text is not parsed again

HOLE_TAGS = ("choice", "int", "solve", "graph")

Number = TypeVar("Number", int, float)

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?\Z")
_ODD = re.compile(r"[-+]?(0[0-9_]+|0[xob][0-9a-fA-F_]+|[0-9]+(_[0-9]+)+)\Z")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: Path) -> Map:
    """Read a YAML file whose top level is a mapping.

    Raises:
        GenotypeError: the file cannot be read, is not YAML of the strict kind, or is no mapping.
    """
    try:
        text = read_bytes(path, current().bytes).decode("utf-8")
    except OSError as error:
        raise GenotypeError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise GenotypeError(f"cannot read {path}: it is not UTF-8 text") from None
    return parse(text, str(path))


def parse(text: str, file: str = "<text>") -> Map:
    """Parse YAML text whose top level is a mapping; see `read`."""
    limits = current()
    if len(text) > limits.characters:
        raise GenotypeError(beyond(len(text), limits.characters, "characters"), Place(file, 1))
    return (_remembered if len(text) <= _REMEMBERED else _parse)(text, file, limits)


@lru_cache(maxsize=128)
def _remembered(text: str, file: str, limits: Limits) -> Map:
    """`_parse`, once for all variants of a file; trees are frozen."""
    return _parse(text, file, limits)


def _parse(text: str, file: str, limits: Limits) -> Map:
    try:
        tree = _Reader(text, file, limits).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise GenotypeError(f"not valid YAML: {error.problem or error.context}",
                            Place(file, line)) from None
    except yaml.YAMLError as error:
        raise GenotypeError(f"not valid YAML: {' '.join(str(error).split())}",
                            Place(file, 1)) from None
    if tree is None or (isinstance(tree, Scalar) and tree.value is None):
        raise GenotypeError("the file is empty; a genotype was expected", Place(file, 1))
    if not isinstance(tree, Map):
        raise GenotypeError(f"a mapping was expected at the top level, not {describe(tree)}",
                            Place(file, 1))
    return tree


def is_torn(items: Mapping[str, Tree]) -> bool:
    """Whether a comma tore a formula: ``{out: =round_to(40*w, 8)}``."""
    texts = [str(t.value) for t in items.values() if isinstance(t, Scalar)]
    return any(t.startswith("=") and t.count("(") > t.count(")") for t in texts)


class _Reader:
    """Recursive descent over PyYAML's events; nothing is constructed by PyYAML itself."""

    def __init__(self, text: str, file: str, limits: Limits) -> None:
        self.events = yaml.parse(text, Loader=_LOADER)
        self.file, self.limits = file, limits
        self.anchors: dict[str, tuple[Tree, int, int]] = {}   # tree, its values, its levels
        self.nodes = 0

    def document(self) -> Tree | None:
        tree = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if tree is not None:
                    raise GenotypeError("a file holds one document; a second one starts here",
                                        self.at(event, ""))
                tree = self.value(next(self.events), "", 0)
        return tree

    def at(self, event: Any, path: str) -> Place:
        return Place(self.file, event.start_mark.line + 1, path)

    def count(self, nodes: int, place: Place) -> None:
        self.nodes += nodes
        if self.nodes > self.limits.values:
            raise GenotypeError(f"more than {self.limits.values:,} values once aliases are "
                                "expanded", place)

    def descend(self, depth: int, place: Place) -> None:
        if depth > self.limits.levels:
            raise GenotypeError(f"nested deeper than {self.limits.levels} levels", place)

    def value(self, event: Any, path: str, depth: int) -> Tree:
        place = self.at(event, path)
        self.descend(depth, place)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise GenotypeError(f"alias *{event.anchor} stands before, or inside, its anchor",
                                    place)
            known, values, levels = self.anchors[event.anchor]
            self.count(values, place)
            self.descend(depth + levels, place)
            return known
        self.count(1, place)
        tag = self.tag(event, place)
        tree: Tree
        if isinstance(event, yaml.ScalarEvent):
            if tag:
                raise GenotypeError(f"!{tag} takes a list or a mapping, not {event.value!r}", place)
            tree = Scalar(_atom(event, place, self.limits.number), place)
        else:
            body = (self.sequence(path, place, depth) if isinstance(event, yaml.SequenceStartEvent)
                    else self.mapping(path, place, depth))
            tree = Tagged(tag, body, place) if tag else body
        if event.anchor:
            self.anchors[event.anchor] = tree, *_extent(tree)
        return tree

    def tag(self, event: Any, place: Place) -> str | None:
        if event.tag is None or event.tag == "!":
            return None
        name = event.tag.removeprefix("!")
        if name not in HOLE_TAGS:
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            hint = nearest(name, HOLE_TAGS) or f"; known: {', '.join(HOLE_TAGS)}"
            raise GenotypeError(f"tag {shown} is not allowed{hint}", place)
        return str(name)

    def sequence(self, path: str, place: Place, depth: int) -> Seq:
        items: list[Tree] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.value(event, f"{path}[{len(items)}]", depth + 1))
        return Seq(tuple(items), place)

    def mapping(self, path: str, place: Place, depth: int) -> Map:
        items: dict[str, Tree] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            at = self.at(event, path)
            if not isinstance(event, yaml.ScalarEvent):
                raise GenotypeError("a key must be a plain word", at)
            key = event.value
            if event.tag:
                raise GenotypeError("a key must be a plain word", at)
            if key == "<<":
                raise GenotypeError("merge keys (<<) are not part of the notation; use a block "
                                    "with arguments", at)
            if is_torn(items) and not is_name(key):
                raise GenotypeError(f"{show_name(key)} is no name{COMMA}", at)
            check_name(key.removeprefix("="), at)
            if key in items:
                raise GenotypeError(f"key {key!r} stands here twice", at)
            inner = f"{path}.{key}" if path else key
            items[key] = self.value(next(self.events), inner, depth + 1)
        return Map(items, place)


def _extent(tree: Tree) -> tuple[int, int]:
    """How many values a tree holds, and on how many levels."""
    if isinstance(tree, Scalar):
        return 1, 0
    if isinstance(tree, Tagged):    # a tag and its list or mapping are one value
        return _extent(tree.body)
    parts = [_extent(t) for t in children(tree)]
    return 1 + sum(n for n, _ in parts), 1 + max((d for _, d in parts), default=0)


def _atom(event: Any, place: Place, most: int) -> Atom:
    """A scalar by YAML 1.2's core schema, a number up to ``most``; quoted text is always text."""
    text: str = event.value
    if event.style in ("'", '"', "|", ">") or event.tag == "!":
        return text
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INT.match(text):
        if len(text) > 40:  # Python refuses to convert thousands of digits
            raise GenotypeError(f"a number with {len(text)} digits is too large", place)
        return _bounded(int(text), place, most)
    if _ODD.match(text):
        raise GenotypeError(f"{text} reads differently in different YAML versions; write a plain "
                            "decimal number, or quote it", place)
    if _FLOAT.match(text):
        value = _bounded(float(text), place, most)
        return int(value) if value.is_integer() and "." not in text else value
    return text


def _bounded(value: Number, place: Place, most: int) -> Number:
    if abs(value) > most:
        raise GenotypeError(f"{value:g} is too large", place)
    return value
