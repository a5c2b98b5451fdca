"""Train one network in full: a published one, or what a search found.

examples:
  python search/train.py studies/mine/best.yaml --data cifar10 --recipe sinet-cifar
  python search/train.py hcgnet@a1 --data cifar100 --recipe hcgnet-cifar --device cuda
  python search/train.py studies/mine/best.yaml --data digits --epochs 30 --seed 1 --out mine
  python search/train.py sinet@1.0 --data imagefolder:/data/imagenet --recipe sinet-imagenet
  python search/train.py resnet@18 --data imagefolder:photos --weights resnet18.safetensors

The same command resumes a training that was interrupted. All training images are used; the
test images are looked at once, at the end. In the folder --out are then genotype.yaml,
weights.safetensors, log.csv, checkpoint.pt and result.json.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":      # this checkout, and no other one that is installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import filelock
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from search.cli.network_argument import network_for
from search.cli.training_options import DEVICE, add_data_options, share
from search.data import Data
from search.environment import STUDIES
from search.errors import RecipeError, ScoreError
from search.process import keep_memory, wait_asleep
from search.seeds import derive
from search.torch_state import seeded
from search.training.held_out import hold_out
from search.training.options import TrainOptions
from search.training.recipe import Recipe, load_recipe
from search.training.result import write_result
from searchspace import Genotype, cost, published, to_yaml
from searchspace.cli import (
    Console,
    Parser,
    add_limits,
    add_option,
    load_named,
    output,
    remark,
    run,
    start,
    whole,
)
from searchspace.expansion import trace
from searchspace.identity import identity
from searchspace.safety.files import file_name, make_folder, own, write_file
from searchspace.shapes import read_size, show_size, size_of
from searchspace.text import counted
from searchspace.units import show_amount

LOCK = "lock"       # in the folder of a training, held while it runs

if TYPE_CHECKING:
    from search.training.epochs import EpochLog
    from search.training.logs import Log
    from search.training.loop import Training


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, 1 for a failed training, 2 for a user error,
    130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    keep_memory()
    wait_asleep()
    return run(lambda: _attempt(options, output(110)))


def _attempt(options: argparse.Namespace, console: Console) -> int:
    """Train; a training that fails, and an interruption, get a sentence of their own."""
    try:
        return _train(options, console)
    except ScoreError as error:
        remark(f"the training failed: {error}")
        return 1
    except KeyboardInterrupt:
        remark("interrupted: the same command resumes after the last complete epoch")
        raise


def _train(options: argparse.Namespace, console: Console) -> int:
    from search.training.logs import open_log

    load_named(options)
    if options.data is None:
        raise RecipeError("give the images to train on: --data digits, cifar10, …")
    data = TrainOptions(options.data, options.data_dir).open()
    recipe = load_recipe(options.recipe or "quick")
    genotype = network_for(data, options.network, options.classes, options.input)
    folder = Path(options.out).resolve() if options.out else \
        _folder(options.network, data, recipe)
    training, fresh = _training(genotype, data, recipe, options)
    epochs = training.task.epochs
    checkpoint = folder / "checkpoint.pt"
    with _alone(folder):
        resumed = training.resume(checkpoint)
        write_file(folder / "genotype.yaml", to_yaml(genotype))
        for note in data.notes:
            console.print(note)
        total = cost(genotype)
        console.print(f"{genotype.title}: {show_amount(total.macs)} MACs, "
                      f"{show_amount(total.params)} params at "
                      f"{show_size(size_of(*training.task.shape[1:]))}")
        console.print(f"recipe {recipe.name}, {counted(epochs, 'epoch')} of "
                      f"{counted(len(training.fitted), 'image')} of {data.name} on "
                      f"{training.device}, seed {options.seed}")
        if options.weights is not None:
            verb = "are" if len(fresh) > 1 else "is"
            but = f", but for {' and '.join(fresh)}, which {verb} of other classes" if fresh else ""
            console.print(f"begins with the weights of {options.weights}{but}")
        if resumed:
            console.print(f"resumes after epoch {training.epoch}")
        with open_log(options.log, folder, training.curve) as log:
            _run(training, checkpoint, log, console)
        result = write_result(training, data, genotype, folder)
        console.print(Text.assemble("test accuracy ", (f"{result['test_accuracy']:.2f} %", "bold"),
                                    f" on {counted(len(data.test), 'image')}"))
        console.print(Text.assemble((str(folder / "weights.safetensors"), "bold"), "; beside it "
                                    "genotype.yaml, log.csv, result.json, checkpoint.pt"))
    return 0


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Context in which no other training writes into a folder, which is made if it is missing.

    Raises:
        RecipeError: another one does, or nothing can be written there.
    """
    lock = filelock.FileLock(folder / LOCK, timeout=0)
    try:
        make_folder(folder)
        own(folder / LOCK)
        lock.acquire()
    except filelock.Timeout:
        raise RecipeError(f"another training writes into {folder}; name another --out") from None
    except OSError as error:
        raise RecipeError(f"cannot write to {folder}: {error.strerror or error}") from None
    try:
        yield
    finally:
        lock.release()


def _training(genotype: Genotype, data: Data, recipe: Recipe,
              options: argparse.Namespace) -> "tuple[Training, tuple[str, ...]]":
    """The training, and the names of weights that a file does not give."""
    from search.training.device import choose_device
    from search.training.initial import begin_with, digest_of
    from search.training.loop import Training, TrainingTask
    from searchspace import build

    expansion = trace(genotype)
    if lack := data.lacking(expansion):
        raise RecipeError(f"{genotype.title} has {lack}")
    fitted, held = data.train, None
    if options.validation:
        fitted, held = hold_out(data, options.validation, options.seed)
    epochs = options.epochs or recipe.epochs(max(1, len(fitted) // recipe.batch))
    what: dict[str, Any] = {
        "network": identity(genotype), "data": f"{data.name} {data.digest}".strip(),
        "recipe": f"{recipe.name} {recipe.digest()}", "epochs": epochs, "seed": options.seed,
        "validation": options.validation or 0.0}
    if options.weights is not None:
        what["weights"] = digest_of(options.weights)
    device = choose_device(options.device or "auto")
    with seeded(derive(options.seed, "weights")):
        network = build(genotype)
    fresh = () if options.weights is None else \
        begin_with(network, options.weights, expansion.nodes[expansion.output].shape[0])
    task = TrainingTask(recipe, epochs, fitted, held, expansion.input, options.seed, what)
    return Training(network, task, device), fresh


def _run(training: "Training", checkpoint: Path, log: "Log", console: Console) -> None:
    """Train to the end, with a progress bar if the output is a terminal."""
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                  TimeRemainingColumn(), console=console, transient=True,
                  disable=not console.is_terminal) as progress:
        epochs = progress.add_task("epoch", total=training.task.epochs, completed=training.epoch)
        steps = progress.add_task("step", total=training.steps)

        def tell(row: "EpochLog") -> None:
            training.save(checkpoint)
            log.add(row)
            validated = "" if row.validated is None else f", validation {row.validated:.2f} %"
            console.print(f"epoch {row.epoch:>4}: loss {row.loss:.4f}, training "
                          f"{row.trained:.2f} %{validated}, rate {row.rate:.3g}, "
                          f"{row.seconds:.1f} s")
            progress.update(epochs, completed=row.epoch)

        training.run(training.task.epochs, tell, lambda n: progress.update(steps, completed=n))


def _folder(network: str, data: Data, recipe: Recipe) -> Path:
    """Default output folder: beside a genotype's file, or for a published network in studies/."""
    path = Path(network)
    own_file = network not in published() and path.is_file()
    name = file_name(f"{path.stem if own_file else network}-{data.name}-{recipe.name}")
    return (path.parent if own_file else STUDIES) / name


def _parser() -> argparse.ArgumentParser:
    parser = Parser("search/train.py", __doc__)
    parser.add_argument("network", metavar="NAME|PATH", help="a published network or a genotype")
    add_data_options(parser)
    parser.add_argument("--device", metavar="NAME", help=DEVICE)
    parser.add_argument("--weights", type=Path, metavar="FILE", help="what to begin with: weights "
                        "of another training or of python -m searchspace import; a last layer of "
                        "other classes begins anew (default: fresh ones)")
    parser.add_argument("--classes", type=whole(1), metavar="N",
                        help="outputs of the network (default: the data's classes)")
    parser.add_argument("--input", type=read_size, metavar="PX", help="edge of the images, or "
                        "height and width as 48x96 (default: the network's, but no more than the "
                        "data's)")
    parser.add_argument("--validation", type=share, metavar="SHARE", help="of the training images "
                        "held out, to watch the accuracy on them (default: none)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same weights (default: 0)")
    parser.add_argument("--out", metavar="DIR", help="where weights and log go (default: a folder "
                        "beside the genotype)")
    parser.add_argument("--log", choices=("csv", "tensorboard"), default="csv",
                        help="csv: log.csv alone; tensorboard: event files beside it")
    add_option(parser)
    add_limits(parser)
    return parser


if __name__ == "__main__":
    start(main)
