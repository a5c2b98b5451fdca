"""Trainings of the study, each done once: a study that was interrupted finds what it had."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from hashlib import blake2b
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from search.data import Data, Images, open_data
from search.process import keep_memory
from search.seeds import derive
from search.training.loop import Training, TrainingTask
from search.training.recipe import load_recipe
from searchspace import Genotype, build, load

FOLDS = 5


@dataclass(frozen=True)
class Repeat:
    """One training of ``genotype`` (YAML) for ``epochs`` of a recipe, weights and order from
    ``seed``. ``part`` says on which images it is fitted and rated: ``search`` is the search's own
    split, ``fold 0`` to ``fold 4`` are those of all training images, ``test`` is the final."""

    genotype: str
    seed: int
    part: str
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


def train(repeat: Repeat) -> list[int]:
    """For each rated image 1 where the trained network is right, else 0."""
    torch.set_num_threads(1)
    keep_memory()
    fitted, held = repeat.images(open_data("digits"))
    network = read(repeat.genotype)
    torch.manual_seed(derive(repeat.seed, "weights"))
    task = TrainingTask(load_recipe(repeat.recipe), repeat.epochs, fitted, None,
                (3, repeat.size, repeat.size), repeat.seed)
    training = Training(build(network), task, torch.device("cpu"))
    training.run(task.epochs)
    return training.right(held)


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
        self.known: dict[str, list[int]] = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                key, _, right = line.partition(" ")
                self.known[key] = json.loads(right)

    def __call__(self, wanted: Iterable[Repeat]) -> Iterator[list[int]]:
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
