"""Filling the holes of a space: all of them give a network, some a smaller space."""

from dataclasses import replace

from searchspace.compiler.pruning import without_unused
from searchspace.errors import GenotypeError
from searchspace.expansion import trace
from searchspace.genotype import Genotype
from searchspace.notation.holes import Decisions, check_names
from searchspace.notation.substitution import settle, substitute_in
from searchspace.notation.tree import Atom, Hole, Map, Tree, map_children


def fill(genotype: Genotype, decisions: Decisions) -> Genotype:
    """The genotype with holes filled; undecided holes stay, named by their paths in the result.

    Unused blocks and arguments are removed, and random graphs become lists of edges, so that the
    result is self-contained. If no network reaches the remaining holes (their step is left out by
    ``when``, or repeats 0 times), they take their first option.

    Raises:
        UnknownNameError: a hole that does not exist. GenotypeError: no such option.
    """
    check_names(decisions, genotype.holes)
    document = genotype.document
    if decisions:
        document = document.but(table=None)     # it names the networks of the whole space
    filled = _pruned(genotype, substitute_in(document, decisions))
    if filled.is_space and _is_settled(filled):
        return _pruned(filled, settle(filled.document))
    return filled


def _pruned(genotype: Genotype, document: Map) -> Genotype:
    return genotype.replace(without_unused(document, genotype.outer))


class _Open(Exception):
    """A hole was reached."""


def _is_settled(genotype: Genotype) -> bool:
    def ask(name: str, hole: Hole) -> Atom:
        raise _Open

    try:
        trace(genotype, ask)
    except (_Open, GenotypeError):
        return False
    return True


def free(space: Genotype) -> Genotype:
    """The space with every `!solve` hole turned into a range of the same name and options; the
    space itself if it has none.

    For proposals only: a range of fractions cannot be written in YAML.
    """
    if all(hole.kind != "solve" for hole in space.holes):
        return space
    freed = _free(space.document)
    assert isinstance(freed, Map)
    return space.replace(freed)


def _free(tree: Tree) -> Tree:
    if isinstance(tree, Hole) and tree.kind == "solve":
        tree = replace(tree, kind="int")
    return map_children(tree, _free)
