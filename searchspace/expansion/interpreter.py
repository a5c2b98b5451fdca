"""Interpreter of compiled steps: operations, branches, calls of blocks and of arguments."""

from typing import Any

from searchspace.compiler.program import Block, Closure, Step
from searchspace.errors import GenotypeError, nearest, show
from searchspace.expansion.fragment import Outputs
from searchspace.expansion.graph import Call, Tensor
from searchspace.expansion.inputs import bind, block_inputs, find, no_input, step_inputs
from searchspace.expansion.memo import fingerprint
from searchspace.expansion.repeats import name_of, params_of, repeat
from searchspace.expansion.scope import Env, Invocation
from searchspace.expansion.structural import residual, split, wire
from searchspace.ops import OPS, Op, schema
from searchspace.shapes import Shape


def run_steps(env: Env, steps: tuple[Step, ...]) -> None:
    """Run the steps of a body one after the other."""
    env.run.spend(len(steps))
    for step in steps:
        try:
            run_step(env, step)
        except GenotypeError as error:
            if error.place is None:
                error.place = step.place
            error.called_from(step.place)
            raise


def run_step(env: Env, step: Step) -> None:
    """Run one step with its repeats, and bind its names."""
    inputs, run = step_inputs(env, step), env.run
    travel = env.travel if step.sources is None else {}
    if run.named or env.depth or not step.is_closed or not inputs:
        main, outputs = _perform(env, step, inputs, travel)
    else:
        tensors = (*inputs, *travel.values())
        key = (step, *run.held, *fingerprint([env.args.get(name) for name in step.args]),
               *wiring(tensors), tuple(travel), env.shapes(step.tensors), env.repeat)
        found = run.recall(key, tensors, 0)
        if found is None:
            frame, inner = run.begin(tensors, 0)
            count = len(inputs)
            found = run.end(frame, key, _perform(env, step, inner[:count], dict(
                zip(travel, inner[count:], strict=True))))
        main, outputs = found
    bind(env, step, main, outputs)


def wiring(tensors: tuple[Tensor, ...]) -> tuple[tuple[Shape, ...], tuple[int, ...]]:
    """Shapes of some tensors, and which of them are the same: for each, the first it equals."""
    if len(tensors) == 1:
        return (tensors[0].shape,), (0,)
    numbers = [t.node for t in tensors]
    return tuple([t.shape for t in tensors]), tuple([numbers.index(n) for n in numbers])


def _perform(env: Env, step: Step, inputs: tuple[Tensor, ...],
             travel: dict[str, Tensor]) -> Outputs:
    """Do what a step says, with its repeats."""
    env.focus = inputs[0] if inputs else env.current
    if step.hole is not None:
        step = step.options[env.decide(step.hole)]
    if step.is_uneven:
        env.run.is_uneven = True
    if step.when is not None and not _truth(step.when.get(env), step):
        # what a residual names is its shortcut; its input is the previous tensor
        return inputs[0] if inputs and step.kind != "residual" else env.current, travel
    if step.repeat is None:
        return invoke(env, Invocation(step, name_of(env, step), params_of(env, step, 0, None),
                                      inputs, travel))
    return repeat(env, step, inputs, travel, invoke)


def invoke(env: Env, at: Invocation) -> Outputs:
    """Do what a step says, once."""
    step = at.step
    if step.branches is not None:
        joined = _run_branches(env, step, at.name + ".")
        at = at._replace(inputs=joined, travel={})
    if step.kind == "op":
        if not at.inputs:
            raise no_input(step)
        assert isinstance(step.target, type)
        return env.run.add(at.name, step.target, at.given, at.inputs, env.calls, step.place), {}
    if step.kind == "block":
        assert isinstance(step.target, Block)
        return enter(env, step.target, at)
    if step.kind == "arg":
        return call_argument(env, step.key[1:], at)
    if step.kind == "identity":
        if len(at.inputs) != 1:
            raise no_input(step)
        return at.inputs[0], at.travel
    if step.kind == "split":
        return None, split(env, at)
    return (residual if step.kind == "residual" else wire)(env, at, call_argument), {}


def enter(env: Env, block: Block, at: Invocation) -> Outputs:
    """Run a block's body in a scope of its own; its outputs, the first being the main one."""
    run, depth = env.run, env.depth + 1
    run.spend(len(block.ins))
    if depth > run.limits.levels:  # a block may be handed to itself as an argument
        raise GenotypeError(f"blocks call blocks more than {run.limits.levels} levels deep")
    run.depth = max(run.depth, depth)
    taken = block_inputs(block, at)
    if run.named or (depth == 1 and at.repeat is None):     # a step of the network is remembered
        return _body(env, block, at, taken)
    tensors = tuple(taken.values())
    key = (block, *run.held, tuple([name for name, _ in at.given]),
           *fingerprint([value for _, value in at.given]), *wiring(tensors))
    found = run.recall(key, tensors, depth)
    if found is None:
        frame, inner = run.begin(tensors, depth)
        found = run.end(frame, key, _body(env, block, at, dict(zip(taken, inner, strict=True))))
    return found


def _body(env: Env, block: Block, at: Invocation, taken: dict[str, Tensor]) -> Outputs:
    calls = (*env.calls, Call(at.name, block.name, at.repeat)) if env.run.named else ()
    inner = Env(env.run, dict(at.given), at.name + ".", calls, env.depth + 1)
    inner.tensors = taken
    inner.current = inner.focus = taken[block.ins[0][0]]
    if block.is_uneven:
        env.run.is_uneven = True
    for arg, default in block.args:
        if arg not in inner.args:
            if default is None:
                raise GenotypeError(f"{block.name} needs {arg}")
            inner.args[arg] = default.get(inner)
    run_steps(inner, block.body)
    named = {out: inner.tensors[tensor] for out, tensor in block.outs}
    return named[block.outs[0][0]] if named else inner.current, named


def call_argument(env: Env, arg: str, at: Invocation) -> Outputs:
    """Call what an argument names: a block or operation by name, or a step passed along."""
    value = env.args[arg]
    if isinstance(value, Closure):
        passed = value.step
        scope = value.env.inner(at.inputs[0] if at.inputs else None)
        scope.prefix, scope.calls, scope.depth = at.name + ".", env.calls, env.depth
        own = params_of(scope, passed, 0, None)
        clash = {n for n, _ in own} & {n for n, _ in at.given}
        if clash:
            raise GenotypeError(f"{sorted(clash)[0]!r} is given by the passed step {passed.key!r} "
                                "and where it is called", passed.place)
        at = at._replace(step=passed, given=own + at.given)
        if passed.kind == "arg":       # handed on: an argument of the place where it was written
            return call_argument(scope, passed.key[1:], at)
        return call(scope, passed.key, passed.target, at)
    target = step_target(value)
    if target is None:
        hint = nearest(value, OPS) if isinstance(value, str) else ""
        raise GenotypeError(f"argument {arg!r} must name an operation, or be a step like "
                            f"{{conv: {{k: 1}}}}, not {show(value)}{hint}", at.step.place)
    return call(env, str(value), target, at)


def step_target(value: Any) -> type[Op] | None:
    """The operation that an argument names, if any."""
    return OPS.get(value) if isinstance(value, str) else None


def call(env: Env, key: str, target: type[Op] | Block | None, at: Invocation) -> Outputs:
    """Call an operation or block whose parameters were not known while compiling."""
    if target is None:
        return invoke(env, at._replace(name=name_of(env, at.step, at.repeat)))
    place = at.step.place
    fields = {} if isinstance(target, Block) else schema(target)
    known = tuple(n for n, _ in target.args) if isinstance(target, Block) else tuple(fields)
    for n, _ in at.given:
        if n not in known:
            raise GenotypeError(f"{key} has no parameter {n!r}{nearest(n, known)}", place)
    if isinstance(target, Block):
        return enter(env, target, at)
    missing = [f.name for f in fields.values() if f.required and f.name not in dict(at.given)]
    if missing:
        raise GenotypeError(f"{key} needs {', '.join(missing)}", place)
    coerced = tuple((n, fields[n].coerce(v, place)) for n, v in at.given)
    return env.run.add(at.name, target, coerced, at.inputs, env.calls, place), {}


def _run_branches(env: Env, step: Step, prefix: str) -> tuple[Tensor, ...]:
    assert step.branches is not None
    start, outs = env.focus, []
    for branch in step.branches:
        if isinstance(branch, str):
            outs.append(find(env.inner(start), branch, step))
            continue
        inner = env.inner(start)
        inner.prefix = prefix
        run_steps(inner, branch)
        if inner.current is None:
            raise GenotypeError("a branch ends in several tensors; join them", step.place)
        env.used.add(inner.current.node)
        outs.append(inner.current)
    return tuple(outs)


def _truth(value: Any, step: Step) -> bool:
    if not isinstance(value, bool):
        raise GenotypeError(f"when must be true or false, not {show(value)}",
                            step.when.place if step.when else step.place)
    return value
