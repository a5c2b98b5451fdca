"""Base of the objectives for which networks are trained on images."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from search.data import Data
from search.objectives.base import Objective, ObjectiveError
from search.training.options import TrainOptions
from search.training.recipe import Recipe
from searchspace import Genotype

if TYPE_CHECKING:
    from search.study.settings import Settings


@dataclass(frozen=True)
class ImageObjective(Objective):
    """An objective that needs images, and the training options of the search that name them."""

    options: TrainOptions | None = None
    expensive = True

    def configured(self, settings: "Settings", space: Genotype) -> Self:
        """With the training options of the search."""
        if settings.train is None:
            raise ObjectiveError(f"the objective {self.kind} needs images: --data, or TrainOptions")
        return replace(self, options=settings.train)

    def opened(self) -> tuple[TrainOptions, Data, Recipe]:
        """The options, and what they name.

        Raises:
            DataError: images are missing or damaged. RecipeError, GenotypeError: the recipe is
                missing or invalid.
        """
        assert self.options is not None
        return self.options, self.options.open(), self.options.read()
