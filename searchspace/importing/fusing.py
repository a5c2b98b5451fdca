"""Convolution, batch norm and activation become one operation, as papers draw it.

Also a padding of TensorFlow's kind joins its convolution, convolutions of one channel a group
become depthwise ones, and nested sums one. The function stays the same.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from searchspace.importing.torch_ops.values import Step
from searchspace.ops import Op
from searchspace.ops.activation import Act, Activation
from searchspace.ops.combine import Add, Concat, Mul
from searchspace.ops.conv import Conv, Depthwise, Linear, Order, same_margins
from searchspace.ops.conv import pair as both
from searchspace.ops.normalization import BatchNorm
from searchspace.ops.pool import GlobalPool, Pad
from searchspace.shapes import Shape

BN = ("weight", "bias", "running_mean", "running_var")
BEHIND: dict[tuple[str, ...], Order] = {
    ("conv",): "conv-bn-act", ("conv", "bn"): "conv-bn-act", ("conv", "act"): "conv-bn-act",
    ("conv", "bn", "act"): "conv-bn-act", ("conv", "act", "bn"): "conv-act-bn",
    ("bn", "act", "conv"): "bn-act-conv", ("act", "conv", "bn"): "act-conv-bn"}


def fused(steps: tuple[Step, ...], output: int, shape: Shape) -> tuple[tuple[Step, ...], int]:
    """The same network in fewer operations, and the number of its output."""
    for change in (_sums, _concatenations, _padded, _boxes, _excited):
        replaced = change(steps, Counter(i for s in steps for i in s.inputs) + Counter([output]),
                          shape)
        steps, output = _without(steps, replaced, output)
    return tuple(_depthwise(step, _shape(steps, step.inputs[0], shape)) for step in steps), output


Replaced = dict[int, Step | None]       # by number; None: the step is now part of a later one


def _without(steps: tuple[Step, ...], replaced: Replaced,
             output: int) -> tuple[tuple[Step, ...], int]:
    kept = [i for i in range(len(steps)) if replaced.get(i, steps[i]) is not None]
    place = {-1: -1} | {i: n for n, i in enumerate(kept)}
    made = []
    for i in kept:
        step = replaced.get(i) or steps[i]
        made.append(step._replace(inputs=tuple(place[j] for j in step.inputs)))
    return tuple(made), place[output]


def _shape(steps: tuple[Step, ...], index: int, image: Shape) -> Shape:
    return image if index < 0 else steps[index].shape


def _sums(steps: tuple[Step, ...], uses: Counter[int], image: Shape) -> Replaced:
    """Sums and products of sums and products that nothing else takes."""
    replaced: Replaced = {}
    for i, step in enumerate(steps):
        if not isinstance(step.op, Add | Mul):
            continue
        terms: list[int] = []
        for j in step.inputs:
            inner = (replaced.get(j) or steps[j]) if j >= 0 else None
            if inner and inner.op == step.op and uses[j] == 1 and inner.shape == step.shape:
                terms += inner.inputs
                replaced[j] = None
            else:
                terms.append(j)
        replaced[i] = step._replace(inputs=tuple(terms))
    return replaced


def _concatenations(steps: tuple[Step, ...], uses: Counter[int], image: Shape) -> Replaced:
    """A concatenation that begins like an earlier one takes that one (DenseNet)."""
    replaced: Replaced = {}
    known: dict[tuple[int, ...], int] = {}
    for i, step in enumerate(steps):
        if isinstance(step.op, Concat):
            for n in range(len(step.inputs) - 1, 1, -1):
                if (earlier := known.get(step.inputs[:n])) is not None:
                    replaced[i] = step._replace(inputs=(earlier, *step.inputs[n:]))
                    break
            known.setdefault(step.inputs, i)
    return replaced


def _padded(steps: tuple[Step, ...], uses: Counter[int], image: Shape) -> Replaced:
    """Paddings of TensorFlow's kind within their convolutions; where there are any, even ones that
    torch would write otherwise are called the same."""
    replaced: Replaced = {}
    for i, step in enumerate(steps):
        j = step.inputs[0]
        if not isinstance(step.op, Conv) or j < 0 or uses[j] > 1 or step.op.padding() != (0, 0):
            continue
        pad, before = steps[j].op, _shape(steps, steps[j].inputs[0], image)
        if isinstance(pad, Pad) and ((pad.top, pad.bottom),
                                     (pad.left, pad.right)) == _same(step.op, before):
            replaced[j] = None
            replaced[i] = step._replace(op=replace(step.op, pad="same"), inputs=steps[j].inputs)
    for i, step in enumerate(steps if replaced else ()):
        before = _shape(steps, step.inputs[0], image)
        if i not in replaced and isinstance(step.op, Conv) and both(step.op.k) != (1, 1) and \
                step.op.margins(*before[1:]) == _same(step.op, before):
            replaced[i] = step._replace(op=replace(step.op, pad="same"))
    return replaced


def _same(op: Conv, shape: Shape) -> tuple[tuple[int, int], tuple[int, int]]:
    """TensorFlow's margins for a convolution of an image."""
    (_, h, w), (kh, kw), (sh, sw) = shape, both(op.k), both(op.stride)
    return same_margins(h, kh, sh, op.dilation), same_margins(w, kw, sw, op.dilation)


def _boxes(steps: tuple[Step, ...], uses: Counter[int], image: Shape) -> Replaced:
    """Rows of convolution, batch norm and activation that nothing else takes."""
    after: dict[int, int] = {}
    for i, step in enumerate(steps):
        if len(step.inputs) == 1 and step.inputs[0] >= 0 and uses[step.inputs[0]] == 1:
            after[step.inputs[0]] = i
    heads = [i for i in range(len(steps)) if i not in after.values()]
    replaced: Replaced = {}
    for head in heads:
        row = [head]
        while row[-1] in after:
            row.append(after[row[-1]])
        while row:
            taken = _taken([_kind(steps[i].op) for i in row])
            if taken > 1:
                *parts, last = row[:taken]
                replaced |= dict.fromkeys(parts)
                replaced[last] = _box([steps[i] for i in row[:taken]])
            row = row[taken:]
    return replaced


def _kind(op: Op) -> str:
    if isinstance(op, Conv) and not op.bn and op.act == "none":
        return "conv"
    if isinstance(op, Linear) and op.act == "none":
        return "linear"
    return "bn" if isinstance(op, BatchNorm) else "act" if isinstance(op, Act) else "other"


def _taken(kinds: list[str]) -> int:
    """How many of these operations in a row become one."""
    match kinds[:4]:
        case ["linear", "act", *_]:
            return 2
        case ["conv", "act", "bn", "act"]:
            return 2
        case ["conv", "bn", "act", *_] | ["conv", "act", "bn", *_] | ["bn", "act", "conv", *_]:
            return 3
        case ["conv", "bn" | "act", *_]:
            return 2
        case ["act", "conv", "bn", "act"]:
            return 1
        case ["act", "conv", "bn", *_]:
            return 3
    return 1


def _box(parts: list[Step]) -> Step:
    first, last = parts[0], parts[-1]
    weights: dict[str, str] = {}
    conv = next(p for p in parts if isinstance(p.op, Conv | Linear))
    act: Activation = "none"
    op = conv.op
    for part in parts:
        match part.op:
            case BatchNorm():
                weights |= {f"bn.{role}": key for role, key in part.weights.items()}
                assert isinstance(op, Conv)
                op = replace(op, bn=True, eps=part.op.eps, momentum=part.op.momentum)
            case Act():
                act = part.op.fn
            case _:
                weights |= part.weights
    assert isinstance(op, Conv | Linear)
    op = replace(op, act=act)
    if isinstance(op, Conv):
        op = replace(op, order=BEHIND[tuple(_kind(p.op) for p in parts)])
    return Step(op, first.inputs, last.shape, weights, conv.path)


def _excited(steps: tuple[Step, ...], uses: Counter[int], image: Shape) -> Replaced:
    """Linear layers of squeeze and excitation as 1×1 convolutions, which they are."""
    replaced: Replaced = {}
    for step in steps:
        if isinstance(step.op, Mul):
            for j in step.inputs:
                row = excitation(steps, j)
                if row and uses[j] == 1:
                    for i in row[1:]:
                        replaced[i] = _as_conv(steps[i])
    return replaced


def excitation(steps: Sequence[Step], index: int) -> tuple[int, ...]:
    """Global pooling and two layers with bias, the last of which is ``index``; nothing if not."""
    row = [index]
    while len(row) < 3 and row[0] >= 0 and _is_mixer(steps[row[0]].op):
        row.insert(0, steps[row[0]].inputs[0])
    return tuple(row) if len(row) == 3 and row[0] >= 0 and \
        isinstance(steps[row[0]].op, GlobalPool) else ()


def _is_mixer(op: Op) -> bool:
    return (isinstance(op, Linear) and op.bias) or (
        isinstance(op, Conv) and op.bias and not op.bn and op.groups == 1
        and both(op.k) == both(op.stride) == (1, 1))


def _as_conv(step: Step) -> Step:
    if not isinstance(step.op, Linear):
        return step
    op = Conv(step.op.out, 1, bias=True, bn=False, act=step.op.act)
    weights = {role.replace("linear.", "conv."): key for role, key in step.weights.items()}
    return step._replace(op=op, weights=weights)


def _depthwise(step: Step, shape: Shape) -> Step:
    op = step.op
    if isinstance(op, Conv) and op.groups == op.out == shape[0] > 1 and isinstance(op.stride, int):
        return step._replace(op=Depthwise(op.k, op.stride, op.pad, op.dilation, op.bias, op.bn,
                                          op.act, op.order, op.eps, op.momentum))
    return step
