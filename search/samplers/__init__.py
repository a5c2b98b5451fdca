"""Samplers propose networks; what they propose is brought to the budget afterwards.

A sampler is a function of a `SamplingTask`, registered in `SAMPLERS` in a file of this folder.
"""

from search.samplers.auto import auto
from search.samplers.base import (
    SAMPLERS,
    Past,
    Quick,
    Sampler,
    SamplingTask,
    Score,
    distribution,
    finished,
    history,
    ordinal,
    snapshot,
)
from search.samplers.passive import PassiveSampler, Proposals, proposals
from searchspace import Genotype

SAMPLERS.discover(__name__)

__all__ = [
    "CHOICES",
    "SAMPLERS",
    "PassiveSampler",
    "Past",
    "Proposals",
    "Quick",
    "Sampler",
    "SamplingTask",
    "Score",
    "choose",
    "distribution",
    "finished",
    "history",
    "make",
    "ordinal",
    "proposals",
    "snapshot",
]

CHOICES = ("auto", *SAMPLERS)       # values of --sampler


def choose(name: str, space: Genotype, objectives: int = 1,
           quick: str | None = None) -> tuple[str, str]:
    """The sampler for ``auto``, with the reason in one line; other names stay as they are."""
    return auto(space, objectives, quick) if name == "auto" else (name, "as asked")


def make(name: str, task: SamplingTask) -> Sampler:
    """A sampler by its name."""
    return SAMPLERS.find(name).make(task)
