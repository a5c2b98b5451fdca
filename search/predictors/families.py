"""Which networks are of one family: what one of them says about another was known before.

A family are the files that a `base` links, and those of one paper: it is named by the file at the
root of the bases, or by the first bundled file with that root's paper.
"""

import re
from functools import cache
from pathlib import Path

from searchspace.notation.reader import read
from searchspace.notation.sources import GENOTYPES, find, find_base
from searchspace.notation.tree import Scalar

_PAPER = re.compile(r"arXiv (\d+\.\d+)")


def family(network: str) -> str:
    """The family of a bundled network or a file: ``resnet`` of ``se-resnet@50``.

    Raises:
        UnknownNameError: there is none. GenotypeError: it cannot be read.
    """
    path, _ = find(network)
    return _family(path)


@cache
def _family(path: Path) -> str:
    document = read(path)
    base = document.get("base")
    if isinstance(base, Scalar):
        return _family(find_base(str(base.value), path, base.place)[0])
    paper = _paper(path)
    return _first_of(paper) if paper else path.stem


@cache
def _paper(path: Path) -> str | None:
    document = read(path)
    source = document.get("source")
    if not isinstance(source, Scalar) or "base" in document:
        return None
    found = _PAPER.search(str(source.value))
    return found.group(1) if found else None


@cache
def _first_of(paper: str) -> str:
    return next((path.stem for path in sorted(GENOTYPES.glob("*.yaml")) if _paper(path) == paper),
                paper)
