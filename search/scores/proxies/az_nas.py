"""AZ-NAS: four aspects of a network, combined so that one bad rank outweighs several good ones."""

from search.scores.proxies.complexity import COMPLEXITY
from search.scores.proxies.expressivity import EXPRESSIVITY, SOURCE
from search.scores.proxies.progressivity import PROGRESSIVITY
from search.scores.proxies.trainability import TRAINABILITY
from search.scores.rank_aggregation import Combination

AZNAS = Combination(
    "az-nas", "AZ-NAS", SOURCE + "eq. 11",
    (EXPRESSIVITY, PROGRESSIVITY, TRAINABILITY, COMPLEXITY), "log",
    "That of its parts; complexity makes it follow MACs.")
