"""Bayesian optimisation over networks whose costs are known before they are built.

The first networks are spread over the promising part of the space: each is, of a few random ones,
the one with the greatest predictive variance given the networks scored so far. From then on the
network of greatest expected improvement is proposed, among those that fit the budget and were not
scored: all of a small space (`walked`), else random ones and children of the best
(`neighbourhood`).
Several objectives become one by weights drawn for each trial (ParEGO: Knowles 2006, section III).
"""

import random
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import optuna
from optuna.trial import FrozenTrial

from search.gaussian_process import Process, fit, typical
from search.samplers import evolution
from search.samplers.base import Past, Sampler, SamplingTask, history, sampler, taking
from search.samplers.gp.acquisition import log_expected_improvement
from search.samplers.gp.features import Array
from search.samplers.gp.neighbourhood import Neighbourhood
from search.samplers.gp.pools import CandidatePool
from search.samplers.gp.score_prior import DOUBT, PROBES, SLOPE, Guide
from search.samplers.gp.walked import Walked
from search.samplers.switching import MODELLED, SwitchingSampler
from searchspace.space.enumeration import walk
from searchspace.space.point import Propose

START = 5           # networks before the model decides; published ones that were scored count
HANDFUL = 256       # candidates that each of them is chosen among, and a quarter of all at most,
                    # so that seeds differ in their first networks
OBSERVED = 200      # a model's observations at most: half the best, half the latest
ALWAYS = 40         # trials up to which hyperparameters are fitted in each,
EVERY = 10          # beyond, once in so many
CEILING = 0.5       # assumed ceiling above the best value, relative to its distance to the median


class GaussianSampler(Sampler):
    """Bayesian optimisation; its caches (candidates, fits) are derived from task and trials."""

    def __init__(self, task: SamplingTask, pool: CandidatePool) -> None:
        self.task, self.pool = task, pool
        self.groups = list(pool.groups)
        if task.prior:
            self.groups = [*self.groups, max(self.groups) + 1]      # the predicted score
        self.fits: dict[object, Process] = {}

    def propose(self, study: optuna.Study, trial: FrozenTrial, seed: int) -> Propose:
        rng, past = random.Random(seed), history(study)
        scored = [p for p in past if p.values is not None]
        order = self._beginning(past, rng) if len(past) < START or not scored else \
            self._promising(scored, rng)
        found = self.pool.pick(order, past) if order else None
        return taking(found or {}, rng)

    @cached_property
    def guide(self) -> Guide | None:
        """The predictor of the task's prior score, fitted when it is first needed; None if the
        task has none."""
        if self.task.prior is None:
            return None
        return Guide(self.task.prior, *self.pool.probes(PROBES), self.pool.groups)

    def _seen(self, features: Array) -> tuple[Array, Array]:
        """Model inputs, shape (networks, columns), and their prior mean, shape (networks,)."""
        expected = self.pool.prior_mean(features) if self.task.rises else np.zeros(len(features))
        if self.guide is None:
            return features, expected
        guess = self.guide(features)
        return np.column_stack([features, DOUBT * guess]), expected + SLOPE * guess

    def _beginning(self, past: Sequence[Past], rng: random.Random) -> list[int]:
        """A few random candidates, sorted by the upper tail of their predictive distribution."""
        self.pool.renew([])
        among = list(self.pool.start())
        chosen = rng.sample(among, min(-(-len(among) // 4), HANDFUL))
        if chosen:
            features, expected = self._seen(self.pool.features[chosen])
            known, _ = self._seen(self.pool.observed(past)) if past else (features[:0], expected)
            process = typical(self.groups, self.pool.prior)
            _, variance = process.posterior(known, np.zeros(len(known)), features)
            promise = expected + 0.5 * np.sqrt(variance)
            chosen = [chosen[i] for i in np.argsort(-promise, kind="stable")]
        return chosen

    def _promising(self, scored: Sequence[Past], rng: random.Random) -> list[int]:
        """All candidates, the most promising first."""
        process = self._process(scored)
        weights = [rng.expovariate(1) for _ in scored[0].values or ()]   # uniform, once normed
        targets = _targets(scored, weights)
        best = sorted(range(len(scored)), key=lambda i: (-targets[i], i))
        self.pool.renew([scored[i] for i in best])
        x, y = self._observed(scored, targets)
        at, expected = self._seen(self.pool.features)
        x, before = self._seen(x)
        mean, variance = process.posterior(x, y - before, at)
        top = (process.posterior(x, y - before, x)[0] + before).max()
        gain = log_expected_improvement(mean + expected, np.sqrt(variance), float(top))
        return [int(i) for i in np.argsort(-gain, kind="stable")]

    def _process(self, scored: Sequence[Past]) -> Process:
        """Hyperparameters from all trials, or from those at the last of the regular fits."""
        count = len(scored)
        upto = scored if count <= ALWAYS else scored[:count - count % EVERY]
        key = tuple((p.identity, p.values) for p in upto)
        if key not in self.fits:
            x, y = self._observed(upto, _targets(upto, [1.0] * len(scored[0].values or ())))
            x, before = self._seen(x)
            self.fits = {key: fit(x, y - before, self.groups, self.pool.prior)}
        return self.fits[key]

    def _observed(self, scored: Sequence[Past], targets: Array) -> tuple[Array, Array]:
        """Features and transformed targets of the model's observations."""
        used = _subset(targets)
        return self.pool.observed([scored[i] for i in used]), _stretched(targets[used])


def _targets(scored: Sequence[Past], weights: Sequence[float]) -> Array:
    """Targets to be maximised, shape (networks,): the value, or for several objectives the
    augmented Chebyshev scalarisation of their ranges (Knowles 2006, eq. 2)."""
    values = np.array([p.values for p in scored])
    if len(weights) == 1:
        only: Array = values[:, 0]
        return only
    span = np.ptp(values, axis=0)
    short = (values.max(0) - values) / np.where(span > 0, span, 1) * weights / sum(weights)
    made: Array = -(short.max(1) + 0.05 * short.sum(1))
    return made


def _subset(targets: Array) -> list[int]:
    """Indices of the model's observations: all, or the best and the latest."""
    if len(targets) <= OBSERVED:
        return list(range(len(targets)))
    latest = set(range(len(targets) - OBSERVED // 2, len(targets)))
    best = [int(i) for i in np.argsort(-targets, kind="stable") if int(i) not in latest]
    return sorted(latest | set(best[:OBSERVED - len(latest)]))


def _stretched(targets: Array) -> Array:
    """Standardised negative logarithms of the distance to a ceiling above the best: spreads out
    good accuracies, which are close together, and compresses the long tail of poor ones.
    """
    best, middle = targets.max(), np.median(targets)
    made = -np.log(CEILING + (best - targets) / ((best - middle) or np.ptp(targets) or 1.0))
    found: Array = (made - made.mean()) / (made.std() or 1.0)
    return found


@sampler("gp", guided=True)
def make(task: SamplingTask) -> Sampler:
    """A Gaussian process over the networks inside the budget; see `MODELLED`."""
    points = walk(task.space)
    if points is not None:
        return GaussianSampler(task, Walked(task, points))
    large = GaussianSampler(task, Neighbourhood(task))
    return SwitchingSampler(large, evolution.make(task), MODELLED)
