"""Freeing the `!solve` holes of a space: a sampler decides them like any other range.

The budget solver fills a budget up. Where a cost is itself an objective that would put every
network at the budget, and the front would be one point.
"""

from dataclasses import replace

from .genotype import Genotype
from .tree import Hole, Map, Seq, Tree


def free(space: Genotype) -> Genotype:
    """The space with every `!solve` hole turned into a range; names and options stay the same. The
    space itself where it has none.

    It is for proposing only: a range of fractions has no spelling in YAML.
    """
    if all(hole.kind != "solve" for hole in space.holes):
        return space
    freed = _free(space.document)
    assert isinstance(freed, Map)
    return space.replace(freed)


def _free(tree: Tree) -> Tree:
    if isinstance(tree, Hole):
        common = _free(tree.common)
        assert isinstance(common, Map)
        return replace(tree, kind="int" if tree.kind == "solve" else tree.kind, common=common,
                       trees=tuple(_free(t) for t in tree.trees))
    if isinstance(tree, Seq):
        return Seq(tuple(_free(t) for t in tree), tree.place)
    if isinstance(tree, Map):
        return Map({key: _free(t) for key, t in tree.items.items()}, tree.place)
    return tree
