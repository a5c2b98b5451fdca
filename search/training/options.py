"""What a search needs to know to train networks: the options of --objective train."""

import argparse
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from search.data import DATASETS, FOLDER, Data, open_data
from search.recipe import Recipe, RecipeError, load_recipe, recipes
from search.rungs import Rungs

DEVICE = "cpu, cuda, cuda:1 … (default: a GPU where there is one)"
RUNGS = 27      # the first look comes after one part in so many of the training


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """How a search trains. ``epochs`` is the recipe's where it is None; ``first`` epochs come
    before the first look at a training, ``brackets`` more than 1 make Hyperband of successive
    halving; of ``among`` proposals the best by a training-free score is trained."""

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
    device: str = "auto"

    def open(self) -> Data:
        """The data set; DataError where it is missing or damaged."""
        return _opened(self.data, self.folder)

    def read(self) -> Recipe:
        """The recipe; RecipeError or GenotypeError where it is missing or wrong."""
        return load_recipe(self.recipe)

    def length(self, recipe: Recipe, data: Data) -> int:
        """Epochs of a full training."""
        fitted = round(len(data.train) * (1 - self.validation))
        return self.epochs or recipe.epochs(max(1, fitted // recipe.batch))

    def rungs(self, epochs: int) -> Rungs:
        """When trainings of so many epochs are looked at.

        Raises:
            RecipeError: they are too short for that.
        """
        if not self.prune:
            return Rungs(epochs, 0, self.reduction, 0)
        rungs = Rungs(epochs, self.first or max(1, round(epochs / RUNGS)), self.reduction,
                      self.brackets)
        if self.brackets > 1 and not rungs.levels(self.brackets - 2):
            raise RecipeError(f"{self.brackets} brackets need longer trainings than {epochs} "
                              f"epochs, or fewer --first-epochs than {rungs.first}")
        return rungs

    def lasting(self, recipe: Recipe, data: Data) -> dict[str, Any]:
        """What may not change when a study is continued; of the recipe and of the data that is
        their content, wherever they lie."""
        kept = asdict(self)
        del kept["folder"], kept["device"]
        return kept | {"recipe": f"{recipe.name} {recipe.digest()}",
                       "data": f"{data.name} {data.digest}".strip()}


@lru_cache(maxsize=1)
def _opened(name: str, folder: str | None) -> Data:
    """A data set, read once."""
    return open_data(name, folder)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a search that trains."""
    group = parser.add_argument_group("--objective train", "trains networks; the value is the "
                                      "accuracy on held-out training images, in percent")
    add_data_options(group)
    group.add_argument("--train-device", metavar="NAME", help=DEVICE)
    group.add_argument("--validation", type=share, metavar="SHARE", help="of the training images, "
                       "held out to rate networks (default: 0.2)")
    group.add_argument("--prune", action=argparse.BooleanOptionalAction, help="break trainings "
                       "off that are no match for the others (default: yes)")
    group.add_argument("--first-epochs", type=number, metavar="N", help="epochs before the first "
                       f"look at a training (default: 1/{RUNGS} of them)")
    group.add_argument("--reduction", type=_reduction, metavar="N", help="at each look 1/N of the "
                       "trainings go on, for N times as many epochs (default: 3)")
    group.add_argument("--brackets", type=number, metavar="N", help="more than 1: Hyperband, "
                       "brackets that begin to look later and later (default: 1)")
    group.add_argument("--among", type=number, metavar="K", help="propose K networks at a time and "
                       "train the best by a training-free score (default: 1)")


def add_data_options(group: argparse._ActionsContainer) -> None:
    """The options that a search and a final training share."""
    group.add_argument("--data", metavar="NAME",
                       help=f"{', '.join(DATASETS)} or {FOLDER}DIR")
    group.add_argument("--data-dir", metavar="DIR", help="where the files of data sets are "
                       "(default: $SEARCHSPACE_DATA, else data/)")
    group.add_argument("--recipe", metavar="NAME", help=f"{', '.join(recipes())}, or a YAML file "
                       "(default: quick)")
    group.add_argument("--epochs", type=number, metavar="N", help="length of a full training; the "
                       "recipe's schedule is brought to it (default: the recipe's)")


def read_options(options: argparse.Namespace, goals: tuple[str, ...]) -> TrainOptions | None:
    """What the command line says about training; None where nothing is trained.

    Raises:
        RecipeError: options that are missing, or of no use here.
    """
    given = {"data": options.data, "folder": options.data_dir, "recipe": options.recipe,
             "epochs": options.epochs, "validation": options.validation, "prune": options.prune,
             "first": options.first_epochs, "reduction": options.reduction,
             "brackets": options.brackets, "among": options.among, "device": options.train_device}
    given = {k: v for k, v in given.items() if v is not None}
    if "train" not in goals:
        if given:
            names = {"folder": "data-dir", "first": "first-epochs", "device": "train-device"}
            first = next(iter(given))
            raise RecipeError(f"--{names.get(first, first)} is for --objective train only")
        return None
    if "data" not in given:
        raise RecipeError(f"--objective train needs --data: {', '.join(DATASETS)} or {FOLDER}DIR")
    return TrainOptions(**given)


def number(text: str) -> int:
    """A whole number of the command line."""
    value = int(text) if text.isdecimal() else 0
    if not 1 <= value <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 100,000")
    return value


def share(text: str) -> float:
    """A share of the command line."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share between 0 and 1")
    return value


def _reduction(text: str) -> int:
    if (value := number(text)) < 2:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 2 on")
    return value
