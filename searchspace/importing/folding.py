"""Where a network falls into parts, and which of these are the same block.

Between two operations the network is cut if one tensor alone goes across. The modules' paths say
which parts in a row belong together: as a module of the user's code. Bodies with the same items, of
whatever sizes, are uses of one block.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from searchspace.importing.body import X, Body, Item, body, common, without_residual
from searchspace.importing.values import Step
from searchspace.shapes import Shape

# Parameters that may differ between the uses of a block; all others must be the same.
SIZES = ("out", "k", "stride", "pad", "dilation", "groups", "mid", "start", "length", "sizes",
         "height", "width", "act", "gate", "fn")


def parts(steps: Sequence[Step], image: Shape) -> list[Body]:
    """The network as bodies in a row: modules that hold several operations, or single pieces."""
    pieces = _pieces(steps)
    paths = [common(steps[i].path for i in piece) for piece in pieces]
    found: list[range] = []
    _group(list(range(len(pieces))), "", pieces, paths, (steps, image), found)
    return [body(steps, numbers, image) for numbers in found]


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


def _group(members: list[int], prefix: str, pieces: list[range], paths: list[str],
           network: tuple[Sequence[Step], Shape], found: list[range]) -> None:
    """Take pieces in a row apart by the next part of their paths, as far as modules repeat."""
    for path, inner in _runs(members, prefix, paths):
        whole = range(pieces[inner[0]].start, pieces[inner[-1]].stop)
        if len(inner) == 1:
            found.append(whole)
        elif path == prefix:                # pieces of no module of their own
            found += [pieces[i] for i in inner]
        elif _holds_repeats(inner, path, pieces, paths, network):
            _group(inner, path, pieces, paths, network, found)
        else:
            found.append(whole)


def _runs(members: list[int], prefix: str, paths: list[str]) -> list[tuple[str, list[int]]]:
    """Pieces in a row with the same next part of the path."""
    depth = len(prefix.split(".")) if prefix else 0
    runs: list[tuple[str, list[int]]] = []
    for i in members:
        path = ".".join(paths[i].split(".")[:depth + 1]) if paths[i] else prefix
        path = path if path.startswith(prefix) else prefix
        if runs and runs[-1][0] == path:
            runs[-1][1].append(i)
        else:
            runs.append((path, [i]))
    return runs


def _holds_repeats(members: list[int], path: str, pieces: list[range], paths: list[str],
                   network: tuple[Sequence[Step], Shape]) -> bool:
    """Whether a module holds modules of several operations that are the same block, at any
    depth."""
    steps, image = network
    keys: Counter[Hashable] = Counter()
    runs = _runs(members, path, paths)
    for inner_path, inner in runs:
        numbers = range(pieces[inner[0]].start, pieces[inner[-1]].stop)
        if inner_path == path:
            continue
        if len(inner) > 1 and _holds_repeats(inner, inner_path, pieces, paths, network):
            return True
        if len(numbers) > 1:
            keys[skeleton(body(steps, numbers, image).items)] += 1
    return any(n > 1 for n in keys.values()) or \
        (len(runs) > 1 and len(path.split(".")) == 1 and not _small(members, pieces))


def _small(members: list[int], pieces: list[range]) -> bool:
    """Whether some pieces are few enough operations for one block."""
    return sum(len(pieces[i]) for i in members) <= 12


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
