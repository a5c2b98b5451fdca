"""Automatic choice of a sampler for a search, with the reason in one line."""

from search.samplers.screening import LOOKED
from search.samplers.switching import MODELLED
from searchspace import Genotype
from searchspace.space.descent import is_conditional
from searchspace.space.enumeration import HoleTree, is_small

FRONT = 3           # objectives up to which random weights cover the front


def auto(space: Genotype, objectives: int = 1, quick: str | None = None) -> tuple[str, str]:
    """A sampler's name and the reason, from the number of holes, whether they are conditional,
    the size of the space and the number of objectives. It does not depend on ``--trials``: a
    model that becomes slow is replaced during the search. With a score that is ``quick``, by its
    name, networks are screened by it.
    """
    if quick is not None and objectives == 1:
        return "screening", (f"{quick} takes milliseconds: {LOOKED:,} networks are rated by it, "
                             "and the best evaluated")
    holes = len(space.holes)
    if objectives > FRONT:
        return "nsga3", f"{objectives} objectives need a population spread over their front"
    if is_small(space):
        reason = (f"the space is small ({HoleTree.of(space).total:,} points): a Gaussian process "
                  "rates all that fit")
    else:
        kind = "conditional" if is_conditional(space) else "unconditional"
        reason = (f"{holes} {kind} holes: a Gaussian process learns most from few trials; after "
                  f"{MODELLED} it hands over to evolution, which stays fast")
    return "gp", reason + (f"; {objectives} objectives by random weights" * (objectives > 1))
