"""AZ-NAS: four aspects of a network, combined so that one bad rank outweighs several good ones."""

from search.scores.complexity import COMPLEXITY
from search.scores.expressivity import EXPRESSIVITY, SOURCE
from search.scores.progressivity import PROGRESSIVITY
from search.scores.ranks import Combination
from search.scores.trainability import TRAINABILITY

AZNAS = Combination(
    "az-nas", "AZ-NAS", SOURCE + "eq. 11",
    (EXPRESSIVITY, PROGRESSIVITY, TRAINABILITY, COMPLEXITY), "log",
    "That of its parts; complexity makes it follow MACs.")
