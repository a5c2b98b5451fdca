"""Interpreter of compiled steps: repeats, calls of blocks, names of tensors."""

from typing import Any

from searchspace.compiler.program import Block, Closure, Const, Step
from searchspace.errors import GenotypeError, nearest, show
from searchspace.expansion.fragment import Outputs
from searchspace.expansion.graph import Call, Tensor
from searchspace.expansion.inputs import find, no_input, step_inputs
from searchspace.expansion.memo import fingerprint
from searchspace.expansion.scope import Env, Given, Invocation
from searchspace.expansion.structural import residual, split, wire
from searchspace.ops import OPS, Op, schema
from searchspace.shapes import Shape
from searchspace.text import counted


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
    _bind(env, step, main, outputs)


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
        return invoke(env, Invocation(step, _name(env, step), _params(env, step, 0, None), inputs,
                                      travel))
    return _repeat(env, step, inputs, travel)


def _repeat(env: Env, step: Step, inputs: tuple[Tensor, ...], travel: dict[str, Tensor]) -> Outputs:
    assert step.repeat is not None
    count = step.repeat.get(env)
    most = env.run.limits.repeats
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= most:
        raise GenotypeError(f"repeat must be a whole number from 0 to {most}, not "
                            f"{show(count)}", step.repeat.place)
    for name, _, values in step.each:
        # a formula may give fewer repeats in one use of a block than in another
        if len(values) < count or (len(values) > count and isinstance(step.repeat, Const)):
            raise GenotypeError(f"each gives {len(values)} values of {name!r} for {count} repeats",
                                step.place)
    env.run.spend(count)
    main: Tensor | None = inputs[0] if inputs else env.current
    outputs, shape = travel, None
    for i in range(count):
        if i > 1 and (found := _again(env, step, inputs, shape)) is not None:
            main, outputs = found
            inputs = (main,)
            continue
        shape = inputs[0].shape if len(inputs) == 1 else None
        env.repeat = i if step.per_repeat else None
        if i < 2 or not step.is_steady:
            given = _params(env, step, i, i)
        main, outputs = invoke(env, Invocation(step, _name(env, step, i), given, inputs, travel, i))
        first_in = step.target.ins[0][0] if isinstance(step.target, Block) else None
        threaded = outputs.get(first_in, main) if first_in else main
        if threaded is None:
            raise GenotypeError(f"{step.key} ends in several tensors; it cannot repeat", step.place)
        inputs, travel = (threaded,), outputs
        env.focus = threaded
    env.repeat = None
    return main, outputs


def _again(env: Env, step: Step, inputs: tuple[Tensor, ...],
           shape: Shape | None) -> tuple[Tensor, dict[str, Tensor]] | None:
    """What a block gives in a repeat that is like the one before, for an input of ``shape``."""
    block = step.target
    if env.run.named or not step.is_steady or not isinstance(block, Block) or \
            step.branches is not None or len(block.ins) > 1 or block.outs or \
            inputs[0].shape != shape:
        return None
    env.run.spend(1)
    main, outputs = env.run.again(inputs, env.depth + 1) or (None, {})
    return None if main is None else (main, outputs)


def _params(env: Env, step: Step, index: int, repeat: int | None) -> Given:
    params = step.first if step.first is not None and index == 0 else step.params
    given = params.get(env)
    if step.each and repeat is not None:
        given += tuple((name, f.coerce(values[repeat].get(env), values[repeat].place) if f
                        else values[repeat].get(env)) for name, f, values in step.each)
    return given


def _name(env: Env, step: Step, repeat: int | None = None) -> str:
    """The full name of a step's node or call, where names are wanted."""
    if not env.run.named:
        return ""
    return env.prefix + step.label if repeat is None else f"{env.prefix}{step.label}.{repeat}"


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
    taken = _take_inputs(block, at)
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


def _take_inputs(block: Block, at: Invocation) -> dict[str, Tensor]:
    """The tensors that a block takes by name: those it is given, those that travel, fallbacks."""
    taken: dict[str, Tensor] = {}
    if len(at.inputs) > len(block.ins):
        raise GenotypeError(f"{block.name} takes at most {counted(len(block.ins), 'input')}, not "
                            f"{len(at.inputs)}")
    for i, (name, fallback) in enumerate(block.ins):
        if i < len(at.inputs):
            taken[name] = at.inputs[i]
        elif name in at.travel:
            taken[name] = at.travel[name]
        elif fallback is not None:
            taken[name] = taken[fallback]
        else:
            raise GenotypeError(f"{block.name} needs the input {name!r}, and nothing of that name "
                                "travels here; name it: from: [a, b]")
    return taken


def call_argument(env: Env, arg: str, at: Invocation) -> Outputs:
    """Call what an argument names: a block or operation by name, or a step passed along."""
    value = env.args[arg]
    if isinstance(value, Closure):
        passed = value.step
        scope = value.env.inner(at.inputs[0] if at.inputs else None)
        scope.prefix, scope.calls, scope.depth = at.name + ".", env.calls, env.depth
        own = _params(scope, passed, 0, None)
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
        return invoke(env, at._replace(name=_name(env, at.step, at.repeat)))
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


def _bind(env: Env, step: Step, main: Tensor | None, outputs: dict[str, Tensor]) -> None:
    env.current, env.travel = main, outputs
    if not step.names:
        return
    if step.kind == "split":
        tensors = list(outputs.values())
        env.travel = {}
    elif len(step.names) == 1:
        tensors = [main] if main is not None else []
    else:
        tensors = list(outputs.values())
    if len(tensors) != len(step.names):
        raise GenotypeError(f"as gives {len(step.names)} names to {len(tensors)} tensors",
                            step.place)
    for name, tensor in zip(step.names, tensors, strict=True):
        if name in env.tensors:
            raise GenotypeError(f"the name {name!r} is taken", step.place)
        env.tensors[name] = tensor


def _truth(value: Any, step: Step) -> bool:
    if not isinstance(value, bool):
        raise GenotypeError(f"when must be true or false, not {show(value)}",
                            step.when.place if step.when else step.place)
    return value
