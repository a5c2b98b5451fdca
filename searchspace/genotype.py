"""Genotypes: a resolved document, and the program that it is compiled to.

A genotype is a YAML file; a space is a genotype with holes. `load` reads one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from searchspace.compiler.blocks import Blocks
from searchspace.compiler.network import compile_network
from searchspace.compiler.program import Program
from searchspace.compiler.pruning import without_superseded
from searchspace.display import html
from searchspace.errors import GenotypeError, Place, UnknownNameError, nearest
from searchspace.identifiers import as_name
from searchspace.notation.hole_names import as_written
from searchspace.notation.holes import Hole, find_holes
from searchspace.notation.metadata import FIGURES, Header
from searchspace.notation.schema import mapping
from searchspace.notation.tree import Map, Scalar, Seq, atom
from searchspace.notation.writer import document_text
from searchspace.safety.limits import current
from searchspace.shapes import Size, sides


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

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone: what is compiled is compiled again where it is needed."""
        return {f.name: vars(self)[f.name] for f in fields(self)}

    @property
    def title(self) -> str:
        """``name@variant``."""
        return f"{self.name}@{self.variant}" if self.variant else self.name

    @cached_property
    def program(self) -> Program:
        """The compiled steps; compiled on first use."""
        return compile_network(self.document, self.outer)

    @cached_property
    def holes(self) -> tuple[Hole, ...]:
        """All holes, also those that exist only under some decisions, in the order of the file."""
        return find_holes(self.document)

    @property
    def is_space(self) -> bool:
        """Whether holes are left."""
        return bool(self.holes)

    def _repr_html_(self) -> str | None:
        """HTML display in notebooks."""
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
            place, value = Place(f"<argument {name}>", 0), atom(value)
            if not isinstance(value, bool | int | float | str) or (
                    isinstance(value, float | int) and not abs(value) <= current().number):
                raise GenotypeError(f"argument {name!r} takes a number, a word, true or false, not "
                                    f"{value!r}", place)
            items[name] = Scalar(value, place)
        if not args:
            return self
        changed = self.document.but(args=Map(items, known.place), **dict.fromkeys(FIGURES))
        return self.replace(without_superseded(changed, self.outer, [known[name] for name in args],
                                               kept=args))

    def with_input(self, size: Size) -> "Genotype":
        """The genotype for images of another size; arguments that only said the size it had are
        left out."""
        shape = self.document.get("input")
        assert isinstance(shape, Seq)
        if isinstance(size, Iterable) and len(tuple(size)) != 2:
            raise GenotypeError(f"a size is the edge of images, or their height and width, not "
                                f"{size!r}")
        edges = [Scalar(atom(edge), Place("<input>", 0)) for edge in sides(size)]
        if [e.value for e in edges] == [getattr(item, "value", None) for item in shape.items[1:]]:
            return self
        changed = self.document.but(input=Seq((shape.items[0], *edges)), **dict.fromkeys(FIGURES))
        return self.replace(without_superseded(changed, self.outer, shape.items[1:]))

    def replace(self, document: Map, name: str | None = None) -> "Genotype":
        """The genotype with another document, under another name or the name nearest to it."""
        return Genotype(self.name if name is None else as_name(name), self.variant, self.file,
                        self.header, document, self.outer, self.variants)


def to_yaml(genotype: Genotype, comment: str = "") -> str:
    """The genotype's document as text; ``comment`` goes on top, line by line.

    The text is self-contained: blocks of a base and of `use` files are written into it, bundled
    ones are not.
    """
    document = as_written(genotype.document.but(name=Scalar(genotype.name)))
    assert isinstance(document, Map)
    return document_text(document, comment)
