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

    Blocks and arguments that no step uses any more are left out, and drawn graphs stand there as
    edges, so that the result depends on nothing but itself. When no network reaches the holes that
    are left (their step is left out by ``when``, or repeats 0 times), they take their first option.

    Raises:
        UnknownNameError: a decision about no hole. GenotypeError: no such option.
    """
    check_names(decisions, genotype.holes)
    filled = _pruned(genotype, substitute_in(genotype.document, decisions))
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
    """The space with every `!solve` hole turned into a range; names and options stay the same. The
    space itself where it has none.

    It is for proposing only: a range of fractions has no spelling in YAML.
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
