"""Branches that were trained and the one convolution that runs give the same outputs."""

from pathlib import Path

import pytest
import torch
from torch import fx, nn

from searchspace import GenotypeError, build, cost, load, published
from searchspace.building.reparameterize import reparameterize
from searchspace.errors import UnknownNameError
from searchspace.zoo.figures import Figure

SMALLEST = ("mobileone@s0", pytest.param("mobileone@s4", marks=pytest.mark.slow), "repghost@0.5",
            "repvgg@a0", "repvit@m0.9")


def trained(name: str | Path) -> fx.GraphModule:
    """A network with the statistics and weights that training could have left."""
    torch.manual_seed(0)
    network = build(load(name)).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.1)
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return network


@pytest.mark.parametrize("name", SMALLEST)
def test_the_outputs_are_equal(name: str) -> None:
    network = trained(name)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    plain = reparameterize(network, load(name))
    image = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected, given = network(image), plain(image)
    torch.testing.assert_close(given / expected.abs().max(), expected / expected.abs().max(),
                               atol=1e-5, rtol=0)
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert not plain.training


@pytest.mark.parametrize("name", [n for n in published() if n.startswith(
    ("mobileone", "repvgg", "repvit", "repghost"))])
def test_the_plain_form_costs_less(name: str) -> None:
    branched, plain = cost(load(name)), cost(load(name, deploy=True))
    assert plain.params < branched.params
    assert plain.macs <= branched.macs


@pytest.mark.parametrize(("name", "params", "macs"), [      # as the papers print them
    ("mobileone@s0", "2.1M", 275e6), ("mobileone@s1", "4.8M", 825e6),
    ("mobileone@s2", "7.8M", 1299e6), ("mobileone@s3", "10.1M", 1896e6),
    ("mobileone@s4", "14.8M", 2978e6), ("repvgg@a0", "8.30M", 1.36e9), ("repvgg@a1", "12.78M", 2.36e9),
    ("repvgg@a2", "25.49M", 5.12e9), ("repvgg@b0", "14.33M", 3.06e9)])
def test_the_plain_form_costs_what_its_paper_prints(name: str, params: str, macs: float) -> None:
    plain = cost(load(name, deploy=True))
    assert Figure.read(params).stands_for(plain.params)
    assert plain.macs == pytest.approx(macs, rel=0.002)


def test_a_network_without_two_forms_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no argument 'deploy'"):
        reparameterize(trained("resnet@18"), load("resnet@18"))


def two_forms(folder: Path, a: str, b: str, merged: str) -> Path:
    """A file of a network whose branches ``a`` and ``b`` become ``merged``."""
    steps = [f"{a[:-1]}act: none, when: =not deploy, as: a}}",
             f"{b[:-1]}from: x0, when: =not deploy, as: b}}",
             "add: {from: [a, b], when: =not deploy}",
             f"{merged[:-1]}, when: =deploy, as: merged}}"]
    file = folder / "net.yaml"
    file.write_text("name: net\nargs: {deploy: false}\ninput: [4, 11, 12]\nnet:\n"
                    "  - conv: {out: 4, act: none, as: x0}\n"
                    + "".join(f"  - {step}\n" for step in steps)
                    + "  - act:\n  - gap:\n", encoding="utf-8")
    return file


PLAIN = "bn: false, bias: true, act: none}"
NARROW, WIDE = f"dw: {{k: 3, {PLAIN}", f"dw: {{k: 5, {PLAIN}"
DENSE = f"conv: {{out: 4, k: 3, {PLAIN}"


@pytest.mark.parametrize(("a", "b", "merged"), [
    ("dw: {k: 5, }", "dw: {k: 3, dilation: 2, act: none, }", WIDE),      # UniRepLKNet's
    ("dw: {k: 3, }", "dw: {k: 3, dilation: 2, bias: true, act: none, }", WIDE),
    ("dw: {k: 3, }", "identity: {}", NARROW),
    ("dw: {k: [1, 3], }", "dw: {k: [3, 1], order: act-conv-bn, act: none, }", NARROW),
    ("dw: {k: 3, dilation: 2, }", "identity: {}", NARROW.replace("k: 3", "k: 3, dilation: 2")),
    ("conv: {out: 4, k: 1, groups: 2, }", "conv: {out: 4, act: none, }", DENSE),
    ("dw: {k: 3, }", "conv: {out: 4, k: 1, act: none, }", DENSE),
    ("dw: {k: 3, }", "conv: {out: 4, k: 1, groups: 2, act: none, }",
     DENSE.replace("k: 3", "k: 3, groups: 2")),
    ("dw: {k: 5, pad: same, stride: 2, }", "dw: {k: 3, pad: same, stride: 2, act: none, }",
     WIDE.replace("k: 5", "k: 5, pad: same, stride: 2")),
    ("dw: {k: 3, stride: 2, }", "dw: {k: 1, stride: 2, act: none, }",
     NARROW.replace("k: 3", "k: 3, stride: 2")),
])
def test_branches_go_where_they_read(tmp_path: Path, a: str, b: str, merged: str) -> None:
    file = two_forms(tmp_path, a, b, merged)
    network = trained(file)
    plain = reparameterize(network, load(file))
    image = torch.randn(2, 4, 11, 12)
    torch.testing.assert_close(plain(image), network(image), atol=1e-5, rtol=1e-5)
    assert len(plain.state_dict()) < len(network.state_dict())


@pytest.mark.parametrize(("b", "merged", "message"), [
    ("dw: {k: 3, dilation: 2, act: none, }", NARROW,
     "b .dw 3×3 d2. cannot become a part of merged .dw 3×3.: it reads pixels that are not in the"),
    ("dw: {k: 5, act: none, }", NARROW, "it reads pixels"),
    ("identity: {}", NARROW.replace("k: 3", "k: 3, dilation: 2"), "it reads pixels"),
    ("conv: {out: 4, act: none, }", NARROW, "its groups are other ones"),
    ("dw: {k: 3, order: bn-act-conv, act: none, }", NARROW, "b .* cannot become a part of merged"),
    ("dw: {k: 3, }", NARROW, "b .dw 3×3, relu. cannot become a part of merged"),
    ("identity: {}", NARROW.replace("act: none", "act: relu"), "needs bias: true, bn: false, act: none"),
    ("identity: {}", NARROW.replace("bias: true, ", ""), "needs bias: true, bn: false"),
    ("identity: {}", NARROW.replace("bn: false, ", ""), "needs bias: true, bn: false"),
])
def test_what_does_not_fit_is_refused(tmp_path: Path, b: str, merged: str, message: str) -> None:
    file = two_forms(tmp_path, "dw: {k: 3, }", b, merged)
    with pytest.raises(GenotypeError, match=message):
        reparameterize(trained(file), load(file))


@pytest.mark.parametrize(("step", "message"), [
    ("- conv: {out: 4, act: none, as: x0}", "two forms differ by more than their branches: by"),
    ("- act:", "merged .* stands for nothing of the branched form")])
def test_forms_that_differ_elsewhere_are_refused(tmp_path: Path, step: str, message: str) -> None:
    file = two_forms(tmp_path, "dw: {k: 3, }", "identity: {}", NARROW)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(step, f"- act: {{fn: tanh, when: =deploy}}\n  {step}"),
                    encoding="utf-8")
    with pytest.raises(GenotypeError, match=message):
        reparameterize(trained(file), load(file))


def test_branches_that_add_up_to_no_convolution_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("""
name: net
args: {deploy: false}
input: [3, 8, 8]
net:
  - conv: {out: 4, act: relu, when: =not deploy, as: a}
  - conv: {out: 4, k: 1, act: none, when: =not deploy, as: b}
  - conv: {out: 4, bn: false, bias: true, act: none, when: =deploy, as: merged}
  - act:
  - gap:
""", encoding="utf-8")
    with pytest.raises(GenotypeError, match="cannot become a part of merged"):
        reparameterize(trained(file), load(file))
