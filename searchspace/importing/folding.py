"""Where a network falls into parts, and which of these are the same block.

Between two operations the network is cut if one tensor alone goes across. The modules' paths say
which parts in a row belong together: as a module of the user's code. Bodies with the same items, of
whatever sizes, are uses of one block.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from searchspace.importing.body import Body, Item, X, body, common, without_residual
from searchspace.importing.torch_ops.values import Step
from searchspace.shapes import Shape

# Parameters that may differ between the uses of a block; all others must be the same.
SIZES = ("out", "k", "stride", "pad", "dilation", "groups", "mid", "start", "length", "sizes",
         "height", "width", "act", "gate", "fn")


def parts(steps: Sequence[Step], image: Shape) -> list[Body]:
    """The network as bodies in a row: modules that hold several operations, or single pieces."""
    return _Modules(steps, image).parts()


def _pieces(steps: Sequence[Step]) -> list[range]:
    """Runs of operations between the places where one tensor alone goes across."""
    last = list(range(len(steps)))          # the operation that takes each tensor last
    reach = 0                               # the last one that takes a tensor from before
    for i, step in enumerate(steps):
        for j in step.inputs:
            if j >= 0:
                last[j] = i
            else:
                reach = i
    pieces, start = [], 0
    for i in range(len(steps)):
        if reach <= i:
            pieces.append(range(start, i + 1))
            start = i + 1
        reach = max(reach, last[i])
    return pieces


class _Modules:
    """The tree of modules by the paths of pieces, which are its leaves."""

    def __init__(self, steps: Sequence[Step], image: Shape) -> None:
        self.steps, self.image = steps, image
        self.pieces = _pieces(steps)
        self.paths = [common(steps[i].path for i in piece) for piece in self.pieces]
        self.bodies: dict[tuple[int, int], Body] = {}
        self.root = tuple(range(len(self.pieces)))
        self.seen: Counter[Hashable] = Counter()
        self.count("", self.root)

    def body(self, members: Sequence[int]) -> Body:
        """The body of some pieces in a row."""
        start, stop = self.pieces[members[0]].start, self.pieces[members[-1]].stop
        if (start, stop) not in self.bodies:
            self.bodies[start, stop] = body(self.steps, range(start, stop), self.image)
        return self.bodies[start, stop]

    def children(self, prefix: str, members: Sequence[int]) -> list[tuple[str, list[int]]]:
        """Pieces in a row with the same next part of the path; those without one by themselves."""
        depth = len(prefix.split(".")) if prefix else 0
        runs: list[tuple[str, list[int]]] = []
        for i in members:
            path = ".".join(self.paths[i].split(".")[:depth + 1]) if self.paths[i] else prefix
            if path != prefix and runs and runs[-1][0] == path:
                runs[-1][1].append(i)
            else:
                runs.append((path, [i]))
        return runs

    def count(self, prefix: str, members: Sequence[int]) -> None:
        """Count the bodies of all modules and pieces."""
        for path, inner in self.children(prefix, members):
            if len(items := self.body(inner).items) > 1:
                self.seen[skeleton(items)] += 1
            if len(inner) > 1:
                self.count(path, inner)

    def parts(self) -> list[Body]:
        """The bodies that the network is a row of."""
        return [self.body(members) for members in self.taken_apart("", self.root)]

    def taken_apart(self, prefix: str, members: Sequence[int]) -> list[list[int]]:
        """The largest modules that do not consist of others that repeat."""
        found = []
        for path, inner in self.children(prefix, members):
            if len(inner) > 1 and (self.holds_repeats(path, inner) or
                                   self.seen[skeleton(self.body(inner).items)] < 2):
                found += self.taken_apart(path, inner)
            else:
                found.append(inner)
        return found

    def holds_repeats(self, path: str, members: Sequence[int]) -> bool:
        """Whether half of a module's operations are in modules below it that repeat."""
        return 2 * self.repeated(path, members) >= len(self.body(members).nodes)

    def repeated(self, prefix: str, members: Sequence[int]) -> int:
        """How many operations of a module are in modules below it that repeat anywhere, or in
        pieces of its own that repeat within it."""
        total, own = 0, Counter[Hashable]()
        children = [(path, inner, self.body(inner))
                    for path, inner in self.children(prefix, members)]
        own.update(skeleton(b.items) for path, _, b in children if path == prefix)
        for path, inner, b in children:
            times = own if path == prefix else self.seen
            if len(b.items) > 1 and times[skeleton(b.items)] > 1:
                total += len(b.nodes)
            elif len(inner) > 1:
                total += self.repeated(path, inner)
        return total


def skeleton(items: Iterable[Item], bare: bool = True) -> Hashable:
    """What the uses of one block have in common: keys, wiring, and parameters that are no sizes.
    Residuals of x, which fall away where shapes differ, are left out if ``bare``."""
    kept = without_residual(tuple(items)) if bare else tuple(items)
    return tuple((item.key, item.inputs, tuple(
        (name, _kind(value) if name in SIZES else value) for name, value in item.params.items()))
        for item in kept)


def _kind(value: Any) -> Hashable:
    """A size without its number: one number, a pair, a word or nothing."""
    return len(value) if isinstance(value, tuple) else type(value).__name__


def uses(bodies: Sequence[Body]) -> list[list[int]]:
    """Which bodies are uses of one block: their numbers, in groups of two or more."""
    alike: dict[Hashable, list[int]] = defaultdict(list)
    for i, b in enumerate(bodies):
        if len(b.nodes) > 1:
            alike[skeleton(b.items)].append(i)
    groups = []
    for members in alike.values():
        exact: dict[Hashable, list[int]] = defaultdict(list)
        for i in members:
            exact[(skeleton(bodies[i].items, bare=False))].append(i)
        groups += _joined(list(exact.values()), bodies)
    return [group for group in groups if len(group) > 1]


def _joined(groups: list[list[int]], bodies: Sequence[Body]) -> list[list[int]]:
    """Uses with and without residual together, where it would fall away in those without; and apart
    where shortcuts are projected in different ways."""
    apart: list[list[int]] = []
    for group in groups:
        projects: dict[Hashable, list[int]] = defaultdict(list)
        plain = [i for i in group if not _projections(bodies[i])]
        for i in group:
            if i not in plain:
                projects[repr(_projections(bodies[i]))].append(i)
        sets = list(projects.values()) or [[]]
        apart += [sorted([*plain, *sets[0]]), *sets[1:]]
    full = [g for g in apart if _residuals(bodies[g[0]])]
    bare = [g for g in apart if not _residuals(bodies[g[0]])]
    if len(full) == len(bare) == 1 and all(_falls_away(bodies[i], bodies[full[0][0]])
                                           for i in bare[0]) and \
            not any(_projections(bodies[i]) for i in full[0]):
        return [sorted(full[0] + bare[0])]
    return apart


def _residuals(b: Body) -> list[int]:
    return [i for i, item in enumerate(b.items)
            if item.key == "residual" and item.inputs == ((X, 0),)]


def _projections(b: Body) -> list[tuple[int, Any]]:
    return [(i, item.project) for i, item in enumerate(b.items) if item.project is not None]


def _falls_away(b: Body, like: Body) -> bool:
    """Whether the residuals of ``like`` would find other shapes in ``b``, which has none."""
    at = _residuals(like)
    return len(at) == 1 and at[0] > 0 and b.shapes[at[0] - 1] != b.before
