"""The sampler that decides how long networks are trained, and its parts."""

from search.samplers.freeze_thaw import sampler

__all__ = ["sampler"]
