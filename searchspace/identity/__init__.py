"""When two graphs are one network."""

from searchspace.identity.isomorphism import digest, identity, same

__all__ = ["digest", "identity", "same"]
