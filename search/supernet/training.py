"""Training of shared weights: in each step several networks take their slices of them and give
gradients back; seeded and resumable.

Networks normalise by the statistics of their batch and keep none: those of one network are wrong
for the next. Networks are scored with a moving average of the weights.
"""

import warnings
from collections import OrderedDict
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from search.supernet.checkpoint import SupernetState
from search.supernet.paths import largest, smallest
from search.supernet.subnetwork import Subnetwork
from search.supernet.task import APART, PATHS, SupernetTask
from search.supernet.weights import SharedWeights, placed
from search.training.device import autocast
from search.training.epochs import EpochLog, Epochs
from search.training.optim import make_optimiser, make_schedule
from searchspace.space.point import Point

AVERAGE = 0.99      # decay of the moving average, where the recipe names none
KEPT = 2**25        # weights of the networks that stay built from step to step


class SupernetTraining(Epochs):
    """A training of shared weights on one device.

    Raises:
        DataError: the images do not suit the networks. RecipeError: kornia is missing.
    """

    title = "the training of shared weights"

    def __init__(self, task: SupernetTask, device: torch.device) -> None:
        super().__init__(task.recipe, task.split()[0], task.shape, task.seed, device)
        self.task = task
        self.built: OrderedDict[tuple[Any, ...], Subnetwork] = OrderedDict()
        self.size = 0               # weights of those
        self.paths, self.weights = task.paths(), SharedWeights()
        self._begin([])

    def _begin(self, curve: list[EpochLog]) -> None:
        """An optimiser of the present weights, with its schedule after the epochs of a curve."""
        self.curve = curve
        if not len(self.weights.tensors):       # an optimiser needs one
            self.weights.meet(self._build(self.task.paths()()))
        self.optimiser = make_optimiser(self.recipe, self.weights)
        self.schedule = make_schedule(self.recipe, self.optimiser, self.steps, self.task.epochs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)    # the steps were another optimiser's
            for _ in range(len(curve) * self.steps):
                self.schedule.step()

    def save(self, path: Path) -> None:
        """Write a checkpoint. Raises OSError if that fails."""
        SupernetState(
            self.task.what, self.weights.apart, tuple(self.weights.numbers),
            tuple(t.detach() for t in self.weights.tensors), tuple(self.weights.averages),
            {i: {key: value for key, value in self.optimiser.state.get(t, {}).items()
                 if isinstance(value, Tensor)} for i, t in enumerate(self.weights.tensors)},
            self.paths.dealt, self.scaler.state_dict(),
            tuple(astuple(row) for row in self.curve)).write(path)

    def resume(self, path: Path) -> bool:
        """Resume from a checkpoint, if there is one; returns whether there was.

        Raises:
            DataError: it is damaged, or of another training.
        """
        state = SupernetState.read(path, self.device, self.task.what)
        if state is None:
            return False
        self.weights = state.shared()
        self._begin([EpochLog(*row) for row in state.curve])
        for number, kept in state.optimiser.items():
            self.optimiser.state[self.weights.tensors[number]] = {
                key: value.cpu() if key == "step" else value        # where torch has it
                for key, value in kept.items()}
        self.paths.dealt.clear()
        self.paths.dealt.update(state.dealt)
        self.scaler.load_state_dict(dict(state.scaler))
        return True

    def _begin_epoch(self) -> None:
        if self.task.contexts and self.epoch == max(1, round(APART * self.task.epochs)):
            self._part()

    def _step(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, int]:
        """By several networks on one batch."""
        networks = [self._network(at) for at in self._drawn()]
        x, loss_of = self._augmented(x, y)
        total = torch.zeros((), device=self.device)
        right = torch.zeros((), dtype=torch.int64, device=self.device)
        self.optimiser.zero_grad(set_to_none=True)
        for network in networks:
            self.weights.load(network)
            network.module.train()
            with autocast(self.device):
                out = network.module(x).float()
            loss = loss_of(out)
            torch.autograd.backward(self.scaler.scale(loss))
            self.weights.collect(network)
            total += loss.detach() * len(x)
            right += (out.detach().argmax(1) == y).sum()
            if self.task.sandwich and network is networks[0]:
                loss_of = partial(F.cross_entropy, target=out.detach().softmax(1))
        self.weights.divide()
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.weights.average(AVERAGE if self.recipe.ema is None else self.recipe.ema)
        return total, right, len(x) * len(networks)

    def _drawn(self) -> list[Point]:
        """The networks of a step."""
        if not self.task.sandwich:
            return [self.paths() for _ in range(PATHS)]
        drawn = [self.paths() for _ in range(PATHS - 2)]
        ends = (largest(self.task.space, drawn[0]), smallest(self.task.space, drawn[0]))
        return [*ends, *drawn]

    def _network(self, at: Point) -> Subnetwork:
        """A network whose weights have their room among the shared ones."""
        key = tuple(at.decisions.items())
        if key in self.built:
            self.built.move_to_end(key)
            return self.built[key]
        network = self.built[key] = self._build(at)
        self._make_room(network)
        self.size += network.size
        while len(self.built) > PATHS and self.size > KEPT:
            _, oldest = self.built.popitem(last=False)
            self.size -= oldest.size
        return network

    def _build(self, at: Point) -> Subnetwork:
        return Subnetwork.of(self.task.space, at.decisions, self.task.seed, self.device,
                             self.recipe.dropout)

    def _make_room(self, network: Subnetwork) -> None:
        """Shared weights for a network; the optimiser follows those that are copied or grow."""
        changes = self.weights.meet(network)
        state, known = self.optimiser.state, self.optimiser.param_groups[0]["params"]
        known.extend(list(self.weights.tensors)[len(known):])
        for made, place in changes.copied:
            if place in state:
                state[made] = {key: value.clone() if isinstance(value, Tensor) else value
                               for key, value in state[place].items()}
        for tensor, before in changes.grown:
            for key, value in state.get(tensor, {}).items():
                if isinstance(value, Tensor) and value.shape == before:
                    state[tensor][key] = placed(value, torch.zeros_like(tensor))

    def _part(self) -> None:
        """From here on contexts have weights of their own."""
        self.weights.apart = True
        self.built.clear()          # so that each network meets them
        self.size = 0
