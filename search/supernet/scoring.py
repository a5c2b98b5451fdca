"""Scores of networks with shared weights: slices of the averages, batch norms whose statistics are
taken anew, and the loss on images that were held out.
"""

from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim.swa_utils import update_bn

from search.data.errors import DataError
from search.seeds import derive
from search.supernet.checkpoint import SupernetState
from search.supernet.subnetwork import Subnetwork
from search.supernet.task import SupernetTask
from search.torch_state import seeded
from search.training.batches import Batches, moments
from search.training.device import autocast, computing, repeatable
from search.training.loop import outputs
from searchspace.notation.holes import Decisions

RECALIBRATED = 20       # batches from which the statistics are taken, the same for all networks


class SharedScore(NamedTuple):
    """A network on the held-out images: mean cross-entropy in nats, and accuracy in percent."""

    loss: float
    accuracy: float


class SupernetScorer:
    """Scores networks with the weights in a file.

    Raises:
        DataError: the file is missing or damaged, of another training, or not trained to its end.
    """

    def __init__(self, task: SupernetTask, path: Path, device: torch.device) -> None:
        state = SupernetState.read(path, device, task.what)
        if state is None or len(state.curve) < task.epochs:
            raise DataError(f"{path}: the shared weights are not trained to their end")
        self.task, self.device, self.weights = task, device, state.shared()
        fitted, held = task.split()
        standard = moments(fitted)
        self.held = Batches(held, task.shape, device, standard)
        batches = Batches(fitted, task.shape, device, standard)
        self.batches: list[Tensor] = []
        with seeded(derive(task.seed, "statistics")):
            while len(self.batches) < RECALIBRATED:
                order = torch.randperm(len(batches)).tolist()
                order = order[:RECALIBRATED * task.recipe.batch]
                self.batches += [x for x, _ in batches(order, task.recipe.batch)]
        del self.batches[RECALIBRATED:]

    def __call__(self, decisions: Decisions) -> SharedScore:
        """The score of the network with these decisions.

        Raises:
            ScoreError: an operation of the network was never trained, or it cannot compute.
        """
        network = Subnetwork.of(self.task.space, decisions, self.task.seed, self.device)
        self.weights.load(network, averaged=True)
        with repeatable(self.device), computing(self.device, self.task.recipe.batch):
            with torch.no_grad(), autocast(self.device):
                update_bn(self.batches, network.module)
            loss, right = 0.0, 0
            for out, y in outputs(network.module, self.held):
                loss += float(F.cross_entropy(out, y, reduction="sum"))
                right += int((out.argmax(1) == y).sum())
        return SharedScore(loss / len(self.held), 100 * right / len(self.held))
