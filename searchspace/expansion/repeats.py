"""Repeats of a step: its name and parameters in each, and how one follows the other."""

from collections.abc import Callable

from searchspace.compiler.program import Block, Const, Step
from searchspace.errors import GenotypeError, show
from searchspace.expansion.fragment import Outputs
from searchspace.expansion.graph import Tensor
from searchspace.expansion.scope import Env, Given, Invocation
from searchspace.shapes import Shape

Invoke = Callable[[Env, Invocation], Outputs]       # runs a step once


def params_of(env: Env, step: Step, index: int, repeat: int | None) -> Given:
    """A step's parameters in one of its repeats; ``repeat`` is None where it has none."""
    params = step.first if step.first is not None and index == 0 else step.params
    given = params.get(env)
    if step.each and repeat is not None:
        given += tuple((name, f.coerce(values[repeat].get(env), values[repeat].place) if f
                        else values[repeat].get(env)) for name, f, values in step.each)
    return given


def name_of(env: Env, step: Step, repeat: int | None = None) -> str:
    """The full name of a step's node or call, where names are wanted."""
    if not env.run.named:
        return ""
    return env.prefix + step.label if repeat is None else f"{env.prefix}{step.label}.{repeat}"


def repeat(env: Env, step: Step, inputs: tuple[Tensor, ...], travel: dict[str, Tensor],
           invoke: Invoke) -> Outputs:
    """Run a step as often as it says, each repeat on what the one before gave.

    Raises:
        GenotypeError: the number of repeats is none, or its ends do not fit its beginnings.
    """
    assert step.repeat is not None
    count = step.repeat.get(env)
    most = env.run.limits.repeats
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= most:
        raise GenotypeError(f"repeat must be a whole number from 0 to {most}, not "
                            f"{show(count)}", step.repeat.place)
    for name, _, values in step.each:
        # a formula may give fewer repeats in one use of a block than in another
        if len(values) < count or (0 < count < len(values) and isinstance(step.repeat, Const)):
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
            given = params_of(env, step, i, i)
        main, outputs = invoke(env, Invocation(step, name_of(env, step, i), given, inputs, travel,
                                               i))
        if main is None:
            raise GenotypeError(f"{step.key} ends in several tensors; it cannot repeat", step.place)
        inputs, travel = (main,), outputs       # a block finds its inputs among these by name
        env.focus = main
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
