"""Blend: four complementary scores, combined by ranks as in AZ-NAS.

Diversity of activation patterns (NASWOT), sensitivity of the loss to the weights (gradient norm),
expressivity of the features, and trainability (AZ-NAS). No cost is included: the networks of a
search have nearly equal costs, close to its budget.

Chosen on 20 November 2026 on the table of `digits` (864 networks, batches of 32 and 64) and the
literature, before the accuracies of NAS-Bench-Macro were opened; see docs/scores.md.
"""

from search.scores.proxies.az_nas import expressivity_score, trainability_score
from search.scores.proxies.gradnorm import gradnorm_score
from search.scores.proxies.naswot import naswot_score
from search.scores.rank_aggregation import Combination
from search.scores.relative import RELATIVE

RELATIVE.add("blend", Combination(
    "blend", "blend", "this project, docs/scores.md; combined as AZ-NAS (CVPR 2024), eq. 11",
    (naswot_score, gradnorm_score, expressivity_score, trainability_score), "log",
    "Ranks among random networks of one space and budget, so that values of other searches do not "
    "compare. It still grows with size: NASWOT, gradient norm and expressivity do."))
