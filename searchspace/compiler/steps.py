"""Compilation of steps: keys resolved to operations and blocks, parameters and formulas checked."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from searchspace.compiler.program import (
    RESERVED,
    Block,
    Branch,
    Const,
    Formula,
    HoleValue,
    ListValue,
    Params,
    Step,
    StepValue,
    Value,
)
from searchspace.compiler.reserved import STRUCTURAL, check_reserved
from searchspace.compiler.scope import CompileScope, as_names
from searchspace.errors import GenotypeError, Place, nearest
from searchspace.notation.formula import COMMA, compile_formula
from searchspace.notation.holes import Hole, branch_steps, step_labels, step_parts
from searchspace.notation.reader import is_torn
from searchspace.notation.tree import Map, Scalar, Seq, Tagged, Tree, describe
from searchspace.ops import OPS, Field, Op, schema

OWN = "; one of your own in Python is taken by --ops FILE, or by importing it"
UNEVEN = frozenset({"divisor"})      # functions that fall where what they are given rises


def compile_value(tree: Tree, scope: CompileScope) -> Value:
    """Compile a parameter's value."""
    if isinstance(tree, Hole):
        options = {label: compile_value(t, scope)
                   for label, t in zip(tree.labels, tree.trees, strict=bool(tree.trees))}
        return HoleValue(tree, options, tree.place)
    if isinstance(tree, Scalar):
        text = tree.value
        if isinstance(text, str) and text.startswith("="):
            run, reads = compile_formula(text[1:], tree.place)
            for name in sorted(reads.args):
                scope.use(name, tree.place, text)
            scope.tensors |= reads.tensors
            scope.is_uneven |= not reads.functions.isdisjoint(UNEVEN)
            return Formula(run, tree.place)
        return Const(text, tree.place)
    if isinstance(tree, Seq):
        values = tuple(compile_value(t, scope) for t in tree)
        if all(isinstance(v, Const) for v in values):
            return Const(tuple(v.get(None) for v in values), tree.place)
        return ListValue(values, tree.place)
    if isinstance(tree, Map) and (parts := step_parts(tree)) is not None:
        for word in RESERVED:
            if word in parts[1]:
                raise GenotypeError(f"{word!r} has no effect in a step that is passed on; it "
                                    "stands where the step is called", parts[1][word].place)
        label, = step_labels((tree,))
        return StepValue(compile_step(tree, label, scope, passed=True), tree.place)
    if isinstance(tree, Tagged):
        raise GenotypeError(f"a !{tree.tag} hole cannot stand here; make it an argument of the "
                            "network", tree.place)
    raise GenotypeError(f"{describe(tree)} cannot stand here (a mapping as a value is a step, "
                        "with one key)", tree.place)


def compile_steps(trees: tuple[Tree, ...], scope: CompileScope) -> tuple[Step, ...]:
    """Compile the steps of one body."""
    return tuple(compile_step(tree, label, scope)
                 for tree, label in zip(trees, step_labels(trees), strict=True))


def compile_step(tree: Tree, label: str, scope: CompileScope, passed: bool = False) -> Step:
    """Compile one step; ``label`` is its name in the body. A step that is ``passed`` as an argument
    may lack parameters, which its caller gives.

    Raises:
        GenotypeError: unknown operation, block or parameter; a reserved word without effect.
    """
    used, tensors, uneven = scope.used, scope.tensors, scope.is_uneven
    scope.used, scope.tensors, scope.is_uneven = set(), set(), False
    step = _step(tree, label, scope, passed)
    step = replace(step, args=tuple(sorted(scope.used)), is_closed=_is_closed(step),
                   is_steady="_" not in scope.tensors and not step.each and not step.per_repeat,
                   tensors=tuple(sorted(scope.tensors - {"_"})), is_uneven=scope.is_uneven)
    scope.used |= used
    scope.tensors |= tensors
    scope.is_uneven |= uneven
    return step


def _is_closed(step: Step) -> bool:
    """Whether its result depends on its inputs, the decisions, and the arguments and shapes that
    its values read; a `residual` takes the previous tensor too, and branches find any."""
    if step.branches is not None or step.kind in ("op", "identity", "residual", "split"):
        return False        # a single operation is not worth it
    return all(option.is_closed or (option.kind in ("op", "identity") and option.branches is None)
               for option in step.options.values())


def _step(tree: Tree, label: str, scope: CompileScope, passed: bool) -> Step:
    if isinstance(tree, Hole):
        return _choice(tree, label, scope)
    parts = step_parts(tree)
    if parts is None:
        raise GenotypeError(f"a step is one operation or block with its parameters, not "
                            f"{_shown(tree)}", tree.place)
    key, given = parts
    place = tree.place
    kind, target, fields = _resolve(key, scope, place)
    check_reserved(key, kind, given)
    own, first, each = _parameters(given)
    if fields is not None:
        for name, value in (*own.items(), *first.items(), *each.items()):
            if name not in fields:
                hint = COMMA if is_torn(given.items) else nearest(name, (*fields, *RESERVED))
                raise GenotypeError(f"{key} has no parameter {name!r}{hint}", value.place)
        missing = [n for n in _missing(target) if n not in own and n not in each]
        if missing and not passed:
            raise GenotypeError(f"{key} needs {', '.join(missing)}", place)
    repeat, when = given.get("repeat"), given.get("when")
    return Step(
        label, key, kind, target, _params(own, fields, scope), place,
        first=_params({**own, **first}, fields, scope) if first else None,
        each=tuple((name, fields.get(name) if fields else None, _list(t, scope))
                   for name, t in each.items()),
        sources=_sources(given.get("from"), scope),
        branches=_branches(given.get("of"), scope),
        names=as_names(given.get("as")),
        when=compile_value(when, scope) if when is not None else None,
        repeat=compile_value(repeat, scope) if repeat is not None else None,
        per_repeat=given.get("each") == Scalar(True))


def _resolve(key: str, scope: CompileScope, place: Place) -> tuple[str, type[Op] | Block | None,
                                                           Mapping[str, Field | None] | None]:
    """Kind, target and parameters (None: known only during expansion) of a step's key."""
    if key.startswith("="):
        scope.use(key[1:], place, key)
        return "arg", None, None
    if key in STRUCTURAL:
        return key, None, dict.fromkeys(STRUCTURAL[key])
    block = scope.blocks.get(key)
    if block is not None:
        return "block", block, {name: None for name, _ in block.args}
    if key in OPS:
        return "op", OPS[key], schema(OPS[key])
    hint = "; write it as `=" + key + "`" if key in scope.args else \
        nearest(key, (*OPS, *STRUCTURAL, *scope.blocks.names)) or OWN
    raise GenotypeError(f"no operation or block is named {key!r}{hint}", place)


def _parameters(given: Map) -> tuple[Mapping[str, Tree], Mapping[str, Tree], Mapping[str, Tree]]:
    """The parameters of a step: of all repeats, changed in the first, and listed by repeat."""
    own = {name: tree for name, tree in given.items.items() if name not in RESERVED}
    first, each = _mapping(given.get("first"), "first").items, given.get("each")
    lists = each.items if isinstance(each, Map) else {}
    for name, tree in lists.items():
        if name in own or name in first:
            raise GenotypeError(f"{name!r} is given both per repeat and otherwise", tree.place)
    return own, first, lists


def _missing(target: type[Op] | Block | None) -> tuple[str, ...]:
    if isinstance(target, Block):
        return target.required
    return tuple(f.name for f in schema(target).values() if f.required) if target else ()


def _params(own: Mapping[str, Tree], fields: Mapping[str, Field | None] | None,
            scope: CompileScope) -> Params:
    fixed, dynamic = [], []
    for name, tree in own.items():
        value = compile_value(tree, scope)
        f = fields.get(name) if fields else None
        if isinstance(value, Const):
            fixed.append((name, f.coerce(value.value, value.place) if f else value.value))
        else:
            dynamic.append((name, f, value))
            if f and isinstance(value, HoleValue):
                for option in value.options.values():
                    if isinstance(option, Const):
                        f.coerce(option.value, option.place)
    return Params(tuple(fixed), tuple(dynamic))


def _choice(hole: Hole, label: str, scope: CompileScope) -> Step:
    sources, names = _sources(hole.common.get("from"), scope), as_names(hole.common.get("as"))
    options = {option: replace(compile_step(tree, label, scope), names=names, sources=sources)
               for option, tree in zip(hole.labels, hole.trees, strict=True)}
    return Step(label, "choice", "choice", None, Params(), hole.place, sources=sources,
                names=names, options=options, hole=hole)


def _sources(tree: Tree | None, scope: CompileScope) -> tuple[Value, ...] | None:
    if tree is None:
        return None
    items: Iterable[Tree] = tree if isinstance(tree, Seq) else (tree,)
    sources = tuple(compile_value(t, scope) for t in items)
    for source in sources:
        if isinstance(source, Const) and not isinstance(source.value, str):
            raise GenotypeError(f"from takes names of tensors, not {source.value!r}", source.place)
    if not sources:
        raise GenotypeError("from is an empty list", tree.place)
    return sources


def _branches(tree: Tree | None, scope: CompileScope) -> tuple[Branch, ...] | None:
    if tree is None:
        return None
    if not isinstance(tree, Seq) or not tree.items:
        raise GenotypeError("of takes a list of branches: names, steps, or lists of steps",
                            tree.place)
    compiled = iter(compile_steps(branch_steps(tree), scope))
    branches: list[Branch] = []
    for item in tree:
        if isinstance(item, Scalar):
            if not isinstance(item.value, str):
                raise GenotypeError(f"a branch is a tensor's name, a step or a list of steps, not "
                                    f"{item.value!r}", item.place)
            branches.append(item.value)
        else:
            count = len(item) if isinstance(item, Seq) else 1
            branches.append(tuple(next(compiled) for _ in range(count)))
    return tuple(branches)


def _list(tree: Tree, scope: CompileScope) -> tuple[Value, ...]:
    if not isinstance(tree, Seq):
        raise GenotypeError("a list with one value for each repeat was expected", tree.place)
    return tuple(compile_value(t, scope) for t in tree)


def _mapping(tree: Tree | None, what: str) -> Map:
    if tree is None:
        return Map({})
    if not isinstance(tree, Map) or not tree.items:
        raise GenotypeError(f"{what} takes the parameters to change: {{name: value}}", tree.place)
    return tree


def _shown(tree: Tree) -> str:
    if isinstance(tree, Map):
        return f"a mapping with keys {', '.join(tree)}" if len(tree) != 1 else \
            f"{next(iter(tree))} with {describe(next(iter(tree.items.values())))}"
    return describe(tree)
