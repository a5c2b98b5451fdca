"""The folder in which benchmarks/attack_commands.py runs its command lines: files of every kind."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

NET = """name: small
input: [1, 8, 8]
args: {classes: 10}
net:
  - conv: {out: 4, as: stem}
  - conv: {out: 6, stride: 2, as: body}
  - gap:
  - linear: {out: =classes}
"""
SPACE = NET.replace("out: 4", "out: !choice [4, 6, 8]").replace("out: 6", "out: !int [4, 9]")
OPS = '''from dataclasses import dataclass
from searchspace.ops import Op, op


@op("mine")
@dataclass(frozen=True)
class Mine(Op):
    """A step that changes nothing."""

    examples = [({}, (2, 4, 4))]

    def shape(self, x):
        return x

    def module(self, x):
        from torch import nn
        return nn.Identity()
'''
RECIPE = """name: short
epochs: 1
batch: 64
optimiser: {sgd: {rate: 0.05, momentum: 0.9}}
schedule: {constant: {}}
"""


def make(home: Path) -> None:
    """Write the files; a study named ``s`` and scored networks are made by commands later."""
    texts = {"net.yaml": NET, "space.yaml": SPACE, "ops.py": OPS, "recipe.yaml": RECIPE,
             "own.yaml": NET.replace("  - gap:", "  - mine:\n  - gap:"), "empty": "",
             "broken.yaml": "name: x\ninput: [3, 8, 8]\nnet:\n  - cnov: {out: 8\n",
             "exits.py": "import sys\nsys.exit()\n", "raises.py": "1 / 0\n", "no.py": "def (\n",
             "table.csv": "network,accuracy\n" + "".join(
                 f"{name},{70 + i}\n" for i, name in enumerate(("henet", "net.yaml") * 10)),
             "closed.yaml": NET, "--json": NET, "-o": NET, "n\udcff.yaml": NET,
             "l" * 250 + ".yaml": NET}
    for name, text in texts.items():
        (home / name).write_text(text, encoding="utf-8")
    (home / "noise").write_bytes(bytes(range(256)) * 64)
    (home / "closed.yaml").chmod(0)
    for name, target in (("loop", "loop"), ("dangling", "nothing"), ("zero", "/dev/zero")):
        (home / name).symlink_to(target)
    os.mkfifo(home / "pipe")
    for name in ("folder", "frozen", "studies", "images"):
        (home / name).mkdir()
    (home / "frozen").chmod(0o555)
    _images(home / "images")
    with closing(sqlite3.connect(home / "other.db")) as other:
        other.execute("CREATE TABLE places (id INTEGER PRIMARY KEY)")
    (home / "cut.db").write_bytes((home / "other.db").read_bytes()[:3000])


def main(arguments: list[str]) -> int:
    """As if it were a command: a latency table of few layers in the current folder."""
    from search.latency.device import Device
    from search.latency.measure import Effort, make_table
    from searchspace import load

    make_table(Device.here("cpu", 1, 1), [load("space.yaml")], Effort(3, 2, 2)).write(
        Path("latency.json"))
    return 0


def _images(folder: Path) -> None:
    """Images of odd kinds in two classes, and one whose header claims 400 million pixels."""
    import numpy as np
    from PIL import Image

    pixels = np.arange(96, dtype=np.uint16).reshape(8, 12) * 600
    kinds = {"deep.png": Image.fromarray(pixels), "grey.png": Image.new("L", (9, 9), 7),
             "bits.png": Image.new("1", (9, 9), 1), "clear.png": Image.new("RGBA", (9, 9)),
             "palette.png": Image.new("P", (9, 9)), "ink.jpg": Image.new("CMYK", (9, 9))}
    for part in ("train", "val"):
        for label in ("a", "b"):
            (folder / part / label).mkdir(parents=True)
            for name, image in kinds.items():
                image.save(folder / part / label / name)
    header = bytearray((folder / "train" / "a" / "grey.png").read_bytes())
    header[16:24] = (20_000).to_bytes(4, "big") * 2
    (folder.parent / "big.png").write_bytes(header)
