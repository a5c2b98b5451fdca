"""Parameters that a genotype gives to all its operations, and TensorFlow's padding."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, pad

from searchspace import Genotype, GenotypeError, build, cost, load, to_yaml
from searchspace.expansion import trace
from searchspace.identity import identity, same
from searchspace.ops.conv import Conv, Depthwise

NET = """
name: net
args: {eps: 0.25}
input: [3, 9, 9]
everywhere: {eps: =eps, momentum: 0.5}
blocks:
  twice: {args: {out: }, body: [conv: {out: =out}, dw: {}, bn: {eps: 0.125}]}
net:
  - twice: {out: 4}
  - lrn:
  - gap:
"""


@pytest.fixture
def made(tmp_path: Path) -> Callable[[str], Genotype]:
    def make(text: str) -> Genotype:
        file = tmp_path / "net.yaml"
        file.write_text(text, encoding="utf-8")
        return load(file)
    return make


def norms(genotype: Genotype) -> list[tuple[float, float]]:
    return [(m.eps, m.momentum) for m in build(genotype).modules() if isinstance(m, nn.BatchNorm2d)]


def test_it_holds_inside_blocks_and_a_step_may_say_otherwise(made: Callable[[str], Genotype]) -> None:
    assert norms(made(NET)) == [(0.25, 0.5), (0.25, 0.5), (0.125, 0.5)]
    assert norms(made(NET).with_args({"eps": 0.75}))[0] == (0.75, 0.5)


def test_a_written_genotype_keeps_it(made: Callable[[str], Genotype]) -> None:
    genotype = made(NET)
    again = made(to_yaml(genotype))
    assert norms(again) == norms(genotype)
    assert identity(again) == identity(genotype)


def test_a_base_is_overridden_word_by_word(made: Callable[[str], Genotype], tmp_path: Path) -> None:
    made(NET)
    (tmp_path / "other.yaml").write_text("name: other\nbase: net.yaml\n"
                                         "everywhere: {momentum: 0.75}\n", encoding="utf-8")
    assert norms(load(tmp_path / "other.yaml"))[0] == (0.25, 0.75)


def test_blocks_that_were_expanded_before_are_not_mixed_up(made: Callable[[str], Genotype]) -> None:
    found = [{node.op.eps for node in trace(made(NET.replace("0.25", eps)), named=False).nodes
              if isinstance(node.op, Conv | Depthwise)} for eps in ("0.25", "0.5", "0.25")]
    assert found == [{0.25}, {0.5}, {0.25}]


def test_momentum_changes_no_function_and_eps_does(made: Callable[[str], Genotype]) -> None:
    genotype = made(NET)
    slower = made(NET.replace("momentum: 0.5", "momentum: 0.125"))
    assert same(trace(genotype), trace(slower))
    assert not same(trace(genotype), trace(made(NET.replace("0.25", "0.75"))))


@pytest.mark.parametrize(("line", "message"), [
    ("everywhere: {epps: 0.1}", "no operation has a parameter 'epps' with a default"),
    ("everywhere: {out: 8}", "no operation has a parameter 'out' with a default"),
    ("everywhere: {eps: =size}", "no argument 'size'"),
    ("everywhere: {eps: !choice [0.1, 0.2]}", "cannot stand here"),
    ("everywhere: {eps: tiny}", "eps: a number expected"),
    ("everywhere: {momentum: 7}", "momentum: a number from 0 to 1 expected, not 7"),
])
def test_what_no_operation_can_take_is_refused(made: Callable[[str], Genotype], line: str,
                                               message: str) -> None:
    text = NET.replace("everywhere: {eps: =eps, momentum: 0.5}", line).replace(
        "args: {eps: 0.25}\n", "")
    with pytest.raises(GenotypeError, match=message):
        cost(made(text))


@pytest.mark.parametrize("size", [7, 8, 9, 10])
@pytest.mark.parametrize(("k", "stride", "dilation"), [
    (3, 1, 1), (3, 2, 1), (5, 2, 1), (2, 1, 1), (2, 2, 1), (3, 3, 1), (3, 1, 2), (1, 2, 1)])
def test_the_same_padding_is_tensorflows(size: int, k: int, stride: int, dilation: int) -> None:
    """The rule of TensorFlow's documentation: ⌈n/s⌉ windows, the odd zero behind."""
    op = Conv(2, k=k, stride=stride, pad="same", dilation=dilation, bn=False, act="none")
    rows = -(-size // stride)
    zeros = max((rows - 1) * stride + (k - 1) * dilation + 1 - size, 0)
    before, after = zeros // 2, zeros - zeros // 2
    layer, image = op.module((3, size, size)), torch.randn(1, 3, size, size)
    expected = conv2d(pad(image, (before, after, before, after)), layer.conv.weight, stride=stride,
                      dilation=dilation)
    assert op.shape((3, size, size)) == (2, rows, rows)
    torch.testing.assert_close(layer(image), expected)
