"""The version of the notation that a file is written in.

A file that names none is of version 1, for ever. A change of the notation that gives an old file
another meaning raises `VERSION`, and brings the code that reads the older ones.
"""

from searchspace.errors import GenotypeError
from searchspace.notation.tree import Map, Scalar, describe

VERSION = 1


def check_version(document: Map) -> None:
    """Raise GenotypeError for a file of a version that this program does not read. Before its keys
    are checked: those of a later version are unknown."""
    tree = document.get("version")
    if tree is None:
        return
    value = tree.value if isinstance(tree, Scalar) else None
    if type(value) is not int or value < 1:
        raise GenotypeError(f"version is a whole number from 1, not {describe(tree)}", tree.place)
    if value > VERSION:
        raise GenotypeError(f"this file is of version {value} of the notation, and this program "
                            f"reads versions up to {VERSION}; update it", tree.place)
