"""Training of one network: steps, validation, averaged weights, checkpoints."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from search.data.base import Images
from search.data.errors import DataError
from search.seeds import derive
from search.training.batches import Batches
from search.training.checkpoint import check_like, check_same, read_checkpoint, write_checkpoint
from search.training.device import autocast, computing, repeatable
from search.training.epochs import EpochLog, Epochs
from search.training.optim import make_average, make_optimiser, make_schedule, set_dropout, stepped
from search.training.recipe import Recipe

EVALUATED = 256     # images a batch without gradients
COPIES = 4          # of the weights' size in a checkpoint: weights, two moments, an average
SPARE = 2**25       # bytes of a checkpoint beside them


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


class Training(Epochs):
    """A training of one network on one device, from the first epoch or from a checkpoint.

    Raises:
        DataError: the images do not suit the network. RecipeError: kornia is missing.
    """

    def __init__(self, network: nn.Module, task: TrainingTask, device: torch.device) -> None:
        super().__init__(task.recipe, task.fitted, task.shape, task.seed, device)
        self.task, self.network = task, network.to(device)
        if device.type == "cuda":
            for parameter in network.parameters():
                if parameter.dim() == 4:
                    parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        set_dropout(network, task.recipe.dropout)
        self.held = self._batches(task.held) if task.held is not None else None
        self.optimiser = make_optimiser(task.recipe, network)
        self.schedule = make_schedule(task.recipe, self.optimiser, self.steps, task.epochs)
        self.average = make_average(task.recipe, network)

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

    def weights(self) -> dict[str, Tensor]:
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

    def _begin_epoch(self) -> None:
        self.network.train()

    def _step(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, int]:
        x, loss_of = self._augmented(x, y)
        self.optimiser.zero_grad(set_to_none=True)
        with autocast(self.device):
            out = self.network(x)
        loss = loss_of(out.float())
        torch.autograd.backward(self.scaler.scale(loss))
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self._averaged()
        return loss.detach() * len(x), (out.detach().argmax(1) == y).sum(), len(x)

    def _validated(self) -> float | None:
        return None if self.held is None else \
            100 * int(self._right(self.held).sum()) / len(self.held)

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
            with autocast(self.device):
                update_bn((x for x, _ in batches(everything, EVALUATED)
                           if len(x) > 1 or len(everything) == 1), network)     # see `run`
        return network

    def _right(self, batches: Batches) -> Tensor:
        """Whether each prediction is correct, integers of shape (images,)."""
        return torch.cat([(out.argmax(1) == y).int()
                          for out, y in outputs(self._best(), batches)])


@torch.no_grad()
def outputs(network: nn.Module, batches: Batches) -> Iterator[tuple[Tensor, Tensor]]:
    """The outputs of a network for all images, float32 of shape (n, classes), with their labels,
    batch by batch."""
    network.eval()
    for x, y in batches(range(len(batches)), EVALUATED):
        with autocast(batches.device):
            out = network(x)
        yield out.float(), y
