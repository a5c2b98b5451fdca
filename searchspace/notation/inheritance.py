"""Inheritance of a genotype from its base and its `use` files."""

import graphlib
from pathlib import Path

from searchspace.errors import GenotypeError, UnknownNameError
from searchspace.notation.net import replace_steps
from searchspace.notation.reader import read
from searchspace.notation.schema import check_keys, mapping
from searchspace.notation.sources import beside, find_base
from searchspace.notation.tree import Map, Scalar, Seq, Tree, words
from searchspace.notation.variants import apply_variant, choose_variant
from searchspace.notation.version import check_version
from searchspace.safety.limits import beyond, current

KEYS = ("version", "name", "source", "note", "status", "args", "input", "default", "variants",
        "published", "accuracies", "exact", "table", "base", "steps", "use", "blocks",
        "everywhere", "net")


def inherit(document: Map, path: Path, above: tuple[Path, ...] = ()) -> Map:
    """The document of the file ``path`` with its base and the blocks of its `use` files merged in.

    ``above``: the files that lead here through their bases.

    Raises:
        GenotypeError: a file that is missing, outside, incorrect or its own base; an unknown key.
    """
    check_version(document)
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
    if len(above) >= (most := current().bases):
        raise GenotypeError(f"more than {most} genotypes inherit one from the other", base.place)
    below = inherit(read(found), found, (*above, path.resolve()))
    try:
        at = choose_variant(below, at, found)
    except UnknownNameError as error:
        raise GenotypeError(f"base: {error}", base.place) from None
    return _merge(apply_variant(below, at), document)


def block_file(path: Path) -> dict[str, Tree]:
    """The blocks of a file that holds nothing else."""
    document = read(path)
    check_version(document)
    check_keys(document, ("version", "about", "blocks"), "a file of blocks")
    return mapping(document.get("blocks"), "blocks").items


def _used_blocks(document: Map, path: Path) -> dict[str, Tree]:
    trees: dict[str, Tree] = {}
    use = document.get("use")
    if use is None:
        return trees
    files = use.items if isinstance(use, Seq) else (use,)
    if len(files) > (most := current().files):
        raise GenotypeError(beyond(len(files), most, "files"), use.place)
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
    """A base with another document's args, blocks, common parameters and named steps over it."""
    items = {k: t for k, t in base.items.items() if k not in (
        "variants", "default", "published", "accuracies", "exact", "table", "status",
        "note")}
    for key, tree in document.items.items():
        if key in ("args", "blocks", "everywhere"):
            items[key] = Map({**mapping(items.get(key), key).items, **mapping(tree, key).items},
                             tree.place)
        elif key != "steps":
            items[key] = tree
    if "args" in items:
        items["args"] = _in_order(mapping(items["args"], "args"))
    if (steps := document.get("steps")) is not None:
        items["net"] = replace_steps(items.get("net"), mapping(steps, "steps"))
    return Map(items, document.place)


def _in_order(args: Map) -> Map:
    """Arguments behind those that their formulas use: a base's may use those that are added."""
    uses = {name: [other for other in args if other in words(tree) and other != name]
            for name, tree in args.items.items()}      # in the file's order, not a set's
    try:
        order = list(graphlib.TopologicalSorter(uses).static_order())
    except graphlib.CycleError:
        return args                     # an error where the arguments are compiled
    return Map({name: args[name] for name in order}, args.place)
