"""Shared weights: one tensor a name, of which networks take slices.

A slice is the middle of a kernel, and the first of every other axis: channels, features. Tensors
grow where a network needs more than there is: what was there stays, and the rest is what the
network was initialised with, or drawn with the same mean and deviation.

At first all networks share what is at the same place. Later each context may have weights of its
own, which begin as a copy of those of the place, as whole supernets do in few-shot NAS (Zhao et al.
2021, arXiv 2006.06863).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from search.errors import ScoreError
from search.supernet.names import SharedName
from search.supernet.subnetwork import Subnetwork

Slices = tuple[slice, ...]
KERNEL = 2          # axes of a kernel, behind those of channels


def slices(shape: torch.Size, within: torch.Size) -> Slices:
    """Where a tensor of ``shape`` lies in one of shape ``within``: kernels in the middle, all else
    at the beginning."""
    first = len(shape) - KERNEL if len(shape) > KERNEL + 1 else len(shape)
    starts = [(most - size) // 2 if axis >= first else 0
              for axis, (size, most) in enumerate(zip(shape, within, strict=True))]
    return tuple(slice(start, start + size) for start, size in zip(starts, shape, strict=True))


class Changes(NamedTuple):
    """What an optimiser has to follow: tensors that are larger than before, with their former
    shapes, and new ones that are copies of others."""

    grown: list[tuple[nn.Parameter, torch.Size]]
    copied: list[tuple[nn.Parameter, nn.Parameter]]


class SharedWeights(nn.Module):
    """The shared tensors in the order in which they were met, and their moving averages.
    ``apart``: contexts have weights of their own."""

    def __init__(self, apart: bool = False) -> None:
        super().__init__()
        self.tensors = nn.ParameterList()
        self.averages: list[Tensor] = []
        self.numbers: dict[str, int] = {}       # of the tensors, by name
        self.users: dict[int, int] = {}         # networks that gave gradients, by tensor
        self.apart = apart

    def add(self, name: str, tensor: Tensor, average: Tensor) -> nn.Parameter:
        """Add a tensor under a new name."""
        made = nn.Parameter(tensor)
        self.numbers[name] = len(self.tensors)
        self.tensors.append(made)
        self.averages.append(average)
        return made

    def meet(self, network: Subnetwork) -> Changes:
        """Make room for a network's weights; new tensors are appended."""
        changes = Changes([], [])
        for name, parameter in network.weights():
            own = parameter.detach()
            if name.place not in self.numbers:
                self.add(name.place, own.clone(), own.clone())
            if self.apart and name.full not in self.numbers:
                place = self.numbers[name.place]
                made = self.add(name.full, self.tensors[place].detach().clone(),
                                self.averages[place].clone())
                changes.copied.append((made, self.tensors[place]))
            self._grow(self._number(name), own, changes)
        return changes

    def _grow(self, number: int, own: Tensor, changes: Changes) -> None:
        """Make a tensor large enough for one of a network's own."""
        shared = self.tensors[number]
        before = shared.shape
        wanted = torch.Size(map(max, before, own.shape))
        if wanted != before:
            rest = placed(own, _drawn_like(own, wanted))
            self.averages[number] = placed(self.averages[number], rest.clone())
            shared.data = placed(shared.detach(), rest)
            changes.grown.append((shared, before))

    @torch.no_grad()
    def load(self, network: Subnetwork, averaged: bool = False) -> None:
        """Give a network its slices of the weights, or of their averages.

        Raises:
            ScoreError: an operation, or its size, was never trained.
        """
        for name, parameter in network.weights():
            if name.place not in self.numbers:
                raise ScoreError(f"no network that was trained had {name.place}")
            number = self._number(name)
            if not _holds(self.tensors[number].shape, parameter.shape):
                number = self.numbers[name.place]       # of its size in other contexts
                if not _holds(self.tensors[number].shape, parameter.shape):
                    raise ScoreError(f"no network that was trained had so large a {name.place}")
            shared = self.averages[number] if averaged else self.tensors[number]
            parameter.copy_(shared[slices(parameter.shape, shared.shape)])
            parameter.grad = None

    @torch.no_grad()
    def collect(self, network: Subnetwork) -> None:
        """Add a network's gradients to those of its slices."""
        for name, parameter in network.weights():
            if parameter.grad is None:
                continue
            number = self._number(name)
            shared = self.tensors[number]
            if shared.grad is None:
                shared.grad = torch.zeros_like(shared)
            shared.grad[slices(parameter.shape, shared.shape)] += parameter.grad
            self.users[number] = self.users.get(number, 0) + 1

    @torch.no_grad()
    def divide(self) -> None:
        """Divide each gradient by the number of networks that gave one, so that what few networks
        use learns as fast as what all do."""
        for number, users in self.users.items():
            gradient = self.tensors[number].grad
            if gradient is not None:
                gradient /= users
        self.users.clear()

    @torch.no_grad()
    def average(self, decay: float) -> None:
        """Move the averages towards the weights."""
        for average, shared in zip(self.averages, self.tensors, strict=True):
            average.lerp_(shared, 1 - decay)

    def _number(self, name: SharedName) -> int:
        """The tensor of a name; that of its place where its context has none."""
        place = self.numbers[name.place]
        return self.numbers.get(name.full, place) if self.apart else place


def placed(part: Tensor, whole: Tensor) -> Tensor:
    """The larger tensor, with the smaller one where it lies in it."""
    whole[slices(part.shape, whole.shape)] = part
    return whole


def _holds(whole: torch.Size, part: torch.Size) -> bool:
    return len(whole) == len(part) and all(a >= b for a, b in zip(whole, part, strict=True))


def _drawn_like(parameter: Tensor, shape: torch.Size) -> Tensor:
    spread, mean = torch.std_mean(parameter, correction=0)
    return torch.randn(shape, device=parameter.device, dtype=parameter.dtype) * spread + mean
