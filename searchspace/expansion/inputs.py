"""Tensors of a step: those that it takes, by `from` or from the step before, and its outputs."""

from typing import Any

from searchspace.compiler.program import Block, Step
from searchspace.errors import GenotypeError, nearest, show
from searchspace.expansion.graph import Tensor
from searchspace.expansion.scope import Env, Invocation
from searchspace.text import counted


def step_inputs(env: Env, step: Step) -> tuple[Tensor, ...]:
    """The inputs of a step: those of `from`, else the previous step's."""
    if step.sources is None:
        if env.current is None:
            if step.branches is not None:
                return ()
            raise no_input(step)
        env.used.add(env.current.node)
        return (env.current,)
    if len(step.sources) == 1:
        name = step.sources[0].get(env)
        if isinstance(name, str) and name not in ("loose", "none"):
            return (find(env, name, step),)
    names: list[Any] = []
    for source in step.sources:
        value = source.get(env)
        names += value if isinstance(value, tuple) else (value,)
    env.run.spend(len(names))
    chosen: list[Tensor | None] = [
        None if name == "loose" else find(env, name, step) for name in names if name != "none"]
    return _with_loose(env, chosen, step)


def _with_loose(env: Env, chosen: list[Tensor | None], step: Step) -> tuple[Tensor, ...]:
    """`loose`: the named tensors that no step of this body consumed and that are not listed."""
    if None in chosen:
        env.run.spend(len(env.tensors))
        listed = set(chosen)
        loose = list(dict.fromkeys(t for t in env.tensors.values()
                                   if t.node not in env.used and t not in listed))
        at = chosen.index(None)
        chosen = [*chosen[:at], *loose, *chosen[at + 1:]]
        env.used.update(t.node for t in loose)
    tensors = tuple(t for t in chosen if t is not None)
    if not tensors:
        raise GenotypeError("from: nothing is left over to take", step.place)
    return tensors


def find(env: Env, name: Any, step: Step) -> Tensor:
    """A tensor of this body by name; `_` is the previous step's."""
    if not isinstance(name, str):
        raise GenotypeError(f"from takes names of tensors, not {show(name)}", step.place)
    tensor = env.current if name == "_" else env.tensors.get(name)
    if tensor is None:
        if name == "_":
            raise no_input(step)
        hint = nearest(name, env.tensors) or ""
        raise GenotypeError(f"no tensor {name!r} so far{hint}", step.place)
    env.used.add(tensor.node)
    return tensor


def no_input(step: Step) -> GenotypeError:
    """The error of a step without an input."""
    return GenotypeError(f"{step.key}: there is no single previous tensor here; name one with "
                         "from", step.place)


def block_inputs(block: Block, at: Invocation) -> dict[str, Tensor]:
    """The tensors that a block takes by name: those it is given, those that travel, fallbacks."""
    taken: dict[str, Tensor] = {}
    if len(at.inputs) > len(block.ins):
        raise GenotypeError(f"{block.name} takes at most {counted(len(block.ins), 'input')}, not "
                            f"{len(at.inputs)}")
    for i, (name, fallback) in enumerate(block.ins):
        if name in at.travel:       # nothing travels to a step that names its inputs
            taken[name] = at.travel[name]
        elif i < len(at.inputs):
            taken[name] = at.inputs[i]
        elif fallback is not None:
            taken[name] = taken[fallback]
        else:
            raise GenotypeError(f"{block.name} needs the input {name!r}, and nothing of that name "
                                "travels here; name it: from: [a, b]")
    return taken


def bind(env: Env, step: Step, main: Tensor | None, outputs: dict[str, Tensor]) -> None:
    """Keep the outputs of a step: they travel to the next one, and have the names of `as`."""
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
