"""Blend: four scores that see different things, combined by ranks as AZ-NAS combines its own.

How differently activations see the images (NASWOT), how strongly the loss reacts to the weights
(gradient norm), how much of their space the features use, and whether gradients keep their length
(AZ-NAS). No cost is a part: a search fills its budget anyway, and there it tells nothing.

Chosen on 20 November 2026 on the table of `digits` (864 networks, batches of 32 and 64) and the
literature, before the accuracies of NAS-Bench-Macro were opened; see docs/scores.md.
"""

from search.scores.proxies.expressivity import EXPRESSIVITY
from search.scores.proxies.gradnorm import GRADNORM
from search.scores.proxies.naswot import NASWOT
from search.scores.proxies.trainability import TRAINABILITY
from search.scores.rank_aggregation import Combination

BLEND = Combination(
    "blend", "blend", "this project, docs/scores.md; combined as AZ-NAS (CVPR 2024), eq. 11",
    (NASWOT, GRADNORM, EXPRESSIVITY, TRAINABILITY), "log",
    "Ranks among random networks of one space and budget, so that values of other searches do not "
    "compare. It still grows with size: NASWOT, gradient norm and expressivity do.")
