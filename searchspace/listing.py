"""What is bundled: networks by variant, and spaces."""

from .documents import GENOTYPES, variants


def published() -> tuple[str, ...]:
    """Names of the bundled networks, one a variant: ``mobilenet-v2@1.0``, …"""
    names: list[str] = []
    for path in sorted(GENOTYPES.glob("*.yaml")):
        names += [f"{path.stem}@{v}" for v in variants(path)] or [path.stem]
    return tuple(names)


def spaces() -> tuple[str, ...]:
    """Names of the bundled search spaces."""
    return tuple(sorted(path.stem for path in (GENOTYPES / "spaces").glob("*.yaml")))
