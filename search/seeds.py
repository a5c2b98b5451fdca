"""Derivation of seeds from their purpose."""

import hashlib


def derive(*parts: object) -> int:
    """A 32-bit seed from anything printable, the same on every machine."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")
