"""Training loop of one network: epochs with validation; seeded and resumable.

Random numbers of an epoch (order, crops, mixup, dropout) are seeded by (seed, epoch), so a training
that is resumed from a checkpoint equals an uninterrupted one.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.swa_utils import update_bn

from search.data.base import Images, Stored
from search.data.errors import DataError
from search.errors import TrainingError
from search.seeds import derive
from search.training.augment import Mixup, make_augment
from search.training.batches import Batches, Cut, Moments, moments
from search.training.checkpoint import check_like, check_same, read_checkpoint, write_checkpoint
from search.training.device import half, repeatable
from search.training.optim import make_average, make_optimiser, make_schedule, set_dropout, stepped
from search.training.recipe import Recipe

EVALUATED = 256     # images a batch without gradients
LOOK = 50           # steps between reads of the loss on a GPU, each of which synchronises
COPIES = 4          # of the weights' size in a checkpoint: weights, two moments, an average
SPARE = 2**25       # bytes of a checkpoint beside them


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


@dataclass(frozen=True)
class TrainingTask:
    """Everything that determines the result of a training, except for the network."""

    recipe: Recipe
    epochs: int
    fitted: Images
    held: Images | None
    shape: tuple[int, int, int]
    seed: int
    what: dict[str, Any] = field(default_factory=dict)     # identifies the data when resumed


class Training:
    """A training on one device, from the first epoch or from a checkpoint.

    Raises:
        DataError: the images do not suit the network. RecipeError: kornia is missing.
    """

    def __init__(self, network: nn.Module, task: TrainingTask, device: torch.device) -> None:
        self.task, self.device, recipe = task, device, task.recipe
        self.network = network.to(device)
        if device.type == "cuda":
            for parameter in network.parameters():
                if parameter.dim() == 4:
                    parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        set_dropout(network, recipe.dropout)
        self.standard: Moments = moments(task.fitted)
        self.fitted = Batches(task.fitted, task.shape, device, self.standard,
                              Cut(recipe.scale, whole=recipe.crop is not None))
        self.held = self._batches(task.held) if task.held is not None else None
        self.steps = max(1, len(self.fitted) // recipe.batch)
        self.augment = make_augment(recipe, task.shape[1:], isinstance(task.fitted, Stored))
        self.mixup = Mixup(recipe.mixup) if recipe.mixup else None
        self.optimiser = make_optimiser(recipe, network)
        self.schedule = make_schedule(recipe, self.optimiser, self.steps, task.epochs)
        self.average = make_average(recipe, network)
        self.half = half(device)
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.half is torch.float16)
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
            TrainingError: the loss is not finite, memory ran out, or the network cannot compute.
        """
        with repeatable(self.device):
            while self.epoch < until:
                with computing(self.device, self.task.recipe.batch):
                    self.curve.append(self._train(step))
                tell(self.curve[-1])

    def accuracy(self, images: Images) -> float:
        """Accuracy on images in percent, with the averaged weights if there are any."""
        return 100 * sum(self.right(images)) / len(images)

    def right(self, images: Images) -> list[int]:
        """For each image 1 if the network's prediction is correct, else 0.

        Raises:
            TrainingError: memory ran out, or the network cannot compute.
        """
        with repeatable(self.device), computing(self.device, self.task.recipe.batch):
            return self._right(self._batches(images)).tolist()

    def weights(self) -> dict[str, torch.Tensor]:
        """The trained weights, a ``state_dict`` for a newly built network."""
        return {k: v.detach().cpu().contiguous() for k, v in self._best().state_dict().items()}

    def save(self, path: Path) -> None:
        """Write a checkpoint."""
        write_checkpoint(path, {"what": self.task.what, **self._state(),
                                "curve": [list(astuple(row)) for row in self.curve]})

    def resume(self, path: Path) -> bool:
        """Resume from a checkpoint, if there is one; returns whether there was. If it fails, this
        training is in an undefined state and must not be used.

        Raises:
            DataError: it is damaged, or of another training.
        """
        size = sum(tensor.nbytes for tensor in self.network.state_dict().values())
        state = read_checkpoint(path, self.device, COPIES * size + SPARE)
        if state is None:
            return False
        check_same(path, state["what"], self.task.what)
        try:
            self._go_on_from(state)
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError,
                ValueError) as error:
            raise DataError(f"{path} is damaged: {error}; delete it to begin anew") from None
        return True

    def _state(self) -> dict[str, Any]:
        """The state of a training, except for the curve."""
        return {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict(),
                "schedule": self.schedule.state_dict(), "scaler": self.scaler.state_dict(),
                "average": self.average.state_dict() if self.average else None}

    def _go_on_from(self, state: dict[str, Any]) -> None:
        """Load the state of a checkpoint after checking that its structure is this training's."""
        own = self._state()
        found = state["optimiser"]
        begun = found.get("state") if isinstance(found, dict) else None
        own["optimiser"]["state"] = {       # of the weights that have moved by then
            number: kept for number, kept in stepped(self.task.recipe, self.network).items()
            if isinstance(begun, dict) and number in begun}
        validated = None if self.held is None else 0
        own["curve"] = [[0, 0, 0, 0, validated, 0]] * min(len(state["curve"]), self.task.epochs)
        for name, part in own.items():
            check_like(state[name], part, name)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.scaler.load_state_dict(state["scaler"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.curve = [EpochLog(*row) for row in state["curve"]]

    def _batches(self, images: Images) -> Batches:
        return Batches(images, self.task.shape, self.device, self.standard)

    def _train(self, step: Callable[[int], None]) -> EpochLog:
        """One epoch."""
        recipe, began = self.task.recipe, time.perf_counter()
        seed = derive(self.task.seed, "epoch", self.epoch)
        torch.manual_seed(seed)
        order = torch.randperm(len(self.fitted)).tolist()
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        right = torch.zeros((), dtype=torch.int64, device=self.device)
        seen, rate = 0, math.nan
        self.network.train()
        look = LOOK if self.device.type == "cuda" else 1
        for number, (x, y) in enumerate(self.fitted(order[:self.steps * recipe.batch],
                                                    recipe.batch, derive(seed, "crops")), 1):
            x = self.augment(x)
            x, loss_of = self.mixup(x, y, recipe.label_smoothing) if self.mixup else \
                (x, lambda out, y=y: F.cross_entropy(out, y,
                                                     label_smoothing=recipe.label_smoothing))
            self.optimiser.zero_grad(set_to_none=True)
            with torch.autocast(self.device.type, self.half, enabled=self.half is not None):
                out = self.network(x)
            loss = loss_of(out.float())
            torch.autograd.backward(self.scaler.scale(loss))
            self.scaler.step(self.optimiser)
            self.scaler.update()
            rate = self.optimiser.param_groups[0]["lr"]
            self.schedule.step()
            self._averaged()
            total += loss.detach() * len(x)
            right += (out.detach().argmax(1) == y).sum()
            seen += len(x)
            if number % look == 0 and not math.isfinite(loss.item()):
                break
            step(number)
        mean = total.item() / seen
        if not math.isfinite(mean):
            raise TrainingError(f"the training diverged: the loss is {mean} in epoch "
                                f"{self.epoch + 1}, at a rate of {rate:.3g}")
        validated = None if self.held is None else \
            100 * int(self._right(self.held).sum()) / len(self.held)
        return EpochLog(self.epoch + 1, rate, mean, 100 * right.item() / seen, validated,
                   time.perf_counter() - began)

    def _averaged(self) -> None:
        if self.average is not None and (self.task.recipe.swa is None or self._swa_has_begun()):
            self.average.update_parameters(self.network)

    def _swa_has_begun(self) -> bool:
        return self.epoch >= int((self.task.recipe.swa or 0) * self.task.epochs)

    def _best(self) -> nn.Module:
        """The averaged network if averaging has begun, else the network."""
        if self.average is None or not int(self.average.n_averaged):
            return self.network
        network = self.average.module
        assert isinstance(network, nn.Module)
        if self.task.recipe.swa is not None:        # plain averages have no statistics of theirs
            torch.manual_seed(derive(self.task.seed, "statistics", self.epoch))
            everything = range(len(self.fitted))
            batches = self._batches(self.task.fitted)
            with torch.autocast(self.device.type, self.half, enabled=self.half is not None):
                update_bn((x for x, _ in batches(everything, EVALUATED)
                           if len(x) > 1 or len(everything) == 1), network)     # see `run`
        return network

    def _right(self, batches: Batches) -> torch.Tensor:
        """Whether each prediction is correct, integers of shape (images,)."""
        return torch.cat([(out.argmax(1) == y).int()
                          for out, y in outputs(self._best(), batches, self.half)])


@contextmanager
def computing(device: torch.device, batch: int) -> Iterator[None]:
    """Context in which networks compute on batches of so many images; what torch or an operation
    raises is one sentence.

    Raises:
        TrainingError: memory ran out, or the network cannot compute.
    """
    try:
        yield
    except (RuntimeError, MemoryError, ValueError, TypeError, LookupError, ArithmeticError,
            AttributeError, AssertionError) as error:
        if not _out_of_memory(error):
            raise TrainingError(f"{type(error).__name__}: {error}") from error
        if device.type == "cuda":
            torch.cuda.empty_cache()
        raise TrainingError(f"out of memory on {device} with batches of {batch} images") from None


@torch.no_grad()
def outputs(network: nn.Module, batches: Batches,
            precision: torch.dtype | None) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The outputs of a network for all images, float32 of shape (n, classes), with their labels,
    batch by batch."""
    network.eval()
    for x, y in batches(range(len(batches)), EVALUATED):
        with torch.autocast(batches.device.type, precision, enabled=precision is not None):
            out = network(x)
        yield out.float(), y


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or \
        "DefaultCPUAllocator" in str(error)
