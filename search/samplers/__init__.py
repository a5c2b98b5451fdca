"""Samplers behind one face: they propose, the budget disposes.

One file a sampler, each with ``make(task)``; they are listed here.
"""

from search.samplers import auto, evolution, nsga2, nsga3, optuna_gp, random, tpe
from search.samplers.base import (
    Past,
    Sampler,
    Score,
    Task,
    distribution,
    finished,
    history,
    ordinal,
    snapshot,
)
from search.samplers.gp import sampler
from search.samplers.passive import PassiveSampler, Proposals, proposals
from search.seeds import derive
from searchspace import Genotype

__all__ = ["SAMPLERS", "PassiveSampler", "Past", "Proposals", "Sampler", "Score", "Task", "choose",
           "derive", "distribution", "finished", "history", "make", "ordinal", "proposals",
           "snapshot"]

_MAKERS = {"gp": sampler.make, "evolution": evolution.make, "tpe": tpe.make, "nsga2": nsga2.make,
           "nsga3": nsga3.make, "optuna-gp": optuna_gp.make, "random": random.make}

SAMPLERS = ("auto", *_MAKERS)


def choose(name: str, space: Genotype, objectives: int = 1) -> tuple[str, str]:
    """The sampler for ``auto``, with the reason in one line; other names stay as they are."""
    return auto.choose(space, objectives) if name == "auto" else (name, "as asked")


def make(name: str, task: Task) -> Sampler:
    """A sampler by its name in the list."""
    return _MAKERS[name](task)
