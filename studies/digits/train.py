"""Trains every network of the space ``digits`` and writes what came out:
``search/tables/digits.json``.

    python studies/digits/train.py                 # about 40 minutes on one core
    python studies/digits/train.py --check 5       # trains five of them again and compares
    python studies/digits/train.py --short 84 --networks 240 --out short.json    # 240 for 84 steps
    python studies/digits/train.py --curves 2 --most 150000 --out curves.jsonl  # rated on the way

Each network is trained from three initialisations on 600 of scikit-learn's 1,797 images of digits
and tested on the other 1,197: 150 steps of SGD with momentum, batches of 64, a cosine schedule. The
training is short and the set small on purpose: the accuracies are spread over more than ten points,
so that a search has something to find. A row holds the decisions, the costs, and three accuracies.

Curves are for simulated searches (`benchmarks/trained_search.py`): trainings from initialisations
of their own, rated ten times on the way on 400 of the other images only, as a search would rate
them. A line holds the decisions, the processor seconds of one tenth, and the accuracies; what is
there already is not trained again.
"""

import argparse
import json
import random
import sys
import time
from pathlib import Path

import torch
from torch import nn

from searchspace import Genotype, build, load
from searchspace.identity import identity
from searchspace.space.enumeration import every_point
from searchspace.space.point import Point

TABLE = Path(__file__).parents[2] / "search" / "tables" / "digits.json"
SEEDS, STEPS, BATCH, TRAIN = 3, 150, 64, 600
SHORT = 100         # seed of short trainings, which share no initialisation with the others
TENTHS, RATED = 10, 400     # ratings of a curve, and the images for them
RATE, MOMENTUM, DECAY = 0.1, 0.9, 5e-4


def images() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Training and test images, standardised by the training images, with their labels."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    data = load_digits()
    x = torch.from_numpy(data.images).float().unsqueeze(1)
    y = torch.from_numpy(data.target)
    first, second = train_test_split(range(len(y)), train_size=TRAIN, stratify=data.target,
                                     random_state=0)
    x = (x - x[first].mean()) / x[first].std()
    return x[first], y[first], x[second], y[second]


def accuracy(space: Genotype, at: Point, seed: int, data: tuple[torch.Tensor, ...],
             steps: int = STEPS) -> float:
    """Test accuracy in percent after one training."""
    return curve(space, at, seed, data, steps, 1)[0][-1]


def curve(space: Genotype, at: Point, seed: int, data: tuple[torch.Tensor, ...],
          steps: int = STEPS, ratings: int = TENTHS) -> tuple[list[float], float]:
    """Test accuracies in percent at equal distances in one training, and the processor seconds of
    its steps."""
    x, y, test_x, test_y = data
    torch.manual_seed(seed)
    network = build(space, at.decisions).train()
    optimiser = torch.optim.SGD(network.parameters(), lr=RATE, momentum=MOMENTUM, nesterov=True,
                                weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    found, seconds, began = [], 0.0, time.process_time()
    for step in range(1, steps + 1):
        chosen = torch.randint(len(x), (BATCH,))
        loss = nn.functional.cross_entropy(network(x[chosen]), y[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step * ratings % steps == 0:
            seconds += time.process_time() - began
            with torch.no_grad():
                right = network.eval()(test_x).argmax(1) == test_y
            found.append(round(100 * right.float().mean().item(), 3))
            network.train()
            began = time.process_time()
    return found, seconds


def row(space: Genotype, at: Point, data: tuple[torch.Tensor, ...]) -> dict[str, object]:
    """One line of the table."""
    return {"decisions": at.decisions, "macs": at.cost.macs, "params": at.cost.params,
            "values": [accuracy(space, at, seed, data) for seed in range(SEEDS)]}


def write(rows: list[dict[str, object]], value: str, command: str, path: Path) -> None:
    """Write a table of the space."""
    lines = ",\n".join(json.dumps(r) for r in rows)
    path.write_text(f'{{"space": "digits", "value": "{value}",\n"command": "{command}",\n'
                    f'"rows": [\n{lines}\n]}}\n', encoding="utf-8")


def short(found: list[Point], steps: int, path: Path) -> None:
    """Train networks for fewer steps, once each, from initialisations of their own."""
    space, data = load("digits"), images()
    write([{"decisions": at.decisions, "macs": at.cost.macs, "params": at.cost.params,
            "values": [accuracy(space, at, SHORT, data, steps)]} for at in found],
          f"top-1 in percent after {steps} steps", "python studies/digits/train.py --short", path)


def curves(found: list[Point], count: int, path: Path) -> None:
    """Record so many trainings of each network, first one of each."""
    space, (x, y, test_x, test_y) = load("digits"), images()
    data = x, y, test_x[:RATED], test_y[:RATED]
    known = {(*line["decisions"].values(), line["seed"]) for line in map(
        json.loads, path.read_text(encoding="utf-8").splitlines())} if path.is_file() else set()
    random.Random("networks").shuffle(found)
    for seed in range(SHORT, SHORT + count):
        for at in found:
            if (*at.decisions.values(), seed) in known:
                continue
            values, seconds = curve(space, at, seed, data)
            line = {"decisions": at.decisions, "seed": seed, "macs": at.cost.macs,
                    "seconds": round(seconds / TENTHS, 5), "values": values}
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def main() -> int:
    """Train all, or check some."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", type=int, metavar="N", help="train N of them again")
    parser.add_argument("--short", type=int, metavar="STEPS", help="train once, for fewer steps")
    parser.add_argument("--networks", type=int, default=864, metavar="N", help="of --short")
    parser.add_argument("--curves", type=int, metavar="N", help="record N trainings of each")
    parser.add_argument("--most", type=int, metavar="MACS", help="only networks of --curves with "
                        "no more multiply-adds")
    parser.add_argument("--out", type=Path, default=Path("short.json"), metavar="FILE",
                        help="table of --short, lines of --curves")
    options = parser.parse_args()
    check = options.check
    torch.set_num_threads(1)                    # networks this small only wait for more
    space, data = load("digits"), images()
    found = list(every_point(space))
    if len({identity(space, at.decisions) for at in found}) < len(found):
        raise SystemExit("two points of the space are the same network")
    if options.short:
        short(random.Random("networks").sample(found, options.networks), options.short, options.out)
        return 0
    if options.curves:
        curves([at for at in found if not options.most or at.cost.macs <= options.most],
               options.curves, options.out)
        return 0
    if check:
        known = {tuple(r["decisions"].items()): r for r in json.loads(TABLE.read_text())["rows"]}
        for at in random.Random(0).sample(found, check):
            mine, theirs = row(space, at, data), known[tuple(at.decisions.items())]
            print(mine["values"], theirs["values"], "same" if mine == theirs else "DIFFERS")
        return 0
    rows = []
    for i, at in enumerate(found):
        rows.append(row(space, at, data))
        print(f"\r{i + 1}/{len(found)}", end="", file=sys.stderr, flush=True)
    write(rows, "top-1 in percent, 1,197 images", "python studies/digits/train.py", TABLE)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
