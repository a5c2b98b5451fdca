"""Evaluating networks by training them: rung by rung, from checkpoints, archived with the curve."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.archive import Archive, Evaluation
from search.data import Data, DataError, Images
from search.recipe import Recipe
from search.samplers import derive
from search.scores import ScoreError
from searchspace import Genotype, GenotypeError, cost, fill, to_yaml
from searchspace.expand import trace
from searchspace.holes import Decisions
from searchspace.identity import identity
from searchspace.memory import peak_memory

if TYPE_CHECKING:
    from search.training.loop import Training

TRAIN = "train"

GoesOn = Callable[[int, float], bool]       # after so many epochs, with this accuracy in percent


def always(epochs: int, accuracy: float) -> bool:
    """Nothing is pruned."""
    return True


@dataclass(frozen=True)
class Trainer:
    """Trains networks on one split of a data set; what the archive holds is not trained again.

    ``epochs`` is how many the recipe's schedule is laid out for; checkpoints are kept in
    ``folder`` while a training runs, one an epoch.
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

    def __call__(self, genotype: Genotype, size: int, weight_seed: int,
                 decisions: Decisions | None = None, name: str | None = None,
                 trial: int | None = None, rungs: Sequence[int] = (),
                 goes_on: GoesOn = always,
                 begins: Callable[[int], None] = lambda epochs: None) -> Evaluation:
        """The evaluation of a network, or of a space under ``decisions``.

        Its value is the accuracy on the validation images in percent, after ``fidelity`` epochs:
        fewer than `epochs` where ``goes_on`` said so at one of the ``rungs``. The value is None,
        and the error says why, where the network cannot be trained. A network that is archived
        in full is not asked about again. ``begins`` hears of how many epochs were trained already
        when the training begins.
        """
        key, channels = identity(genotype, decisions), trace(genotype, decisions).input[0]
        data = self._data(channels, size)
        with self.archive.alone(key, TRAIN, data, weight_seed, recipe=self.described,
                                fidelity=self.epochs) as known:
            return known or self._evaluated(genotype, size, weight_seed, decisions, name, trial,
                                            rungs, goes_on, begins, key, data, channels)

    def _evaluated(self, genotype: Genotype, size: int, weight_seed: int,
                   decisions: Decisions | None, name: str | None, trial: int | None,
                   rungs: Sequence[int], goes_on: GoesOn, begins: Callable[[int], None],
                   key: str, data: str, channels: int) -> Evaluation:
        """A new evaluation, from as far as one that was broken off came."""
        held = (self.archive.find(key, TRAIN, data, weight_seed, recipe=self.described,
                                  fidelity=e) for e in reversed(rungs))
        curve = next((list(e.curve) for e in held if e is not None and e.curve), [])
        run: Training | None = None
        error, seconds = None, 0.0
        checkpoint = self.folder / f"{key[:24]}-{weight_seed}.pt"
        try:
            for stop in (*rungs, self.epochs):
                if len(curve) < stop:
                    if run is None:
                        run = self._training(genotype, decisions, channels, size, weight_seed,
                                             key, checkpoint)
                        begins(run.epoch)
                    curve = self._train(run, stop, checkpoint)
                    seconds = sum(row.seconds for row in run.curve)
                if stop < self.epochs and not goes_on(stop, curve[stop - 1]):
                    break
            curve = curve[:stop]
        except (ScoreError, GenotypeError, MemoryError, RuntimeError) as fault:
            error = str(fault) or type(fault).__name__      # torch raises RuntimeError for most
            stop = self.epochs
        total = cost(genotype, decisions)
        kept = self.archive.record(
            identity=key, genotype=to_yaml(fill(genotype, decisions or {})),
            name=name or genotype.title, space=genotype.name if decisions else None,
            macs=total.macs, params=total.params, memory=peak_memory(genotype, decisions).bytes,
            input_size=size, score=TRAIN, data=data, recipe=self.described, fidelity=stop,
            seed=weight_seed, value=None if error else curve[-1], curve=curve or None,
            seconds=seconds, error=error, study=self.study, trial=trial)
        checkpoint.unlink(missing_ok=True)
        return kept

    @property
    def described(self) -> str:
        """The recipe as the archive knows it: its name, what it does, its length here."""
        return f"{self.recipe.name} {self.recipe.digest()}, {self.epochs} epochs"

    def _data(self, channels: int, size: int) -> str:
        """The data as the archive knows them."""
        digest = f" {self.data.digest[:12]}" if self.data.digest else ""
        return (f"{self.data.name}{digest} {channels}x{size}x{size}, {self.validation:.4g} held "
                f"out by seed {self.seed}")

    def _training(self, genotype: Genotype, decisions: Decisions | None, channels: int, size: int,
                  weight_seed: int, key: str, checkpoint: Path) -> "Training":
        """The training, as far as its checkpoint goes; a damaged one is begun anew."""
        import torch

        from search.training.device import choose_device
        from search.training.loop import Task, Training
        from searchspace import build

        expansion = trace(genotype, decisions)
        outputs = expansion.nodes[expansion.output].shape[0]
        if outputs < len(self.data.classes):
            raise ScoreError(f"the network has {outputs} outputs, and {self.data.name} has "
                             f"{len(self.data.classes)} classes")
        what: dict[str, Any] = {"network": key, "data": self._data(channels, size),
                                "recipe": self.described, "weights": weight_seed}
        fitted, held = self.split()
        task = Task(self.recipe, self.epochs, fitted, held, (channels, size, size),
                    derive(weight_seed, "training"), what)

        def fresh() -> Training:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(weight_seed)
                network = build(genotype, decisions)
            return Training(network, task, choose_device(self.device, self.worker))

        run = fresh()
        try:
            run.resume(checkpoint)
        except DataError:
            checkpoint.unlink()
            run = fresh()
        return run

    def split(self) -> tuple[Images, Images]:
        """The images that networks are fitted to, and those that rate them."""
        return self.data.split(self.validation, derive(self.seed, "validation"))

    def _train(self, run: "Training", stop: int, checkpoint: Path) -> list[float]:
        run.run(stop, lambda row: run.save(checkpoint))
        return [row.validated for row in run.curve if row.validated is not None]
