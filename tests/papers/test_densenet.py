"""DenseNet's relatives compute what their papers say, checked against plain torch code."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, fx

from searchspace import Genotype, build

Load = Callable[..., Genotype]


def network(genotype: Load, step: str, shape: tuple[int, int, int]) -> fx.GraphModule:
    torch.manual_seed(0)
    return build(genotype(f"name: one\ninput: {list(shape)}\nnet:\n  - {step}\n")).eval()


def layer(net: fx.GraphModule, name: str, x: Tensor) -> Tensor:
    """Batch norm that has seen nothing yet, ReLU, convolution."""
    weight = net.state_dict()[f"{name}.conv.weight"]
    x = (x / (1 + 1e-5) ** 0.5).relu()
    return F.conv2d(x, weight, padding=weight.shape[-1] // 2, groups=x.shape[1] // weight.shape[1])


def test_a_sparse_layer_takes_the_layers_at_powers_of_two(genotype: Load) -> None:
    net = network(genotype, "sparse_dense: {n: 9, k: 3, b: 0, as: s}", (5, 4, 4))
    y = [torch.randn(2, 5, 4, 4)]
    for i in range(1, 11):
        taken = torch.cat([y[i - d] for d in (1, 2, 4, 8) if d <= i], 1)
        if i < 10:
            y.append(layer(net, f"s.wire.{i}.conv", taken))
    torch.testing.assert_close(net(y[0]), taken)


def test_a_mixed_link_adds_to_the_newest_and_appends(genotype: Load) -> None:
    net = network(genotype, "mixed_link: {k1: 2, k2: 3, as: m}", (5, 4, 4))
    x = torch.randn(2, 5, 4, 4)
    inner, outer = (layer(net, f"m.{name}.conv", layer(net, f"m.{name}.bottleneck", x))
                    for name in ("inner", "outer"))
    torch.testing.assert_close(net(x), torch.cat([x[:, :3], x[:, 3:] + inner, outer], 1))


def test_a_learned_group_convolution_is_the_pruned_full_one(genotype: Load) -> None:
    """Filter j belongs to group j mod g, and has weights for that group's channels alone."""
    g, c, out = 3, 2, 6
    net = network(genotype, f"learned_group: {{out: {out}, g: {g}, c: {c}, as: l}}", (8, 4, 4))
    state = net.state_dict()
    state["l.index.index"] = torch.tensor([7, 1, 3, 2, 0, 4, 5, 6, 2, 1, 7, 0])
    net.load_state_dict(state)
    full, groups = torch.zeros(out, 8, 1, 1), state["l.index.index"].view(g, 8 // c)
    for j in range(out):
        full[j, groups[j % g]] = state["l.conv.conv.weight"][j % g * (out // g) + j // g]
    x = torch.randn(2, 8, 4, 4)
    torch.testing.assert_close(net(x), F.conv2d((x / (1 + 1e-5) ** 0.5).relu(), full))
