"""All training-free scores by name. The line of a score here is all that makes it known."""

from search.scores.aznas import AZNAS
from search.scores.base import TrainingFree
from search.scores.blend import BLEND
from search.scores.complexity import COMPLEXITY
from search.scores.deepmad import DEEPMAD
from search.scores.depth import DEPTH
from search.scores.expressivity import EXPRESSIVITY
from search.scores.fisher import FISHER
from search.scores.gradnorm import GRADNORM
from search.scores.jacobian import JACOBIAN
from search.scores.macs import MACS
from search.scores.meco import MECO
from search.scores.naswot import NASWOT
from search.scores.params import PARAMS
from search.scores.progressivity import PROGRESSIVITY
from search.scores.relative import Relative
from search.scores.snip import SNIP
from search.scores.standard import Standard
from search.scores.swap import SWAP
from search.scores.synflow import SYNFLOW
from search.scores.trainability import TRAINABILITY
from search.scores.zen import ZEN
from search.scores.zico import ZICO
from searchspace import SearchspaceError
from searchspace.errors import nearest

SCORES = {score.name: score for score in (
    NASWOT, SWAP, SYNFLOW, ZEN, ZICO, GRADNORM, SNIP, FISHER, JACOBIAN, MECO, EXPRESSIVITY,
    PROGRESSIVITY, TRAINABILITY, COMPLEXITY, DEEPMAD, MACS, PARAMS, DEPTH)}

BASELINES = ("macs", "params", "depth")

RELATIVE: dict[str, Relative] = {score.name: score for score in (
    AZNAS, BLEND, *(Standard(s) for s in SCORES.values() if s.uses_torch or s is DEEPMAD))}

DEFAULT_SCORE = "naswot"


def names() -> tuple[str, ...]:
    """The names of all scores, single and relative."""
    return (*SCORES, *RELATIVE)


def find_score(name: str) -> TrainingFree | Relative:
    """The score of this name.

    Raises:
        SearchspaceError: there is none.
    """
    if name in RELATIVE:
        return RELATIVE[name]
    if name not in SCORES:
        raise SearchspaceError(f"no score {name!r}{nearest(name, names())}; "
                               "python -m search.scores lists them")
    return SCORES[name]
