"""All training-free scores by name. The line of a score here is all that makes it known."""

from search.scores.base import TrainingFree
from search.scores.proxies.az_nas import AZNAS
from search.scores.proxies.blend import BLEND
from search.scores.proxies.complexity import COMPLEXITY
from search.scores.proxies.deepmad import DEEPMAD
from search.scores.proxies.depth import DEPTH
from search.scores.proxies.expressivity import EXPRESSIVITY
from search.scores.proxies.fisher import FISHER
from search.scores.proxies.gradnorm import GRADNORM
from search.scores.proxies.jacobian import JACOBIAN
from search.scores.proxies.macs import MACS
from search.scores.proxies.meco import MECO
from search.scores.proxies.naswot import NASWOT
from search.scores.proxies.params import PARAMS
from search.scores.proxies.progressivity import PROGRESSIVITY
from search.scores.proxies.snip import SNIP
from search.scores.proxies.swap import SWAP
from search.scores.proxies.synflow import SYNFLOW
from search.scores.proxies.trainability import TRAINABILITY
from search.scores.proxies.zen import ZEN
from search.scores.proxies.zico import ZICO
from search.scores.relative import Relative
from search.scores.standardised import Standard
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
