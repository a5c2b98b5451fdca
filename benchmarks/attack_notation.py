"""Attacks on the notation and on the networks it builds; see docs/reliability.md.

  python benchmarks/attack_notation.py mutated 1000000     bundled files, damaged
  python benchmarks/attack_notation.py generated 10000     valid genotypes of a grammar
  python benchmarks/attack_notation.py networks 10000      random networks of all bundled spaces
  python benchmarks/attack_notation.py guided 1000000      damage that reaches new code, by atheris

A mutated file ends in a network that is what it says, or in one sentence. Each generated genotype
and each random network builds, runs and learns; its counts are those of fvcore and of torch's
FlopCounterMode. Faults are printed with the number that repeats them: ``--first NUMBER`` and 1.
Exit status: 0, or 1 if there was a fault.
"""

import argparse
import gc
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from damage import bundled, damaged  # noqa: E402
from outcome import outcome  # noqa: E402

from benchmarks.attack import SECONDS, Attack, deadline, tidy  # noqa: E402
from searchspace import Budget, Genotype, SearchspaceError, load, propose, spaces  # noqa: E402
from searchspace.expansion import trace  # noqa: E402
from searchspace.notation.holes import Hole  # noqa: E402

TIDY = 2_000                    # inputs after which what is remembered is forgotten
SMALL = 300                     # operations of mutated networks that are built
COPIED = 10                     # one of so many random networks is copied, pickled and rebuilt
FAST = 10_000_000               # MACs up to which they are run; others are without numbers
HEADER = "name: net\ninput: [8, 16, 16]\n"


def mutated(attack: Attack, count: int, first: int) -> None:
    """Bundled files, damaged; one of twenty networks that come out is built, if it is small: those
    of many MACs without numbers, by torch alone."""
    path = Path(tempfile.mkdtemp()) / "net.yaml"
    for number in range(first, first + count):
        path.write_text(damaged(number), encoding="utf-8", newline="")
        made: list[Genotype | str] = []

        def read(number: int = number, made: list[Genotype | str] = made) -> str:
            made.append(outcome(path, number))
            return "sentences" if isinstance(made[0], str) else "networks"

        attack.run(number, read, SECONDS)
        if made and not isinstance(made[0], str) and number % 20 == 0:
            attack.run(number, partial(_built, made[0]), 60, memory=4_000)
        _progress(attack, number - first + 1)


def _built(network: Genotype) -> str:
    from soundness import check_counts

    expansion = trace(network)
    if len(expansion.nodes) > SMALL:
        return "too large to build here"
    check_counts(network, numbers=expansion.cost().macs <= FAST)
    return "built and counted"


def generated(attack: Attack, count: int, first: int) -> None:
    """Valid genotypes of the grammar: each builds, and is sound."""
    from grammar import BLOCKS, genotypes
    from hypothesis import HealthCheck, given, seed, settings
    from soundness import check_counts, check_network

    folder = Path(tempfile.mkdtemp())
    (folder / "blocks.yaml").write_text(BLOCKS, encoding="utf-8")
    numbers = iter(range(first, first + 2 * count))

    def whole(text: str, number: int) -> str:
        (folder / "net.yaml").write_text(HEADER + text, encoding="utf-8")
        network = outcome(folder / "net.yaml", number)
        assert not isinstance(network, str), network
        check_counts(network)
        check_network(network)
        return "sound"

    @seed(first)
    @settings(max_examples=count, deadline=None, database=None,
              suppress_health_check=list(HealthCheck))
    @given(genotypes())
    def each(text: str) -> None:
        number, before = next(numbers), sum(attack.faults.values())
        attack.run(number, lambda: whole(text, number), 60, memory=4_000)
        if sum(attack.faults.values()) > before:
            print(text, flush=True)
        _progress(attack, number - first + 1)

    each()


def networks(attack: Attack, count: int, first: int) -> None:
    """Random networks of all bundled spaces, in turn, each inside the costs of another one at its
    least widths, and at odd sizes of images where they take these. Each tenth of a space is copied,
    pickled and rebuilt too, which takes as long as all the rest."""
    from soundness import check_counts, check_network

    loaded = {name: load(name) for name in spaces()}
    for number in range(first, first + count):
        rng = random.Random(number)
        turn, place = divmod(number, len(loaded))
        name = sorted(loaded)[place]

        def whole(name: str = name, turn: int = turn, rng: random.Random = rng) -> str:
            network = _inside(loaded[name], rng)
            check_counts(odd := _odd(network, rng))
            check_network(odd, copies=turn % COPIED == 0)
            return name

        attack.run(number, whole, 300, memory=4_000)
        _progress(attack, number - first + 1)


def _inside(space: Genotype, rng: random.Random) -> Genotype:
    """A random network inside the costs of another random one, at the least of its widths."""
    def least(_: str, hole: Hole) -> Any:
        return hole.labels[0] if hole.kind == "solve" else rng.choice(hole.labels)

    other = trace(space, least).cost()
    budget = Budget(other.macs, other.params)
    network = propose(space, budget, rng)
    assert budget.fits(trace(network).cost()), f"not inside {budget}"
    return network


def _odd(network: Genotype, rng: random.Random) -> Genotype:
    """The network at a small odd size, if it can take one."""
    for size in rng.sample((33, 47, 65), 3):
        try:
            changed = network.with_input(size)
            trace(changed)
        except SearchspaceError:        # its stages do not come out alike, or nothing is left
            continue
        return changed
    return network


def guided(attack: Attack, count: int, first: int) -> None:
    """Damage that reaches new code of searchspace, by atheris; it ends the process itself, and
    keeps what it found in the folder that it names."""
    import atheris

    for function in set(_functions()):
        atheris.instrument_func(function)
    corpus = Path(tempfile.mkdtemp(prefix="guided-"))
    for i, text in enumerate(bundled()):
        (corpus / str(i)).write_text(text, encoding="utf-8")
    path = Path(tempfile.mkdtemp()) / "net.yaml"

    def one(data: bytes) -> None:
        path.write_bytes(data)
        with deadline(SECONDS * 10):        # instrumented code is slower
            outcome(path, len(data))

    def damage(data: bytes, most: int, number: int) -> bytes:
        text = data.decode(errors="ignore")
        if number % 4 == 0 or not text:
            return bytes(atheris.Mutate(data, most))
        return damaged(number, (text, *bundled()) if number % 4 == 1 else (text,)).encode()[:most]

    print(f"inputs that reach new code: {corpus}", flush=True)
    atheris.Setup([sys.argv[0], f"-runs={count}", f"-seed={first + 1}", "-max_len=12000",
                   "-rss_limit_mb=2048", f"-artifact_prefix={corpus.parent}/", str(corpus)], one,
                  custom_mutator=damage)
    atheris.Fuzz()


def _functions() -> Iterator[FunctionType]:
    """All functions of searchspace, and those of its classes."""
    for name in [m for m in sys.modules if m.partition(".")[0] == "searchspace"]:
        for value in list(vars(sys.modules[name]).values()):
            for found in (value, *(vars(value).values() if isinstance(value, type) else ())):
                if isinstance(found, FunctionType) and found.__module__ == name:
                    yield found


def _progress(attack: Attack, done: int) -> None:
    if done % TIDY == 0:
        tidy()
    if done % 500 == 0:
        print(f"{done:,}: {attack.told()}", flush=True)


ATTACKS = {"mutated": mutated, "generated": generated, "networks": networks, "guided": guided}


def main() -> int:
    """Run one attack."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attack", choices=ATTACKS)
    parser.add_argument("count", type=int, help="how many inputs")
    parser.add_argument("--first", type=int, default=0, help="number of the first one (default: 0)")
    given = parser.parse_args()
    load("mobilenet-v2")
    gc.freeze()
    attack = Attack()
    start = time.process_time()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        ATTACKS[given.attack](attack, given.count, given.first)
    except KeyboardInterrupt:
        print("interrupted")
    print(f"{given.attack}: {attack.told()}, "
          f"{time.process_time() - start:.0f} s of processor time")
    return 1 if attack.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
