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
