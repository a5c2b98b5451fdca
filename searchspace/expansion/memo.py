"""Memory of fragments: most of a candidate's steps have been run for candidates before it.

A step depends on the values that it reads, the shapes of its inputs and the decisions of the holes
that it asks. The first two are a key. Which holes are asked depends on decisions, so behind a key
stands a tree: the hole that is asked next, and for each decision what follows.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from searchspace.compiler.program import Closure
from searchspace.expansion.fragment import Fragment
from searchspace.notation.holes import Hole
from searchspace.notation.tree import Atom

MAX_KEPT = 30_000      # fragments and forks in each generation, one to two kilobytes each

Key = tuple[Any, ...]


class Fork:
    """The next hole that is asked, and by its decision what follows: a fork, or the only fragment
    that is known there, whose further decisions are compared with its own."""

    __slots__ = ("after", "asked")

    def __init__(self, asked: tuple[str, Hole]) -> None:
        self.asked = asked
        self.after: dict[Atom, Known] = {}


Known = Fork | Fragment


class Memo:
    """Fragments by key and decisions, in two generations: what was used since the younger one began
    is in it, and when it is full, the older one goes."""

    def __init__(self) -> None:
        self.young: dict[Key, Known] = {}
        self.old: dict[Key, Known] = {}
        self.count = 0

    def find(self, key: Key, decide: Callable[[str, Hole], Atom]) -> Fragment | None:
        """The fragment of a key under these decisions, which are asked as its steps would ask."""
        known = _walk(self.young.get(key), decide)
        if known is not None:
            return known
        known = _walk(self.old.get(key), decide)
        if known is not None:
            self.put(key, known)
        return known

    def put(self, key: Key, fragment: Fragment) -> None:
        """Remember a fragment."""
        branches: dict[Any, Known] = self.young
        at: Any = key
        for depth, label in enumerate(fragment.labels):
            known = branches.get(at)
            if known is None or (type(known) is Fragment and known.labels == fragment.labels
                                 and known.names == fragment.names):
                break
            if type(known) is Fragment:
                fork = Fork((known.names[depth], known.holes[depth]))
                fork.after[known.labels[depth]] = known
                branches[at] = known = fork
                self.count += 1
            assert isinstance(known, Fork)
            branches, at = known.after, label
        branches[at] = fragment
        self.count += 1
        if self.count > MAX_KEPT:
            self.young, self.old, self.count = {}, self.young, 0

    def clear(self) -> None:
        """Forget everything."""
        self.young, self.old, self.count = {}, {}, 0


MEMO = Memo()


def _walk(known: "Known | None", decide: Callable[[str, Hole], Atom]) -> Fragment | None:
    depth = 0
    while type(known) is Fork:
        known = known.after.get(decide(*known.asked))
        depth += 1
    assert known is None or isinstance(known, Fragment)
    if known is not None:
        for name, hole, label in zip(known.names[depth:], known.holes[depth:],
                                     known.labels[depth:], strict=True):
            if decide(name, hole) != label:
                return None
    return known


def fingerprint(values: Iterable[Any]) -> Key:
    """Values as a part of a key, with their types: 1, 1.0 and True are equal but not the same."""
    values = tuple(values)
    kinds = _kinds(tuple([type(value) for value in values]))
    if Closure in kinds or tuple in kinds:
        return kinds, tuple([_inside(v) if isinstance(v, Closure | tuple) else v for v in values])
    return kinds, values


@lru_cache(maxsize=1 << 12)
def _kinds(kinds: Key) -> Key:
    """The first of equal tuples, so that keys share it."""
    return kinds


def _inside(value: Closure | tuple[Any, ...]) -> Key:
    if isinstance(value, tuple):
        return fingerprint(value)
    step, env = value.step, value.env
    return (step, *fingerprint(map(env.args.get, step.args)), env.shapes(step.tensors), env.repeat)
