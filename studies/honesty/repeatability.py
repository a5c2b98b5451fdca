"""How many images and draws of weights NASWOT needs: no accuracies are looked at.

    python studies/honesty/repeatability.py             # about two minutes of one core

Networks of NAS-Bench-Macro between 45 M and 60 M multiply-adds, so that size tells little, are
scored from six draws of weights and images. Printed are Spearman's correlations, means over the
draws: *again*, of the score from one draw with that from another; *limit*, of the mean over one,
two or three draws with the mean over three others of 128 images.
"""

import random
import statistics
import time
from itertools import combinations

import numpy as np
import torch

from search.process import keep_memory, wait_asleep
from search.score_report.correlations import spearman
from search.scores.agreements import agreements
from search.scores.base import ScoringSubject
from search.seeds import derive
from searchspace import load
from searchspace.identity import identity
from searchspace.space.point import sample

NETWORKS, DRAWS, SIZE, BAND = 40, 6, 32, (45e6, 60e6)
BATCHES = (16, 32, 64, 128)


def main() -> None:
    """Score, and print the table."""
    keep_memory()
    wait_asleep()
    torch.set_num_threads(1)
    space, rng = load("nas-bench-macro").with_input(SIZE), random.Random("repeatability")
    chosen = {}
    while len(chosen) < NETWORKS:
        at = sample(space, rng)
        if BAND[0] <= at.macs <= BAND[1]:
            chosen.setdefault(identity(space, at.decisions), at)
    scores = np.empty((len(BATCHES), DRAWS, NETWORKS))
    seconds = []
    for k, (name, at) in enumerate(chosen.items()):
        for d in range(DRAWS):
            subject = ScoringSubject(space, at.decisions, SIZE, BATCHES[-1], 1000 + d,
                              derive(0, "weights", name, d))
            net, images, start = subject.network, subject.images, time.process_time()
            kernel = agreements(net, images).numpy()    # that of fewer images is a part of it
            seconds.append(time.process_time() - start)
            scores[:, d, k] = [np.linalg.slogdet(kernel[:n, :n])[1] for n in BATCHES]
    print(f"{statistics.median(seconds):.2f} s of one core for {BATCHES[-1]} images")
    print("images  again  limit: 1 draw  2 draws  3 draws")
    for b, images in enumerate(BATCHES):
        again = [spearman(scores[b, i], scores[b, j]) for i, j in combinations(range(DRAWS), 2)]
        print(f"{images:6}  {np.mean(again):.3f}         {_limit(scores, b, 1):.3f}"
              f"    {_limit(scores, b, 2):.3f}    {_limit(scores, b, 3):.3f}")


def _limit(scores: np.ndarray, batch: int, draws: int) -> float:
    """The correlation of a mean over some draws with that of three others, of most images."""
    found = []
    for own in combinations(range(DRAWS), draws):
        others = [d for d in range(DRAWS) if d not in own][:3]
        found.append(spearman(scores[batch, list(own)].mean(0), scores[-1, others].mean(0)))
    return float(np.mean(found))


if __name__ == "__main__":
    main()
