"""Weights of other projects onto networks that are built here, if they are the same function."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import NamedTuple

import torch
from torch import Tensor, fx, nn

from searchspace.building.builder import build
from searchspace.building.tracing import flat_graph
from searchspace.cost import cost
from searchspace.errors import SearchspaceError
from searchspace.genotype import Genotype
from searchspace.importing.layouts import LAYOUTS, Layout
from searchspace.importing.matching import NotTheSameError, correspondence
from searchspace.importing.module import import_module
from searchspace.load import load, published
from searchspace.shapes import Shape

ROLES = ("weight", "bias", "running_mean", "running_var")
COUNTER = "num_batches_tracked"


def load_weights(net: fx.GraphModule, weights: Mapping[str, Tensor]) -> str:
    """Copy weights by name into a network that `build` made; returns whose they were.

    They may have the keys of ``net``, or those of another project (`LAYOUTS`). Then they are
    copied only if ``net`` is the same function as the bundled network that they belong to; strides,
    padding and activations are compared too, which a state dict does not hold. A different epsilon
    of batch norm is moved into the running variance, so that outputs in eval mode are equal.

    Raises:
        SearchspaceError: the keys are unknown, the shapes are of no bundled network, or ``net`` is
            another function than the one that they belong to; the message says which that is.
    """
    own = net.state_dict()
    given = {key: value for key, value in weights.items() if not key.endswith(COUNTER)}
    if given.keys() == {key for key in own if not key.endswith(COUNTER)}:
        converted, of = given, "this network's own names"
    else:
        converted, of = _converted(net, given)
    wrong = [f"{key} is {tuple(own[key].shape)} here and {tuple(value.shape)} in the weights"
             for key, value in converted.items() if own[key].shape != value.shape]
    if wrong:
        raise SearchspaceError(wrong[0])
    net.load_state_dict(own | converted)
    return of


def copy_weights(net: fx.GraphModule, module: nn.Module, input: Shape = (3, 224, 224)) -> None:
    """Copy the weights of any module into a network that `build` made, matched by data flow: both
    are the same function, whatever their parts are called, and in whatever order they are made.

    Raises:
        GenotypeError: as `from_module`.
        NotTheSameError: they are different functions; the message says where.
    """
    theirs = import_module(module, input).build(module)
    layers = {path: _tensors(theirs, path) for path in _paths(theirs)}
    same = correspondence(net, theirs)
    net.load_state_dict(net.state_dict() | dict(_renamed(net, same, _Source(theirs, layers))))


class _Source(NamedTuple):
    """A network in whose names weights are known: tensors by layer and role. ``eps`` is batch
    norm's, where it is not that of the network."""

    module: fx.GraphModule
    layers: Mapping[str, Mapping[str, Tensor]]
    eps: float | None = None


class Match(NamedTuple):
    """A bundled network that weights belong to, and who named them."""

    network: str
    layout: Layout
    source: _Source


def _converted(net: fx.GraphModule, weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], str]:
    """The weights under the keys of ``net``."""
    first: tuple[Match, NotTheSameError] | None = None
    for match in matches(weights):
        try:
            same = correspondence(net, match.source.module)
        except NotTheSameError as error:
            first = first or (match, error)
        else:
            return dict(_renamed(net, same, match.source)), f"{match.layout.of}, {match.network}"
    assert first is not None
    match, difference = first
    raise SearchspaceError(f"these are weights of {match.network} (by the names: {match.layout.of})"
                           f", which is another function: {difference}")


def _renamed(net: fx.GraphModule, same: Mapping[str, str],
             source: _Source) -> Iterator[tuple[str, Tensor]]:
    """Keys of ``net`` with tensors of the source, whose layers are named by ``same``."""
    for path, there in same.items():
        own = attrgetter(path)(net)
        if isinstance(own, Tensor):     # a parameter that is used by itself
            layer, _, role = there.rpartition(".")
            tensors = source.layers.get(layer) or {role: source.layers[there]["weight"]}
            yield path, tensors[role].reshape(own.shape)
            continue
        shift = _eps(source.module, there, source.eps) - _eps(net, path)
        for role, tensor in _tensors(net, path).items():
            value = source.layers[there][role].reshape(tensor.shape)
            yield f"{path}.{role}", value + shift if role == "running_var" and shift else value


def _eps(module: fx.GraphModule, path: str, instead: float | None = None) -> float:
    """The epsilon of a batch norm, or 0 for other layers."""
    norm = module.get_submodule(path)
    if not isinstance(norm, nn.BatchNorm2d):
        return 0.0
    return norm.eps if instead is None else instead


def matches(weights: Mapping[str, Tensor]) -> Iterator[Match]:
    """The bundled networks that weights of another project may belong to, one at least.

    Raises:
        SearchspaceError: the names are of no known layout, or the shapes of none of its networks.
    """
    found, layouts, seen = False, [], ""
    for layout in LAYOUTS:
        layers = _grouped({layout.renamed(key): value for key, value in weights.items()})
        if not layout.fits(layers):
            continue
        layouts.append(layout)
        ordered = _joined(layout, {name: layers[name] for name in layout.ordered(layers)})
        for name, genotype in _candidates(layout, ordered):
            with torch.device("meta"):
                module = build(genotype)
            if wrong := _unlike(module, ordered):
                seen = f"; {name} has {wrong}"
                continue
            found = True
            held = dict(zip(_paths(module), ordered.values(), strict=True))
            yield Match(name, layout, _Source(module, held, layout.eps))
    if not layouts:
        known = ", ".join(dict.fromkeys(layout.of for layout in LAYOUTS))
        raise SearchspaceError(f"names like {next(iter(weights))[:60]!r} are of no project known "
                               f"here; known are those of {known}")
    if not found:
        tried = ", ".join(pattern for layout in layouts for pattern in layout.networks)
        raise SearchspaceError(f"the names are those of {layouts[0].of}, but the shapes are of "
                               f"none of {tried}{seen}")


def _grouped(weights: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """Tensors by layer, then by role; a single parameter is a layer with the role ``weight``."""
    layers: dict[str, dict[str, Tensor]] = {}
    for key, tensor in weights.items():
        name, _, role = key.rpartition(".")
        if role not in ROLES or not name:
            name, role = key, "weight"
        layers.setdefault(name, {})[role] = tensor
    return layers


def _joined(layout: Layout, layers: dict[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    if layout.joined is None:
        return layers
    made: dict[str, dict[str, Tensor]] = {}
    before = ""
    for name, tensors in layers.items():
        if name.endswith(layout.joined[1]) and before.endswith(layout.joined[0]):
            made[before] = {role: torch.cat([made[before][role], tensor])
                            for role, tensor in tensors.items()}
        else:
            made[name] = tensors
        before = name
    return made


def _candidates(layout: Layout,
                layers: Mapping[str, Mapping[str, Tensor]]) -> Iterator[tuple[str, Genotype]]:
    """The layout's networks that have as many parameters, with the classes of the last layer."""
    last = list(layers.values())[-1]["weight"]
    params = sum(tensor.numel() for tensors in layers.values()
                 for role, tensor in tensors.items() if not role.startswith("running"))
    for name in published():
        if any(fnmatchcase(name, pattern) for pattern in layout.networks):
            genotype = load(name, classes=len(last))
            if cost(genotype).params == params:
                yield name, genotype


def _paths(module: fx.GraphModule) -> list[str]:
    """The paths of what has weights, in the order of use."""
    paths: dict[str, None] = {}
    for node in flat_graph(module).nodes:
        if node.op in ("call_module", "get_attr"):
            path = str(node.target)
            if node.op == "get_attr":
                path, _, role = path.rpartition(".")
                path = path if role in ROLES else str(node.target)
            if _tensors(module, path):
                paths.setdefault(path)
    return list(paths)


def _tensors(module: fx.GraphModule, path: str) -> dict[str, Tensor]:
    """The tensors at a path by role; of a parameter itself, by no role."""
    held = attrgetter(path)(module)
    if isinstance(held, Tensor):
        return {"": held}
    return {key: value for key, value in held.state_dict().items() if key != COUNTER}


def _unlike(module: fx.GraphModule, layers: Mapping[str, Mapping[str, Tensor]]) -> str:
    """Where the layers of a network have other shapes than weights in this order; '' nowhere."""
    paths = _paths(module)
    for path, (name, tensors) in zip(paths, layers.items(), strict=False):
        own = {role: _bare(t) for role, t in _tensors(module, path).items()}
        if own != {role: _bare(t) for role, t in tensors.items()}:
            return f"{path} with {own} where the weights have {name} with " \
                   f"{ {role: _bare(t) for role, t in tensors.items()} }"
    return "" if len(paths) == len(layers) else f"{len(paths)} layers, the weights {len(layers)}"


def _bare(tensor: Tensor) -> list[int]:
    """A shape without edges of 1: (4, 8) and (4, 8, 1, 1) hold the same numbers."""
    return [n for n in tensor.shape if n != 1]
