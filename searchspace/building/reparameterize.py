"""Branches that were trained become the one convolution that runs.

RepVGG (Ding et al. 2021), MobileOne, RepGhost and RepViT train several convolutions beside each
other, each with its batch norm. While they are not trained that sum is one affine map of the same
window. Such a genotype has an argument ``deploy``, false or true; what has other names where it is
true is what the branches add up to.
"""

from copy import deepcopy

import torch
from torch import fx, nn

from searchspace.building.affine import Affine, Window, identity
from searchspace.building.builder import assemble
from searchspace.building.module_paths import module_paths
from searchspace.errors import GenotypeError
from searchspace.expansion import Expansion, Node, trace
from searchspace.genotype import Genotype
from searchspace.ops.activation import Dropout
from searchspace.ops.combine import Add, Mean
from searchspace.ops.conv import Conv, Depthwise, Linear
from searchspace.ops.normalization import BatchNorm
from searchspace.shapes import Shape

CLOSE = 1e-3        # of the largest output, by which those of the two forms may differ


def reparameterize(network: nn.Module, genotype: Genotype) -> fx.GraphModule:
    """The plain network with the same outputs in eval mode as ``network``, which has branches:
    `build(genotype)`, trained. That one is left as it is. The other is on the CPU, in single
    precision.

    Raises:
        UnknownNameError: the genotype has no argument ``deploy``.
        GenotypeError: what differs between the two forms is no sum of convolutions, batch norms and
            identities, or its sum does not fit into the one that stands for it.
    """
    network, training = deepcopy(network).eval().cpu().float(), network.training
    was = trace(genotype.with_args({"deploy": False}))
    plain = genotype.with_args({"deploy": True})
    now = trace(plain)
    sums = _Sums(network, was)
    merged = assemble(now, plain.title)
    paths = dict(zip(range(len(now.nodes)), module_paths(now), strict=True))
    same = _correspondence(was, now)
    state = merged.state_dict()
    for index, node in enumerate(now.nodes):
        if not node.cost.params:
            continue
        if (there := same.get(index)) is None:
            raise GenotypeError(f"{node.name} ({node.op.label()}) stands for nothing of the "
                                "branched form: what follows must be the same in both", node.place)
        if was.nodes[there].op == node.op and was.nodes[there].name == node.name:
            part = network.get_submodule(sums.paths[there]).state_dict()
            state |= {f"{paths[index]}.{key}": value for key, value in part.items()}
            continue
        _check_takes_sums(node)
        source = node.inputs[0]
        kernel, bias = sums.affine(there, same[source] if source >= 0 else -1, node)
        name = "linear" if isinstance(node.op, Linear) else "conv"
        old = state[f"{paths[index]}.{name}.weight"]
        state[f"{paths[index]}.{name}.weight"] = kernel.reshape(old.shape).to(old)
        state[f"{paths[index]}.{name}.bias"] = bias.to(old)
    merged.load_state_dict(state)
    _check_outputs(network, merged.eval(), now.input, plain)
    return merged.train(training)


def _check_takes_sums(node: Node) -> None:
    """Refuse what does more than a sum, or less."""
    op = node.op
    if not isinstance(op, Conv | Depthwise | Linear):
        raise GenotypeError(f"{node.name} ({op.label()}) cannot stand for branches: a conv, dw or "
                            "linear can", node.place)
    if not op.bias or op.act != "none" or (not isinstance(op, Linear) and op.bn):
        wanted = "" if isinstance(op, Linear) else ", bn: false"
        raise GenotypeError(f"{node.name} stands for branches, and so needs bias: true{wanted}, "
                            "act: none", node.place)


@torch.no_grad()
def _check_outputs(network: nn.Module, merged: nn.Module, shape: Shape, plain: Genotype) -> None:
    """Compare the two forms on an image of noise."""
    image = torch.randn(1, *shape, generator=torch.Generator().manual_seed(0))
    expected, found = network(image), merged(image)
    largest = float(expected.abs().max())
    if (found - expected).abs().max() > CLOSE * largest:
        raise GenotypeError(f"{plain.title}: its two forms differ by more than their branches: by "
                            f"{float((found - expected).abs().max()):.2g} in outputs of up to "
                            f"{largest:.2g}")


def _correspondence(was: Expansion, now: Expansion) -> dict[int, int]:
    """The node of the first network whose output a node of the second has.

    Nodes of one name and operation are the same; what they take is the same, too.
    """
    known = {(node.name, node.op): i for i, node in enumerate(was.nodes)}
    same = {now.output: was.output}
    for index in range(len(now.nodes) - 1, -1, -1):
        node = now.nodes[index]
        if (there := known.get((node.name, node.op))) is None:
            continue
        same[index] = there
        for mine, theirs in zip(node.inputs, was.nodes[there].inputs, strict=True):
            same.setdefault(mine, theirs)
    return same


class _Sums:
    """What parts of a trained network add up to, in double precision."""

    def __init__(self, network: nn.Module, expansion: Expansion) -> None:
        self.network = network
        self.nodes = expansion.nodes
        self.input = expansion.input
        self.paths = module_paths(expansion)

    @torch.no_grad()
    def affine(self, index: int, source: int, like: Node) -> Affine:
        """The map from node ``source`` (-1: the image) to ``index``, as the operation of ``like``
        would hold it. Raises GenotypeError where it is none."""
        if index == source:
            return self.placed(*identity(self.shape(source)[0]), "what they add", source, like)
        node = self.nodes[index]
        below = [self.affine(i, source, like) for i in node.inputs] \
            if isinstance(node.op, Add | Mean | BatchNorm | Dropout) else []
        match node.op:
            case Add() | Mean():
                share = len(below) if isinstance(node.op, Mean) else 1
                return Affine(torch.stack([a.kernel for a in below]).sum(0) / share,
                              torch.stack([a.bias for a in below]).sum(0) / share)
            case BatchNorm():
                return below[0].normed(self.part(index))
            case Dropout():
                return below[0]
            case Linear() if isinstance(like.op, Linear) and node.op.act == "none":
                return self.linear(index, source, like)
            case Conv() | Depthwise() as op if node.inputs == (source,) and op.act == "none" \
                    and not (op.bn and op.order == "bn-act-conv"):
                return self.placed(self.convolution(index), Window.of(op, self.shape(source)),
                                   f"{node.name} ({op.label()})", source, like)
        raise GenotypeError(f"{node.name} ({node.op.label()}) cannot become a part of {like.name}",
                            node.place)

    def placed(self, made: Affine, window: Window, name: str, source: int, like: Node) -> Affine:
        """A branch of this name, in the window of ``like``."""
        if isinstance(like.op, Linear):         # over single pixels
            where = Window((0,), (0,), (1, 1), 1)
        else:
            assert isinstance(like.op, Conv | Depthwise)
            where = Window.of(like.op, self.shape(source))
        try:
            return made.within(window, where)
        except ValueError as error:
            raise GenotypeError(f"{name} cannot become a part of {like.name} ({like.op.label()}): "
                                f"{error}", like.place) from None

    def shape(self, index: int) -> Shape:
        """The shape of a node's output, or of the image."""
        return self.input if index < 0 else self.nodes[index].shape

    def part(self, index: int) -> nn.Module:
        """The module of a node."""
        return self.network.get_submodule(self.paths[index])

    def convolution(self, index: int) -> Affine:
        """A convolution with its batch norm."""
        conv, norm = (getattr(self.part(index), name, None) for name in ("conv", "bn"))
        assert isinstance(conv, nn.Conv2d)
        bias = torch.zeros(conv.out_channels).double() if conv.bias is None else conv.bias.double()
        made = Affine(conv.weight.double(), bias)
        return made if norm is None else made.normed(norm)

    def linear(self, index: int, source: int, like: Node) -> Affine:
        """A linear layer behind any other map of single values."""
        layer = self.part(index).get_submodule("linear")
        assert isinstance(layer, nn.Linear)
        before = self.affine(self.nodes[index].inputs[0], source, like)
        weight = layer.weight.double()
        bias = weight @ before.bias + (0 if layer.bias is None else layer.bias.double())
        return Affine((weight @ before.kernel[:, :, 0, 0])[:, :, None, None], bias)
