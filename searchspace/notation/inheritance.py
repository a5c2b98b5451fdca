"""The documents behind genotypes: bases and `use` files merged, variants applied."""

import graphlib
import re
from pathlib import Path

from searchspace.errors import GenotypeError, UnknownNameError, nearest
from searchspace.notation.holes import check_names, find_holes, given_name, step_parts
from searchspace.notation.metadata import VARIANT_KEYS, read_header
from searchspace.notation.naming import as_written, name_holes
from searchspace.notation.schema import check_keys, mapping
from searchspace.notation.sources import beside, find_base
from searchspace.notation.substitution import substitute_in
from searchspace.notation.tree import Atom, Map, Scalar, Seq, Tagged, Tree, describe, read

KEYS = ("name", "source", "note", "status", "args", "input", "default", "variants", "published",
        "accuracies", "exact", "base", "steps", "use", "blocks", "net")


def variants(path: Path) -> tuple[str, ...]:
    """The names of a genotype's variants, in the order of the file."""
    return tuple(mapping(read_document(path).get("variants"), "variants"))


def block_file(path: Path) -> dict[str, Tree]:
    """The blocks of a file that holds nothing else."""
    document = read(path)
    check_keys(document, ("about", "blocks"), "a file of blocks")
    return mapping(document.get("blocks"), "blocks").items


def read_document(path: Path, above: tuple[Path, ...] = ()) -> Map:
    """The document with its base and the blocks of its `use` files merged in."""
    document = read(path)
    check_keys(document, KEYS, "a genotype")
    base = document.get("base")
    if used := _used_blocks(document, path):
        own = mapping(document.get("blocks"), "blocks")
        document = document.but(blocks=Map({**used, **own.items}, own.place))
    if base is None:
        if (steps := document.get("steps")) is not None:
            raise GenotypeError("steps replaces named steps of a base, and there is no base",
                                steps.place)
        return document
    if not (isinstance(base, Scalar) and isinstance(base.value, str)):
        raise GenotypeError("base is the name or path of a genotype", base.place)
    found, at = find_base(base.value, path, base.place)
    if found.resolve() in above or found.resolve() == path.resolve():
        raise GenotypeError(f"base {base.value!r} leads back to this file", base.place)
    below = read_document(found, (*above, path.resolve()))
    try:
        at = choose_variant(below, at, found)
    except UnknownNameError as error:
        raise GenotypeError(f"base: {error}", base.place) from None
    return _merge(below if at is None else apply_variant(below, at), document)


def _used_blocks(document: Map, path: Path) -> dict[str, Tree]:
    trees: dict[str, Tree] = {}
    use = document.get("use")
    if use is None:
        return trees
    files = use.items if isinstance(use, Seq) else (use,)
    for item in files:
        if not (isinstance(item, Scalar) and isinstance(item.value, str)):
            raise GenotypeError("use takes paths of files with blocks", use.place)
        for name, tree in block_file(beside(item.value, path, item.place, "use")).items():
            if name in trees:
                raise GenotypeError(f"use: block {name!r} stands in two of the files (the other "
                                    f"at {trees[name].place})", tree.place)
            trees[name] = tree
    return trees


def _merge(base: Map, document: Map) -> Map:
    """A base with another document's args, blocks and named steps over it."""
    items = {k: t for k, t in base.items.items() if k not in (
        "variants", "default", "published", "accuracies", "exact", "status", "note")}
    for key, tree in document.items.items():
        if key in ("args", "blocks"):
            items[key] = Map({**mapping(items.get(key), key).items, **mapping(tree, key).items},
                             tree.place)
        elif key != "steps":
            items[key] = tree
    if "args" in items:
        items["args"] = _in_order(mapping(items["args"], "args"))
    if (steps := document.get("steps")) is not None:
        items["net"] = _replace_steps(items.get("net"), mapping(steps, "steps"))
    return Map(items, document.place)


def _in_order(args: Map) -> Map:
    """Arguments behind those that their formulas use: a base's may use those that are added."""
    uses: dict[str, set[str]] = {name: set() for name in args}
    for name, tree in args.items.items():
        _collect_names(tree, uses[name])
        uses[name] &= set(args) - {name}
    try:
        order = list(graphlib.TopologicalSorter(uses).static_order())
    except graphlib.CycleError:
        return args                     # told where the arguments are compiled
    return Map({name: args[name] for name in order}, args.place)


def _replace_steps(net: Tree | None, steps: Map) -> Tree:
    """Named steps of a net replaced; an empty one is taken out."""
    left, made = dict(steps.items), []
    names = []
    for tree in net if isinstance(net, Seq) else ():
        if isinstance(tree, Tagged):  # a choice between steps: its name stands beside the labels
            name = given_name(tree.body) if isinstance(tree.body, Map) else None
        else:
            name = given_name(parts[1]) if (parts := step_parts(tree)) else None
        names.append(name)
        if name is None or name not in left:
            made.append(tree)
            continue
        new = left.pop(name)
        if isinstance(new, Scalar) and new.value is None:
            continue
        if isinstance(new, Tagged) and isinstance(new.body, Map):
            named = new.body if "as" in new.body else new.body.but(**{"as": Scalar(name)})
            made.append(Tagged(new.tag, named, new.place))
            continue
        fresh = step_parts(new)
        if fresh is None:
            raise GenotypeError(f"steps: {name} must be a step, or empty to take it out", new.place)
        params = fresh[1] if "as" in fresh[1] else fresh[1].but(**{"as": Scalar(name)})
        made.append(Map({fresh[0]: params}, new.place))
    if left:
        name, tree = next(iter(left.items()))
        raise GenotypeError(f"steps: there is no step named {name!r}"
                            f"{nearest(name, (n for n in names if n))}", tree.place)
    return Seq(tuple(made), (net or steps).place)


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


def check_variant(document: Map, variant: str) -> None:
    """Tell of faults also in the variants that nobody asked for."""
    tree = mapping(mapping(document.get("variants"), "variants")[variant], f"variant {variant!r}")
    check_keys(tree, VARIANT_KEYS, f"variant {variant!r}")
    args = mapping(document.get("args"), "args")
    for name, value in mapping(tree.get("args"), "args").items.items():
        if name not in args:
            raise GenotypeError(f"variant {variant!r}: there is no argument {name!r}"
                                f"{nearest(name, args)}", value.place)
    _replace_steps(document.get("net"), mapping(tree.get("steps"), "steps"))
    read_header(document, variant)


def variant_names(document: Map) -> frozenset[str]:
    """Names that variants call, or call no more: blocks and arguments that some may need alone."""
    names: set[str] = set()
    args = mapping(document.get("args"), "args")
    for tree in mapping(document.get("variants"), "variants").items.values():
        given = mapping(tree, "variant")
        for key in ("args", "steps"):
            for value in mapping(given.get(key), key).items.values():
                _collect_names(value, names)
        for name in mapping(given.get("args"), "args"):
            if name in args:
                _collect_names(args[name], names)
    return frozenset(names)


def _collect_names(tree: Tree, names: set[str]) -> None:
    if isinstance(tree, Map):
        names.update(key.removeprefix("=") for key in tree)
        for value in tree.items.values():
            _collect_names(value, names)
    elif isinstance(tree, Seq):
        for item in tree:
            _collect_names(item, names)
    elif isinstance(tree, Tagged):
        _collect_names(tree.body, names)
    elif isinstance(tree, Scalar) and isinstance(tree.value, str):
        names.update(re.findall(r"[^\W\d]\w*", tree.value))


def apply_variant(document: Map, variant: str) -> Map:
    """The document with a variant's arguments, input and steps, and its holes filled."""
    tree = mapping(mapping(document.get("variants"), "variants")[variant], f"variant {variant!r}")
    args = mapping(document.get("args"), "args")
    changed = mapping(tree.get("args"), "args")
    result = document
    if changed.items:
        result = result.but(args=Map({**args.items, **changed.items}, args.place))
    if (shape := tree.get("input")) is not None:
        result = result.but(input=shape)
    steps = mapping(tree.get("steps"), "steps")
    if steps.items:
        result = result.but(net=_replace_steps(result.get("net"), steps))
    decisions = mapping(tree.get("fill"), "fill")
    if decisions.items:
        named = name_holes(result)
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
        result = filled
    return result
