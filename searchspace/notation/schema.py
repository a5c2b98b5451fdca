"""Typed reading of the YAML's mappings: keys, texts and numbers, or a fault with its place."""

from searchspace.errors import GenotypeError, nearest
from searchspace.notation.tree import Map, Scalar, Tree, describe


def mapping(tree: Tree | None, what: str) -> Map:
    """The mapping under a key, empty where the key is absent or empty."""
    if tree is None or (isinstance(tree, Scalar) and tree.value is None):
        return Map({})
    if not isinstance(tree, Map):
        raise GenotypeError(f"{what} must be a mapping, not {describe(tree)}", tree.place)
    return tree


def text(tree: Tree | None) -> str | None:
    """A text on one line; None where there is none."""
    if tree is None:
        return None
    if not isinstance(tree, Scalar):
        raise GenotypeError("plain text was expected", tree.place)
    return None if tree.value is None else " ".join(str(tree.value).split())


def number(tree: Tree | None) -> float | None:
    """A number; None where there is none."""
    if tree is None:
        return None
    if not isinstance(tree, Scalar) or isinstance(tree.value, bool | str | None):
        raise GenotypeError("a number was expected", tree.place)
    return tree.value


def check_keys(tree: Map, known: tuple[str, ...], owner: str) -> None:
    """Raise GenotypeError for a key that is not among ``known``."""
    for key, value in tree.items.items():
        if key not in known:
            raise GenotypeError(f"{owner} has no {key!r}{nearest(key, known)}", value.place)
