"""Blocks and arguments that a document needs no more: after a variant, a base or a decision."""

from collections.abc import Iterable

from searchspace.compiler.blocks import Blocks
from searchspace.compiler.network import compile_parts
from searchspace.notation.schema import mapping
from searchspace.notation.tree import Map, Tree, words


def without_unused(document: Map, outer: Blocks, own: str = "",
                   spare: frozenset[str] = frozenset()) -> Map:
    """The document without the blocks and arguments that its net does not reach; those written in
    the file ``own`` stay, and are faults, unless their names are in ``spare``."""
    while True:
        used = compile_parts(document, outer)
        parts = {"blocks": used.blocks, "args": used.args}
        pruned = document
        for key, reached in parts.items():
            held = mapping(document.get(key), key)
            live = {name: tree for name, tree in held.items.items()
                    if name in reached or (tree.place.file == own and name not in spare)}
            if len(live) < len(held):
                pruned = pruned.but(**{key: Map(live, held.place) if live else None})
        if pruned is document:
            return document
        document = pruned


def without_superseded(document: Map, outer: Blocks, values: Iterable[Tree],
                       kept: Iterable[str] = ()) -> Map:
    """The document without the arguments that only ``values``, replaced by others, had used: a
    compound coefficient where width, depth and resolution are given. Those ``kept``, and those that
    nothing used before, stay, and are faults."""
    args = mapping(document.get("args"), "args")
    behind: set[str] = set()
    names = set().union(*map(words, values))
    while names := {name for name in names if name in args} - behind:
        behind |= names
        names = set().union(*(words(args[name]) for name in names))
    behind.difference_update(kept)
    while behind:
        idle = behind - compile_parts(document, outer).args
        if not idle:
            break
        behind -= idle
        live = {name: tree for name, tree in args.items.items() if name not in idle}
        args = Map(live, args.place)
        document = document.but(args=args if live else None)
    return document
