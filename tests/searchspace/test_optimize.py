"""What is optimised for inference computes the same, with fewer and other operations."""

import random
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, fx, nn

from searchspace import Genotype, GenotypeError, build, load, published, spaces
from searchspace.building import shuffles
from searchspace.building.fold import fold
from searchspace.building.optimize import optimize
from searchspace.building.shuffles import dense
from searchspace.expansion import trace
from searchspace.notation.holes import Decisions
from searchspace.space.point import sample

FAMILIES = {name.partition("@")[0]: name for name in reversed(published())}     # the first of each
QUICK = {"convnext", "henet", "lcnet", "mobilenet-v1", "resnet-cifar", "shufflenet-henet",
         "shufflenet-v1-megvii", "shufflenet-v2", "squeezenet", "starnet", "densenet-cifar"}
# Spaces of networks of many layers, which take seconds.
DEEP = {"cell", "convnext-space", "hcg", "mixed", "randwire", "regnet", "uib"}
SMALL = 64      # pixels, where a network takes images of another size
Form = Callable[[nn.Module], fx.GraphModule]
each_form = pytest.mark.parametrize("form", [fold, optimize])


def trained(network: nn.Module) -> nn.Module:
    """A network with the statistics that training could have left."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and module.track_running_stats:
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.1)
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


def apart(form: Form, network: nn.Module, image: Tensor) -> float:
    """The largest difference of the outputs, relative to the largest output."""
    with torch.no_grad():
        expected, found = network(image), form(network)(image)
    assert expected.shape == found.shape
    return float((expected - found).abs().max() / expected.abs().max())


def small(genotype: Genotype) -> Genotype:
    if trace_size(genotype) > SMALL:
        try:
            trace_size(genotype.with_input(SMALL))
            return genotype.with_input(SMALL)
        except GenotypeError:
            pass
    return genotype


def trace_size(genotype: Genotype) -> int:
    return trace(genotype).input[-1]


def check(genotype: Genotype, decisions: Decisions | None = None) -> None:
    torch.manual_seed(0)
    network = trained(build(genotype, decisions))
    image = torch.randn(2, *trace(genotype, decisions).input)
    for form in (fold, optimize):
        assert apart(form, network, image) <= 1e-5


def layers(network: nn.Module, kind: type[nn.Module]) -> int:
    return sum(isinstance(module, kind) for module in network.modules())


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=[] if family in QUICK else [pytest.mark.slow])
    for family, name in FAMILIES.items()] + ["sinet-se-resnet-18@g2-exchange"])
def test_one_network_of_every_family_computes_the_same(name: str) -> None:
    check(small(load(name)))


@pytest.mark.campaign
@pytest.mark.parametrize("name", sorted(set(published()) - set(FAMILIES.values())))
def test_every_network_computes_the_same(name: str) -> None:
    check(small(load(name)))


@pytest.mark.parametrize(("name", "points"), [
    *(pytest.param(name, 1, marks=[pytest.mark.slow] if name in DEEP else []) for name in spaces()),
    *(pytest.param(name, 5, marks=pytest.mark.campaign) for name in spaces())])
def test_random_points_of_every_space_compute_the_same(name: str, points: int) -> None:
    space, rng = load(name), random.Random(points)
    for _ in range(points):
        try:
            at = sample(space.with_input(SMALL), rng).decisions
        except GenotypeError:
            check(space, sample(space, rng).decisions)
        else:
            check(space.with_input(SMALL), at)


@each_form
@pytest.mark.parametrize("name", ["henet", "shufflenet-henet", "sinet-mobilenet-v2@g2-exchange",
                                  "starnet@s050", "sparsenet@40-24"])
def test_in_double_precision_only_rounding_differs(name: str, form: Form) -> None:
    torch.manual_seed(0)
    genotype = small(load(name))
    network = trained(build(genotype)).double()
    assert apart(form, network, torch.randn(1, *trace(genotype).input).double()) < 1e-12


@each_form
def test_the_network_itself_is_left_as_it_was(form: Form) -> None:
    network = build(load("henet"))
    before = {key: value.clone() for key, value in network.state_dict().items()}
    code = network.code
    made = form(network)
    assert network.training
    assert not made.training
    assert network.code == code
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert all(p.requires_grad for p in network.parameters())
    assert not any(p.requires_grad for p in made.parameters())


def test_batch_norm_behind_convolutions_is_gone() -> None:
    assert layers(build(load("henet")), nn.BatchNorm2d) == 27
    assert layers(fold(build(load("henet"))), nn.BatchNorm2d) == 0


class Before(nn.Sequential):
    """Batch norm in front of a convolution with or without a border of zeros."""

    def __init__(self, padding: int, groups: int = 1) -> None:
        super().__init__(nn.ReLU(), nn.BatchNorm2d(4),
                         nn.Conv2d(4, 6, 3, padding=padding, groups=groups))


@pytest.mark.parametrize(("padding", "groups", "left"), [(0, 1, 0), (0, 2, 0), (1, 1, 1)])
@each_form
def test_batch_norm_in_front_is_merged_where_no_zeros_are_added(
        padding: int, groups: int, left: int, form: Form) -> None:
    torch.manual_seed(0)
    network = trained(Before(padding, groups))
    assert apart(form, network, torch.randn(2, 4, 8, 8)) < 1e-5
    assert layers(form(network), nn.BatchNorm2d) == left


class Twice(nn.Module):
    """One convolution that is called twice, with a batch norm of its own each time; and one with the
    statistics of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.first, self.second = nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4), nn.BatchNorm2d(4)
        self.own = nn.BatchNorm2d(4, track_running_stats=False)
        self.plain = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.own(self.plain(self.second(self.conv(self.first(self.conv(x))))))
        return y


@each_form
def test_layers_that_are_called_twice_are_kept_apart(form: Form) -> None:
    torch.manual_seed(0)
    network = trained(Twice())
    assert apart(form, network, torch.randn(2, 4, 5, 5)) < 1e-5
    assert layers(form(network), nn.BatchNorm2d) == 1


def test_equal_branches_run_as_one() -> None:
    """Of each half of 8 blocks two convolutions and two of its gate, and four projections."""
    halves = build(small(load("sinet-se-resnet-18@g2-exchange")))
    assert layers(halves, nn.Conv2d) - layers(optimize(halves), nn.Conv2d) == 8 * 4 + 4


class Branches(nn.Module):
    """Two equal and one other branch on three slices, and a fourth slice that is used as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = (nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.ReLU(),
                                        nn.BatchNorm2d(4)) for _ in range(2))
        self.c = nn.Conv2d(2, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        w, a, b, c = (torch.narrow(x, 1, start, 2) for start in (0, 2, 4, 6))
        return torch.cat((self.b(b), torch.cat((self.a(a), self.c(c)), 1), w, a), 1)


def test_branches_in_another_order_and_other_branches_stay() -> None:
    torch.manual_seed(0)
    network = trained(Branches())
    assert apart(optimize, network, torch.randn(2, 8, 5, 5)) < 1e-5
    made = optimize(network)
    assert layers(made, nn.Conv2d) == 2
    assert layers(made, nn.BatchNorm2d) == 1
    joins = [node for node in made.graph.nodes if node.target is torch.cat]
    assert [len(node.args[0]) for node in joins] == [4]     # w and a are one slice


def test_shuffles_are_taken_over_while_that_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = trained(build(load("henet")))
    assert layers(network, nn.ChannelShuffle) == 13
    left = layers(optimize(network), nn.ChannelShuffle)
    monkeypatch.setattr(shuffles, "DENSE", 10**9)
    assert 0 == layers(optimize(network), nn.ChannelShuffle) < left < 13
    monkeypatch.setattr(shuffles, "DENSE", -1)
    assert layers(optimize(network), nn.ChannelShuffle) == 13


class Shuffled(nn.Module):
    """A shuffle between convolutions, with a depthwise one on each side."""

    def __init__(self, before: int, behind: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(6, 12, 1, groups=before), nn.ReLU(), nn.Conv2d(12, 12, 3, groups=12),
            nn.ChannelShuffle(3), nn.Conv2d(12, 12, 3, groups=12), nn.ReLU6(),
            nn.Conv2d(12, 8, 1, groups=behind))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(x)
        return y


@pytest.mark.parametrize(("before", "behind"), [(1, 2), (3, 1), (3, 2), (3, 4)])
def test_a_shuffle_is_taken_over_by_either_side(before: int, behind: int) -> None:
    torch.manual_seed(0)
    network = Shuffled(before, behind).eval()
    assert apart(optimize, network, torch.randn(2, 6, 9, 9)) < 1e-5
    assert layers(optimize(network), nn.ChannelShuffle) == 0


def test_dense_weights_are_those_of_the_groups() -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(6, 4, 3, groups=2, bias=False)
    image = torch.randn(1, 6, 5, 5)
    torch.testing.assert_close(nn.functional.conv2d(image, dense(conv)), conv(image))
