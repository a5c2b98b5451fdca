"""A resolved document compiled to a program: arguments, input, net."""

from dataclasses import dataclass

from searchspace.compiler.blocks import Blocks, compile_args
from searchspace.compiler.program import Program, Value
from searchspace.compiler.scope import CompileScope
from searchspace.compiler.steps import compile_steps, compile_value
from searchspace.errors import GenotypeError, UnusedBlockError, nearest
from searchspace.notation.schema import mapping
from searchspace.notation.tree import Map, Seq
from searchspace.ops import OPS, schema


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program, and the names of the document's own blocks and arguments that it uses."""

    program: Program
    blocks: frozenset[str]
    args: frozenset[str]


def compile_network(document: Map, outer: Blocks) -> Program:
    """The program of a document that can call the blocks of ``outer``.

    Raises:
        GenotypeError: the document is incorrect, or has a block or an argument that is never used.
    """
    compiled = compile_parts(document, outer)
    for name, tree in mapping(document.get("args"), "args").items.items():
        if name not in compiled.args:
            raise GenotypeError(f"argument {name!r} of the network is never used", tree.place)
    for name, tree in mapping(document.get("blocks"), "blocks").items.items():
        if name not in compiled.blocks:
            raise UnusedBlockError(f"block {name!r} is never used", tree.place)
    return compiled.program


def compile_parts(document: Map, outer: Blocks) -> Compiled:
    """The program, whether or not it uses all that the document holds.

    Raises:
        GenotypeError: the document is incorrect.
    """
    try:
        return _compile(document, outer)
    except RecursionError:
        raise GenotypeError("blocks or formulas are nested too deeply", document.place) from None


def _compile(document: Map, outer: Blocks) -> Compiled:
    blocks = Blocks(mapping(document.get("blocks"), "blocks").items, outer)
    given = mapping(document.get("args"), "args")
    args, scope = compile_args(given, blocks)
    values: list[tuple[str, Value]] = []
    for name, value in args:
        if value is None:
            raise GenotypeError(f"argument {name!r} of the network has no value", given.place)
        values.append((name, value))
    shape, net = document.get("input"), document.get("net")
    if not isinstance(shape, Seq):
        raise GenotypeError("a genotype needs an input: [channels, height, width]",
                            (shape or document).place)
    if len(shape) != 3:
        raise GenotypeError(f"input is [channels, height, width], not {len(shape)} values",
                            shape.place)
    if not isinstance(net, Seq) or not net.items:
        raise GenotypeError("a genotype needs a net: a list of steps", (net or document).place)
    size = tuple(compile_value(t, scope) for t in shape)
    steps = compile_steps(net.items, scope)
    program = Program(tuple(values), size, steps, shape.place, _everywhere(document, scope))
    return Compiled(program, frozenset(blocks.called), frozenset(scope.used))


def _everywhere(document: Map, scope: CompileScope) -> tuple[tuple[str, Value], ...]:
    """Parameters that all operations get that have them, unless a step says otherwise."""
    known = {name for op in OPS.values() for name, f in schema(op).items() if not f.required}
    found = []
    for name, tree in mapping(document.get("everywhere"), "everywhere").items.items():
        if name not in known:
            raise GenotypeError(f"everywhere: no operation has a parameter {name!r} with a default"
                                f"{nearest(name, known)}", tree.place)
        found.append((name, compile_value(tree, scope)))
    return tuple(found)
