"""The Gaussian-process sampler and its parts."""

from search.samplers.gp import sampler

__all__ = ["sampler"]
