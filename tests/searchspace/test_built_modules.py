"""What `build` gives is an ordinary module: hooks, parts that are replaced, copies, exporters."""

import copy
import pickle
import shutil
from collections.abc import Callable

import pytest
import torch
from bundled import FAMILIES, expanded, network
from torch import Tensor, fx, nn
from torch.nn import functional as F

from searchspace import Genotype, GenotypeError, build, load
from searchspace.building.features import REDUCTIONS, stages
from searchspace.expansion import trace

KINDS = ("mobilenet-v2@0.35", "henet@repeat2-cifar10", "shufflenet-v2@0.5", "squeezenet@1.1")


def small(name: str) -> tuple[nn.Module, Tensor]:
    """A network for few pixels, and images."""
    genotype = network(name)
    genotype = genotype.with_input(32) if expanded(name).input[1] > 32 else genotype
    torch.manual_seed(0)
    return build(genotype).eval(), torch.randn(2, *trace(genotype).input)


@pytest.mark.parametrize("name", KINDS)
def test_every_module_runs(name: str) -> None:
    """Each registered module is called once, from the stages to single layers."""
    net, x = small(name)
    called: list[str] = []
    for path, module in net.named_modules():
        module.register_forward_hook(lambda *_, path=path: called.append(path))
    with torch.no_grad():
        net(x)
    assert sorted(called) == sorted(dict(net.named_modules()))


def test_a_stage_is_a_module_of_its_own() -> None:
    net, x = small("mobilenet-v2@0.35")
    with torch.no_grad():
        y = net.stage2(net.stage1(net.stem(x)))     # type: ignore[operator]
    assert y.shape == (2, 8, 8, 8) and type(net.get_submodule("stage2.0")).__name__ == "Mbconv"


def test_what_is_replaced_runs() -> None:
    net, x = small("mobilenet-v2@0.35")
    net.stage3 = nn.Conv2d(8, 16, 3, 2, 1)
    net.get_submodule("classifier")._modules["linear"] = nn.Linear(1280, 7)
    assert net(x).shape == (2, 7)
    net.get_submodule("stage4").register_module("0", nn.Identity())
    with pytest.raises(RuntimeError, match="channels"):
        net(x)


def test_the_code_of_one_part_is_changed_alone() -> None:
    """Parts of one structure share their code, until the graph of one is looked at."""
    net, x = small("mobilenet-v2@0.35")
    other = small("mobilenet-v2@0.35")[0]
    one, two = net.get_submodule("stage4.1"), net.get_submodule("stage4.2")
    assert isinstance(one, fx.GraphModule) and isinstance(two, fx.GraphModule)
    assert type(one) is type(two) and type(one).__name__ == "Mbconv"
    with torch.no_grad():
        y = net(x)
        last = next(node for node in reversed(one.graph.nodes) if node.op == "output")
        kept, before = two.code, other(x)
        last.args = (next(iter(one.graph.nodes)),)      # the part gives what it takes
        one.graph.eliminate_dead_code()
        one.recompile()
        assert "_modules" not in one.code and two.code == kept != one.code
        assert not torch.equal(net(x), y) and torch.equal(other(x), before)
        inside: list[Tensor] = []
        one.register_forward_hook(lambda _m, taken, given: inside.extend((taken[0], given)))
        two.register_forward_hook(lambda _m, taken, given: inside.extend((taken[0], given)))
        net(x)
    assert len(inside) == 4 and torch.equal(inside[0], inside[1])
    assert not torch.equal(inside[2], inside[3])
    assert not other.get_submodule("stage4.1")._forward_hooks


@pytest.mark.parametrize("name", KINDS)
def test_copies_compute_the_same(name: str) -> None:
    net, x = small(name)
    with torch.no_grad():
        y = net(x)
        for copied in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), fx.symbolic_trace(net)):
            assert torch.equal(copied(x), y)
            assert list(copied.state_dict()) == list(net.state_dict())
        assert torch.allclose(net(x.contiguous(memory_format=torch.channels_last)), y, atol=1e-5)
        assert copy.deepcopy(net).half()(x.half()).isfinite().all()
        net.to(memory_format=torch.channels_last)
        assert torch.allclose(net(x), y, atol=1e-5)


@pytest.mark.parametrize("names", [
    pytest.param(names, marks=pytest.mark.campaign if i % 10 else pytest.mark.slow, id=family)
    for i, (family, names) in enumerate(FAMILIES.items())])
def test_torch_export_of_every_family(names: tuple[str, ...]) -> None:
    name = min(names, key=lambda n: expanded(n).cost().macs)
    with torch.device("meta"):
        net, x = build(network(name)).eval(), torch.zeros(2, *expanded(name).input)
        exported = torch.export.export(net, (x,)).module()
        assert exported(x).shape == net(x).shape


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")               # torch's own, while compiling
@pytest.mark.parametrize("name", [*KINDS, pytest.param("hcgnet@a1", marks=pytest.mark.campaign)])
def test_compiled(name: str) -> None:
    net, x = small(name)
    with torch.no_grad():
        assert torch.allclose(torch.compile(net)(x), net(x), atol=1e-4)


def test_torchscript_exports_a_shuffle(tmp_path_factory: pytest.TempPathFactory) -> None:
    from searchspace.ops.modules import ChannelShuffle

    x = torch.randn(2, 12, 3, 3)
    plain = ChannelShuffle(3)(x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.onnx, "is_in_onnx_export", lambda: True)
        patch.setattr(torch.jit, "is_tracing", lambda: True)
        patch.delattr(torch, "channel_shuffle")
        assert torch.equal(ChannelShuffle(3)(x), plain)


@pytest.mark.parametrize("text", [
    "- wire: {edges: [[0, 1], [0, 2], [1, 2]], node: {dw: }}",
    "- wsum: {of: [{conv: {out: 8}}, {dw: }]}\n- bn: {of: [conv: {out: 4}]}\n- pool: {of: [dw: ]}",
    "- conv: {out: 8, as: type}\n- conv: {out: 8, as: type_}\n- linear: {out: 3, of: [gap: ]}",
    "- attend: {of: [conv: {out: 4}], as: conv}\n- conv: {out: 2, as: conv_}",
])
def test_names_that_begin_alike(genotype: Callable[..., Genotype], text: str) -> None:
    made = genotype(text)
    net = build(made)
    assert sum(p.numel() for p in net.parameters()) == trace(made).cost().params
    assert net(torch.randn(2, 8, 16, 16)).isfinite().all()


# --- backbones ----------------------------------------------------------------------------------


def whole_enough() -> list[str]:
    """The cheapest network of each family of which a detector can take four maps."""
    names = [min(family, key=lambda n: expanded(n).cost().macs) for family in FAMILIES.values()]
    return [name for name in names if set(REDUCTIONS) <= set(stages(expanded(name)))]


def test_most_imagenet_networks_are_backbones() -> None:
    assert len(whole_enough()) >= 50


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in KINDS else pytest.mark.slow)
                                  for n in whole_enough()])
def test_stage_outputs(name: str) -> None:
    """Maps of the announced channels and sizes; weights of the network load into the backbone."""
    genotype = network(name)
    with torch.device("meta"):
        backbone, net = build(genotype, features=True).eval(), build(genotype)
        c, h, w = expanded(name).input
        maps = backbone(torch.zeros(2, c, h, w))
        unmatched = backbone.load_state_dict(net.state_dict(), strict=False, assign=True)
    assert unmatched.missing_keys == []
    assert tuple(m.shape[1] for m in maps) == backbone.channels
    assert backbone.reductions == REDUCTIONS
    assert all(abs(h / m.shape[2] / r - 1) < 0.42 for m, r in zip(maps, REDUCTIONS, strict=True))


def test_maps_are_those_of_the_network() -> None:
    genotype = load("mobilenet-v2@0.35", r=64)
    net, backbone = build(genotype).eval(), build(genotype, features=(8, 32)).eval()
    backbone.load_state_dict(net.state_dict(), strict=False)
    seen: list[Tensor] = []
    for stage in ("stage3", "stage7"):
        net.get_submodule(stage).register_forward_hook(lambda _m, _i, y: seen.append(y))
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        net(x)
        maps = backbone(x)
    assert all(torch.equal(a, b) for a, b in zip(maps, seen, strict=True))
    for copied in (copy.deepcopy(backbone), pickle.loads(pickle.dumps(backbone))):
        assert copied.channels == (16, 112) and copied.reductions == (8, 32)
        assert torch.equal(copied(x)[1], maps[1])


def test_a_reduction_that_is_not_there_is_named() -> None:
    with pytest.raises(GenotypeError, match="no maps at reduction 8; it has 1, 2, 4"):
        build(load("hcgnet@a1"), features=True)


class FPN(nn.Module):
    """Feature pyramid (Lin et al. 2017): 1×1 convolutions, added from the top, and 3×3 ones."""

    def __init__(self, backbone: nn.Module, out: int = 256) -> None:
        super().__init__()
        self.backbone = backbone
        channels = backbone.channels
        assert isinstance(channels, tuple)
        self.lateral = nn.ModuleList(nn.Conv2d(c, out, 1) for c in channels)
        self.smooth = nn.ModuleList(nn.Conv2d(out, out, 3, padding=1) for _ in channels)

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [lateral(m) for lateral, m in zip(self.lateral, self.backbone(x), strict=True)]
        for i in range(len(maps) - 2, -1, -1):
            maps[i] = maps[i] + F.interpolate(maps[i + 1], maps[i].shape[2:])
        return [smooth(m) for smooth, m in zip(self.smooth, maps, strict=True)]


def test_hcgnet_b_carries_a_pyramid() -> None:
    """The backbone of the paper's Mask R-CNN, whose Table 4 prints 32.1 M parameters. Its heads,
    which are not run here, have the usual sizes for 80 classes."""
    torch.manual_seed(0)
    net = FPN(build(load("hcgnet@b"), features=True)).eval()
    with torch.no_grad():
        sizes = [tuple(m.shape) for m in net(torch.randn(1, 3, 64, 96))]
    assert sizes == [(1, 256, 16, 24), (1, 256, 8, 12), (1, 256, 4, 6), (1, 256, 2, 3)]
    heads = nn.ModuleList([
        nn.Conv2d(256, 256, 3), nn.Conv2d(256, 3, 1), nn.Conv2d(256, 12, 1),                # proposals
        nn.Linear(256 * 7 * 7, 1024), nn.Linear(1024, 1024), nn.Linear(1024, 81), nn.Linear(1024, 320),
        *(nn.Conv2d(256, 256, 3) for _ in range(4)), nn.ConvTranspose2d(256, 256, 2),       # masks
        nn.Conv2d(256, 80, 1)])
    counts = [sum(p.numel() for p in module.parameters()) for module in (net.backbone, net, heads)]
    assert counts == [11_600_501, 14_659_189, 17_543_920]
    assert round((counts[1] + counts[2]) / 1e6, 1) == 32.2


# --- graphs -------------------------------------------------------------------------------------


def test_graphs_are_written_by_networkx(tmp_path_factory: pytest.TempPathFactory) -> None:
    import json

    import networkx as nx

    from searchspace import expand

    graph = expand(load("henet"))
    path = tmp_path_factory.mktemp("graph") / "henet.graphml"
    nx.write_graphml(graph, path)
    back = nx.read_graphml(path)
    assert back.nodes["stem"]["params"] == graph.nodes["stem"]["params"] == 720
    assert set(back.edges) == set(graph.edges)
    assert json.loads(json.dumps(nx.node_link_data(graph)))["directed"]
