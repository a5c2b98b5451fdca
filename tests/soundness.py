"""What every network must do: count right, learn with all it has, and survive being sent around."""

import copy
import io
import pickle

import torch
from torch import Tensor, nn

from searchspace import Genotype, build
from searchspace.building.verify import verify
from searchspace.expansion import trace
from searchspace.shapes import Shape


def image(shape: Shape, n: int) -> Tensor:
    """Images of noise, the same for all networks of a shape."""
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(0))


def check_counts(genotype: Genotype, numbers: bool = True) -> None:
    """Shapes, parameters and MACs are those of torch, FlopCounterMode and, with ``numbers``,
    fvcore."""
    for check in verify(genotype, numbers=numbers):
        assert check.agrees, check


def check_network(genotype: Genotype, copies: bool = True) -> None:
    """It runs, learns, and gives the same again; with ``copies``, so does what is made of it."""
    torch.manual_seed(0)
    network, shape = build(genotype), trace(genotype, named=False).input
    check_training(network, shape)
    x = image(shape, 3)
    y = check_evaluation(network.eval(), x)
    if copies:
        check_copies(network, x, y)


def check_training(network: nn.Module, shape: Shape) -> None:
    """Forward and backward are finite, and reach every parameter."""
    network.train()
    x = image(shape, 2).requires_grad_()
    y = network(x)
    assert y.isfinite().all()
    (y * torch.linspace(-1, 1, y.numel()).reshape(y.shape)).sum().backward()  # type: ignore[no-untyped-call]
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, f"{name} is not used"
        assert parameter.grad.isfinite().all(), f"the gradient of {name} is not finite"
    network.zero_grad()


@torch.no_grad()
def check_evaluation(network: nn.Module, x: Tensor) -> Tensor:
    """Two evaluations are finite and equal, and an image alone gives what it gives in a batch."""
    y = network(x)
    assert y.isfinite().all() and network(x).equal(y)
    torch.testing.assert_close(network(x[:1]), y[:1], rtol=1e-3, atol=1e-4)
    return y                                                # type: ignore[no-any-return]


@torch.no_grad()
def check_copies(network: nn.Module, x: Tensor, y: Tensor) -> None:
    """The network copied, pickled, or rebuilt with its weights gives the same; in half precision it
    is finite."""
    assert copy.deepcopy(network)(x).equal(y)
    pickled = pickle.loads(pickle.dumps(network)).eval()
    assert pickled(x).equal(y)
    for parameter in pickled.parameters():
        parameter.add_(1)                           # so that the weights really come from the file
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    pickled.load_state_dict(torch.load(file, weights_only=True))
    assert pickled(x).equal(y)
    half = copy.deepcopy(network).bfloat16()(x.bfloat16())
    assert half.dtype == torch.bfloat16 and half.isfinite().all() and half.shape == y.shape
