"""Each score against its formula, written down again in the plainest way on small networks."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from search.errors import ScoreError
from search.scores.base import ScoringSubject
from search.scores.images import digit_labels, digits
from search.scores.node_network import block_ends, features
from search.scores.proxies.az_nas import _greatest, block_entropies, entropy, trainability
from search.scores.proxies.deepmad import entropy as deepmad
from search.scores.proxies.fisher import fisher
from search.scores.proxies.gradnorm import gradnorm
from search.scores.proxies.jacobian import jacobian_covariance
from search.scores.proxies.meco import meco
from search.scores.proxies.snip import snip
from search.scores.proxies.swap import swap
from search.scores.proxies.synflow import log_synflow
from search.scores.proxies.vkdnw import evenness, information, vkdnw
from search.scores.proxies.zen import ALPHA
from search.scores.proxies.zico import zico
from search.scores.registry import SCORES
from search.scores.size_features import depth
from searchspace import Genotype, load
from searchspace.expansion import trace

LABELS = digit_labels(8, 0)
IMAGES = digits(8, (3, 12, 12), 0)


class Net(nn.Module):
    """Two convolutions, one with norm and shortcut; a linear head."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.head = nn.Linear(8, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.norm(self.first(x)))
        x = x + F.relu6(self.second(x))
        return self.head(x.mean((2, 3)))


WEIGHTS = ("first", "second", "head")


def gradients(net: Net, images: torch.Tensor, labels: torch.Tensor) -> list[torch.Tensor]:
    net.zero_grad()
    F.cross_entropy(net.train()(images), labels).backward()
    return [getattr(net, name).weight.grad.clone() for name in WEIGHTS]


def test_labels_are_those_of_the_images() -> None:
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels = digits(1797, (1, 8, 8), 3).flatten(1).numpy()
    back = (pixels * data.images.std() + data.images.mean()).round()
    order = {tuple(image): label for image, label in zip(data.data, data.target, strict=True)}
    assert [order[tuple(image)] for image in back[:60]] == digit_labels(60, 3).tolist()


def test_gradient_norm_and_snip() -> None:
    found = gradients(Net(), IMAGES, LABELS)
    weights = [getattr(Net(), name).weight for name in WEIGHTS]
    assert gradnorm(Net(), IMAGES, LABELS) == pytest.approx(
        sum(g.norm().item() for g in found), rel=1e-5)
    assert snip(Net(), IMAGES, LABELS) == pytest.approx(
        sum((g * w).abs().sum().item() for g, w in zip(found, weights, strict=True)), rel=1e-5)


def test_zico() -> None:
    halves = [gradients(Net(), IMAGES[at], LABELS[at]) for at in (slice(4), slice(4, 8))]
    expected = 0.0
    for pair in zip(*halves, strict=True):
        sizes = np.array([g.double().abs().flatten().numpy() for g in pair])
        kept = sizes.std(0) > 0
        expected += math.log((sizes.mean(0)[kept] / sizes.std(0)[kept]).sum())
    assert zico(Net(), IMAGES, LABELS) == pytest.approx(expected, rel=1e-3)
    with pytest.raises(ScoreError, match="at least 4"):
        zico(Net(), IMAGES[:3], LABELS[:3])


def test_fisher() -> None:
    net, kept = Net().train(), []

    def hook(_: nn.Module, __: object, output: torch.Tensor) -> None:
        output.retain_grad()
        kept.append(output)

    net.first.register_forward_hook(hook)
    net.second.register_forward_hook(hook)
    (F.cross_entropy(net(IMAGES), LABELS, reduction="sum")).backward()
    expected = sum(float(((a.detach() * a.grad).sum((2, 3)) ** 2).sum()) / (2 * 8) for a in kept)
    assert fisher(Net(), IMAGES, LABELS) == pytest.approx(expected, rel=1e-4)
    with pytest.raises(ScoreError, match="no convolution"):
        fisher(nn.Sequential(nn.Flatten(), nn.Linear(432, 10)), IMAGES, LABELS)


def test_jacobian_covariance() -> None:
    net = Net().train()
    x = IMAGES.clone().requires_grad_()
    net(x).sum().backward()
    values = np.linalg.eigvalsh(np.corrcoef(x.grad.flatten(1).double().numpy()))
    expected = -(np.log(values + 1e-5) + 1 / (values + 1e-5)).sum()
    assert jacobian_covariance(Net(), IMAGES) == pytest.approx(expected, rel=1e-3)


def test_images_that_a_network_confuses_are_the_worst_case() -> None:
    blind = nn.Sequential(nn.Flatten(), nn.Linear(432, 3), nn.Hardtanh(5, 6))
    worst = jacobian_covariance(blind, IMAGES)
    assert worst == pytest.approx(-(math.log(8) + 1 / 8 + 7 * (math.log(1e-5) + 1e5)), rel=1e-3)
    assert worst < jacobian_covariance(Net(), IMAGES)


def test_meco() -> None:
    noise, found = torch.randn(1, 3, 12, 12), []
    net = Net().train()
    for layer in (net.first, net.second):
        layer.register_forward_hook(lambda *a: found.append(a[2][0].flatten(1).detach()))
    net(noise)
    expected = sum(np.linalg.eigvalsh(np.corrcoef(f.double().numpy())).min() for f in found)
    assert meco(Net(), noise) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("batch", [4, 8, 70])
def test_swap_counts_distinct_patterns(batch: int) -> None:
    images = digits(batch, (3, 8, 8), 2)
    net, codes = Net().train(), []
    handle = net.norm.register_forward_hook(lambda *a: codes.append(a[2] > 0))
    net.second.register_forward_hook(lambda *a: codes.append(a[2] > 0))
    net(images)
    handle.remove()
    columns = torch.cat([c.flatten(1) for c in codes], 1).T.numpy()
    assert swap(Net(), images) == len(np.unique(columns, axis=0))


def test_swap_refuses_equal_images() -> None:
    with pytest.raises(ScoreError, match="same image twice"):
        swap(Net(), IMAGES[[0, 1, 1]])


def synflow(net: nn.Module, size: tuple[int, int, int]) -> float:
    """By definition in float64, biases 0 and norms left out."""
    net = net.double().eval()
    for p in net.parameters():
        p.data = p.data.abs() if p.dim() > 1 else torch.zeros_like(p)
    net(torch.ones(1, *size, dtype=torch.float64)).sum().backward()
    return math.log(sum(float((p.detach() * p.grad).sum()) for p in net.parameters() if p.dim() > 1))


class Branched(nn.Module):
    """Shortcut, concatenation, pooling, a difference in scale between branches."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.a, self.b = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1, groups=2)
        self.c, self.head = nn.Conv2d(12, 5, 1), nn.Linear(5, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.a(x))
        x = torch.cat([F.max_pool2d(x, 2), 0.5 * F.avg_pool2d(F.relu(self.b(x)) + x, 2)], 1)
        left, right = torch.relu(self.c(x)).chunk(5, 1)[0], self.c(x)
        return self.head((left + right).mean((2, 3)))


def test_synflow_equals_the_definition() -> None:
    assert log_synflow(Branched(), (3, 8, 8)) == pytest.approx(synflow(Branched(), (3, 8, 8)),
                                                              rel=1e-12)


def test_synflow_takes_gates_as_open_and_clips_as_none() -> None:
    torch.manual_seed(0)
    conv, gate = nn.Conv2d(3, 400, 3), nn.Conv2d(400, 400, 1)

    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.gate, self.norm = conv, gate, nn.BatchNorm2d(400)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = F.relu6(self.norm(self.conv(x)))
            return y * torch.sigmoid(self.gate(y.mean((2, 3), keepdim=True)))

    plain = nn.Sequential(nn.Conv2d(3, 400, 3))
    plain[0].load_state_dict(conv.state_dict())
    assert log_synflow(Gated(), (3, 8, 8)) == pytest.approx(synflow(plain, (3, 8, 8)), rel=1e-12)
    with pytest.raises(ScoreError, match="nothing flows"):
        log_synflow(nn.Sequential(conv, nn.Sigmoid()), (3, 8, 8))


def test_synflow_of_a_deep_network_does_not_overflow() -> None:
    """600 layers of 64 channels, each about four times the flow: beyond float64. The definition by logarithms:
    R of a chain, and every layer has all of R."""
    torch.manual_seed(0)
    net = nn.Sequential(*(nn.Conv2d(64, 64, 1, bias=False) for _ in range(600)))
    flow, exponent = np.ones(64), 0.0
    for layer in net:
        flow = np.abs(layer.weight.detach().double().numpy()[:, :, 0, 0]) @ flow
        exponent += math.log(flow.max())
        flow /= flow.max()
    expected = exponent + math.log(4 * flow.sum()) + math.log(600)      # of 2×2 pixels
    assert expected > math.log(1.7e308)
    assert log_synflow(net, (64, 2, 2)) == pytest.approx(expected, rel=1e-9)


def test_zen(genotype: Callable[..., Genotype]) -> None:
    made = genotype("- conv: {out: 6, stride: 2, as: one}\n- conv: {out: 5, k: 1, act: none, as: two}\n- gap:\n- linear: {out: 4}")
    one = ScoringSubject(made, None, 16, 4, 0, 9)
    generator = torch.Generator().manual_seed(9)
    first, second = (torch.randn(p.shape, generator=generator)
                     for p in one.nodes.parameters() if p.dim() == 4)
    spread: list[float] = []

    def run(x: torch.Tensor) -> torch.Tensor:
        for weight, stride, pad in ((first, 2, 1), (second, 1, 0)):
            x = F.conv2d(x, weight, stride=stride, padding=pad)
            spread.append(0.5 * math.log(float(x.var((0, 2, 3), correction=0).mean())))
            x = F.batch_norm(x, None, None, training=True)
            x = F.relu(x) if stride == 2 else x
        return x

    x, e = one.noise(4), one.noise(4, 1)
    moved = run(x)
    logs = sum(spread)
    distance = (moved - run(x + ALPHA * e)).flatten(1).norm(dim=1).mean()
    assert SCORES["zen"](one) == pytest.approx(math.log(float(distance)) + logs, rel=1e-3)


def test_zen_of_a_deep_network_without_norms(genotype: Callable[..., Genotype]) -> None:
    """Gaussian weights multiply it by e^2 a layer: float32 ends after 40."""
    made = genotype("- conv: {out: 32, bn: false, repeat: 60}\n- gap:\n- linear: {out: 4}")
    value = SCORES["zen"](ScoringSubject(made, None, 16, 2, 0, 0))
    assert math.isfinite(value) and value > math.log(3e38)


def test_features_are_what_the_head_reads(genotype: Callable[..., Genotype]) -> None:
    made = trace(genotype("- conv: {out: 8, as: a}\n- se: {r: 4}\n- conv: {out: 8, stride: 2, as: b}\n"
                          "- gap: {from: a, as: p}\n- gap: {from: b, as: q}\n- concat: {from: [p, q]}\n- linear: {out: 4}"))
    assert [made.nodes[i].name for i in features(made)] == ["a", "b"]


def test_blocks_are_outermost_repeated_calls() -> None:
    made = trace(load("mobilenet-v2"))
    names = [made.nodes[i].name for i in block_ends(made)]
    assert names[:4] == ["stem", "stage1.0.project", "stage2.0.project", "stage2.1.residual"]
    assert len(names) == 19                 # the stem, 17 inverted residuals, the last convolution


@pytest.mark.parametrize("shape", [(4, 5, 6, 6), (2, 40, 3, 3)])
def test_entropy_of_a_spectrum(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    rows = x.transpose(0, 1).flatten(1).double().numpy()
    values = np.linalg.eigvalsh(np.cov(rows))
    p = values[values > 1e-9 * values.max()]
    p = p / p.sum()
    assert entropy(x) == pytest.approx(float(-(p * np.log(p)).sum()), rel=1e-6)
    assert entropy(torch.ones(shape)) == 0.0


def test_progressivity_is_the_least_growth(genotype: Callable[..., Genotype]) -> None:
    made = genotype("- conv: {out: 4}\n- conv: {out: 9}\n- conv: {out: 7}\n- gap:\n- linear: {out: 4}")
    one = ScoringSubject(made, None, 16, 4, 0, 0)
    a, b, c = block_entropies(one)
    assert SCORES["az-expressivity"](one) == pytest.approx(a + b + c)
    assert SCORES["az-progressivity"](one) == min(b - a, c - b)


def test_the_greatest_singular_value_of_a_linear_block() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(6, 8).double()     # output channels, input channels
    signs = (torch.randint(2, (50, 6, 20, 20)) * 2 - 1).double()
    back = torch.einsum("oc,nohw->nchw", matrix, signs)
    assert _greatest(back, signs) == pytest.approx(float(torch.linalg.svdvals(matrix)[0]), rel=0.03)


def test_trainability_of_isometric_blocks_is_greatest(genotype: Callable[..., Genotype]) -> None:
    made = genotype("- conv: {out: 8, k: 1, bn: false, act: none, repeat: 5}\n- gap:\n- linear: {out: 4}")
    one = ScoringSubject(made, None, 16, 16, 0, 0)
    convs = [m for m in one.nodes.modules() if isinstance(m, nn.Conv2d)]
    for conv in convs:
        nn.init.orthogonal_(conv.weight)
    assert trainability(one) == pytest.approx(0, abs=0.02)
    for conv in convs:
        conv.weight.data *= 3
    assert trainability(one) == pytest.approx(2 - 3 - 1 / 3, abs=0.3)   # one sign a position


def test_deepmad_and_depth_of_a_chain(genotype: Callable[..., Genotype]) -> None:
    made = trace(genotype("- conv: {out: 16}\n- conv: {out: 32, stride: 2, groups: 4}\n- se: {r: 4}\n"
                          "- conv: {out: 32, k: 1}\n- gap:\n- linear: {out: 4}"))
    first = math.log(8 * 9)
    second = first + math.log(16 / 4 * 9) + math.log(32)
    assert deepmad(made) == pytest.approx(
        math.log(16 * 16 * 16) * first + 8 * math.log(32 * 8 * 8) * second)
    assert depth(made) == 6                 # the gate's two among them


def test_vkdnw_by_the_whole_fisher_matrix() -> None:
    """Outputs as a function of three weights, differentiated backwards, class by class."""
    net, images = Net().double().train(), IMAGES.double()
    state = {k: v.clone() for k, v in net.state_dict().items()}
    firsts = torch.stack([getattr(net, name).weight.detach().flatten()[0] for name in WEIGHTS])

    def outputs(values: torch.Tensor) -> torch.Tensor:
        changed = {}
        for name, value in zip(WEIGHTS, values, strict=True):
            weight = getattr(net, name).weight.detach()
            changed[f"{name}.weight"] = torch.cat(
                [value[None], weight.flatten()[1:]]).view_as(weight)
        return torch.func.functional_call(net, changed, (images,))

    jacobian = torch.autograd.functional.jacobian(outputs, firsts).numpy()     # (8, 10, 3)
    p = outputs(firsts).softmax(1).detach().numpy()
    fisher = np.mean([j.T @ (np.diag(q) - np.outer(q, q)) @ j
                      for j, q in zip(jacobian, p, strict=True)], axis=0)
    eigenvalues = np.linalg.eigvalsh(fisher)
    net.load_state_dict(state)
    assert information(net, images).flip(0).numpy() == pytest.approx(eigenvalues, rel=1e-9)
    deciles = np.quantile(eigenvalues, np.arange(1, 10) / 10)
    share = deciles / deciles.sum()
    assert vkdnw(net, images) == pytest.approx(3 - (share * np.log(share)).sum())
    assert all(torch.equal(v, state[k]) for k, v in net.state_dict().items())


def test_eigenvalues_are_even_or_not() -> None:
    assert evenness(torch.ones(20)) == pytest.approx(math.log(9))
    assert evenness(torch.tensor([1.0, *[0.0] * 7])) == 0      # only the last decile is not 0
    with pytest.raises(ScoreError, match="do not depend"):
        evenness(torch.zeros(5))


def test_vkdnw_spreads_its_weights_and_counts_all_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.scores.proxies.vkdnw.WEIGHTS", 2)
    assert len(information(Net(), IMAGES)) == 2 and 3 <= vkdnw(Net(), IMAGES) <= 3 + math.log(9)
    with pytest.raises(ScoreError, match="one class"):
        information(nn.Sequential(nn.Conv2d(3, 1, 3), nn.AdaptiveAvgPool2d(1)), IMAGES)
