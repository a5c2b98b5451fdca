"""All training-free scores by name: those of `proxies`, and the standardised form of each."""

from search.scores.base import SCORES, TrainingFree
from search.scores.relative import RELATIVE, Relative
from search.scores.standardised import Standard
from searchspace import SearchspaceError
from searchspace.errors import nearest

__all__ = ["BASELINES", "DEFAULT_SCORE", "RELATIVE", "SCORES", "STANDARD", "find_score", "is_quick",
           "names"]

BASELINES = ("macs", "params", "depth")
DEFAULT_SCORE = "naswot"

SCORES.discover("search.scores.proxies")
STANDARD = {f"{one.name}-standard": Standard.of(one) for one in SCORES.values()
            if one.uses_torch or one.name == "deepmad"}         # costs would have no residual


def names() -> tuple[str, ...]:
    """The names of all scores: single, combined, standardised."""
    return (*SCORES, *RELATIVE, *STANDARD)


def is_quick(name: str) -> bool:
    """Whether a score looks at the graph alone, and takes milliseconds."""
    found = find_score(name)
    return isinstance(found, TrainingFree) and found.quick


def find_score(name: str) -> TrainingFree | Relative:
    """The score of this name.

    Raises:
        SearchspaceError: there is none.
    """
    if name in SCORES:
        return SCORES[name]
    found = RELATIVE.get(name) or STANDARD.get(name)
    if found is None:
        raise SearchspaceError(f"no score {name!r}{nearest(name, names())}; "
                               "python -m search.scores lists them")
    return found
