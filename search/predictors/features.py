"""What accuracy is predicted from: numbers of the expanded graph, each with its reason and unit."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from search.predictors.layer_statistics import LEVELS, Digest
from searchspace.registry import Registry


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of a network; ``unit`` in words, ``reason``: why accuracy should depend on it."""

    name: str
    unit: str
    reason: str
    rule: Callable[[Digest], float]

    def __call__(self, digest: Digest) -> float:
        """Its value, finite."""
        return self.rule(digest)


FEATURES: Registry[Feature] = Registry("feature", "docs/scores.md")


def feature(unit: str, reason: str) -> Callable[[Callable[[Digest], float]], Feature]:
    """Register a function of a `Digest` under its own name."""
    def decorate(rule: Callable[[Digest], float]) -> Feature:
        name = rule.__name__
        return FEATURES.add(name, Feature(name, unit, reason, rule))
    return decorate


def _log2(value: float) -> float:
    return math.log2(max(value, 1.0))


@feature("log₂ of multiply-adds", "What a network computes: the first thing that accuracy follows.")
def log_macs(of: Digest) -> float:
    return _log2(of.macs)


@feature("log₂ of parameters", "What it can remember.")
def log_params(of: Digest) -> float:
    return _log2(of.params)


@feature("log₂ of layers", "How often it can transform what it sees: the longest way.")
def log_depth(of: Digest) -> float:
    return _log2(of.depth)


@feature("log₂ of values", "What layers hand on; networks of many multiply-adds a value are wide.")
def log_activations(of: Digest) -> float:
    return _log2(of.values)


@feature("log₂ of pixels", "The edge of the image: what can be seen at all.")
def log_input(of: Digest) -> float:
    return _log2(of.edge)


@feature("levels", "Where the multiply-adds are: 1 for half the input's edge to 5 for 1/32.")
def mean_level(of: Digest) -> float:
    return sum((i + 1) * m for i, m in enumerate(of.macs_at)) / max(of.macs, 1)


@feature("gates a layer", "Squeeze-and-excitation and its kind: a point for little cost.")
def gates(of: Digest) -> float:
    return min(1.0, of.gates / of.layers)


@feature("share", "Up to a gate in six layers, which all published gated networks have.")
def gated(of: Digest) -> float:
    return min(1.0, 6 * of.gates / of.layers)


@feature("log₂ of pixels", "Mean kernel among kernels greater than 1, by values: 5×5 sees further.")
def kernel(of: Digest) -> float:
    return of.kernels / of.spatial_values if of.spatial_values else 0.0


@feature("share of multiply-adds", "Full k×k convolutions: they mix space and channels in one.")
def dense(of: Digest) -> float:
    return of.dense_macs / max(of.macs, 1)


@feature("share of multiply-adds", "Depthwise convolutions: the cheapest spatial mixing.")
def depthwise(of: Digest) -> float:
    return of.depthwise_macs / max(of.macs, 1)


@feature("log₂ of groups", "Mean over multiply-adds: groups are cheap and do not mix.")
def grouping(of: Digest) -> float:
    return of.groups / max(of.macs, 1)


@feature("share of values", "Swish and its kind, a little better than ReLU; so are their recipes.")
def smooth(of: Digest) -> float:
    return of.smooth_values / of.values


@feature("sums a layer", "Shortcuts: what makes depth trainable.")
def shortcuts(of: Digest) -> float:
    return min(1.0, of.sums / of.layers)


@feature("concatenations a layer", "Dense connections and branches, in place of shortcuts.")
def concatenations(of: Digest) -> float:
    return min(1.0, of.concatenations / of.layers)


@feature("share of params", "The classifier and what stands after the last map.")
def head(of: Digest) -> float:
    return of.head_params / max(of.params, 1)


@feature("log₂ of parameters", "What the body, without the head and gates, can remember.")
def log_body_params(of: Digest) -> float:
    return _log2(of.params - of.head_params - of.gate_params)


@feature("log₂ of parameters", "The same with the head: gates' parameters are many, and do little.")
def log_ungated_params(of: Digest) -> float:
    return _log2(of.params - of.gate_params)


@feature("log₂ of Σ log of inputs a value", "DeepMAD's (Shen 2023): width and depth together.")
def entropy(of: Digest) -> float:
    return _log2(of.entropy)


@feature("log₂ of channels", "What the head is given to tell classes apart.")
def last_width(of: Digest) -> float:
    return _log2(_widths(of)[-1])


@feature("log₂ of channels a level", "How channels grow from the first level to the last.")
def growth(of: Digest) -> float:
    widths = _widths(of)
    return (_log2(widths[-1]) - _log2(widths[0])) / max(len(widths) - 1, 1)


@feature("log₂ of channels", "Channels of the first level: what is seen of edges and colours.")
def first_width(of: Digest) -> float:
    return _log2(_widths(of)[0])


@feature("levels", "How unevenly the multiply-adds lie: entropy of their shares, in bits.")
def balance(of: Digest) -> float:
    shares = [m / max(of.macs, 1) for m in of.macs_at]
    return -sum(s * math.log2(s) for s in shares if s > 0)


def _share(name: str, what: str, level: int, reason: str) -> None:
    def rule(of: Digest) -> float:
        at, all_of_it = (of.macs_at, of.macs) if what == "multiply-adds" else \
            (of.params_at, of.params)
        return at[level - 1] / max(all_of_it, 1)
    FEATURES.add(name, Feature(name, f"share of {what}", reason, rule))


for _level in range(1, LEVELS + 1):
    _share(f"macs_at_{_level}", "multiply-adds", _level,
           f"Where they are: level {_level}, edge 1/{2 ** _level} of the input's.")
for _level in (LEVELS - 1, LEVELS):
    _share(f"params_at_{_level}", "parameters", _level,
           f"Where they are: level {_level}, edge 1/{2 ** _level} of the input's.")


PROFILE = (*(f"macs_at_{level}" for level in range(1, LEVELS + 1)),
           *(f"params_at_{level}" for level in (LEVELS - 1, LEVELS)),
           "log_macs", "log_params", "log_depth", "log_activations", "log_input", "gates", "head",
           "last_width")
"""By what networks are near to each other: how much there is of what, and where."""


_POSITIONS = {name: i for i, name in enumerate(FEATURES)}


def position(name: str) -> int:
    """Where a feature is in a `vector`."""
    return _POSITIONS[name]


def vector(of: Digest) -> tuple[float, ...]:
    """All features in the order of the registry."""
    return tuple([f.rule(of) for f in FEATURES.values()])


def _widths(of: Digest) -> list[float]:
    return [w for w in of.width_at if w] or [1.0]
