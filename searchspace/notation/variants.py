"""Variants of a genotype: which one is meant, whether all are correct, and one applied."""

from pathlib import Path

from searchspace.errors import GenotypeError, UnknownNameError, nearest
from searchspace.notation.hole_names import as_written, name_holes
from searchspace.notation.holes import check_names, find_holes
from searchspace.notation.metadata import VARIANT_KEYS, read_header, with_header
from searchspace.notation.net import replace_steps
from searchspace.notation.schema import check_keys, mapping
from searchspace.notation.substitution import substitute_in
from searchspace.notation.tree import Atom, Map, Scalar, describe, words


def choose_variant(document: Map, asked: str | None, path: Path) -> str | None:
    """The variant that is meant: the one asked for, the default one, else the first. An empty
    ``default`` means none: the genotype as it stands, a space with its holes."""
    known = mapping(document.get("variants"), "variants")
    if asked is not None:
        if asked not in known:
            raise UnknownNameError(f"{path.stem} has no variant {asked!r}{nearest(asked, known)}")
        return asked
    if (default := document.get("default")) is not None:
        if isinstance(default, Scalar) and default.value is None:
            return None
        asked = str(default.value) if isinstance(default, Scalar) else None
        if asked not in known:
            raise GenotypeError(f"default: there is no variant {asked!r}{nearest(asked, known)}",
                                default.place)
        return asked
    return next(iter(known), None)


def check_variants(document: Map) -> None:
    """Raise GenotypeError for a fault in any variant, also in those that nobody asked for."""
    read_header(document)
    args = mapping(document.get("args"), "args")
    for variant in mapping(document.get("variants"), "variants"):
        tree = _variant(document, variant)
        check_keys(tree, VARIANT_KEYS, f"variant {variant!r}")
        for name, value in mapping(tree.get("args"), "args").items.items():
            if name not in args:
                raise GenotypeError(f"variant {variant!r}: there is no argument {name!r}"
                                    f"{nearest(name, args)}", value.place)
        replace_steps(document.get("net"), mapping(tree.get("steps"), "steps"))
        read_header(with_header(document, tree))


def _variant(document: Map, variant: str) -> Map:
    return mapping(mapping(document.get("variants"), "variants")[variant], f"variant {variant!r}")


def variant_names(document: Map) -> frozenset[str]:
    """Names that variants call, or call no more: blocks and arguments that some may need alone."""
    names: set[str] = set()
    args = mapping(document.get("args"), "args")
    for tree in mapping(document.get("variants"), "variants").items.values():
        given = mapping(tree, "variant")
        for key in ("args", "steps"):
            for value in mapping(given.get(key), key).items.values():
                names.update(words(value))
        for name in mapping(given.get("args"), "args"):
            if name in args:
                names.update(words(args[name]))
    return frozenset(names)


def apply_variant(document: Map, variant: str | None) -> Map:
    """The document with what a variant says of itself, its arguments, input and steps, and its
    holes filled."""
    if variant is None:
        return document
    tree = _variant(document, variant)
    result = with_header(document, tree)
    if changed := mapping(tree.get("args"), "args").items:
        args = mapping(document.get("args"), "args")
        result = result.but(args=Map({**args.items, **changed}, args.place))
    if (shape := tree.get("input")) is not None:
        result = result.but(input=shape)
    if (steps := mapping(tree.get("steps"), "steps")).items:
        result = result.but(net=replace_steps(result.get("net"), steps))
    if (decisions := mapping(tree.get("fill"), "fill")).items:
        result = _fill(result, decisions)
    return result


def _fill(document: Map, decisions: Map) -> Map:
    """The document with the holes filled as a variant's ``fill`` says."""
    named = name_holes(document)
    plain: dict[str, Atom] = {}
    for hole, label in decisions.items.items():
        if not isinstance(label, Scalar):
            raise GenotypeError(f"fill: {hole!r} takes the label of an option, not "
                                f"{describe(label)}", label.place)
        plain[hole] = label.value
    try:
        check_names(plain, find_holes(named))
    except UnknownNameError as error:
        raise GenotypeError(f"fill: {error}", decisions.place) from None
    filled = as_written(substitute_in(named, plain))
    assert isinstance(filled, Map)
    return filled
