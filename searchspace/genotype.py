"""Genotypes: a resolved document, and the program that it is compiled to.

A genotype is a YAML file; a space is a genotype with holes. `load` reads one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from searchspace.compiler.blocks import Blocks, compile_args
from searchspace.compiler.program import Program, Value
from searchspace.compiler.steps import compile_steps, compile_value
from searchspace.display import html
from searchspace.errors import GenotypeError, Place, UnknownNameError, nearest
from searchspace.names import as_name
from searchspace.notation.arithmetic import MAX_NUMBER
from searchspace.notation.holes import Hole, find_holes
from searchspace.notation.metadata import Header
from searchspace.notation.naming import as_written
from searchspace.notation.schema import mapping
from searchspace.notation.tree import Map, Scalar, Seq, Tagged, Tree
from searchspace.notation.writer import document_text


@dataclass(frozen=True)
class Genotype:
    """A network, or a space where holes are left. Frozen; all functions give new ones.

    ``document`` is the resolved YAML: base and `use` files merged in, variant applied, holes
    named. ``outer`` are the bundled blocks, ``variants`` those of the file, as they are written.
    """

    name: str
    variant: str | None
    file: str
    header: Header
    document: Map = field(repr=False)
    outer: Blocks = field(repr=False, compare=False)
    variants: Map = field(default_factory=lambda: Map({}), repr=False, compare=False)

    @property
    def title(self) -> str:
        """``name@variant``."""
        return f"{self.name}@{self.variant}" if self.variant else self.name

    @cached_property
    def program(self) -> Program:
        """The compiled steps; compiled on first use."""
        return _compile(self)

    @cached_property
    def holes(self) -> tuple[Hole, ...]:
        """All holes, also those that exist only under some decisions, in the order of the file."""
        return find_holes(self.document)

    @property
    def is_space(self) -> bool:
        """Whether holes are left."""
        return bool(self.holes)

    def _repr_html_(self) -> str | None:
        """What a notebook shows."""
        return html(self)

    def with_args(self, args: Mapping[str, Any]) -> "Genotype":
        """The genotype with network arguments set; UnknownNameError for one that it lacks.

        Arguments that only the values before it used are left out.
        """
        known = mapping(self.document.get("args"), "args")
        items = dict(known.items)
        for name, value in args.items():
            if name not in known:
                raise UnknownNameError(f"{self.name} has no argument {name!r}"
                                       f"{nearest(name, known)}")
            place = Place(f"<argument {name}>", 0)
            if not isinstance(value, bool | int | float | str) or (
                    isinstance(value, float | int) and not abs(value) <= MAX_NUMBER):
                raise GenotypeError(f"argument {name!r} takes a number, a word, true or false, not "
                                    f"{value!r}", place)
            items[name] = Scalar(value, place)
        changed = self.replace(self.document.but(args=Map(items, known.place)) if items
                               else self.document)
        return without_superseded(changed, [known[name] for name in args], kept=args)

    def with_input(self, size: int) -> "Genotype":
        """The genotype for square images of another size; arguments that only said the size it had
        are left out."""
        shape = self.document.get("input")
        assert isinstance(shape, Seq)
        edge = Scalar(size, Place("<input>", 0))
        changed = self.replace(self.document.but(input=Seq((shape.items[0], edge, edge))))
        return without_superseded(changed, shape.items[1:])

    def replace(self, document: Map, name: str | None = None) -> "Genotype":
        """The genotype with another document, under another name or the name nearest to it."""
        return Genotype(self.name if name is None else as_name(name), self.variant, self.file,
                        self.header, document, self.outer, self.variants)


def _compile(genotype: Genotype) -> Program:
    program, called, used = _compile_parts(genotype)
    for name, tree in mapping(genotype.document.get("args"), "args").items.items():
        if name not in used:
            raise GenotypeError(f"argument {name!r} of the network is never used", tree.place)
    for name, tree in mapping(genotype.document.get("blocks"), "blocks").items.items():
        if name not in called:
            raise GenotypeError(f"block {name!r} is never used", tree.place)
    return program


def _compile_parts(genotype: Genotype) -> tuple[Program, set[str], set[str]]:
    """The program, and which local blocks and which arguments it uses."""
    try:
        return _compile_document(genotype)
    except RecursionError:
        raise GenotypeError("blocks or formulas are nested too deeply",
                            genotype.document.place) from None


def _compile_document(genotype: Genotype) -> tuple[Program, set[str], set[str]]:
    document = genotype.document
    blocks = Blocks(mapping(document.get("blocks"), "blocks").items, genotype.outer)
    given = mapping(document.get("args"), "args")
    args, scope = compile_args(given, blocks)
    values: list[tuple[str, Value]] = []
    for name, value in args:
        if value is None:
            raise GenotypeError(f"argument {name!r} of the network has no value", given.place)
        values.append((name, value))
    shape, net = document.get("input"), document.get("net")
    if not isinstance(shape, Seq):
        raise GenotypeError("a genotype needs an input: [channels, height, width]",
                            (shape or document).place)
    if not isinstance(net, Seq) or not net.items:
        raise GenotypeError("a genotype needs a net: a list of steps", (net or document).place)
    size = tuple(compile_value(t, scope) for t in shape)
    steps = compile_steps(net.items, scope)
    return Program(tuple(values), size, steps, shape.place), blocks.called, scope.used


def without_unused(genotype: Genotype, but_of: str = "",
                   spare: frozenset[str] = frozenset()) -> Genotype:
    """The genotype without blocks and arguments that its net does not reach; those written in the
    file ``but_of`` stay, and are faults, unless their names are in ``spare``."""
    while True:
        document = genotype.document
        blocks = mapping(document.get("blocks"), "blocks")
        args = mapping(document.get("args"), "args")
        _, called, used = _compile_parts(genotype)
        live_blocks = {name: tree for name, tree in blocks.items.items()
                       if name in called or (tree.place.file == but_of and name not in spare)}
        live_args = {name: tree for name, tree in args.items.items()
                     if name in used or (tree.place.file == but_of and name not in spare)}
        if len(live_blocks) == len(blocks) and len(live_args) == len(args):
            return genotype
        genotype = genotype.replace(document.but(
            blocks=Map(live_blocks, blocks.place) if live_blocks else None,
            args=Map(live_args, args.place) if live_args else None))


def without_superseded(genotype: Genotype, values: Iterable[Tree],
                       kept: Iterable[str] = ()) -> Genotype:
    """The genotype without the arguments that only ``values``, replaced by others, had used: a
    compound coefficient where width, depth and resolution are given. Those ``kept``, and those that
    nothing used before, stay, and are faults."""
    args = mapping(genotype.document.get("args"), "args")
    behind: set[str] = set()
    names = set().union(*map(_names, values))
    while names := {name for name in names if name in args} - behind:
        behind |= names
        names = set().union(*(_names(args[name]) for name in names))
    behind.difference_update(kept)
    while behind:
        _, _, used = _compile_parts(genotype)
        idle = behind - used
        if not idle:
            break
        behind -= idle
        live = {name: tree for name, tree in args.items.items() if name not in idle}
        args = Map(live, args.place)
        genotype = genotype.replace(genotype.document.but(args=args if live else None))
    return genotype


def _names(tree: Tree) -> set[str]:
    """The words in a tree's formulas, names of arguments among them."""
    if isinstance(tree, Scalar):
        formula = isinstance(tree.value, str) and tree.value.startswith("=")
        return set(re.findall(r"[A-Za-z_]\w*", str(tree.value))) if formula else set()
    parts: Iterable[Tree]
    if isinstance(tree, Hole):
        parts = tree.trees
    elif isinstance(tree, Tagged):
        parts = (tree.body,)
    else:
        parts = tree.items.values() if isinstance(tree, Map) else tree.items
    return set().union(*map(_names, parts))


def to_yaml(genotype: Genotype, comment: str = "") -> str:
    """The genotype's document as text; ``comment`` goes on top, line by line.

    The text is self-contained: blocks of a base and of `use` files are written into it, bundled
    ones are not.
    """
    document = as_written(genotype.document.but(name=Scalar(genotype.name)))
    assert isinstance(document, Map)
    return document_text(document, comment)
