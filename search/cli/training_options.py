"""Command-line options for data sets and training, shared by several commands."""

import argparse

from search.data import DATASETS, FOLDER
from search.errors import RecipeError
from search.results.retraining import SEEDS
from search.training.hyperband import RUNGS
from search.training.options import LONGER, TrainOptions
from search.training.recipe import recipes
from searchspace.cli import whole

# Options whose names on the command line differ, and those that one objective alone has.
_NAMES = {"folder": "data-dir", "first": "first-epochs", "device": "train-device",
          "supernet": "supernet-epochs"}
_USERS = {**dict.fromkeys(("epochs", "prune", "first", "reduction", "brackets", "among", "finals"),
                          ("train",)),
          **dict.fromkeys(("supernet", "sandwich", "contexts"), ("supernet",))}
DEVICE = "cpu, cuda, cuda:1 … (default: a GPU where there is one)"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a search that trains."""
    group = parser.add_argument_group("--objective train, --objective supernet", "train each "
                                      "network, or weights that all of them share; the value is "
                                      "the accuracy on held-out training images in percent, or "
                                      "the loss on them")
    add_data_options(group, ", of --objective train")
    group.add_argument("--train-device", metavar="NAME", help=DEVICE)
    group.add_argument("--validation", type=share, metavar="SHARE", help="of the training images, "
                       "held out to rate networks (default: 0.2)")
    group = parser.add_argument_group("--objective train alone")
    group.add_argument("--prune", action=argparse.BooleanOptionalAction, help="stop "
                       "unpromising trainings early (default: yes)")
    group.add_argument("--first-epochs", type=whole(1), metavar="N", help="epochs before the first "
                       f"rung of a training (default: 1/{RUNGS} of them)")
    group.add_argument("--reduction", type=whole(2), metavar="N", help="at each rung 1/N of the "
                       "trainings continue, for N times as many epochs (default: 3)")
    group.add_argument("--brackets", type=whole(1), metavar="N", help="more than 1: Hyperband, "
                       "brackets with later and later first rungs (default: 1)")
    group.add_argument("--among", type=whole(1), metavar="K",
                       help="propose K networks at a time and "
                       "train the best by a training-free score (default: 1)")
    group.add_argument("--finals", type=whole(0), metavar="N", help="at the end the best N are "
                       f"trained again from {SEEDS} fresh seeds each, and the best mean is chosen, "
                       "where training is the only objective (default: none)")
    group = parser.add_argument_group("--objective supernet alone")
    group.add_argument("--supernet-epochs", type=whole(1), metavar="N", help="length of the "
                       f"training of shared weights (default: {LONGER} times the recipe's)")
    group.add_argument("--sandwich", action=argparse.BooleanOptionalAction, help="train the "
                       "largest and the smallest networks in each step, and let all learn from "
                       "the largest; for spaces whose holes are numbers (default: no)")
    group.add_argument("--contexts", action=argparse.BooleanOptionalAction, help="in the second "
                       "half weights are shared only by networks in which the same comes in "
                       "(default: no)")


def add_data_options(group: argparse._ActionsContainer, whose: str = "") -> None:
    """Add the options that a search and a final training share; ``whose`` training has a length."""
    group.add_argument("--data", metavar="NAME",
                       help=f"{', '.join(DATASETS)} or {FOLDER}DIR")
    group.add_argument("--data-dir", metavar="DIR", help="where the files of data sets are "
                       "(default: $SEARCHSPACE_DATA, else data/)")
    group.add_argument("--recipe", metavar="NAME", help=f"{', '.join(recipes())}, or a YAML file "
                       "(default: quick)")
    group.add_argument("--epochs", type=whole(1), metavar="N",
                       help=f"length of a full training{whose}; the "
                       "recipe's schedule is brought to it (default: the recipe's)")


def read_options(options: argparse.Namespace, goals: tuple[str, ...]) -> TrainOptions | None:
    """The training options of the command line; None if nothing is trained.

    Raises:
        RecipeError: options are missing, or have no effect here.
    """
    given = {"data": options.data, "folder": options.data_dir, "recipe": options.recipe,
             "epochs": options.epochs, "validation": options.validation, "prune": options.prune,
             "first": options.first_epochs, "reduction": options.reduction,
             "brackets": options.brackets, "among": options.among, "finals": options.finals,
             "device": options.train_device,
             "supernet": options.supernet_epochs, "sandwich": options.sandwich,
             "contexts": options.contexts}
    given = {k: v for k, v in given.items() if v is not None}
    training = [goal for goal in ("train", "supernet") if goal in goals]
    for name in given:
        users = _USERS.get(name, ("train", "supernet"))
        if not set(users) & set(training):
            raise RecipeError(f"--{_NAMES.get(name, name)} is for --objective "
                              f"{' or '.join(users)} only")
    if not training:
        return None
    if "data" not in given:
        raise RecipeError(f"--objective {training[0]} needs --data: {', '.join(DATASETS)} or "
                          f"{FOLDER}DIR")
    return TrainOptions(**given)


def share(text: str) -> float:
    """Parse a share between 0 and 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share between 0 and 1")
    return value
