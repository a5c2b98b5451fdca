"""Speed of training: ours beside a plain network of the same MACs in plain PyTorch.

    python benchmarks/training.py                   # HCGNet-A1 on a GPU
    python benchmarks/training.py --device cpu --images 256 --epochs 2

Images are synthetic, of CIFAR's shape. HCGNet-A1 is trained by the project's own loop, with the
recipe of its paper; the plain network is a stack of 3×3 convolutions, trained by the few lines of
PyTorch that one writes by hand, with the same batch, precision and layout. What is printed are
images per second, of each the median epoch after the first one.
"""

import argparse
import dataclasses
import statistics
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from search.data import Stored
from search.process import keep_memory
from search.training.device import choose_device, half
from search.training.loop import Training, TrainingTask
from search.training.recipe import load_recipe
from searchspace import build, cost, load

NETWORK = "hcgnet@a1"


def plain(width: int) -> nn.Sequential:
    """Twelve 3×3 convolutions in three stages: (N, 3, 32, 32) → (N, 10)."""
    layers: list[nn.Module] = []
    c = 3
    for stage, out in enumerate((width, 2 * width, 4 * width)):
        for i in range(4):
            layers += [nn.Conv2d(c, out, 3, 2 if stage and not i else 1, 1, bias=False),
                       nn.BatchNorm2d(out), nn.ReLU(inplace=True)]
            c = out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 10))


def plain_macs(width: int) -> int:
    """Multiply-adds of `plain` at 32×32."""
    total, c, edge = 0, 3, 32
    for stage, out in enumerate((width, 2 * width, 4 * width)):
        edge = edge // 2 if stage else edge
        for _ in range(4):
            total += 9 * c * out * edge * edge
            c = out
    return total + c * 10


def plain_like(macs: int) -> nn.Sequential:
    """The plain network whose multiply-adds are nearest to ``macs``."""
    return plain(min(range(2, 400), key=lambda w: abs(plain_macs(w) - macs)))


def synthetic(images: int) -> Stored:
    """Random images of CIFAR's shape."""
    rng = np.random.default_rng(0)
    return Stored(rng.integers(0, 256, (images, 3, 32, 32), np.uint8),
                  rng.integers(0, 10, images).astype(np.int64))


def ours(data: Stored, epochs: int, batch: int, device: torch.device) -> list[float]:
    """Images per second in each epoch of the project's training."""
    recipe = dataclasses.replace(load_recipe("hcgnet-cifar"), batch=batch)
    task = TrainingTask(recipe, epochs, data, None, (3, 32, 32), 0)
    training = Training(build(load(NETWORK)), task, device)
    training.run(epochs)
    return [training.steps * batch / row.seconds for row in training.curve]


def by_hand(data: Stored, epochs: int, batch: int, device: torch.device, macs: int) -> list[float]:
    """Images per second in each epoch of the plain network, as one trains it by hand."""
    net = plain_like(macs).to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True,
                                weight_decay=1e-4)
    x = torch.from_numpy(data.pixels).to(device)
    y = torch.from_numpy(data.labels).to(device)
    precision, rates = half(device), []
    for _ in range(epochs):
        begin, steps = time.perf_counter(), len(x) // batch
        total = torch.zeros((), device=device)
        for part in torch.randperm(len(x), device=device)[:steps * batch].split(batch):
            images: Tensor = (x[part].float() / 255 - 0.5).contiguous(
                memory_format=torch.channels_last)
            with torch.autocast(device.type, precision, enabled=precision is not None):
                out = net(images)
            loss = F.cross_entropy(out.float(), y[part])
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimiser.step()
            total += loss.detach()
        total.item()                       # waits for the device
        rates.append(steps * batch / (time.perf_counter() - begin))
    return rates


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--images", type=int, default=25_600)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args(arguments)
    keep_memory()
    device, data = choose_device(options.device), synthetic(options.images)
    macs = cost(load(NETWORK)).macs
    rates = [ours(data, options.epochs, options.batch, device),
             by_hand(data, options.epochs, options.batch, device, macs)]
    mine, plainly = (statistics.median(r[1:] or r) for r in rates)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    print(f"{NETWORK}, {macs / 1e6:.1f} M MACs, on {name}: {mine:,.0f} images/s trained here, "
          f"{plainly:,.0f} images/s of a plain network of the same MACs in plain PyTorch "
          f"({mine / plainly:.2f})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
