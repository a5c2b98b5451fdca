"""The Gaussian-process sampler and its parts."""
