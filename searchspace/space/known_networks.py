"""Known networks of a space: its variants that are points of it.

A published network inside a space is a variant in its file, which `load` returns as a network
(``load("mobile@mobilenet-v2-1.0")``) and a search uses for its warm start.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from searchspace.errors import GenotypeError, UnknownNameError
from searchspace.genotype import Genotype
from searchspace.notation.holes import Hole, check_names
from searchspace.notation.schema import mapping
from searchspace.notation.tree import Atom, Scalar, Tree
from searchspace.space.point import point


@dataclass(frozen=True, slots=True)
class Known:
    """A variant of a space and its decisions; `!solve` holes may be left to the budget."""

    name: str
    decisions: dict[str, Atom]


def known_networks(space: Genotype) -> tuple[Known, ...]:
    """The variants that decide all holes of a space and change nothing else, in order of the file.

    Decisions are those of ``fill``, and of ``args`` for arguments that are holes. The number of
    classes and the input are ignored. A variant that sets another argument, or replaces steps, is
    no point of the space; nor is one that leaves a hole open.

    Raises:
        UnknownNameError: a hole that does not exist. GenotypeError: no such option.
    """
    return tuple(known for known in stated(space) if not _leaves_open(space, known.decisions))


def stated(space: Genotype) -> Iterator[Known]:
    """The variants that decide holes and change nothing else, smaller spaces among them; see
    `known_networks`."""
    holes = {hole.name: hole for hole in space.holes}
    for name, tree in space.variants.items.items():
        variant = mapping(tree, "variant")
        args = mapping(variant.get("args"), "args")
        if name == space.variant or "steps" in variant or set(args) - {*holes, "classes"}:
            continue
        given = {**{k: t for k, t in args.items.items() if k in holes},
                 **mapping(variant.get("fill"), "fill").items}
        try:
            check_names(dict.fromkeys(given), space.holes)
        except UnknownNameError:
            if space.variant is None:
                raise
            continue            # this variant has decided what the other decides otherwise
        yield Known(name, {k: _label(holes, k, tree) for k, tree in given.items()})


class _Open(Exception):
    """A hole that a search would sample was reached."""


def _leaves_open(space: Genotype, decisions: dict[str, Atom]) -> bool:
    """Whether a variant is a smaller space rather than a network: holes besides `!solve` are open.
    False if it cannot be expanded at this input size."""
    def propose(_: str, hole: Hole) -> Atom:
        if hole.kind != "solve":
            raise _Open
        return hole.labels[0]

    try:
        point(space, propose, decisions)
    except _Open:
        return True
    except GenotypeError:
        return False
    return False


def _label(holes: dict[str, Hole], name: str, tree: Tree) -> Atom:
    """The hole's label for a value in the file: 1 and 1.0 are the same option."""
    if not isinstance(tree, Scalar):
        raise GenotypeError(f"{name!r} takes the label of an option", tree.place)
    hole = holes.get(name) or holes[name.rpartition(".")[0]]      # once a repeat
    return hole.labels[hole.option(tree.value)]
