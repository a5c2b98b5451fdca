"""Trainings of the study, each done once: a study that was interrupted finds what it had."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from fgsm import attacked

from search.data import Data, Images, open_data
from search.process import keep_memory
from search.seeds import derive
from search.training.batches import Batches
from search.training.loop import Training, TrainingTask
from search.training.recipe import load_recipe
from searchspace import Genotype, build, load

FOLDS = 5
ATTACKS = (2, 4, 8)     # steps of FGSM, in pixel values of 255


@dataclass(frozen=True)
class Repeat:
    """One training of ``genotype`` (YAML) for ``epochs`` of a recipe, weights and order from
    ``seed``. ``part`` says on which images it is fitted and rated: ``search`` is the search's own
    split, ``fold 0`` to ``fold 4`` are those of all training images, ``test`` is the final."""

    genotype: str
    seed: int
    part: str
    data: str           # a name for `open_data`
    recipe: str
    epochs: int
    size: int
    share: float        # of the training images, held out in the search

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return blake2b(repr(self).encode(), digest_size=16).hexdigest()

    def images(self, data: Data) -> tuple[Images, Images]:
        """The images that it is fitted to, and those that rate it."""
        if self.part == "test":
            return data.train, data.test
        if self.part == "search":
            return data.split(self.share, derive(0, "validation"))
        from sklearn.model_selection import StratifiedKFold

        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
        chosen = list(folds.split(np.zeros(len(data.train)), data.train.labels))
        fitted, held = chosen[int(self.part.removeprefix("fold "))]
        return data.train.take(fitted.tolist()), data.train.take(held.tolist())


opened = cache(open_data)


def train(repeat: Repeat) -> list[list[int]]:
    """For each rated image 1 where the trained network is right, else 0; of a final training also
    where it is right under FGSM, a list for each of `ATTACKS`."""
    torch.set_num_threads(1)
    keep_memory()
    fitted, held = repeat.images(opened(repeat.data))
    network = read(repeat.genotype)
    torch.manual_seed(derive(repeat.seed, "weights"))
    task = TrainingTask(load_recipe(repeat.recipe), repeat.epochs, fitted, None,
                        (3, repeat.size, repeat.size), repeat.seed)
    training = Training(build(network), task, torch.device("cpu"))
    training.run(task.epochs)
    right = [training.right(held)]
    if repeat.part == "test":
        batches = Batches(held, task.shape, torch.device("cpu"), training.standard)
        right += attacked(training.network, batches, ATTACKS)
    return right


def read(text: str) -> Genotype:
    """A genotype from its YAML."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path)


class Repeats:
    """Trains on several processes; what came out is kept, a line each, in ``path``."""

    def __init__(self, path: Path, workers: int) -> None:
        self.path, self.workers = path, workers
        self.known: dict[str, list[list[int]]] = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                key, _, right = line.partition(" ")
                self.known[key] = json.loads(right)

    def __call__(self, wanted: Iterable[Repeat]) -> Iterator[list[list[int]]]:
        """The right answers of each, in the order asked for."""
        wanted = list(wanted)
        todo = {r.key: r for r in wanted if r.key not in self.known}
        if todo:
            with ProcessPoolExecutor(self.workers, get_context("spawn")) as pool, \
                    self.path.open("a", encoding="utf-8") as kept:
                jobs = {pool.submit(train, r): key for key, r in todo.items()}
                for done, job in enumerate(as_completed(jobs), 1):
                    self.known[jobs[job]] = job.result()
                    kept.write(f"{jobs[job]} {json.dumps(job.result())}\n")
                    kept.flush()
                    print(f"trained {done} of {len(todo)}", flush=True)
        return iter([self.known[r.key] for r in wanted])
