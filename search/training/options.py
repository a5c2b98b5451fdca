"""Training options of a search (--objective train, --objective supernet)."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from search.data import Data, open_data
from search.errors import RecipeError
from search.training.hyperband import RUNGS, Rungs
from search.training.recipe import Recipe, load_recipe

LONGER = 8      # epochs of shared weights, in those of one network


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """Training options of a search. ``epochs``: None for the recipe's; ``first``: epochs before the
    first rung; ``brackets``: more than 1 for Hyperband instead of successive halving; ``among``:
    number of proposals of which the best by a training-free score is trained; ``finals``: number of
    networks among which the best is chosen, after fresh trainings of each. For shared weights
    (`search.supernet`): ``supernet``, epochs, None for several times the recipe's; ``sandwich``:
    whether the largest and the smallest networks are trained in each step; ``contexts``: whether
    weights are shared only where the same comes in, in the second half."""

    data: str
    folder: str | None = None
    recipe: str = "quick"
    epochs: int | None = None
    validation: float = 0.2
    prune: bool = True
    reduction: int = 3
    first: int | None = None
    brackets: int = 1
    among: int = 1
    finals: int = 0
    device: str = "auto"
    supernet: int | None = None
    sandwich: bool | None = None
    contexts: bool | None = None

    def open(self) -> Data:
        """The data set; raises DataError if it is missing or damaged."""
        return _opened(self.data, self.folder)

    def read(self) -> Recipe:
        """The recipe; raises RecipeError or GenotypeError if it is missing or invalid."""
        return load_recipe(self.recipe)

    def length(self, recipe: Recipe, data: Data) -> int:
        """Epochs of a full training."""
        return self.epochs or self._usual(recipe, data)

    def shared_length(self, recipe: Recipe, data: Data) -> int:
        """Epochs of a training of shared weights."""
        return self.supernet or LONGER * self._usual(recipe, data)

    def _usual(self, recipe: Recipe, data: Data) -> int:
        """The recipe's epochs."""
        fitted = round(len(data.train) * (1 - self.validation))
        return recipe.epochs(max(1, fitted // recipe.batch))

    def rungs(self, epochs: int) -> Rungs:
        """The rungs of trainings of so many epochs.

        Raises:
            RecipeError: they are too short for the options.
        """
        if not self.prune:
            return Rungs(epochs, 0, self.reduction, 0)
        rungs = Rungs(epochs, self.first or max(1, round(epochs / RUNGS)), self.reduction,
                      self.brackets)
        if self.brackets > 1 and not rungs.levels(self.brackets - 2):
            raise RecipeError(f"{self.brackets} brackets need longer trainings than {epochs} "
                              f"epochs, or fewer --first-epochs than {rungs.first}")
        return rungs

    def pauses(self, epochs: int) -> tuple[int, ...]:
        """The epochs of a training of so many after which it may pause, to go on later if that is
        worth its time: a ninth of them, and a third."""
        found = {round(epochs / 9), round(epochs / 3)} - {0, epochs} if self.prune else ()
        return tuple(sorted(found))

    def lasting(self, recipe: Recipe, data: Data) -> dict[str, Any]:
        """Options that may not change when a study is continued; recipe and data count by their
        content, not their place."""
        kept = asdict(self)
        del kept["folder"], kept["device"], kept["finals"]
        return kept | {"recipe": f"{recipe.name} {recipe.digest()}",
                       "data": f"{data.name} {data.digest}".strip()}


@lru_cache(maxsize=1)
def _opened(name: str, folder: str | None) -> Data:
    """A data set, read once."""
    return open_data(name, folder)
