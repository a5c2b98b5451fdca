"""Evaluation of networks by training: rung by rung, from checkpoints, archived with the curve."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.archive import Archive, Evaluation, EvaluationKey, Measurement
from search.data import Data, DataError, Images
from search.errors import ScoreError, StudyError
from search.objectives.cache import attempt
from search.objectives.candidate import Candidate
from search.seeds import derive
from search.torch_state import seeded, usual
from search.training.held_out import described, hold_out
from search.training.hyperband import GoesOn
from search.training.recipe import Recipe
from searchspace.safety.values import REAL, list_of
from searchspace.text import counted

if TYPE_CHECKING:
    from search.training.loop import Training

TRAIN = "train"


def always(epochs: int, accuracy: float) -> bool:
    """Nothing is pruned."""
    return True


@dataclass(frozen=True)
class Trainer:
    """Trains networks on one split of a data set, unless the archive has the result already.

    ``epochs``: length of the recipe's schedule; checkpoints are written to ``folder`` after every
    epoch while a training runs.
    """

    archive: Archive
    study: str
    data: Data
    validation: float
    recipe: Recipe
    epochs: int
    seed: int
    folder: Path
    device: str = "auto"
    worker: int = 0

    def evaluation(self, candidate: Candidate, rungs: Sequence[int] = (), goes_on: GoesOn = always,
                   begins: Callable[[int], None] = lambda epochs: None,
                   resumable: bool = False) -> Evaluation:
        """The accuracy on the validation images in percent, after ``fidelity`` epochs: fewer than
        `epochs` if ``goes_on`` returned false at one of the ``rungs``. None, with the reason, if
        the network cannot be trained.

        For a network that is archived in full ``goes_on`` is not called. ``begins`` is called with
        the number of epochs trained already when the training begins. A ``resumable`` one leaves
        its checkpoint if it is stopped at a rung.
        """
        with self.archive.alone(self.key(candidate)) as known:
            if known is not None:
                return known
            checkpoint = self.folder / f"{candidate.identity[:24]}-{candidate.seed}.pt"
            curve = _Curve(self, candidate, rungs, checkpoint, begins)
            with usual():
                _, error = attempt(lambda: curve.train(rungs, goes_on))
            reached = len(curve.accuracies) if error is None else self.epochs
            result = Measurement(None if error else curve.accuracies[-1], curve.seconds, error,
                                 curve.accuracies or None)
            kept = self.archive.record(self.key(candidate, reached), candidate.record(), result,
                                       self.study, candidate.trial)
            if error or reached == self.epochs or not resumable:
                checkpoint.unlink(missing_ok=True)
            return kept

    def key(self, candidate: Candidate, epochs: int | None = None) -> EvaluationKey:
        """The archive's key of an evaluation after ``epochs`` epochs, by default all."""
        data = described(self.data, candidate.expansion.input, self.validation, self.seed)
        return EvaluationKey(candidate.identity, TRAIN, data, candidate.seed, self.described,
                             self.epochs if epochs is None else epochs)

    @property
    def described(self) -> str:
        """The recipe in the archive's key: its name, digest and length."""
        return f"{self.recipe.name} {self.recipe.digest()}, {counted(self.epochs, 'epoch')}"

    def split(self) -> tuple[Images, Images]:
        """The training and the validation images."""
        return hold_out(self.data, self.validation, self.seed)

    def resumed(self, candidate: Candidate, checkpoint: Path) -> "Training":
        """The training of a network, resumed from its checkpoint unless that is damaged.

        Raises:
            ScoreError: the network has fewer outputs than there are classes.
        """
        from search.training.device import choose_device
        from search.training.loop import Training, TrainingTask
        from searchspace import build

        network = candidate.expansion
        if lack := self.data.lacking(network):
            raise ScoreError(f"the network has {lack}")
        key = self.key(candidate)
        what: dict[str, Any] = {"network": key.identity, "data": key.data, "recipe": key.recipe,
                                "weights": key.seed}
        fitted, held = self.split()
        task = TrainingTask(self.recipe, self.epochs, fitted, held, network.input,
                    derive(candidate.seed, "training"), what)

        def fresh() -> Training:
            with seeded(candidate.seed):
                built = build(candidate.genotype, candidate.decisions)
            return Training(built, task, choose_device(self.device, self.worker))

        run = fresh()
        try:
            run.resume(checkpoint)
        except DataError:
            checkpoint.unlink()
            run = fresh()
        return run


class _Curve:
    """The validation accuracies of one training after each epoch; continues an archived pruned
    training, and its checkpoint."""

    def __init__(self, trainer: Trainer, candidate: Candidate, rungs: Sequence[int],
                 checkpoint: Path, begins: Callable[[int], None]) -> None:
        self.trainer, self.candidate, self.checkpoint = trainer, candidate, checkpoint
        self.begins = begins
        held = (trainer.archive.find(trainer.key(candidate, e)) for e in reversed(rungs))
        self.accuracies: list[float] = next(
            (list(e.curve) for e in held if e and e.curve and list_of(REAL).accepts(e.curve)), [])
        self.seconds = 0.0
        self.run: Training | None = None

    def train(self, rungs: Sequence[int], goes_on: GoesOn) -> None:
        """Train to each rung in turn and to the end, unless ``goes_on`` returns false at a rung."""
        for stop in (*rungs, self.trainer.epochs):
            if len(self.accuracies) < stop:
                self._train_to(stop)
            if stop < self.trainer.epochs and not goes_on(stop, self.accuracies[stop - 1]):
                del self.accuracies[stop:]
                return

    def _train_to(self, stop: int) -> None:
        if self.run is None:
            self.run = self.trainer.resumed(self.candidate, self.checkpoint)
            self.begins(self.run.epoch)
        run = self.run
        run.run(stop, lambda _: self._save(run))
        self.accuracies = [row.validated for row in run.curve if row.validated is not None]
        self.seconds = sum(row.seconds for row in run.curve)

    def _save(self, run: "Training") -> None:
        """Write the checkpoint. Raises StudyError if the disk is full, or the like: no network is
        to blame."""
        try:
            run.save(self.checkpoint)
        except OSError as error:
            raise StudyError(f"{self.checkpoint} cannot be written: "
                             f"{error.strerror or error}") from None
