"""Tracing of a module: what `torch.export` records, read as operations of the notation.

The graph has torch's operations with constant shapes, whatever the module's code looked like; the
names of parameters and the paths of modules come with it. Each operation has a translation
(`searchspace.importing.torch_ops.translation`); those that only rearrange a tensor give another
form of it.
"""

import logging
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import fx, nn

from searchspace.errors import GenotypeError
from searchspace.importing.torch_ops import (  # noqa: F401 - they register their translations
    arithmetic,
    channels,
    forms,
    layers,
    pooling,
)
from searchspace.importing.torch_ops.patterns import recognised
from searchspace.importing.torch_ops.translation import Translator
from searchspace.importing.torch_ops.values import Image, Parameter, Step, Unknown, Value
from searchspace.shapes import Shape


class Traced(NamedTuple):
    """The operations of a module in order, those alone that its output depends on. ``classes`` are
    the names of the classes of its modules by path."""

    input: Shape
    steps: tuple[Step, ...]
    output: int
    classes: dict[str, str]


def trace_module(module: nn.Module, shape: Shape) -> Traced:
    """The operations of a module in eval mode for one image of a shape (C, H, W).

    Raises:
        GenotypeError: it cannot be exported, or something that it does cannot be said in the
            notation; the message names the module that does it.
    """
    graph, names, classes = _exported(module, shape)
    translator = Translator(module)
    values: dict[fx.Node, Value] = {}
    for node in graph.nodes:
        if node.op == "placeholder":
            key = names.get(node.name)
            values[node] = Image(-1, shape) if key is None else \
                Parameter(key, tuple(node.meta["val"].shape))
        elif node.op == "call_function":
            values[node] = translated(node, values, translator)
        elif node.op == "output":
            return _alive(_last(node, values, translator), translator, shape, classes)
        else:
            values[node] = Unknown(f"{node.name}: a constant tensor within the module's code")
    raise AssertionError("an exported graph ends in its output")


def translated(node: fx.Node, values: dict[fx.Node, Value], translator: Translator) -> Value:
    """The value of one operation."""
    translator.path = path = _path(node)
    if (found := recognised(node, values, translator)) is not None:
        return found
    args, kwargs = _valued((node.args, node.kwargs), values)
    for value in _flat(args):
        if isinstance(value, Unknown):
            return value
    name = getattr(node.target, "__name__", str(node.target)).partition(".")[0]
    try:
        made = translator.call(name, node.meta.get("val"), args, kwargs)
    except GenotypeError as error:
        made = Unknown(error.message)
    if isinstance(made, Unknown):
        where = f"{path or 'the module'} ({_class(node) or 'its code'})"
        return Unknown(f"{where}: {made.reason}")
    return made


def _exported(module: nn.Module, shape: Shape) -> tuple[fx.Graph, dict[str, str], dict[str, str]]:
    """The graph, the keys of parameters and buffers by name, and the modules' classes."""
    device = next((p.device for p in module.parameters()), torch.device("cpu"))
    training = module.training
    talk = logging.getLogger("torch._subclasses.fake_tensor")      # prints what is raised too
    quiet, talk.disabled = talk.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.export.export(
                module.eval(), (torch.zeros(1, *shape, device=device),), strict=False)
    except Exception as error:      # whatever the module's own code raises
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise GenotypeError(f"{type(module).__name__} cannot be exported for one image of "
                            f"{'×'.join(map(str, shape))}: {said[0][:200]}") from error
    finally:
        talk.disabled = quiet
        module.train(training)
    signature = program.graph_signature
    names = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    classes = {path: type(part).__name__ for path, part in module.named_modules()}
    return program.graph, names, classes


def _path(node: fx.Node) -> str:
    """The path of the module that ran an operation, in the names of its state dict."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return str(stack[-1][0]) if stack else ""


def _class(node: fx.Node) -> str:
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    kind = stack[-1][1] if stack else ""
    return str(getattr(kind, "__name__", kind)).rpartition(".")[2]


def _last(node: fx.Node, values: dict[fx.Node, Value], translator: Translator) -> int:
    results = [values.get(n) if isinstance(n, fx.Node) else n for n in _flat(node.args)]
    results = [r for r in results if r is not None]
    if len(results) != 1:
        raise GenotypeError(f"the module gives {len(results)} tensors; a network gives one")
    result = results[0]
    if isinstance(result, Unknown):
        raise GenotypeError(result.reason)
    try:
        image = translator.image(result)
    except GenotypeError as error:
        raise GenotypeError(f"the module's output: {error.message}") from None
    if image.groups or image.form == "last" or (
            image.form in ("flat", "rows") and image.shape[1:] != (1, 1)):
        raise GenotypeError("the module's output is neither (N, C, H, W) nor one value a channel")
    return image.step


def _alive(output: int, translator: Translator, shape: Shape, classes: dict[str, str]) -> Traced:
    """Without the operations that lead nowhere."""
    steps, live = translator.steps, {output}
    for i in range(len(steps) - 1, -1, -1):
        if i in live:
            live.update(steps[i].inputs)
    kept = sorted(i for i in live if i >= 0)
    place = {-1: -1} | {i: n for n, i in enumerate(kept)}
    made = tuple(steps[i]._replace(inputs=tuple(place[j] for j in steps[i].inputs)) for i in kept)
    _check_unshared(made)
    return Traced(shape, made, place[output], classes)


def _check_unshared(steps: tuple[Step, ...]) -> None:
    """Raise GenotypeError where two operations have the same weights."""
    seen: dict[str, str] = {}
    for step in steps:
        for key in step.weights.values():
            if key in seen:
                raise GenotypeError(f"{key} is used twice, and operations of the notation do not "
                                    "share weights")
            seen[key] = step.path


def _valued(tree: Any, values: Mapping[fx.Node, Value]) -> Any:
    """Arguments with values in place of nodes."""
    if isinstance(tree, fx.Node):
        return values[tree]
    if isinstance(tree, Mapping):
        return {key: _valued(part, values) for key, part in tree.items()}
    if isinstance(tree, list | tuple):
        return [_valued(part, values) for part in tree]
    return tree


def _flat(tree: Any) -> list[Any]:
    if isinstance(tree, list | tuple):
        return [leaf for part in tree for leaf in _flat(part)]
    if isinstance(tree, dict):
        return [leaf for part in tree.values() for leaf in _flat(part)]
    return [tree]
