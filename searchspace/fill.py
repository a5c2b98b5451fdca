"""Filling the holes of a space: all of them give a network, some a smaller space."""

from .errors import GenotypeError
from .expand import trace
from .genotype import Genotype, without_unused
from .holes import Decisions, Hole, check_names
from .substitute import settle, substitute_in
from .tree import Atom


def fill(genotype: Genotype, decisions: Decisions) -> Genotype:
    """The genotype with holes filled; undecided holes stay, named by their paths in the result.

    Blocks and arguments that no step uses any more are left out, and drawn graphs stand there as
    edges, so that the result depends on nothing but itself. When no network reaches the holes that
    are left (their step is left out by ``when``, or repeats 0 times), they take their first option.

    Raises:
        UnknownNameError: a decision about no hole. GenotypeError: no such option.
    """
    check_names(decisions, genotype.holes)
    filled = without_unused(genotype.replace(substitute_in(genotype.document, decisions)))
    if filled.is_space and _is_settled(filled):
        return without_unused(filled.replace(settle(filled.document)))
    return filled


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
