"""How a study trains its networks: what it trains on, which trainings go on, what is kept."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import optuna

from search.archive import Archive
from search.archive.rows import Evaluation
from search.halving import Halving
from search.interrupted import CHECKPOINT
from search.objectives import Objective
from search.settings import Settings
from search.trained import Trainer
from searchspace import Genotype
from searchspace.holes import Decisions


@dataclass(frozen=True)
class Trainings:
    """The trainings of one study. ``worker`` tells which of the workers of a study this is, so
    that they take the GPUs in turn."""

    trainer: Trainer
    halving: Halving
    worker: Callable[[], int]

    def told(self) -> list[str]:
        """How networks are trained, for people."""
        trainer, rungs = self.trainer, self.halving.rungs
        fitted, held = trainer.split()
        looks = "; ".join(f"after epoch {', '.join(map(str, rungs.levels(b)))}"
                          for b in range(rungs.brackets) if rungs.levels(b))
        return [*trainer.data.notes,
                f"training: recipe {trainer.recipe.name}, {trainer.epochs} epochs of "
                f"{len(fitted):,} images of {trainer.data.name}, rated on {len(held):,} others",
                f"looks at the trainings {looks}: 1 of {rungs.reduction} goes on" if looks
                else "no training is broken off"]

    def __call__(self, trial: optuna.Trial, ordinal: int, known: dict[str, float],
                 genotype: Genotype, size: int, weight_seed: int, decisions: Decisions, name: str,
                 number: int) -> Evaluation:
        """Train a network as the trial that so many precede; ``known`` are its other
        objectives."""
        trainer = replace(self.trainer, worker=self.worker())
        return trainer(genotype, size, weight_seed, decisions, name, number,
                       self.halving.levels(ordinal), self.halving.goes_on(ordinal, known),
                       lambda reached: trial.set_user_attr(CHECKPOINT, reached))

    def is_pruned(self, evaluation: Evaluation) -> bool:
        """Whether a training was broken off."""
        return len(evaluation.curve or ()) < self.trainer.epochs

    def keep(self, trial: optuna.Trial, ordinal: int, known: dict[str, float],
             evaluation: Evaluation) -> None:
        """Give a trial what it keeps of its training."""
        curve = evaluation.curve or ()
        if len(self.halving.objectives) == 1:       # Optuna takes no reports of several
            for epoch, accuracy in enumerate(curve, 1):
                trial.report(accuracy, epoch)
        for key, value in self.halving.kept(ordinal, known, curve).items():
            trial.set_user_attr(key, value)


def open_trainings(settings: Settings, objectives: tuple[Objective, ...], study: optuna.Study,
                   archive: Archive, folder: Path, worker: Callable[[], int]) -> Trainings | None:
    """The trainings of a study in ``folder``; None where it trains nothing.

    Raises:
        DataError: the images are missing or damaged. RecipeError or GenotypeError: the recipe is.
    """
    options = settings.train
    if options is None:
        return None
    data, recipe = options.open(), options.read()
    epochs = options.length(recipe, data)
    trainer = Trainer(archive, study.study_name, data, options.validation, recipe, epochs,
                      settings.seed, folder / "checkpoints", options.device)
    trainer.split()         # refused now where it cannot be
    return Trainings(trainer, Halving(study, objectives, options.rungs(epochs), settings.seed),
                     worker)
