"""Augmentation of training images by kornia (no torchvision), and mixup."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from search.errors import RecipeError
from search.training.recipe import Recipe
from searchspace.scripts import install
from searchspace.shapes import Size, sides

Augment = Callable[[Tensor], Tensor]


def make_augment(recipe: Recipe, size: Size, stored: bool) -> Augment:
    """The augmentation of a recipe for batches of training images, with an output of this
    ``size``. ``stored`` images are cropped here, files when they are read.

    Raises:
        RecipeError: kornia is needed, and not installed.
    """
    if not recipe.needs_kornia:
        return lambda x: x
    try:
        import kornia.augmentation as kornia
    except ModuleNotFoundError as error:
        raise RecipeError(f"the recipe {recipe.name!r} augments images by kornia, and there is no "
                          f"Python package {error.name}: {install('train')}, or "
                          "take a recipe without augment, such as quick") from None
    edges = sides(size)
    steps: list[torch.nn.Module] = []
    if recipe.crop is not None:
        steps.append(kornia.RandomCrop(edges, padding=recipe.crop or None))
    if recipe.scale is not None and stored:
        steps.append(kornia.RandomResizedCrop(edges, scale=recipe.scale))
    if recipe.flip:
        steps.append(kornia.RandomHorizontalFlip())
    return torch.nn.Sequential(*steps)


class Mixup:
    """Mixup (Zhang et al. 2018, arXiv 1710.09412): each image with another one of its batch.

    The share is drawn once per batch from Beta(alpha, alpha), as by its authors and HCGNet's;
    kornia's is uniform, which is alpha = 1 only.
    """

    def __init__(self, alpha: float) -> None:
        self.draw = torch.distributions.Beta(alpha, alpha)

    def __call__(self, x: Tensor, y: Tensor,
                 smoothing: float) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """The mixed images, and their loss as a function of the network's output."""
        share = float(self.draw.sample())
        other = torch.randperm(len(x), device="cpu").to(x.device)

        def loss(out: Tensor) -> Tensor:
            parts = [F.cross_entropy(out, target, label_smoothing=smoothing)
                     for target in (y, y[other])]
            return share * parts[0] + (1 - share) * parts[1]

        return share * x + (1 - share) * x[other], loss
