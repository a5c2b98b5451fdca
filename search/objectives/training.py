"""Accuracy after training as an objective, with pruning and the attributes of trials."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from optuna.trial import TrialState

from search.errors import damaged
from search.objectives.base import Context, Evaluated, Evaluator, Progress, objective
from search.objectives.candidate import Candidate
from search.objectives.halving import Halving
from search.objectives.images import ImageObjective
from search.objectives.training_rungs import TRAIN, Trainer
from search.samplers.base import SAMPLERS, UNTIL
from search.training.hyperband import GoesOn
from search.training.options import TrainOptions
from searchspace.safety.files import make_folder
from searchspace.safety.values import REAL, list_of
from searchspace.text import counted

CHECKPOINT = "checkpoint"       # the attribute with the epochs that a training went on after,
NOT_BEGUN = -1                  # and its value while nothing of the network is computed yet


@dataclass(frozen=True)
class Trainings(Evaluator):
    """The trainings of one study."""

    trainer: Trainer
    halving: Halving
    options: TrainOptions
    context: Context

    @property
    def notes(self) -> Sequence[str]:
        """How networks are trained."""
        trainer = self.trainer
        fitted, held = trainer.split()
        settings = self.context.settings
        if settings.sampler in SAMPLERS and SAMPLERS[settings.sampler].trains:
            pauses = ", ".join(map(str, self.options.pauses(trainer.epochs)))
            looks = f"a training may pause after epoch {pauses} and go on later" if pauses else ""
        else:
            looks = self.halving.rungs.described
        return [*trainer.data.notes,
                f"training: recipe {trainer.recipe.name}, {counted(trainer.epochs, 'epoch')} of "
                f"{counted(len(fitted), 'image')} of {trainer.data.name}, rated on "
                f"{len(held):,} others", looks or "no training is stopped early"]

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """The accuracy in percent on held-out images."""
        # the workers of a study take the GPUs in turn
        trainer = replace(self.trainer, worker=self.context.worker())
        until = progress.trial.user_attrs.get(UNTIL)
        rungs, goes_on = (self.halving.levels(progress.ordinal), self.halving.goes_on(progress)) \
            if until is None else self._pausing(until)
        found = trainer.evaluation(
            candidate, rungs, goes_on,
            lambda reached: progress.trial.set_user_attr(CHECKPOINT, reached),
            resumable=until is not None)
        if found.value is None:
            return Evaluated(None, found.seconds, found.error)
        with damaged("the archive"):
            curve = list_of(REAL).check(list(found.curve or ()), "a learning curve")
        self.halving.keep(progress, curve)
        pruned = len(found.curve or ()) < self.trainer.epochs
        return Evaluated(found.value, max(0.0, found.seconds - self._spent(candidate)),
                         pruned=pruned)

    def _pausing(self, until: int) -> tuple[Sequence[int], GoesOn]:
        """The rungs of a training that pauses after so many epochs."""
        pauses = self.options.pauses(self.trainer.epochs)
        return [e for e in pauses if e <= until], lambda epochs, accuracy: epochs < until

    def _spent(self, candidate: Candidate) -> float:
        """Seconds of earlier parts of a network's training in this study."""
        return sum(float(t.user_attrs.get("seconds", 0.0))
                   for t in self.context.study.get_trials(deepcopy=False)
                   if t.user_attrs.get("identity") == candidate.identity
                   and t.state in (TrialState.COMPLETE, TrialState.PRUNED))


@objective(TRAIN)
@dataclass(frozen=True)
class TrainedAccuracy(ImageObjective):
    """The accuracy that a network reaches by training, on images that it was not trained on."""

    direction = "maximize"
    attributes = {CHECKPOINT: NOT_BEGUN}    # noqa: RUF012  # read only, as the base says
    title = "accuracy"
    unit = "percent"

    def shown(self, value: float) -> str:
        """``93.42 %``."""
        return f"{value:.2f} %"

    def open(self, context: Context) -> Trainings:
        """Raises the errors of `opened`."""
        options, data, recipe = self.opened()
        epochs = options.length(recipe, data)
        seed = context.settings.seed
        trainer = Trainer(context.archive, context.name, data, options.validation, recipe, epochs,
                          seed, make_folder(context.folder / "checkpoints"), options.device)
        trainer.split()         # raises now if it cannot be read
        halving = Halving(context.study, context.objectives, options.rungs(epochs), seed, TRAIN)
        return Trainings(trainer, halving, options, context)
