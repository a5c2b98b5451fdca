"""Holes: what a search may decide, and how steps are labelled.

A hole is decided once for each place where it is written: in a block's body for all uses of the
block, on a stage line for that stage, with ``each: true`` once for every repeat. `naming` gives
holes their names, `substitute` fills them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import GenotypeError, Place, UnknownNameError, nearest
from .graphs import draw
from .tree import NOWHERE, Atom, Map, Scalar, Seq, Tree

Decisions = Mapping[str, Atom]


@dataclass(frozen=True, slots=True)
class Hole:
    """A named hole. ``each``: decided per repeat, under the names ``name.0``, ``name.1``, …

    ``parents`` are the labelled choices around it, with the label under which it exists.
    ``common`` holds ``as`` and ``from`` of a choice between whole steps.
    """

    name: str
    kind: str                                     # choice, int, solve or graph
    labels: tuple[Atom, ...]                      # static scalars: what a sampler sees
    trees: tuple["Tree | Hole", ...]              # what stands there; empty for a drawn graph
    each: bool = False
    parents: tuple[tuple[str, Atom], ...] = ()
    common: Map = field(default_factory=lambda: Map({}))
    place: Place = field(default=NOWHERE, compare=False)

    def option(self, label: Atom) -> int:
        """The number of the option ``label``; GenotypeError where there is none."""
        try:
            index = self.labels.index(label)
        except ValueError:
            index = -1
        if index < 0 or isinstance(label, bool) != isinstance(self.labels[index], bool):
            shown = nearest(label, (str(k) for k in self.labels))
            raise GenotypeError(f"hole {self.name!r} has no option {label!r}{shown}", self.place)
        return index

    def tree(self, label: Atom) -> "Tree | Hole":
        """What the decision ``label`` puts in this place; GenotypeError for no such option."""
        index = self.option(label)
        return self.trees[index] if self.trees else self._drawn(self.labels[index])

    def _drawn(self, label: Atom) -> Tree:
        generator, parameters = next(iter(self.common.items.items()))
        assert isinstance(parameters, Map) and isinstance(label, int)
        edges = draw(generator, parameters, seed=label)
        return Seq(tuple(Seq((Scalar(a), Scalar(b)), self.place) for a, b in edges), self.place)


def step_parts(tree: "Tree | Hole") -> tuple[str, Map] | None:
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


def step_labels(steps: tuple["Tree | Hole", ...]) -> list[str]:
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


def _tensor_names(steps: tuple["Tree | Hole", ...]) -> list[str]:
    """The names that steps with several outputs give: those of a split name its slices."""
    parts = [step_parts(tree) for tree in steps]
    lists = [p[1].get("as") for p in parts if p]
    return [str(t.value) for names in lists if isinstance(names, Seq)
            for t in names if isinstance(t, Scalar)]


def branch_steps(of: "Tree | Hole") -> tuple["Tree | Hole", ...]:
    """All steps of inline branches, in order: an item is a tensor's name, a step, or a list."""
    if not isinstance(of, Seq):
        return ()
    steps: list[Tree | Hole] = []
    for item in of:
        if isinstance(item, Seq):
            steps.extend(item)
        elif not isinstance(item, Scalar):
            steps.append(item)
    return tuple(steps)


def find_holes(tree: "Tree | Hole") -> tuple[Hole, ...]:
    """All holes of a named document, outer before inner, in the order of the file."""
    if isinstance(tree, Hole):
        inner = [h for t in (*tree.common.items.values(), *tree.trees) for h in find_holes(t)]
        return tree, *inner
    if isinstance(tree, Seq):
        return tuple(h for t in tree for h in find_holes(t))
    if isinstance(tree, Map):
        return tuple(h for t in tree.items.values() for h in find_holes(t))
    return ()


def check_names(decisions: Decisions, holes: tuple[Hole, ...]) -> None:
    """Raise UnknownNameError for a decision about a hole that does not exist."""
    known = {h.name for h in holes if not h.each}
    repeated = {h.name for h in holes if h.each}
    for name in decisions:
        stem, _, index = name.rpartition(".")
        if name not in known and not (stem in repeated and index.isdecimal()):
            raise UnknownNameError(f"no hole is named {name!r}{nearest(name, known | repeated)}")
