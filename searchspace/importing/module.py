"""From any `torch.nn.Module` to a genotype."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, fx, nn

from searchspace.building.builder import build
from searchspace.building.module_paths import module_paths
from searchspace.errors import GenotypeError
from searchspace.expansion import Expansion, trace
from searchspace.genotype import Genotype
from searchspace.identifiers import as_name
from searchspace.importing.blocks import Block, block
from searchspace.importing.body import body, common
from searchspace.importing.folding import parts, uses
from searchspace.importing.fusing import fused
from searchspace.importing.torch_ops.tracing import trace_module
from searchspace.importing.torch_ops.values import Step
from searchspace.importing.writing import Document, block_name
from searchspace.load import library
from searchspace.notation.hole_names import name_holes
from searchspace.notation.metadata import read_header
from searchspace.notation.reader import parse
from searchspace.notation.writer import document_text
from searchspace.ops import Op
from searchspace.ops.conv import Conv, Depthwise
from searchspace.ops.scale import Scale
from searchspace.shapes import Shape

RELATIVE = 1e-4     # of the greatest output, by which those of a rebuilt network may differ


class Imported(NamedTuple):
    """A module as a genotype. ``keys``: for each key of the built network's state dict that of the
    module's, except for batch norm's counters."""

    genotype: Genotype
    keys: Mapping[str, str]

    def build(self, module: nn.Module) -> fx.GraphModule:
        """The network of the genotype with the weights of the module that was imported, or of
        another of the same class."""
        network, theirs = build(self.genotype), module.state_dict()
        own = network.state_dict()
        network.load_state_dict(own | {key: theirs[there].detach().reshape(own[key].shape)
                                       for key, there in self.keys.items()})
        return network.train(module.training)


def from_module(module: nn.Module, input: Shape = (3, 224, 224), name: str = "") -> Genotype:
    """The genotype of a network that is written in torch: one image in, one tensor out.

    It is read off the graph that `torch.export` records in eval mode, whatever the code looks like.
    Modules that repeat become blocks, with what differs between them as arguments. See
    `import_module` for its weights.

    Raises:
        GenotypeError: the module cannot be exported, or does something that the notation cannot
            say; the message names the module within it that does.
    """
    return import_module(module, input, name).genotype


def import_module(module: nn.Module, input: Shape = (3, 224, 224), name: str = "") -> Imported:
    """A module as a genotype with the correspondence of weights; see `from_module`.

    The network is built, given the module's weights, and must give the same output for a random
    image, unless the module is on the device ``meta``.

    Raises:
        GenotypeError: as `from_module`; or the outputs differ, which is a fault of this project.
    """
    traced = trace_module(module, input)
    steps, output = fused(traced.steps, traced.output, input)
    if output != len(steps) - 1:
        raise GenotypeError("the module does nothing that the notation has an operation for")
    title = as_name(name or type(module).__name__)
    made = None
    for folded in (True, False):
        genotype, order = _document(steps, input, title, traced.classes if folded else None)
        made = _correspondence(trace(genotype), steps, order)
        if made is not None:
            break
    assert made is not None, "a network written step by step is the one that was traced"
    imported = Imported(genotype, made)
    _check(imported, module, input)
    return imported


def _document(steps: tuple[Step, ...], image: Shape, name: str,
              classes: Mapping[str, str] | None) -> tuple[Genotype, tuple[int, ...]]:
    """The genotype, and the operations in the order of its expansion. Without ``classes`` nothing
    is folded into blocks."""
    bodies = parts(steps, image) if classes is not None else \
        [body(steps, range(len(steps)), image)]
    blocks: dict[int, Block] = {}
    taken: set[str] = set()
    for group in uses(bodies) if classes is not None else ():
        made = block(block_name([bodies[n].path for n in group], classes or {}, taken), bodies,
                     group)
        taken.add(made.name)
        blocks |= dict.fromkeys(group, made)
    document = Document(name, image, steps)
    document.names |= taken
    paths, i = [b.path for b in bodies], 0
    while i < len(bodies):
        if i in blocks:
            run = _run(i, blocks)
            document.call(blocks[i], run, _path(paths, run))
            i += len(run)
        else:
            document.inline(bodies[i], _path(paths, [i]))
            i += 1
    ordered = sorted({b.name: b for b in blocks.values()}.values(), key=lambda b: b.uses[0])
    text = document_text(document.tree(ordered))
    return read_text(text), tuple(n for b in bodies for n in b.nodes)


def _path(paths: Sequence[str], run: Sequence[int]) -> str:
    """The largest module that a run of bodies is: it holds them and nothing else. Where none is,
    that of the first body."""
    def holds_others(path: str) -> bool:
        return [i for i, p in enumerate(paths) if f"{p}.".startswith(f"{path}.")] != list(run)

    path = common(paths[i] for i in run)
    if len(run) > 1 and holds_others(path):
        return _path(paths, run[:1])
    while (around := path.rpartition(".")[0]) and not holds_others(around):
        path = around
    return path


def _run(i: int, blocks: Mapping[int, Block]) -> list[int]:
    """The uses of a block from ``i`` on that one step can repeat: all alike, but for the first."""
    made, run = blocks[i], [i]
    first, rest = made.call(i), None
    while (n := run[-1] + 1) in blocks and blocks[n] is made:
        call = made.call(n)
        if call.get("out") != first.get("out") or (rest is not None and call != rest):
            break
        rest = call
        run.append(n)
    if rest is not None and len(run) == 2 and len(
            [k for k in {*first, *rest} if first.get(k) != rest.get(k)]) > 1:
        return [i]
    return run


def read_text(text: str, file: str = "<imported>") -> Genotype:
    """A genotype from YAML text without base, variants and files."""
    whole = parse(text, file)
    name = whole["name"]
    genotype = Genotype(str(getattr(name, "value", "imported")), None, file,
                        read_header(whole), name_holes(whole), library())
    genotype.program    # noqa: B018 - compiled now, so that a fault is found here
    return genotype


def _correspondence(expansion: Expansion, steps: tuple[Step, ...],
                    order: tuple[int, ...]) -> dict[str, str] | None:
    """The keys of weights by those of the built network; None if it is another network."""
    nodes = expansion.nodes
    if len(nodes) != len(order):
        return None
    place = {-1: -1} | {n: i for i, n in enumerate(order)}
    keys: dict[str, str] = {}
    for node, n, path in zip(nodes, order, module_paths(expansion), strict=True):
        step = steps[n]
        inputs = tuple(place[j] for j in step.inputs)
        if _bare(node.op) != _bare(step.op) or node.shape != step.shape or (
                sorted(node.inputs) != sorted(inputs) if node.op.commutes
                else node.inputs != inputs):
            return None
        keys |= {f"{path}.{role}": key for role, key in step.weights.items()}
    return keys


def _bare(op: Op) -> Op:
    """An operation without settings that have no effect."""
    if isinstance(op, Conv | Depthwise):
        pad = op.conv(1).padding() if isinstance(op, Depthwise) else op.padding()
        op = replace(op, pad=pad)
        if not op.bn:
            op = replace(op, eps=1e-5, momentum=0.1)
    return replace(op, init=1.0) if isinstance(op, Scale) else op


@torch.no_grad()
def _check(imported: Imported, module: nn.Module, shape: Shape) -> None:
    """Raise GenotypeError if the rebuilt network gives other outputs than the module."""
    tensor: Tensor | None = next(iter((*module.parameters(), *module.buffers())), None)
    if tensor is not None and tensor.is_meta:
        return
    device, kind = (tensor.device, tensor.dtype) if tensor is not None else ("cpu", None)
    image = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0)).to(device, kind)
    training = module.training
    wanted = module.eval()(image)
    module.train(training)
    while isinstance(wanted, tuple | list):
        wanted, = wanted
    if isinstance(wanted, dict):
        wanted, = wanted.values()
    if not wanted.isfinite().all():
        raise GenotypeError("the module's outputs for random images are not finite, so that "
                            "nothing can be compared with them")
    got = imported.build(module).to(device, kind).eval()(image).reshape(wanted.shape)
    if not torch.allclose(got, wanted, rtol=0, atol=RELATIVE * float(wanted.abs().max())):
        most = float((got - wanted).abs().max())
        raise GenotypeError(f"the genotype gives outputs that differ by up to {most:.2g}: a fault "
                            "of searchspace")
