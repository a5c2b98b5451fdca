"""AZ-NAS progressivity: the least growth of the features' space from one block to the next."""

from itertools import pairwise

from search.errors import ScoreError
from search.scores.base import Subject, TrainingFree
from search.scores.proxies.expressivity import SOURCE, block_entropies


def _rule(subject: Subject) -> float:
    found = block_entropies(subject)
    if len(found) < 2:
        raise ScoreError("progressivity needs two blocks, and the network has one")
    return min(b - a for a, b in pairwise(found))


PROGRESSIVITY = TrainingFree(
    "az-progressivity", "AZ-NAS progressivity", SOURCE + "eq. 5", ("noise",), 1, 0,
    "One pair of blocks decides the value; of deep networks the minimum of more pairs is lower.",
    _rule, "nats", 3)
