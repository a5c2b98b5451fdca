"""Costs of a genotype, from its expansion alone."""

from .expand import trace
from .genotype import Genotype
from .holes import Decisions
from .ops import Cost


def cost(genotype: Genotype, decisions: Decisions | None = None) -> Cost:
    """MACs and parameters of a network, or of a space under ``decisions``. No torch.

    One MAC is one multiply-add of a convolution or linear layer; parameters are all trainable
    ones.

    >>> from searchspace import load
    >>> cost(load("mobilenet-v2")).macs
    300774272

    Raises:
        GenotypeError: an open hole, or steps that do not fit each other.
    """
    return trace(genotype, decisions).cost()
