"""Putting the chosen options where the holes were."""

from dataclasses import replace

from searchspace.errors import GenotypeError
from searchspace.notation.hole_names import as_written, name_holes
from searchspace.notation.holes import Decisions, Hole, chosen, find_holes, step_parts
from searchspace.notation.tree import Map, Scalar, Seq, Tree, map_children


def substitute(tree: Tree, decisions: Decisions) -> Tree:
    """The tree with the decided holes replaced by their options; others stay."""
    if isinstance(tree, Hole) and not tree.each and tree.name in decisions:
        option = substitute(chosen(tree, decisions[tree.name]), decisions)
        if tree.common and tree.kind == "choice":
            parts = step_parts(option)
            assert parts is not None
            common = substitute(tree.common, decisions)
            assert isinstance(common, Map)
            return Map({parts[0]: Map({**common.items, **parts[1].items})}, tree.place)
        return option
    if isinstance(tree, Map) and tree.get("each") == Scalar(True):
        tree = _fill_each(tree, decisions)
    filled = map_children(tree, lambda inner: substitute(inner, decisions))
    return _cut(filled, tree) if isinstance(filled, Map) and isinstance(tree, Map) else filled


def _cut(filled: Map, tree: Map) -> Map:
    """Filled parameters without the values in ``each`` of repeats that were decided against: a hole
    leaves room for the most repeats, a number has to fit."""
    repeat, each = filled.get("repeat"), filled.get("each")
    if not (isinstance(tree.get("repeat"), Hole) and isinstance(repeat, Scalar)
            and type(repeat.value) is int and repeat.value > 0 and isinstance(each, Map)):
        return filled
    kept = {name: replace(values, items=values.items[:repeat.value])
            if isinstance(values, Seq) else values for name, values in each.items.items()}
    return filled.but(each=Map(kept, each.place))


def substitute_in(document: Map, decisions: Decisions) -> Map:
    """A named document with the decided holes replaced; those left are named anew, since a hole
    inside a chosen option has a shorter path now."""
    filled = substitute(document, decisions)
    assert isinstance(filled, Map)
    if not find_holes(filled):
        return filled
    written = as_written(filled)
    assert isinstance(written, Map)
    return name_holes(written)


def settle(document: Map) -> Map:
    """A named document with the first option in every hole, alike in all repeats."""
    plain = _alike(document)
    settled = substitute(plain, {h.name: h.labels[0] for h in find_holes(plain)})
    assert isinstance(settled, Map)
    return settled


def _alike(tree: Tree) -> Tree:
    if isinstance(tree, Hole):
        tree = replace(tree, each=False)
    elif isinstance(tree, Map) and tree.get("each") == Scalar(True):
        tree = tree.but(each=None)
    return map_children(tree, _alike)


def _fill_each(params: Map, decisions: Decisions) -> Map:
    """``each: true`` with decided holes, written as ``each: {k: [3, 5, 3]}``.

    All of a step's repeats are decided together or not at all, since a list holds no holes by name.
    """
    held = {name: holes for name, tree in params.items.items()
            if (holes := [h for h in find_holes(tree) if h.each])}
    every = [h for holes in held.values() for h in holes]
    if not _decided(every, decisions):
        return params
    first, items = params.get("first"), dict(params.items)
    lists: dict[str, Tree] = {}
    kept = dict(first.items) if isinstance(first, Map) else {}
    count = _repeats(params, every, decisions)
    for name, holes in held.items():
        tree, own = items.pop(name), kept.pop(name, None)
        values = [substitute(own, decisions) if own is not None and i == 0 else
                  _decide_repeat(tree, decisions, i) for i in range(count)]
        for i, value in enumerate(values):
            if find_holes(value):
                raise GenotypeError("the holes of an `each: true` step are decided together, for "
                                    f"every repeat: {holes[0].name}.{i} is open", holes[0].place)
        lists[name] = Seq(tuple(values), tree.place)
    if kept:
        items["first"] = Map(kept, params.place)
    else:
        items.pop("first", None)
    return Map({**items, "each": Map(lists, params.place)}, params.place)


def _decided(holes: list[Hole], decisions: Decisions) -> bool:
    stems = {name.rpartition(".")[0] for name in decisions}
    return any(h.name in stems for h in holes)


def _repeats(params: Map, holes: list[Hole], decisions: Decisions) -> int:
    repeat: Tree | None = params.get("repeat")
    if isinstance(repeat, Hole) and repeat.name in decisions:
        repeat = chosen(repeat, decisions[repeat.name])
    if isinstance(repeat, Hole):
        raise GenotypeError(f"hole {repeat.name!r} says how many repeats there are; decide it with "
                            f"{holes[0].name!r}", repeat.place)
    if isinstance(repeat, Scalar) and type(repeat.value) is int:
        return repeat.value
    count = 0  # a formula: as many repeats as were decided
    while any(f"{h.name}.{count}" in decisions for h in holes):
        count += 1
    return count


def _decide_repeat(tree: Tree, decisions: Decisions, index: int) -> Tree:
    if not isinstance(tree, Hole):
        return map_children(tree, lambda inner: _decide_repeat(inner, decisions, index))
    if not tree.each:
        return substitute(tree, decisions)
    name = f"{tree.name}.{index}"
    return _decide_repeat(chosen(tree, decisions[name]), decisions, index) \
        if name in decisions else tree
