"""Identity of networks: canonical graphs, hashes, isomorphism."""

from searchspace.identity.isomorphism import digest, identity, same

__all__ = ["digest", "identity", "same"]
