"""The epochs of a training, of one network or of weights that several share.

Random numbers of an epoch (order, crops, mixup, dropout) are seeded by (seed, epoch), so a training
that is resumed from a checkpoint equals an uninterrupted one.
"""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from search.data.base import Images, Stored
from search.errors import TrainingError
from search.seeds import derive
from search.training.augment import Mixup, make_augment
from search.training.batches import Batches, Cut, Moments, moments
from search.training.device import computing, gradient_scaler, repeatable
from search.training.recipe import Recipe
from searchspace.shapes import Shape

LOOK = 50           # steps between reads of the loss on a GPU, each of which synchronises

Loss = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class EpochLog:
    """One epoch of a curve. ``rate``: learning rate of its last step; accuracies in percent;
    ``trained``: accuracy on the augmented training images."""

    epoch: int
    rate: float
    loss: float
    trained: float
    validated: float | None
    seconds: float


class Epochs(ABC):
    """A training on one device by a recipe, epoch by epoch. ``curve``: those that are completed.

    Raises:
        DataError: the images do not suit networks of this input. RecipeError: kornia is missing.
    """

    title = "the training"      # in messages
    optimiser: Optimizer
    schedule: LRScheduler

    def __init__(self, recipe: Recipe, fitted: Images, shape: Shape, seed: int,
                 device: torch.device) -> None:
        self.recipe, self.seed, self.device = recipe, seed, device
        self.standard: Moments = moments(fitted)
        self.fitted = Batches(fitted, shape, device, self.standard,
                              Cut(recipe.scale, whole=recipe.crop is not None))
        self.steps = max(1, len(fitted) // recipe.batch)
        self.augment = make_augment(recipe, shape[1:], isinstance(fitted, Stored))
        self.mixup = Mixup(recipe.mixup) if recipe.mixup else None
        self.scaler = gradient_scaler(device)
        self.curve: list[EpochLog] = []

    @property
    def epoch(self) -> int:
        """Number of completed epochs."""
        return len(self.curve)

    def run(self, until: int, tell: Callable[[EpochLog], None] = lambda row: None,
            step: Callable[[int], None] = lambda done: None) -> None:
        """Train until epoch ``until``; ``tell`` is called with the row of each epoch, ``step`` with
        the number of steps done in it.

        Raises:
            TrainingError: the loss is not finite, memory ran out, or a network cannot compute.
        """
        with repeatable(self.device):
            while self.epoch < until:
                with computing(self.device, self.recipe.batch):
                    self.curve.append(self._train(step))
                tell(self.curve[-1])

    def _train(self, step: Callable[[int], None]) -> EpochLog:
        """One epoch."""
        began = time.perf_counter()
        seed = derive(self.seed, "epoch", self.epoch)
        torch.manual_seed(seed)
        order = torch.randperm(len(self.fitted)).tolist()[:self.steps * self.recipe.batch]
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        right = torch.zeros((), dtype=torch.int64, device=self.device)
        seen, rate = 0, math.nan
        self._begin_epoch()
        look = LOOK if self.device.type == "cuda" else 1
        for number, (x, y) in enumerate(self.fitted(order, self.recipe.batch,
                                                    derive(seed, "crops")), 1):
            loss, hits, count = self._step(x, y)
            total += loss
            right += hits
            seen += count
            rate = self.optimiser.param_groups[0]["lr"]
            self.schedule.step()
            if number % look == 0 and not math.isfinite(loss.item()):
                break
            step(number)
        mean = total.item() / seen
        if not math.isfinite(mean):
            raise TrainingError(f"{self.title} diverged: the loss is {mean} in epoch "
                                f"{self.epoch + 1}, at a rate of {rate:.3g}")
        return EpochLog(self.epoch + 1, rate, mean, 100 * right.item() / seen, self._validated(),
                        time.perf_counter() - began)

    def _augmented(self, x: Tensor, y: Tensor) -> tuple[Tensor, Loss]:
        """Training images as the recipe changes them, and the loss of a network's outputs."""
        x, smoothing = self.augment(x), self.recipe.label_smoothing
        if self.mixup is not None:
            return self.mixup(x, y, smoothing)
        return x, partial(F.cross_entropy, target=y, label_smoothing=smoothing)

    @abstractmethod
    def _begin_epoch(self) -> None:
        """What is done before the first step of an epoch."""

    @abstractmethod
    def _step(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, int]:
        """One step of the optimiser on a batch of images and labels. Returns the sums of losses and
        of correct predictions, and the number of predictions."""

    def _validated(self) -> float | None:
        """The accuracy after an epoch in percent on images that are held out, if there are any."""
        return None
