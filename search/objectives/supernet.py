"""Loss with shared weights as an objective: they are trained once for a study, then all of its
networks are scored with slices of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from search.archive import EvaluationKey
from search.errors import StudyError
from search.objectives.base import Context, Evaluated, Evaluator, Progress, objective
from search.objectives.cache import archived, evaluated
from search.objectives.candidate import Candidate
from search.objectives.images import ImageObjective
from search.supernet.task import PATHS, SupernetTask
from search.torch_state import usual
from searchspace.safety.files import make_folder, own
from searchspace.text import counted

if TYPE_CHECKING:
    from search.supernet.scoring import SupernetScorer

SUPERNET = "supernet"
FILE, LOCK = "weights.safetensors", "lock"


def unstopped() -> bool:
    """Nobody asks to stop."""
    return False


@dataclass(frozen=True)
class SupernetEvaluator(Evaluator):
    """Scores networks with the shared weights in ``folder``, which are trained before the first."""

    task: SupernetTask
    context: Context
    folder: Path
    device: str

    @property
    def notes(self) -> Sequence[str]:
        """How the weights are trained."""
        task = self.task
        fitted, held = task.split()
        paths = ", ".join(["to MACs that are drawn" if task.is_bounded else "strictly fair",
                           *["sandwich"] * task.sandwich, *["apart by context"] * task.contexts])
        return [*task.data.notes,
                f"shared weights: recipe {task.recipe.name}, {counted(task.epochs, 'epoch')} of "
                f"{counted(len(fitted), 'image')} of {task.data.name}, {PATHS} networks a step "
                f"({paths}); networks are rated on {len(held):,} other images"]

    def prepare(self, note: Callable[[str], None] = lambda text: None,
                should_stop: Callable[[], bool] = unstopped) -> None:
        """Train the weights unless that is done; other workers wait for the one that does it.
        ``note`` is called with a line before each epoch. Stops between epochs if ``should_stop``
        returns true.

        Raises:
            StudyError: the training diverged or ran out of memory, or its file cannot be written.
        """
        from search.errors import TrainingError
        from search.supernet.training import SupernetTraining
        from search.training.device import choose_device

        path = self.folder / FILE
        try:
            make_folder(self.folder)
            with filelock.FileLock(own(self.folder / LOCK)), usual():
                training = SupernetTraining(self.task, choose_device(self.device))
                training.resume(own(path))
                while training.epoch < self.task.epochs and not should_stop():
                    loss = f", loss {training.curve[-1].loss:.3f}" if training.curve else ""
                    note(f"training shared weights: epoch {training.epoch + 1} of "
                         f"{self.task.epochs}{loss}")
                    training.run(training.epoch + 1)
                    training.save(path)
        except TrainingError as error:
            raise StudyError(f"{self.folder}: {error}") from None
        except OSError as error:
            raise StudyError(f"{path} cannot be written: {error.strerror or error}") from None

    def __call__(self, candidate: Candidate, progress: Progress) -> Evaluated:
        """The cross-entropy on held-out images."""
        assert candidate.decisions is not None
        decisions = candidate.decisions
        key = EvaluationKey(candidate.identity, SUPERNET, self.task.described_data, self.task.seed,
                            self.task.described, self.task.epochs)
        return evaluated(archived(self.context.archive, self.context.name, key, candidate,
                                  usual()(lambda: self._scorer(decisions).loss)))

    @cached_property
    def _scorer(self) -> "SupernetScorer":
        from search.supernet.scoring import SupernetScorer
        from search.training.device import choose_device

        self.prepare()
        return SupernetScorer(self.task, own(self.folder / FILE),
                              choose_device(self.device, self.context.worker()))


@objective(SUPERNET)
@dataclass(frozen=True)
class SharedLoss(ImageObjective):
    """The loss of a network with weights that all networks of the space share, on images that they
    were not trained on. It ranks networks, better than their accuracy does; it is not what they
    reach by themselves."""

    direction = "minimize"
    title = "shared loss"
    unit = "nats of cross-entropy"

    def shown(self, value: float) -> str:
        """``0.2134``."""
        return f"{value:.4f}"

    def open(self, context: Context) -> SupernetEvaluator:
        """Raises the errors of `opened`, and RecipeError if networks have too few outputs."""
        options, data, recipe = self.opened()
        inside = context.cheapest
        task = SupernetTask(context.space, context.settings.budget, inside,
                            inside.expansion.input, data, options.validation, recipe,
                            options.shared_length(recipe, data), context.settings.seed,
                            bool(options.sandwich), bool(options.contexts))
        task.check()
        task.split()        # raises now if it cannot be read
        return SupernetEvaluator(task, context, context.folder / SUPERNET, options.device)
