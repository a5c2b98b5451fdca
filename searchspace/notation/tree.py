"""The frozen tree of a genotype's YAML, in which every value remembers its place in the file."""

import numbers
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from searchspace.errors import GenotypeError, Place, nearest, show

NOWHERE = Place("<built>", 0)

Atom = None | bool | int | float | str


def atom(value: Any) -> Any:
    """A number, text or truth of NumPy's as Python's own, all else unchanged; a narrow float is the
    decimal that it prints.

    >>> import numpy
    >>> atom(numpy.float32(1.4)), atom(numpy.int64(3)), atom(numpy.bool_(True))
    (1.4, 3, True)
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Rational):
        return float(str(value))
    if isinstance(value, str):
        return str(value)
    return bool(value) if type(value).__name__ in ("bool", "bool_") else value


@dataclass(frozen=True, slots=True)
class Scalar:
    value: Atom
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Seq:
    items: tuple["Tree", ...]
    place: Place = field(default=NOWHERE, compare=False)

    def __iter__(self) -> Iterator["Tree"]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Map:
    items: dict[str, "Tree"]
    place: Place = field(default=NOWHERE, compare=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, key: object) -> bool:
        return key in self.items

    def __getitem__(self, key: str) -> "Tree":
        return self.items[key]

    def get(self, key: str) -> "Tree | None":
        return self.items.get(key)

    def but(self, **changes: "Tree | None") -> "Map":
        """This mapping with keys set, or removed where the value is None."""
        items = {**self.items, **changes}
        return Map({k: v for k, v in items.items() if v is not None}, self.place)


@dataclass(frozen=True, slots=True)
class Tagged:
    """A hole as written: ``!choice [3, 5]``; `naming` makes a `Hole` of it."""

    tag: str
    body: "Seq | Map"
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Hole:
    """A named hole. ``each``: decided per repeat, under the names ``name.0``, ``name.1``, …

    ``parents`` are the labelled choices around it, with the label under which it exists.
    ``common`` holds ``as`` and ``from`` of a choice between whole steps.
    """

    name: str
    kind: str                                     # choice, int, solve or graph
    labels: tuple[Atom, ...]                      # static scalars: what a sampler sees
    trees: tuple["Tree", ...]              # what stands there; empty for a drawn graph
    each: bool = False
    parents: tuple[tuple[str, Atom], ...] = ()
    common: Map = field(default_factory=lambda: Map({}))
    place: Place = field(default=NOWHERE, compare=False)

    def option(self, label: Atom) -> int:
        """The number of the option ``label``; GenotypeError where there is none."""
        label = atom(label)
        try:
            index = self.labels.index(label)
        except ValueError:
            index = -1
        if index < 0 or isinstance(label, bool) != isinstance(self.labels[index], bool):
            alike = next((k for k in self.labels if str(k) == label), None)
            shown = f"; the option is the {type(alike).__name__} {alike!r}" if alike is not None \
                else nearest(label, (str(k) for k in self.labels))
            raise GenotypeError(f"hole {self.name!r} has no option {label!r}{shown}", self.place)
        return index


Tree = Scalar | Seq | Map | Tagged | Hole


def describe(tree: Tree) -> str:
    """A tree in a few words, for messages."""
    if isinstance(tree, Scalar):
        return show(tree.value)
    if isinstance(tree, Seq):
        return "a list"
    if isinstance(tree, Map):
        return "a mapping"
    return f"a !{tree.tag if isinstance(tree, Tagged) else tree.kind} hole"


def children(tree: Tree) -> tuple[Tree, ...]:
    """The trees directly inside a tree, in the order of the file."""
    if isinstance(tree, Seq):
        return tree.items
    if isinstance(tree, Map):
        return tuple(tree.items.values())
    if isinstance(tree, Tagged):
        return (tree.body,)
    if isinstance(tree, Hole):
        return (*tree.common.items.values(), *tree.trees)
    return ()


def walk(tree: Tree) -> Iterator[Tree]:
    """The tree and all that it holds, outer before inner, in the order of the file."""
    yield tree
    for inner in children(tree):
        yield from walk(inner)


def words(tree: Tree) -> set[str]:
    """The keys in a tree and the words of its texts: names of arguments and blocks among them."""
    found: set[str] = set()
    for part in walk(tree):
        if isinstance(part, Map):
            found.update(key.removeprefix("=") for key in part)
        elif isinstance(part, Scalar) and isinstance(part.value, str):
            found.update(re.findall(r"[^\W\d]\w*", part.value))
    return found


def map_children(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """The tree with ``change`` applied to each of its `children`, places kept."""
    if isinstance(tree, Seq):
        return Seq(tuple(change(t) for t in tree), tree.place)
    if isinstance(tree, Map):
        return Map({k: change(t) for k, t in tree.items.items()}, tree.place)
    if isinstance(tree, Tagged):
        body = map_children(tree.body, change)
        assert isinstance(body, Seq | Map)
        return Tagged(tree.tag, body, tree.place)
    if isinstance(tree, Hole):
        common = map_children(tree.common, change)
        assert isinstance(common, Map)
        return replace(tree, common=common, trees=tuple(change(t) for t in tree.trees))
    return tree
