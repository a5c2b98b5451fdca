"""Structural steps, which are more than one operation: split, residual, wire.

split      the channels cut into as many equal parts as `as` names, or into `sizes`
residual   adds the tensor that `from` names where the shapes agree; where they do not, through
           `project: {conv: {k: 1, act: none}}`, which gets `out` and `stride`, or not at all
wire       a graph of equal nodes given by its edges (Xie et al. 2019): each joins its inputs and
           runs `node`; nodes without inputs take the step's input, and `source` changes their
           parameters (a stride); `out` joins the nodes without consumers. Or `n` nodes in a row,
           each with inputs at the distances `back` before it (Zhu et al. 2018)
"""

from collections.abc import Callable
from typing import Any

from searchspace.compiler.program import Closure, Step
from searchspace.errors import GenotypeError
from searchspace.expansion.fragment import Outputs
from searchspace.expansion.graph import Tensor
from searchspace.expansion.scope import Env, Given, Invocation
from searchspace.ops import OPS, show_shape

CallArgument = Callable[[Env, str, Invocation], Outputs]      # runs a step given as an argument


def split(env: Env, at: Invocation) -> dict[str, Tensor]:
    """Slices of one tensor under the names of `as`."""
    step = at.step
    if len(at.inputs) != 1:
        raise GenotypeError(f"split takes one tensor, not {len(at.inputs)}", step.place)
    channels, parts = at.inputs[0].shape[0], len(step.names)
    sizes = dict(at.given).get("sizes")
    if sizes is None:
        if channels % parts:
            raise GenotypeError(f"split: {channels} channels do not divide into {parts} equal "
                                "parts; give sizes", step.place)
        sizes = (channels // parts,) * parts
    if (not isinstance(sizes, tuple) or len(sizes) != parts
            or not all(type(n) is int for n in sizes) or sum(sizes) != channels):
        raise GenotypeError(f"split: sizes are {parts} whole numbers that add up to the {channels} "
                            "channels", step.place)
    prefix = at.name.rpartition(".")[0]
    slices, start = {}, 0
    for part, length in zip(step.names, sizes, strict=True):
        full = f"{prefix}.{part}" if prefix else part
        slices[part] = env.run.add(full, OPS["slice"], (("start", start), ("length", length)),
                                   at.inputs, env.calls, step.place)
        start += length
    return slices


def residual(env: Env, at: Invocation, call_argument: CallArgument) -> Tensor:
    """The previous tensor plus the one that `from` names."""
    main, step = env.current, at.step
    if main is None or len(at.inputs) != 1:
        raise GenotypeError("residual adds one tensor, named by from, to the previous one",
                            step.place)
    env.used.add(main.node)
    shortcut, project = at.inputs[0], dict(at.given).get("project")
    if shortcut.shape != main.shape and project is not None:
        if not isinstance(project, Closure):
            raise GenotypeError("residual: project is a step, like {conv: {k: 1}}", step.place)
        stride = -(-shortcut.shape[1] // main.shape[1])
        scope = env.inner(shortcut)
        scope.args = {"project": project}
        extra: Given = (("out", main.shape[0]), ("stride", stride))
        shortcut = _run(scope, "project", call_argument,
                        Invocation(step, f"{at.name}.project", extra, (shortcut,), {}))
        if shortcut.shape != main.shape:
            raise GenotypeError(f"residual: projected to {show_shape(shortcut.shape)}, not "
                                f"{show_shape(main.shape)}", step.place)
    if shortcut.shape != main.shape:
        env.run.notes.append((at.name, f"no shortcut: {show_shape(shortcut.shape)} is not "
                                       f"{show_shape(main.shape)}"))
        return main
    return env.run.add(at.name, OPS["add"], (), (main, shortcut), env.calls, step.place)


def wire(env: Env, at: Invocation, call_argument: CallArgument) -> Tensor:
    """A graph of equal nodes."""
    step, name, values = at.step, at.name, dict(at.given)
    if len(at.inputs) != 1:
        raise GenotypeError(f"wire takes one tensor, not {len(at.inputs)}", step.place)
    if not isinstance(values["node"], Closure):
        raise GenotypeError("wire: node is a step, like {unit: {out: 32}}", step.place)
    if "back" in values:
        return _row(env, at, values, call_argument)
    edges = _edges(values["edges"], step)
    env.run.spend(len(edges))
    scope = env.inner(at.inputs[0])
    scope.args = {"node": values["node"], "source": values.get("source", values["node"])}
    join, out = (_joiner(values.get(key, default), key, step)
                 for key, default in (("join", "wsum"), ("out", "mean")))
    sources: dict[int, list[int]] = {n: [] for edge in edges for n in edge}
    for a, b in edges:
        sources[b].append(a)
    made: dict[int, Tensor] = {}
    for n in sorted(sources):
        taken = tuple(made[a] for a in sources[n])
        if len(taken) > 1:
            taken = (env.run.add(f"{name}.{n}.join", join, (), taken, env.calls, step.place),)
        made[n] = _run(scope, "node" if taken else "source", call_argument,
                       Invocation(step, f"{name}.{n}", (), taken or at.inputs, {}))
    sinks = tuple(made[n] for n in sorted(set(sources) - {a for a, _ in edges}))
    return sinks[0] if len(sinks) == 1 else \
        env.run.add(f"{name}.out", out, (), sinks, env.calls, step.place)


def _row(env: Env, at: Invocation, values: dict[str, Any], call_argument: CallArgument) -> Tensor:
    """Nodes in a row behind the step's input; what leaves is what a further node would take."""
    step, name = at.step, at.name
    n, back, ends = values["n"], values["back"], values.get("ends", "next")
    most = env.run.limits.repeats
    if type(n) is not int or not 0 <= n <= most:
        raise GenotypeError(f"wire: n is a whole number from 0 to {most}", step.place)
    distances = back if isinstance(back, tuple) else ()
    if not distances or len(set(distances)) < len(distances) or \
            any(d != "first" and (type(d) is not int or d < 1) for d in distances):
        raise GenotypeError("wire: back is a list of different distances from 1 on, or `first`: "
                            "[1, 2, 4]", step.place)
    if ends not in ("next", "all"):
        raise GenotypeError(f"wire: ends is next or all, not {ends!r}", step.place)
    join = _joiner(values.get("join", "wsum"), "join", step)
    scope = env.inner(at.inputs[0])
    scope.args = {"node": values["node"]}
    made = [at.inputs[0]]

    def joined(numbers: tuple[int, ...], name: str) -> Tensor:
        env.run.spend(len(numbers))
        taken = tuple(made[i] for i in numbers)
        return taken[0] if len(taken) == 1 else \
            env.run.add(name, join, (), taken, env.calls, step.place)

    def before(i: int) -> tuple[int, ...]:
        numbers = [0 if d == "first" else i - d for d in distances]
        found = tuple(dict.fromkeys(k for k in numbers if k >= 0))
        if not found:
            raise GenotypeError(f"wire: back leaves nothing for node {i} to take", step.place)
        return found

    for i in range(1, n + 1):
        taken = joined(before(i), f"{name}.{i}.join")
        made.append(_run(scope, "node", call_argument,
                         Invocation(step, f"{name}.{i}", (), (taken,), {})))
    return joined(before(n + 1) if ends == "next" else tuple(range(n + 1)), f"{name}.out")


def _run(scope: Env, argument: str, call_argument: CallArgument, at: Invocation) -> Tensor:
    """The one tensor in which a step given as an argument ends."""
    result, _ = call_argument(scope, argument, at)
    if result is None:
        raise GenotypeError(f"{at.step.key}: {argument} ends in several tensors; join them",
                            at.step.place)
    return result


def _edges(value: Any, step: Step) -> list[tuple[int, int]]:
    edges = list(value) if isinstance(value, tuple) else []
    if not edges or any(not isinstance(e, tuple) or len(e) != 2 or
                        not all(type(n) is int for n in e) for e in edges):
        raise GenotypeError("wire: edges is a list of pairs of node numbers: [[0, 1], [0, 2]]",
                            step.place)
    for a, b in edges:
        if not 0 <= a < b:
            raise GenotypeError(f"wire: edge [{a}, {b}] does not lead from a smaller to a larger "
                                "number", step.place)
    if len(set(edges)) < len(edges):
        raise GenotypeError("wire: an edge is listed twice", step.place)
    return edges


def _joiner(value: Any, key: str, step: Step) -> Any:
    if value not in ("add", "mean", "wsum", "concat", "mul"):
        raise GenotypeError(f"wire: {key} is add, mean, wsum, mul or concat, not {value!r}",
                            step.place)
    return OPS[value]
