"""Interface of training-free scores: a rule with its costs and known failures.

A score is one file in `search/scores/proxies/`: a function of a `ScoringSubject`, registered by
`score`.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from search.errors import ScoreError
from search.torch_state import seeded
from searchspace import Genotype
from searchspace.expansion import Expansion, trace
from searchspace.notation.holes import Decisions
from searchspace.registry import Registry
from searchspace.shapes import Size, sides, size_of

if TYPE_CHECKING:
    import torch

    from search.scores.node_network import NodeNetwork

Need = Literal["images", "labels", "noise", "gradients"]

FEWEST, MOST, PIXELS = 32, 128, 128 * 32 * 32


def usual_batch(size: Size) -> int:
    """Default batch for images of this size: within bounds, a small
    network takes about as long at any size. Larger batches discriminate better between networks
    of one size, see docs/scores.md.
    """
    return min(MOST, max(FEWEST, PIXELS // math.prod(sides(size))))


@dataclass(frozen=True)
class ScoringSubject:
    """One network to be scored, with the inputs of scores; these are made when first needed.

    ``size``: that of the images. ``batch``: how many images. The weights are
    drawn from ``weight_seed`` alone, the images and all noise from ``data_seed`` alone, and the
    caller's generators are unchanged. Scores restore the network, so that one subject serves
    several.
    """

    genotype: Genotype
    decisions: Decisions | None
    size: Size
    batch: int
    data_seed: int
    weight_seed: int

    @classmethod
    def of_graph(cls, genotype: Genotype, decisions: Decisions | None,
                 expansion: Expansion) -> "ScoringSubject":
        """The subject of a `quick` score, for a network that is expanded already."""
        made = cls(genotype, decisions, size_of(*expansion.input[1:]), 0, 0, 0)
        vars(made)["expansion"] = expansion
        return made

    @cached_property
    def expansion(self) -> Expansion:
        """The operations of the network with their shapes and costs; no torch."""
        return trace(self.genotype, self.decisions)

    @cached_property
    def network(self) -> "torch.nn.Module":
        """The built network, with torch's default initial weights.

        Raises:
            GenotypeError: it cannot be built.
        """
        from search.scores.instrumentation import channels_last
        from search.scores.strides import without_strides
        from searchspace import build

        with seeded(self.weight_seed):
            return channels_last(without_strides(build(self.genotype, self.decisions)))

    @cached_property
    def nodes(self) -> "NodeNetwork":
        """The same network with the same weights, run operation by operation."""
        from search.scores.instrumentation import channels_last
        from search.scores.node_network import NodeNetwork
        from search.scores.strides import without_strides

        with seeded(self.weight_seed):
            network = NodeNetwork(self.expansion)
        channels_last(without_strides(network))     # in place
        return network

    @cached_property
    def images(self) -> "torch.Tensor":
        """Digits as network input, float32 of shape (batch, channels, height, width)."""
        from search.scores.images import digits
        from search.scores.instrumentation import channels_last

        shape = (self.expansion.input[0], *sides(self.size))
        return channels_last(digits(self.batch, shape, self.data_seed))

    @cached_property
    def labels(self) -> "torch.Tensor":
        """The classes of `images`, int64 of shape (batch,)."""
        from search.scores.images import digit_labels

        return digit_labels(self.batch, self.data_seed)

    def data(self, needs: tuple[Need, ...]) -> str:
        """Description of the data for a score with these ``needs``; part of the archive's key."""
        channels = self.expansion.input[0]
        size = "x".join(map(str, (channels, *sides(self.size))))
        if not needs:
            return f"genotype {size}"
        kind = "digits" if "images" in needs else "noise" if "noise" in needs else "ones"
        return f"{kind} {self.batch}x{size} seed {self.data_seed}"

    def noise(self, batch: int, stream: int = 0) -> "torch.Tensor":
        """Standard normal input of shape (batch, channels, height, width); streams are
        independent."""
        import torch

        from search.scores.instrumentation import channels_last

        generator = torch.Generator().manual_seed(
            random.Random(f"{self.data_seed} {stream}").getrandbits(62))
        shape = (batch, self.expansion.input[0], *sides(self.size))
        return channels_last(torch.randn(shape, generator=generator))


@dataclass(frozen=True, slots=True)
class TrainingFree:
    """A score of untrained networks; higher is better.

    ``forward`` and ``backward``: number of passes of the whole batch; both 0 if the genotype alone
    suffices. ``failures``: known failures, in sentences.
    """

    name: str                       # on command lines and in the archive
    title: str                      # human-readable
    source: str                     # paper, section or equation
    needs: tuple[Need, ...]
    forward: float
    backward: float
    failures: str
    rule: Callable[[ScoringSubject], float] = field(repr=False)
    unit: str = "no unit"
    digits: int = 2                 # decimals of a displayed value

    def __call__(self, subject: ScoringSubject) -> float:
        """The score of a network, a finite number.

        Raises:
            ScoreError: the network cannot be rated. GenotypeError: it cannot be built.
        """
        value = float(self.rule(subject))
        if not math.isfinite(value):
            raise ScoreError(f"{self.title} of {subject.genotype.title} is {value}, which ranks "
                             "nothing")
        return value

    def shown(self, value: float) -> str:
        """A value, human-readable."""
        return f"{value:,.{self.digits}f}"

    @property
    def uses_torch(self) -> bool:
        """Whether the network must be built."""
        return self.forward > 0

    @property
    def quick(self) -> bool:
        """Whether it takes milliseconds: the graph alone suffices."""
        return not self.needs and not self.uses_torch

    @property
    def passes(self) -> str:
        """The cost in words."""
        if not self.uses_torch:
            return "none: from the genotype alone"
        return f"{self.forward:g} forward" + (f", {self.backward:g} backward" * bool(self.backward))


SCORES: Registry[TrainingFree] = Registry("score", "docs/scores.md")


def score(name: str, title: str, source: str, needs: tuple[Need, ...], forward: float,
          backward: float, failures: str, unit: str = "no unit", digits: int = 2,
          ) -> Callable[[Callable[[ScoringSubject], float]], TrainingFree]:
    """Decorator that registers a function of a `ScoringSubject` as a score and replaces it with a
    `TrainingFree` of these fields."""
    def decorate(rule: Callable[[ScoringSubject], float]) -> TrainingFree:
        return SCORES.add(name, TrainingFree(name, title, source, needs, forward, backward,
                                             failures, rule, unit, digits))
    return decorate
