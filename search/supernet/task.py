"""What determines shared weights: space, networks that are trained, data, recipe, length. No torch.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from search.data.base import Data, Images
from search.errors import RecipeError
from search.seeds import derive
from search.supernet.paths import CostPaths, Paths, paths_for
from search.training.held_out import described, hold_out
from search.training.recipe import Recipe
from searchspace import Genotype
from searchspace.shapes import Shape
from searchspace.space.budget import Budget
from searchspace.space.frozen import freeze
from searchspace.space.point import Point
from searchspace.text import counted

APART = 0.5         # share of the epochs after which contexts have weights of their own
PATHS = 6           # networks a step


@dataclass(frozen=True)
class SupernetTask:
    """Shared weights of the networks of ``space`` inside ``budget``, for images of ``shape`` (C, H,
    W). ``cheapest`` is one of them. ``validation``: the share of the training images that
    networks are scored on. With ``sandwich`` the largest and the smallest network with the choices
    of one that was drawn are two of each step's, and all others learn from the largest. With
    ``contexts`` these have weights of their own, from a share of the epochs on."""

    space: Genotype
    budget: Budget
    cheapest: Point
    shape: Shape
    data: Data
    validation: float
    recipe: Recipe
    epochs: int
    seed: int
    sandwich: bool = False
    contexts: bool = False

    def split(self) -> tuple[Images, Images]:
        """The training images, and those that networks are scored on; as a training has them."""
        return hold_out(self.data, self.validation, self.seed)

    def paths(self) -> Paths:
        """What draws networks, from the beginning."""
        return paths_for(self.space, self.budget, self.cheapest, derive(self.seed, "paths"))

    @cached_property
    def is_bounded(self) -> bool:
        """Whether the budget bounds which networks are trained."""
        return isinstance(self.paths(), CostPaths)

    @property
    def described_data(self) -> str:
        """The data in the archive's key."""
        return described(self.data, self.shape, self.validation, self.seed)

    @property
    def described(self) -> str:
        """The training in the archive's key: recipe and length, and a digest of all else that the
        weights depend on."""
        return (f"{self.recipe.name} {self.recipe.digest()}, {counted(self.epochs, 'epoch')} of "
                f"shared weights {self._digest}")

    @cached_property
    def _digest(self) -> str:
        frozen = freeze(self.space)
        bounds = self.budget.text if self.is_bounded else ""
        parts = (frozen.space, frozen.blocks, bounds, str(self.sandwich), str(PATHS),
                 str(APART if self.contexts else 1))
        return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=6).hexdigest()

    @property
    def what(self) -> dict[str, str | int]:
        """All that determines the weights, as their file says it."""
        return {"space": self.space.title, "data": self.described_data,
                "recipe": self.described, "seed": self.seed}

    def check(self) -> None:
        """Raise RecipeError if networks have fewer outputs than there are classes."""
        if lack := self.data.lacking(self.cheapest.expansion):
            raise RecipeError(f"networks of {self.space.title} have {lack}")
