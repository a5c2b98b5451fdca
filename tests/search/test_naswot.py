"""NASWOT against a slow count of differing signs, and its treatment of odd networks and batches."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import fx, nn

from search.errors import ScoreError
from search.scores.agreements import Multiplied, agreements
from search.scores.images import digits
from search.scores.proxies.naswot import naswot

Activation = Callable[[torch.Tensor], torch.Tensor]

MODULES = [
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU,
    nn.SiLU, nn.Mish, nn.Softplus, nn.Sigmoid, nn.LogSigmoid, nn.Hardsigmoid, nn.Hardswish,
    nn.Tanh, nn.Hardtanh, nn.Softsign, nn.Tanhshrink, nn.Hardshrink, nn.Softshrink,
]  # fmt: skip

RELUS: dict[str, Activation] = {
    "F.relu": F.relu,
    "F.relu keyword": lambda x: F.relu(input=x),
    "F.relu in place": lambda x: F.relu(x, inplace=True),
    "torch.relu": torch.relu,
    "torch.relu_": torch.relu_,
    "method": lambda x: x.relu(),
    "method in place": lambda x: x.relu_(),
    "aten": torch.ops.aten.relu.default,
    "module in place": nn.ReLU(inplace=True),
    "leaky": F.leaky_relu,
}


class Net(nn.Module):
    """Two convolutions with norm, one activation after each, a pooled linear head."""

    def __init__(self, activation: Activation) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 8, 3, padding=1, groups=2)
        self.head = nn.Linear(8, 4)
        self.activation = activation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(self.activation(self.norm(self.first(x))), 2)
        x = self.activation(self.second(x)).mean((2, 3))
        return torch.softmax(self.head(x), dim=1)


def build(activation: Activation) -> Net:
    torch.manual_seed(0)
    return Net(activation)


def images(batch: int = 6) -> torch.Tensor:
    return digits(batch, (3, 20, 28), seed=1)


def slow_kernel(codes: list[torch.Tensor]) -> np.ndarray:
    """Agreements by definition: for every pair of images, bits that do not differ."""
    count = len(codes[0])
    kernel = np.zeros((count, count))
    for code in codes:
        for i in range(count):
            for j in range(count):
                hamming = int((code[i] != code[j]).sum())
                kernel[i, j] += code[i].numel() - hamming
    return kernel


def slow_naswot(net: nn.Module, batch: torch.Tensor, kinds: tuple[type, ...]) -> float:
    codes: list[torch.Tensor] = []

    def before(module: nn.Module, args: tuple[torch.Tensor]) -> None:
        codes.append((args[0] > 0).clone())

    hooks = [m.register_forward_pre_hook(before) for m in net.modules() if isinstance(m, kinds)]
    net.eval()
    for module in net.modules():
        module.training = isinstance(module, nn.BatchNorm2d)
    with torch.no_grad():
        net(batch)
    for hook in hooks:
        hook.remove()
    sign, logdet = np.linalg.slogdet(slow_kernel(codes))
    assert sign == 1
    return float(logdet)


@pytest.mark.parametrize("kind", MODULES)
def test_equals_the_slow_reference_for_every_kind(kind: type[nn.Module]) -> None:
    net, batch = build(kind()), images().contiguous(memory_format=torch.channels_last)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    score = naswot(net, batch)
    assert math.isfinite(score) and score > 0
    assert score == pytest.approx(slow_naswot(net, batch, (kind,)), rel=1e-12)


@pytest.mark.parametrize("spelling", RELUS)
def test_the_spelling_of_a_relu_does_not_matter(spelling: str) -> None:
    kernel = agreements(build(nn.ReLU()), images())
    # A leaky ReLU changes what the second layer sees, so that only its first codes are equal.
    if spelling == "leaky":
        kernel = agreements(build(nn.LeakyReLU()), images())
    assert torch.equal(agreements(build(RELUS[spelling]), images()), kernel)


@pytest.mark.parametrize("module, function", [
    (nn.ReLU6(), F.relu6), (nn.ReLU6(inplace=True), lambda x: F.hardtanh(x, 0, 6)),
    (nn.Tanh(), torch.tanh), (nn.Tanh(), lambda x: x.tanh_()),
    (nn.Sigmoid(), torch.sigmoid), (nn.Sigmoid(), lambda x: x.sigmoid()),
    (nn.Sigmoid(), torch.special.expit), (nn.Hardswish(inplace=True), F.hardswish),
    (nn.GELU(), F.gelu), (nn.SiLU(), lambda x: x * torch.sigmoid(x)), (nn.Mish(), F.mish),
])  # fmt: skip
def test_modules_and_functions_agree(module: nn.Module, function: Activation) -> None:
    assert torch.equal(agreements(build(module), images()), agreements(build(function), images()))


@pytest.mark.parametrize("activation", [nn.ReLU(inplace=True), torch.tanh, lambda x: x.sigmoid()])
def test_a_traced_network_scores_the_same(activation: Activation) -> None:
    net = build(activation)
    assert naswot(fx.symbolic_trace(net), images()) == naswot(net, images())


def test_an_activation_in_place_at_the_input_spares_the_images() -> None:
    batch = images().contiguous(memory_format=torch.channels_last)
    before = batch.clone()
    naswot(nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 8, 3)), batch)
    assert torch.equal(batch, before)


def test_softmax_and_pooling_are_not_coded() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Softmax(1))
    with pytest.raises(ScoreError, match="no non-linearity"):
        naswot(net, images())


def test_dense_and_mixed_inputs_of_any_layout() -> None:
    class Mixed(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            dense = torch.relu(x)
            sliced = torch.tanh(dense[:, 1:, ::2] - 0.5)
            return torch.sigmoid(sliced.transpose(1, 3)) + torch.relu(x[:, :1, :1, :1]).sum()

    batch = images()
    dense = batch > 0
    sliced = (batch.relu()[:, 1:, ::2] - 0.5) > 0
    tanh = torch.tanh(batch.relu()[:, 1:, ::2] - 0.5) > 0
    expected = slow_kernel([dense, sliced, tanh, batch[:, :1, :1, :1] > 0])
    assert np.array_equal(agreements(Mixed(), batch).numpy(), expected)


def test_vectors_are_images_too() -> None:
    batch = images().flatten(1)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(batch.shape[1], 50), nn.ReLU(), nn.Linear(50, 30), nn.Tanh())
    reference = slow_naswot(net, batch, (nn.ReLU, nn.Tanh))
    assert naswot(net, batch) == pytest.approx(reference, rel=1e-12)


def test_buffers_flags_and_gradients_are_left_alone() -> None:
    net = build(nn.ReLU()).train()
    net.norm.eval()
    net.norm.get_buffer("running_mean").uniform_()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    naswot(net, images())
    assert net.training and not net.norm.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in net.parameters())


def test_buffers_and_flags_are_left_alone_on_errors() -> None:
    net = build(lambda x: torch.relu(x.transpose(0, 1))).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with pytest.raises(ScoreError, match="first axis"):
        naswot(net, images())
    assert net.training and net.norm.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_batch_statistics_are_used_whatever_the_mode() -> None:
    net = build(nn.ReLU())
    net.norm.get_buffer("running_mean").fill_(100.0)
    assert naswot(net.eval(), images()) == naswot(net.train(), images())
    assert naswot(net, images()) == naswot(build(nn.ReLU()), images())


def test_deterministic_also_with_dropout_and_in_other_contexts() -> None:
    net = nn.Sequential(build(nn.ReLU()).first, nn.Dropout(0.5), nn.RReLU(), nn.Conv2d(8, 8, 3),
                        nn.RReLU())  # fmt: skip
    score = naswot(net.train(), images())
    assert naswot(net.train(), images()) == score
    with torch.inference_mode():
        assert naswot(net, images()) == score
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert naswot(net, images()) == score


def test_matmul_precision_is_as_before() -> None:
    matmul = getattr(torch.backends.mkldnn, "matmul", None)
    before = getattr(matmul, "fp32_precision", None)
    naswot(build(nn.ReLU()), images())
    assert getattr(matmul, "fp32_precision", None) == before


def test_a_learned_gate_is_not_coded() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gate = nn.Parameter(torch.zeros(()))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(x) * torch.sigmoid(self.gate)

    assert torch.equal(agreements(Gated(), images()), agreements(nn.ReLU(), images()))


def test_counts_are_exact_beyond_float32() -> None:
    torch.manual_seed(0)
    # More than 2^24 equal bits per pair, an odd number of them.
    batch = torch.rand(2, 2**24 + 2**20 + 1) - 1e-3
    code = batch > 0
    equal = int((code[0] == code[1]).sum())
    assert equal > 2**24
    kernel = agreements(nn.ReLU(), batch)
    assert kernel.dtype == torch.float64
    assert kernel.tolist() == [[batch.shape[1], equal], [equal, batch.shape[1]]]


@pytest.mark.parametrize("bits", [1, 31, 2**15 - 1, 2**15 + 1, 2**18 - 1, 3 * 2**18 + 9])
def test_pieces_join_seamlessly(bits: int) -> None:
    batch = torch.randn(32, bits, generator=torch.Generator().manual_seed(bits))
    sign = torch.where(batch > 0, 1.0, -1.0).double()
    twice = nn.Sequential(nn.ReLU(), nn.ReLU())
    expected = 2 * (bits + sign @ sign.T) / 2
    assert torch.equal(agreements(twice, batch), expected)
    on_device = Multiplied(32, batch.device)        # how a GPU counts
    on_device.add(batch)
    on_device.add(batch)
    assert torch.equal(on_device.kernel(), expected)


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16, torch.float16])
def test_other_precisions_are_coded_too(kind: torch.dtype) -> None:
    batch = images().to(kind)
    assert torch.equal(agreements(nn.ReLU(), batch), agreements(nn.ReLU(), batch.float()))


def test_equal_images_are_an_error_of_the_batch() -> None:
    batch = images()
    batch[4] = batch[1]
    with pytest.raises(ScoreError, match="same image twice"):
        naswot(build(nn.ReLU()), batch)


def test_a_network_that_confuses_images_scores_the_floor() -> None:
    class Blind(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(x.abs() + 1)

    assert naswot(Blind(), images()) == 0.0
    # Six images need at least five bits; two cannot give a regular kernel.
    assert naswot(nn.Sequential(nn.Flatten(), nn.Linear(3 * 20 * 28, 2), nn.ReLU()), images()) == 0
    assert naswot(build(nn.ReLU()), images()) > 0


def test_a_single_differing_bit_is_not_taken_for_none() -> None:
    batch = torch.ones(2, 10**6)
    batch[1, 7] = -1
    assert naswot(nn.ReLU(), batch) == pytest.approx(math.log(10**12 - (10**6 - 1) ** 2), rel=1e-6)


@pytest.mark.parametrize("shape", [(1, 3, 8, 8), (0, 3, 8, 8), (4,), ()])
def test_too_small_batches_raise(shape: tuple[int, ...]) -> None:
    with pytest.raises(ScoreError, match="at least 2 images"):
        naswot(nn.ReLU(), torch.zeros(shape))


def test_a_linear_network_raises() -> None:
    with pytest.raises(ScoreError, match="no non-linearity"):
        naswot(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), images())


def test_digits_are_standardised_distinct_and_repeatable() -> None:
    every = digits(1797, (1, 8, 8), seed=0)
    assert every.shape == (1797, 1, 8, 8) and every.dtype == torch.float32
    assert every.mean().item() == pytest.approx(0, abs=1e-5)
    assert every.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    assert len(torch.unique(every.flatten(1), dim=0)) == 1797
    some = digits(5, (3, 17, 12), seed=3)
    assert some.shape == (5, 3, 17, 12) and some.is_contiguous()
    assert torch.equal(some[:, 0], some[:, 2])
    assert torch.equal(some, digits(5, (3, 17, 12), seed=3))
    assert not torch.equal(some, digits(5, (3, 17, 12), seed=4))
    some.zero_()
    assert digits(5, (3, 17, 12), seed=3).abs().sum() > 0


@pytest.mark.parametrize("batch, size", [
    (0, (3, 8, 8)), (1798, (3, 8, 8)), (4, (0, 8, 8)), (4, (3, 0, 8)), (4, (3, 8, -1)),
])  # fmt: skip
def test_digits_refuse_impossible_batches(batch: int, size: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="not"):
        digits(batch, size, seed=0)
