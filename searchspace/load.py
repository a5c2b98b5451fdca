"""Loading: a genotype by bundled name (``sinet@1.6``) or by path (``my/net.yaml@wide``)."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from searchspace.compiler.blocks import Blocks
from searchspace.errors import GenotypeError
from searchspace.genotype import Genotype, without_superseded, without_unused
from searchspace.notation.inheritance import (
    apply_variant,
    block_file,
    check_variant,
    choose_variant,
    read_document,
    variant_names,
    variants,
)
from searchspace.notation.metadata import read_header, read_name
from searchspace.notation.naming import name_holes
from searchspace.notation.schema import mapping
from searchspace.notation.sources import GENOTYPES, find
from searchspace.notation.tree import Map, Tree

LIBRARY = Path(__file__).parent / "ops"


def load(name: str | Path, variant: str | None = None, **args: Any) -> Genotype:
    """A genotype by bundled name or path, with a variant after ``@``, and arguments changed.

    >>> load("mobilenet-v2@1.4").title
    'mobilenet-v2@1.4'

    Raises:
        UnknownNameError: no such file, variant or argument.
        GenotypeError: the file is not a correct genotype.
    """
    path, at = find(str(name))
    genotype = _select(read_document(path), path, variant or at)
    if args:
        genotype = genotype.with_args(args)
    genotype.program  # noqa: B018 - compiled now, so that a fault is told here
    return genotype


@lru_cache(maxsize=1)
def library() -> Blocks:
    """The bundled composite blocks."""
    trees: dict[str, Tree] = {}
    for path in sorted(LIBRARY.glob("*.yaml")):
        for name, tree in block_file(path).items():
            if name in trees:
                raise GenotypeError(f"block {name!r} is bundled twice", tree.place)
            trees[name] = tree
    return Blocks(trees)


def _select(document: Map, path: Path, variant: str | None) -> Genotype:
    """The genotype of one variant."""
    variant = choose_variant(document, variant, path)
    known = mapping(document.get("variants"), "variants")
    name = read_name(document)
    for other in known:
        check_variant(document, other)
    chosen = apply_variant(document, variant) if variant is not None else document
    header = read_header(document, variant)
    resolved = ("variants", "default", "base", "use")
    kept = {k: t for k, t in chosen.items.items() if k not in resolved}
    genotype = Genotype(name, variant, str(path), header,
                        name_holes(Map(kept, document.place)), library(), known)
    if variant is not None:
        own = mapping(known[variant], "variant")
        if "fill" in own or "steps" in own:
            return without_unused(genotype)
        args, given = (mapping(d.get("args"), "args") for d in (document, own))
        before = [args[name] for name in given] + [t for t in [document.get("input")] if t
                                                   and "input" in own]
        genotype = without_superseded(genotype, before, kept=given)
    spare = variant_names(document)
    inherits = "base" in document or "use" in document
    return without_unused(genotype, str(path), spare) if inherits or spare else genotype


def published() -> tuple[str, ...]:
    """Names of the bundled networks, one a variant: ``mobilenet-v2@1.0``, …"""
    names: list[str] = []
    for path in sorted(GENOTYPES.glob("*.yaml")):
        names += [f"{path.stem}@{v}" for v in variants(path)] or [path.stem]
    return tuple(names)


def spaces() -> tuple[str, ...]:
    """Names of the bundled search spaces."""
    return tuple(sorted(path.stem for path in (GENOTYPES / "spaces").glob("*.yaml")))
