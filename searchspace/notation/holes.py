"""Holes: what a search may decide, and how steps are labelled.

A hole is decided once for each place where it is written: in a block's body for all uses of the
block, on a stage line for that stage, with ``each: true`` once for every repeat. `naming` gives
holes their names, `substitute` fills them.
"""

from collections import Counter
from collections.abc import Mapping

from searchspace.errors import UnknownNameError, nearest
from searchspace.notation.random_graphs import draw
from searchspace.notation.tree import Atom, Hole, Map, Scalar, Seq, Tree, walk

__all__ = ["Decisions", "Hole", "branch_steps", "check_names", "chosen", "find_holes", "given_name",
           "step_labels", "step_parts"]

Decisions = Mapping[str, Atom]


def chosen(hole: Hole, label: Atom) -> Tree:
    """The tree of the option ``label``; GenotypeError if there is no such option."""
    index = hole.option(label)
    if hole.trees:
        return hole.trees[index]
    generator, parameters = next(iter(hole.common.items.items()))
    seed = hole.labels[index]
    assert isinstance(parameters, Map) and isinstance(seed, int)
    edges = draw(generator, parameters, seed)
    return Seq(tuple(Seq((Scalar(a), Scalar(b)), hole.place) for a, b in edges), hole.place)


def step_parts(tree: Tree) -> tuple[str, Map] | None:
    """Key and parameters of a step as written; None where the tree is no step."""
    if isinstance(tree, Scalar) and isinstance(tree.value, str):
        return tree.value, Map({}, tree.place)
    if isinstance(tree, Map) and len(tree) == 1:
        (key, params), = tree.items.items()
        if isinstance(params, Scalar) and params.value is None:
            return key, Map({}, params.place)
        if isinstance(params, Map):
            return key, params
    return None


def given_name(params: Map) -> str | None:
    """The single ``as`` name of a step's parameters."""
    tree = params.get("as")
    return tree.value if isinstance(tree, Scalar) and isinstance(tree.value, str) else None


def step_labels(steps: tuple[Tree, ...]) -> list[str]:
    """A name for each step of a body: its ``as`` name, or its key, numbered where not unique."""
    keys: list[tuple[str, bool]] = []
    for tree in steps:
        common = tree.common if isinstance(tree, Hole) else None
        parts = ("choice", common) if common is not None else step_parts(tree)
        name = given_name(parts[1]) if parts else None
        keys.append((name, True) if name else (parts[0].lstrip("=") if parts else "?", False))
    counts = Counter([key for key, _ in keys] + _tensor_names(steps))
    numbers: Counter[str] = Counter()
    labels = []
    for key, named in keys:
        label = key
        while not named and counts[label] > (label == key):  # a given name may look like conv2
            numbers[key] += 1
            label = f"{key}{numbers[key]}"
        labels.append(label)
    return labels


def _tensor_names(steps: tuple[Tree, ...]) -> list[str]:
    """The names that steps with several outputs give: those of a split name its slices."""
    parts = [step_parts(tree) for tree in steps]
    lists = [p[1].get("as") for p in parts if p]
    return [str(t.value) for names in lists if isinstance(names, Seq)
            for t in names if isinstance(t, Scalar)]


def branch_steps(of: Tree) -> tuple[Tree, ...]:
    """All steps of inline branches, in order: an item is a tensor's name, a step, or a list."""
    if not isinstance(of, Seq):
        return ()
    steps: list[Tree] = []
    for item in of:
        if isinstance(item, Seq):
            steps.extend(item)
        elif not isinstance(item, Scalar):
            steps.append(item)
    return tuple(steps)


def find_holes(tree: Tree) -> tuple[Hole, ...]:
    """All holes of a named document, outer before inner, in the order of the file."""
    return tuple(t for t in walk(tree) if isinstance(t, Hole))


def check_names(decisions: Decisions, holes: tuple[Hole, ...]) -> None:
    """Raise UnknownNameError for a decision about a hole that does not exist."""
    known = {h.name for h in holes if not h.each}
    repeated = {h.name for h in holes if h.each}
    for name in decisions:
        stem, _, index = name.rpartition(".") if isinstance(name, str) else ("", "", "")
        if name not in known and not (stem in repeated and index.isdecimal()):
            raise UnknownNameError(f"no hole is named {name!r}{nearest(name, known | repeated)}")
