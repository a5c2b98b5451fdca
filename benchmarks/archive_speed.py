"""Speed of a large archive, on SQLite and on PostgreSQL: the figures of docs/reliability.md.

  python benchmarks/archive_speed.py                    # 1,000,000 evaluations, some minutes
  python benchmarks/archive_speed.py --evaluations 50000 --kinds sqlite

Networks are made up: MACs over four orders of magnitude, values that grow with them, up to three
seeds each, so that a tight budget passes over almost everything that is good.
"""

import argparse
import math
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from postgres import server, url_of

from search.archive import (
    Archive,
    Bounds,
    EvaluationKey,
    Measure,
    Measurement,
    NetworkRecord,
)
from search.archive.merge import merge, write_architectures, write_evaluations

MEASURE = Measure("naswot", "digits 32x3x224x224 seed 0")
ROWS = 2000     # of one transaction
CREATED = datetime(2026, 11, 20, tzinfo=UTC)


def fill(archive: Archive, first: int, count: int, seeds: int) -> None:
    """Write made-up evaluations, ``seeds`` of each network, from network number ``first`` on."""
    made = 0
    while made < count:
        part = range(first, first + ROWS // seeds)
        first = part.stop
        networks, evaluations = [], []
        for number in part:
            rng = random.Random(number)
            name, macs = f"{number:032x}", int(10 ** rng.uniform(5.5, 9.5))
            networks.append({
                "identity": name, "name": f"network {number}", "space": "mobile",
                "genotype": f"name: n{number}\n" * 20, "macs": macs, "params": macs // 90,
                "memory": macs // 50, "input_size": 224})
            for seed in range(seeds):
                evaluations.append({
                    "identity": name, **MEASURE._asdict(), "seed": seed,
                    "value": 100 * math.log10(macs) + rng.gauss(0, 20), "curve": None,
                    "seconds": 1.0, "error": None, "study": f"study {number % 50}",
                    "trial": number, "machine": "made up", "versions": {"torch": "2.13.0"},
                    "created": CREATED})
        write_architectures(archive.database, networks)
        write_evaluations(archive.database, evaluations)
        made += len(evaluations)


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cpu_seconds(work: Callable[[], object]) -> float:
    """How long this process computes for it: where SQLite is, what an idle machine would take."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(kind: str, url: str, other: str, options: argparse.Namespace) -> None:
    """Print one database's figures."""
    with Archive(url) as archive, Archive(other) as small:
        whole = seconds(lambda: fill(archive, 0, options.evaluations, options.seeds))
        print(f"{kind}: {options.evaluations:,} evaluations written in {whole:.0f} s, "
              f"{options.evaluations / whole:,.0f}/s", flush=True)
        if kind == "PostgreSQL":
            with archive.engine.connect() as connection:
                connection.exec_driver_sql("ANALYZE")
                connection.commit()

        def single() -> None:
            for i in range(options.single):
                archive.record(EvaluationKey(f"single {i}", seed=0, **MEASURE._asdict()),
                               NetworkRecord("g" * 500, "n", 10**6 + i, 1, 224, memory=1),
                               Measurement(float(i), 1.0))
        print(f"{kind}: one after the other, each in its own transaction and read again: "
              f"{options.single / seconds(single):,.0f}/s", flush=True)
        for budget in (10**6, 10**7, 10**8, 3 * 10**8, 10**9, None):
            best = partial(archive.best, MEASURE, Bounds(budget))
            took = [seconds(best) for _ in range(20)]
            cpu = [cpu_seconds(best) for _ in range(20)]
            shown = "no budget" if budget is None else f"{budget:,} MACs"
            print(f"{kind}: best under {shown}: {statistics.median(took) * 1e3:.1f} ms, at most "
                  f"{max(took) * 1e3:.1f}, of this process's CPU "
                  f"{statistics.median(cpu) * 1e3:.1f}", flush=True)
        took = [seconds(lambda: archive.best(MEASURE, Bounds(10**8, 10**6))) for _ in range(20)]
        print(f"{kind}: best under 100M MACs and 1M params: {statistics.median(took) * 1e3:.1f} ms")
        fill(small, 10**9, options.imported, options.seeds)
        print(f"{kind}: import of {options.imported:,} evaluations: "
              f"{seconds(lambda: merge(small, archive)):.1f} s", flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluations", type=int, default=1_000_000)
    parser.add_argument("--imported", type=int, default=100_000)
    parser.add_argument("--single", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=2, help="evaluations of each network")
    parser.add_argument("--kinds", nargs="+", default=["sqlite", "postgresql"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        other = f"sqlite:///{home}/other.db"
        if "sqlite" in options.kinds:
            measure("SQLite", f"sqlite:///{home}/large.db", other, options)
            (Path(home) / "other.db").unlink()
        if "postgresql" in options.kinds:
            with server(Path(home) / "data") as running:
                measure("PostgreSQL", url_of(running), other, options)


if __name__ == "__main__":
    main()
