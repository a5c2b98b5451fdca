"""Counting rules of papers: each published figure is compared by its paper's rule.

A rule takes an expanded network and gives a `Cost`: its MACs and parameters as that paper would
have counted them. The names that the notation knows are in `notation/metadata.py`.
"""

from collections.abc import Callable
from dataclasses import replace

from searchspace.errors import GenotypeError
from searchspace.expansion import Expansion, Node
from searchspace.ops import Cost, Op
from searchspace.ops.activation import Act
from searchspace.ops.attention import Attend
from searchspace.ops.conv import Conv, Depthwise, Linear
from searchspace.ops.normalization import BatchNorm
from searchspace.ops.pool import GlobalPool, Pool
from searchspace.registry import Registry
from searchspace.shapes import Shape

Rule = Callable[[Expansion], Cost]

RULES: Registry[Rule] = Registry("counting rule", "docs/counting.md", GenotypeError)


@RULES.register("macs")
def all_macs(expansion: Expansion) -> Cost:
    """MACs of convolutions and linear layers; all trainable parameters. The rule of `cost`."""
    return expansion.cost()


@RULES.register("conv")
def convolutions(expansion: Expansion) -> Cost:
    """MACs of convolutions only, without linear layers; all parameters.

    SINet's paper, and Table 1 of ShuffleNet's, all five columns of which are met by it alone.
    """
    macs = sum(n.cost.macs for n in expansion.nodes if not isinstance(n.op, Linear))
    return Cost(macs, expansion.cost().params)


@RULES.register("bias")
def biased(expansion: Expansion) -> Cost:
    """SqueezeNext's paper, Table 3: as if each convolution and linear layer had a bias.

    A bias is a parameter per channel, and its addition an operation for every output value. This
    reproduces the figures of four SqueezeNexts, and of SqueezeNet, to all digits.
    """
    macs = params = 0
    for node in expansion.nodes:
        macs, params = macs + node.cost.macs, params + node.cost.params
        if isinstance(node.op, Conv | Depthwise | Linear):
            macs += _elements(node.shape)
            params += 0 if node.op.bias else node.shape[0]
    return Cost(macs, params)


@RULES.register("henet")
def henet(expansion: Expansion) -> Cost:
    """HENet's paper, Tables 3 and 4, for its own networks and the ShuffleNets beside them.

    Parameters: every convolution, depthwise ones too, as if it had one group, its bias, batch norm
    and the classifier; printed in whole thousands, cut off. MACs: grouped, with every repeat of a
    stage charged as its last one, which has 2C input channels where the first has C.
    """
    params = 0
    for node, shapes in _with_inputs(expansion):
        conv = _convolution(node.op, shapes[0][0])
        params += replace(conv, groups=1).cost(*shapes).params if conv else node.cost.params
    last = {_across_repeats(node): node.cost.macs for node in expansion.nodes}
    return Cost(sum(last[_across_repeats(node)] for node in expansion.nodes), params)


@RULES.register("hcgnet")
def hcgnet(expansion: Expansion) -> Cost:
    """HCGNet's authors' counter (`cal_multi_adds` in their repository); all parameters.

    It counts torch's layers: MACs of convolutions, with output sizes as without dilation; one
    operation per element for ReLU and global pooling, two for batch norm; a linear layer's weights
    and biases. It ignores BatchNorm1d, which their code uses after the pooling, and functions:
    tanh, sigmoid, softmax. In their CIFAR code the last ReLU and the last pooling are functions
    too; the ImageNet code, recognised by the pooling in its stem, has layers.
    """
    layers_at_the_end = any(isinstance(node.op, Pool) for node in expansion.nodes)
    macs = 0
    for node, shapes in _with_inputs(expansion):
        op, taken = node.op, shapes[0]
        if conv := _convolution(op, taken[0]):
            macs += _layers_of(conv, taken, node.shape)
        elif isinstance(op, Attend):
            macs += node.cost.macs + _elements(taken)      # its weighted mean is a global pooling
        elif isinstance(op, BatchNorm):
            macs += 2 * _elements(taken)
        elif isinstance(op, Linear):
            macs += node.cost.params
        elif isinstance(op, Act | GlobalPool) and layers_at_the_end:
            macs += _elements(taken)
        elif isinstance(op, Pool) and op.fn == "avg":
            macs += op.k**2 * _elements(node.shape)
    return Cost(macs, expansion.cost().params)


@RULES.register("condensenet")
def condensenet(expansion: Expansion) -> Cost:
    """CondenseNet's authors' counter (`measure_model` in their repository); all parameters.

    MACs of convolutions; one operation per element for ReLU; for average poolings, including the
    last one, the number of elements in their windows; a linear layer's weights and biases. Batch
    norm, maximum pooling and concatenation are free.
    """
    macs = 0
    for node, shapes in _with_inputs(expansion):
        op, taken = node.op, shapes[0]
        if conv := _convolution(op, taken[0]):
            first = conv.order.split("-").index("act") < conv.order.split("-").index("conv")
            macs += node.cost.macs
            macs += _elements(taken if first else node.shape) if conv.act == "relu" else 0
        elif isinstance(op, Linear):
            macs += node.cost.params
        elif isinstance(op, GlobalPool) or (isinstance(op, Act) and op.fn == "relu"):
            macs += _elements(taken)
        elif isinstance(op, Pool) and op.fn == "avg":
            macs += op.k**2 * _elements(node.shape)
    return Cost(macs, expansion.cost().params)


def _layers_of(conv: Conv, taken: Shape, given: Shape) -> int:
    """A convolution with its batch norm and ReLU, as HCGNet's authors count them."""
    total = replace(conv, dilation=1, pad=conv.padding()).cost(taken).macs
    parts = conv.order.split("-")
    for part in ("bn", "act"):
        elements = _elements(taken if parts.index(part) < parts.index("conv") else given)
        if part == "bn" and conv.bn and given[1:] != (1, 1):
            total += 2 * elements
        elif part == "act" and conv.act == "relu":
            total += elements
    return total


def _with_inputs(expansion: Expansion) -> list[tuple[Node, list[Shape]]]:
    nodes = expansion.nodes
    return [(node, [expansion.input if i < 0 else nodes[i].shape for i in node.inputs])
            for node in nodes]


def _convolution(op: Op, channels: int) -> Conv | None:
    if isinstance(op, Depthwise):
        return op.conv(channels)
    return op if isinstance(op, Conv) else None


def _across_repeats(node: Node) -> str:
    """The node's name without the numbers of the repeats around it."""
    name = node.name
    for call in reversed(node.calls):
        if call.repeat is not None:
            name = call.name.rpartition(".")[0] + name[len(call.name):]
    return name


def _elements(shape: Shape) -> int:
    c, h, w = shape
    return c * h * w
