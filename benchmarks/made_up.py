"""Tables of made-up accuracies for the networks of nas-bench-macro, to set samplers on.

examples:
  python benchmarks/made_up.py B 0 /tmp/B0.json
  python benchmarks/search_quality.py --space nas-bench-macro --table /tmp/B0.json --budget 70M

Four families of functions, from what is generally known of such networks and nothing of that
benchmark; the seed draws their coefficients. Each spelling of a network gets noise of its own, as
if it had been trained again.

  A  depth saturates in each stage, larger kernels add a little, so do MACs, ever less
  B  stages multiply; the receptive field has a best size; unequal stages cost something
  C  each layer's option adds its share, random pairs theirs, all squashed below a ceiling
  D  a smooth random function of depth, kernels and last layers, squashed
"""

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from searchspace import load
from searchspace.space.enumeration import walk
from searchspace.space.point import Point

Array = NDArray[np.float64]
STAGES = ((0, 1), (2, 3, 4), (5, 6, 7))
LAYERS = range(8)


def canonical(options: tuple[int, ...]) -> list[int]:
    """The spelling of a network that has its identities last in each stage, whose first layer
    keeps its place."""
    found: list[int] = []
    for head, *rest in STAGES:
        live = [options[i] for i in rest if options[i]]
        found += [options[head], *live, *[0] * (len(rest) - len(live))]
    return found


class Counts:
    """Features of the networks, one row each: options, depth and large kernels of each
    stage, whether its first layer is a block, and standardised log MACs and log parameters."""

    def __init__(self, points: list[Point]) -> None:
        options = [tuple(int(str(v)) for v in p.decisions.values()) for p in points]
        self.options = np.array([canonical(o) for o in options])
        stages = [self.options[:, list(stage)] for stage in STAGES]
        self.depth = np.stack([(s > 0).sum(1) for s in stages], 1).astype(float)
        self.large = np.stack([(s == 2).sum(1) for s in stages], 1).astype(float)
        self.first = np.stack([s[:, 0] > 0 for s in stages], 1).astype(float)
        self.macs, self.params = (_normed(np.log([count(p) for p in points])) for count in (
            lambda p: p.macs, lambda p: p.params))


def family_a(c: Counts, rng: np.random.Generator) -> Array:
    a, b = rng.uniform(0.5, 3, 3), rng.uniform(0.7, 2, 3)
    found: Array = -(a * np.exp(-c.depth / b)).sum(1)
    found += (rng.normal(0.15, 0.2, 3) * c.large).sum(1)
    found += (rng.uniform(0, 0.5, 3) * c.first).sum(1)
    found += 0.8 * (1 - np.exp(-0.5 * (c.macs + 2)))
    return found + rng.normal(-0.01, 0.015) * c.large.sum(1) * c.depth.sum(1)


def family_b(c: Counts, rng: np.random.Generator) -> Array:
    reach = 2 + (2 * c.depth + 2 * c.large) @ np.array([1, 2, 4.0])
    works = 1 - rng.uniform(0.05, 0.25, 3) * np.exp(
        -(c.depth + rng.uniform(0.2, 0.8) * c.large) / rng.uniform(0.8, 2.5, 3))
    found: Array = 25 * np.log(works).sum(1)
    found -= rng.uniform(0.2, 1) * (np.log(reach) - np.log(rng.uniform(20, 45))) ** 2
    found += rng.uniform(0.1, 0.4) * c.params + rng.uniform(0, 0.3) * c.first[:, 0]
    return found - rng.uniform(0, 0.6) * np.ptp(c.depth, axis=1) / 3


def family_c(c: Counts, rng: np.random.Generator) -> Array:
    share = np.zeros((8, 3))
    share[:, 1] = rng.normal(0.7, 0.35, 8)
    share[:, 2] = share[:, 1] + rng.normal(0.15, 0.3, 8)
    pair = rng.normal(0, 0.12, (8, 8, 3, 3))
    pair[:, :, 0] = pair[:, :, :, 0] = 0
    found = 0.3 * c.macs + sum(share[i, c.options[:, i]] for i in LAYERS)
    for i, j in itertools.combinations(LAYERS, 2):
        found = found + pair[i, j, c.options[:, i], c.options[:, j]]
    made: Array = 6 * np.tanh(_normed(found) / 2.5 - 0.2)
    return made


def family_d(c: Counts, rng: np.random.Generator) -> Array:
    seen = np.concatenate([c.depth / 3, c.large / 3, c.first, c.options[:, [1, 4, 7]] / 2,
                           c.macs[:, None] / 3], axis=1)
    ways, phase = rng.normal(size=(seen.shape[1], 40)) / 1.5, rng.uniform(0, 6.28, 40)
    smooth = np.cos(seen @ ways + phase) @ rng.normal(size=40) / np.sqrt(20)
    found = 1.2 * c.macs + c.depth.sum(1) / 4 + 0.8 * smooth
    made: Array = -2 * np.log1p(np.exp(-1.5 * _normed(found)))
    return made


FAMILIES = {"A": family_a, "B": family_b, "C": family_c, "D": family_d}


def table(family: str, seed: int) -> dict[str, dict[str, float]]:
    """In the format of the benchmark, with what a table needs."""
    points = walk(load("nas-bench-macro"))
    assert points is not None
    rng = np.random.default_rng([ord(family), seed])
    found = FAMILIES[family](Counts(points), rng)
    found = 94 - rng.uniform(5, 12) * (found.max() - found) / np.ptp(found)
    found += rng.normal(0, rng.uniform(0.1, 0.15), len(found))
    return {"".join(map(str, p.decisions.values())): {
        "mean_acc": float(value), "flops": p.macs, "params": p.params}
        for p, value in zip(points, found, strict=True)}


def _normed(values: Array) -> Array:
    found: Array = (values - values.mean()) / values.std()
    return found


def main() -> None:
    """Write a table."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", choices=FAMILIES)
    parser.add_argument("seed", type=int)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    options.file.write_text(json.dumps(table(options.family, options.seed)), encoding="utf-8")


if __name__ == "__main__":
    main()
