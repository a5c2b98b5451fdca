"""How many networks NAS-Bench-201 has: its authors' count, and ours, with what lies between.

example:
  python benchmarks/distinct_networks.py

A cell is the six operations of its edges 01, 02, 12, 03, 13, 23, and what it computes is written as
text: nothing of this project is used for that. Then the identity of each network is calculated, and
the two must agree about every pair of networks.
"""

import itertools
import sys
import time
from collections.abc import Iterator

from searchspace import load
from searchspace.expansion import trace
from searchspace.identity import digest

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ("01", "02", "12", "03", "13", "23")
SPACE = "nas-bench-201"

Cell = tuple[str, ...]


def cells() -> Iterator[Cell]:
    """All 15,625 cells."""
    return itertools.product(OPERATIONS, repeat=len(EDGES))


def decisions(cell: Cell) -> dict[str, str]:
    """The decisions of the space nas-bench-201 for a cell."""
    return {f"cell.e{edge}.edge.op": op for edge, op in zip(EDGES, cell, strict=True)}


def authors_text(cell: Cell) -> str:
    """As the benchmark's authors tell cells apart: an edge without operation is a mark, which stays
    in sums; a sum of marks is none. Convolutions that look alike are taken for one."""
    ops, nodes = dict(zip(EDGES, cell, strict=True)), ["0"]
    for to in range(1, 4):
        terms = []
        for at in range(to):
            op = ops[f"{at}{to}"]
            if op == "none" or nodes[at] == "#":
                terms.append("#")
            else:
                terms.append(nodes[at] if op == "skip_connect" else f"({nodes[at]})@{op}")
        nodes.append("+".join(sorted(terms)))
    return nodes[3]


def text(cell: Cell, norm: bool = False, weights: dict[str, int] | None = None) -> str:
    """What a cell computes, zeros being nothing in a sum. With ``norm`` a convolution of zeros is
    what its batch norm adds, else zeros. ``weights`` names the weights of each edge's convolution.
    """
    ops = dict(zip(EDGES, cell, strict=True))
    nodes: list[list[str]] = [["0"]]
    for to in range(1, 4):
        terms: list[str] = []
        for at in range(to):
            op, name = ops[f"{at}{to}"], (weights or {}).get(f"{at}{to}", "")
            if op == "skip_connect":
                terms += nodes[at]
            elif op != "none" and nodes[at]:
                terms.append(f"({'+'.join(nodes[at])})@{op}{name if 'conv' in op else ''}")
            elif norm and "conv" in op:
                terms.append(f"norm{name}")
        nodes.append(sorted(terms))
    return "+".join(nodes[3])


def exact_text(cell: Cell) -> str:
    """The same, where convolutions are one if their weights are, not if they look alike: the least
    text over all names of weights."""
    own = [edge for edge, op in zip(EDGES, cell, strict=True) if "conv" in op]
    return min(text(cell, True, dict(zip(own, names, strict=True)))
               for names in itertools.permutations(range(len(own))))


def main() -> int:
    """Print the counts; the exit status is 1 where the identity and the text disagree."""
    every = list(cells())
    counts = {
        "cells": len(every),
        "as the authors write them down": len(set(map(authors_text, every))),
        "zeros are nothing in a sum": len(set(map(text, every))),
        "a batch norm of zeros is a learned bias": len({text(c, True) for c in every}),
        "weights are shared or they are not": len(set(map(exact_text, every)))}
    for rule, count in counts.items():
        print(f"{count:6,}  {rule}")
    space, start = load(SPACE), time.process_time()
    found = {}
    for cell in every:
        expansion = trace(space, decisions(cell), named=False)
        found[cell] = digest(expansion), expansion.cost()
    taken = time.process_time() - start
    identities = {name for name, _ in found.values()}
    print(f"{len(identities):6,}  identities; expanded, costed and identified in {taken:.0f} s of "
          "processor time")
    pairs = {(exact_text(cell), name) for cell, (name, _) in found.items()}
    agree = len(pairs) == len(identities) == counts["weights are shared or they are not"]
    print("the identity and the text agree" if agree else "the identity and the text DISAGREE")
    macs, params = ([getattr(cost, k) for _, cost in found.values()] for k in ("macs", "params"))
    print(f"{min(macs):,} to {max(macs):,} MACs, {min(params):,} to {max(params):,} params")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
