"""Blocks: named bodies with arguments, called like operations; their compilation and look-up."""

from collections.abc import Callable, Mapping
from functools import cached_property

from searchspace.compiler.program import RESERVED, Block, Step, Value
from searchspace.compiler.reserved import STRUCTURAL
from searchspace.compiler.scope import CompileScope
from searchspace.compiler.steps import compile_steps, compile_value
from searchspace.errors import GenotypeError, nearest
from searchspace.identifiers import is_part, is_word
from searchspace.notation.schema import check_keys, mapping
from searchspace.notation.tree import Map, Scalar, Seq, Tree, describe
from searchspace.ops import OPS
from searchspace.safety.limits import current


class Blocks:
    """The blocks that a file can call: its own, those of its `use` files, the bundled ones."""

    def __init__(self, trees: Mapping[str, Tree], outer: "Blocks | None" = None) -> None:
        self.trees = trees
        self.outer = outer
        self.called: set[str] = set()
        self._done: dict[str, Block] = {}
        self._stack: list[str] = []
        for name, tree in trees.items():
            if name in OPS or name in STRUCTURAL or name in RESERVED:
                raise GenotypeError(f"{name!r} is an operation or a reserved word; name the block "
                                    "otherwise", tree.place)
            if not is_part(name):
                raise GenotypeError(f"{name!r} cannot name a block", tree.place)

    def __reduce__(self) -> tuple[Callable[..., "Blocks"], tuple[object, ...]]:
        return Blocks, (self.trees, self.outer)     # compiled again where they are needed

    def get(self, name: str) -> Block | None:
        """The compiled block, or None for a name that is no block.

        Inside a block that overrides another one, its name refers to the overridden one.
        """
        wraps = self._stack[-1:] == [name] and self.outer is not None and name in self.outer.names
        if name not in self.trees or wraps:
            return self.outer.get(name) if self.outer else None
        self.called.add(name)
        if name in self._stack:
            chain = " → ".join([*self._stack[self._stack.index(name):], name])
            raise GenotypeError(f"block {name!r} calls itself: {chain}", self.trees[name].place)
        if len(self._stack) > (most := current().levels):
            raise GenotypeError(f"blocks call blocks more than {most} levels deep",
                                self.trees[name].place)
        if name not in self._done:
            self._stack.append(name)
            try:
                self._done[name] = compile_block(name, self.trees[name], self)
            finally:
                self._stack.pop()
        return self._done[name]

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of all blocks that can be called."""
        return frozenset(self.trees) | (self.outer.names if self.outer else frozenset())


def compile_block(name: str, tree: Tree, blocks: Blocks) -> Block:
    """Compile one entry of `blocks`."""
    if not isinstance(tree, Map):
        raise GenotypeError(f"block {name!r} must be a mapping with a body", tree.place)
    check_keys(tree, ("about", "args", "in", "out", "body"), f"block {name!r}")
    given = mapping(tree.get("args"), "args")
    args, scope = compile_args(given, blocks)
    uneven = scope.is_uneven
    ins = _compile_ins(mapping(tree.get("in"), "in"))
    body = tree.get("body")
    if not isinstance(body, Seq) or not body.items:
        raise GenotypeError(f"block {name!r} needs a body: a list of steps", tree.place)
    steps = compile_steps(body.items, scope)
    outs = _compile_outs(mapping(tree.get("out"), "out"), ins, steps)
    check_unused(scope, given, f"block {name!r}")
    return Block(name, args, ins, outs, steps, tree.place, uneven)


Args = tuple[tuple[str, Value | None], ...]     # None: required


def compile_args(tree: Map, blocks: Blocks) -> tuple[Args, CompileScope]:
    """Arguments in order, and their scope; a default may use the arguments before it."""
    scope = CompileScope(blocks)
    args: list[tuple[str, Value | None]] = []
    for name, value in tree.items.items():
        if name in RESERVED or name in ("cin", "true", "false") or not is_word(name):
            raise GenotypeError(f"{name!r} cannot name an argument", tree.place)
        empty = isinstance(value, Scalar) and value.value is None
        args.append((name, None if empty else compile_value(value, scope)))
        scope.args.append(name)
    return tuple(args), scope


def check_unused(scope: CompileScope, args: Map, owner: str) -> None:
    """Raise GenotypeError for an argument that no formula and no step uses."""
    for name, value in args.items.items():
        if name not in scope.used:
            raise GenotypeError(f"argument {name!r} of {owner} is never used", value.place)


def _compile_ins(tree: Map) -> tuple[tuple[str, str | None], ...]:
    ins: list[tuple[str, str | None]] = []
    for name, value in tree.items.items():
        _check_tensor(name, value)
        fallback = value.value if isinstance(value, Scalar) else describe(value)
        if fallback is not None and fallback not in dict(ins):
            raise GenotypeError(f"input {name!r} can fall back to an input before it, not to "
                                f"{fallback!r}", value.place)
        ins.append((name, fallback if isinstance(fallback, str) else None))
    return tuple(ins) or (("x", None),)


def _compile_outs(tree: Map, ins: tuple[tuple[str, str | None], ...],
                  steps: tuple[Step, ...]) -> tuple[tuple[str, str], ...]:
    known = {name for name, _ in ins} | _bound(steps)
    outs: list[tuple[str, str]] = []
    for name, value in tree.items.items():
        _check_tensor(name, value)
        tensor = value.value if isinstance(value, Scalar) else None
        if not isinstance(tensor, str) or tensor not in known:
            raise GenotypeError(f"out {name!r}: no tensor {describe(value)} in the body"
                                f"{nearest(tensor, known)}", value.place)
        outs.append((name, tensor))
    return tuple(outs)


def _check_tensor(name: str, tree: Tree) -> None:
    if not is_word(name):
        raise GenotypeError(f"{name!r} cannot name a tensor", tree.place)


def _bound(steps: tuple[Step, ...]) -> set[str]:
    names: set[str] = set()
    for step in steps:
        names.update(step.names)
        for branch in step.branches or ():
            if not isinstance(branch, str):
                names |= _bound(branch)
    return names
