"""Loading a genotype by bundled name (``sinet@1.6``) or by path (``my/net.yaml@wide``).

Five steps: the file is *read*, what its base and `use` files hold is *inherited*, its *variant* is
applied, its *holes are named*, and the document is *compiled*.
"""

import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from searchspace.compiler.blocks import Blocks
from searchspace.compiler.network import compile_parts
from searchspace.compiler.pruning import without_superseded, without_unused
from searchspace.errors import GenotypeError, GenotypeWarning, UnusedBlockError
from searchspace.genotype import Genotype
from searchspace.notation.hole_names import name_holes
from searchspace.notation.inheritance import block_file, inherit
from searchspace.notation.metadata import read_header, read_name
from searchspace.notation.reader import parse, read
from searchspace.notation.schema import mapping
from searchspace.notation.sources import GENOTYPES, find
from searchspace.notation.tree import Map, Tree
from searchspace.notation.variants import (
    apply_variant,
    check_variants,
    choose_variant,
    variant_names,
)

LIBRARY = Path(__file__).parent / "ops"


def load(source: str | Path, /, variant: str | None = None, **args: Any) -> Genotype:
    """A genotype by bundled name or path, with a variant after ``@``, and arguments changed.

    >>> load("mobilenet-v2@1.4").title
    'mobilenet-v2@1.4'

    Raises:
        UnknownNameError: no such file, variant or argument.
        GenotypeError: the file is not a correct genotype.

    A block that is never used is a `GenotypeWarning`.
    """
    path, at = find(str(source))
    return _resolved(read(path), path, variant or at, args)


def loads(text: str, file: str | Path, variant: str | None = None) -> Genotype:
    """A genotype from its text, as `load` reads it from ``file``, which need not exist: errors name
    it, and what the text names by path lies beside it.

    >>> loads("name: tiny\\ninput: [3, 8, 8]\\nnet: [{conv: {out: 4}}]", "tiny.yaml").title
    'tiny'

    Raises:
        GenotypeError: the text is not a correct genotype. UnknownNameError: no such variant.
    """
    return _resolved(parse(text, str(file)), Path(file), variant, {})


def _resolved(document: Map, path: Path, variant: str | None, args: dict[str, Any]) -> Genotype:
    whole = inherit(document, path)
    variant = choose_variant(whole, variant, path)
    name = read_name(whole)
    check_variants(whole)
    named = name_holes(_without_alternatives(apply_variant(whole, variant)))
    genotype = Genotype(name, variant, str(path), read_header(named),
                        _pruned(named, whole, variant, path), library(),
                        mapping(whole.get("variants"), "variants"))
    if args:
        genotype = genotype.with_args(args)
    try:
        genotype.program  # noqa: B018 - compiled now, so that an error is raised here
    except UnusedBlockError:
        genotype = _without_idle(genotype)
        genotype.program  # noqa: B018
    return genotype


class _Library(Blocks):
    """The bundled blocks, which a process that gets a genotype of another has itself."""

    def __reduce__(self) -> tuple[Callable[[], Blocks], tuple[()]]:
        return library, ()


@lru_cache(maxsize=1)
def library() -> Blocks:
    """The bundled composite blocks."""
    trees: dict[str, Tree] = {}
    for path in sorted(LIBRARY.glob("*.yaml")):
        for name, tree in block_file(path).items():
            if name in trees:
                raise GenotypeError(f"block {name!r} is bundled twice", tree.place)
            trees[name] = tree
    return _Library(trees)


def _without_alternatives(document: Map) -> Map:
    """The document without the keys that loading has resolved."""
    return document.but(variants=None, default=None, base=None, use=None)


def _pruned(named: Map, whole: Map, variant: str | None, path: Path) -> Map:
    """The document of one variant without what only a base or other variants need; what is then
    left over is a fault of the file."""
    spare = variant_names(whole)
    if variant is not None:
        own = mapping(mapping(whole.get("variants"), "variants")[variant], "variant")
        if "fill" in own or "steps" in own:
            return without_unused(named, library())
        args, given = (mapping(d.get("args"), "args") for d in (whole, own))
        before = [args[name] for name in given]
        if "input" in own and (shape := whole.get("input")) is not None:
            before.append(shape)
        named = without_superseded(named, library(), before, kept=given)
    if spare or "base" in whole or "use" in whole:
        return without_unused(named, library(), str(path), spare)
    return named


def _without_idle(genotype: Genotype) -> Genotype:
    """The genotype without the blocks that it never calls, of which it is warned: programs that
    write files leave them."""
    blocks = mapping(genotype.document.get("blocks"), "blocks")
    used = compile_parts(genotype.document, library()).blocks
    for name, tree in blocks.items.items():
        if name not in used:
            warnings.warn(f"{tree.place}: block {name!r} is never used", GenotypeWarning,
                          stacklevel=3)
    live = {name: tree for name, tree in blocks.items.items() if name in used}
    return genotype.replace(genotype.document.but(
        blocks=Map(live, blocks.place) if live else None))


def variants(path: Path) -> tuple[str, ...]:
    """The names of a genotype's variants, in the order of the file."""
    return tuple(mapping(inherit(read(path), path).get("variants"), "variants"))


def published() -> tuple[str, ...]:
    """Names of the bundled networks, one a variant: ``mobilenet-v2@1.0``, …"""
    names: list[str] = []
    for path in sorted(GENOTYPES.glob("*.yaml")):
        names += [f"{path.stem}@{v}" for v in variants(path)] or [path.stem]
    return tuple(names)


def spaces() -> tuple[str, ...]:
    """Names of the bundled search spaces."""
    return tuple(sorted(path.stem for path in (GENOTYPES / "spaces").glob("*.yaml")))
