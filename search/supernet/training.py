"""Training of shared weights: in each step several networks take their slices of them and give
gradients back; seeded and resumable.

Networks normalise by the statistics of their batch and keep none: those of one network are wrong
for the next. Networks are scored with a moving average of the weights.
"""

import math
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from search.data.base import Stored
from search.errors import TrainingError
from search.seeds import derive
from search.supernet.checkpoint import SupernetState
from search.supernet.paths import largest, smallest
from search.supernet.subnetwork import Subnetwork
from search.supernet.task import APART, PATHS, SupernetTask
from search.supernet.weights import SharedWeights, placed
from search.training.augment import Mixup, make_augment
from search.training.batches import Batches, Cut, moments
from search.training.device import half, repeatable
from search.training.loop import EpochLog, computing
from search.training.optim import make_optimiser, make_schedule
from searchspace.space.point import Point

AVERAGE = 0.99      # decay of the moving average, where the recipe names none
KEPT = 2**25        # weights of the networks that stay built from step to step


class SupernetTraining:
    """A training on one device.

    Raises:
        DataError: the images do not suit the networks. RecipeError: kornia is missing.
    """

    def __init__(self, task: SupernetTask, device: torch.device) -> None:
        self.task, self.device, recipe = task, device, task.recipe
        fitted, _ = task.split()
        self.fitted = Batches(fitted, task.shape, device, moments(fitted),
                              Cut(recipe.scale, whole=recipe.crop is not None))
        self.steps = max(1, len(self.fitted) // recipe.batch)
        self.augment = make_augment(recipe, task.shape[1:], isinstance(fitted, Stored))
        self.mixup = Mixup(recipe.mixup) if recipe.mixup else None
        self.half = half(device)
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.half is torch.float16)
        self.built: OrderedDict[tuple[Any, ...], Subnetwork] = OrderedDict()
        self.size = 0               # weights of those
        self.paths, self.weights = task.paths(), SharedWeights()
        self._begin([])

    def _begin(self, curve: list[EpochLog]) -> None:
        """An optimiser of the present weights, with its schedule after the epochs of a curve."""
        self.curve = curve
        if not len(self.weights.tensors):       # an optimiser needs one
            self.weights.meet(self._build(self.task.paths()()))
        self.optimiser = make_optimiser(self.task.recipe, self.weights)
        self.schedule = make_schedule(self.task.recipe, self.optimiser, self.steps,
                                      self.task.epochs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)    # the steps were another optimiser's
            for _ in range(len(curve) * self.steps):
                self.schedule.step()

    @property
    def epoch(self) -> int:
        """Number of completed epochs."""
        return len(self.curve)

    def run(self, until: int, tell: Callable[[EpochLog], None] = lambda row: None) -> None:
        """Train until epoch ``until``; ``tell`` is called with the row of each epoch.

        Raises:
            TrainingError: the loss is not finite, memory ran out, or a network cannot compute.
        """
        with repeatable(self.device):
            while self.epoch < until:
                with computing(self.device, self.task.recipe.batch):
                    self.curve.append(self._train())
                tell(self.curve[-1])

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

    def _train(self) -> EpochLog:
        """One epoch."""
        recipe, began = self.task.recipe, time.perf_counter()
        seed = derive(self.task.seed, "epoch", self.epoch)
        torch.manual_seed(seed)
        order = torch.randperm(len(self.fitted)).tolist()
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        right = torch.zeros((), dtype=torch.int64, device=self.device)
        seen, rate = 0, math.nan
        if self.task.contexts and self.epoch == max(1, round(APART * self.task.epochs)):
            self._part()
        for x, y in self.fitted(order[:self.steps * recipe.batch], recipe.batch,
                                derive(seed, "crops")):
            networks = [self._network(at) for at in self._drawn()]
            loss, hits = self._step(networks, self.augment(x), y)
            total += loss
            right += hits
            seen += len(x) * len(networks)
            rate = self.optimiser.param_groups[0]["lr"]
            self.schedule.step()
        mean = total.item() / seen
        if not math.isfinite(mean):
            raise TrainingError(f"the training of shared weights diverged: the loss is {mean} in "
                                f"epoch {self.epoch + 1}, at a rate of {rate:.3g}")
        return EpochLog(self.epoch + 1, rate, mean, 100 * right.item() / seen, None,
                        time.perf_counter() - began)

    def _step(self, networks: list[Subnetwork], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """One step of the optimiser by several networks on one batch. Returns the sums over images
        and networks of the loss, and of the correct predictions."""
        smoothing = self.task.recipe.label_smoothing
        loss_of: Callable[[Tensor], Tensor] = partial(F.cross_entropy, target=y,
                                                      label_smoothing=smoothing)
        if self.mixup is not None:
            x, loss_of = self.mixup(x, y, smoothing)
        total = torch.zeros((), device=self.device)
        right = torch.zeros((), dtype=torch.int64, device=self.device)
        self.optimiser.zero_grad(set_to_none=True)
        for network in networks:
            self.weights.load(network)
            network.module.train()
            with torch.autocast(self.device.type, self.half, enabled=self.half is not None):
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
        self.weights.average(AVERAGE if self.task.recipe.ema is None else self.task.recipe.ema)
        return total, right

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
                             self.task.recipe.dropout)

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
