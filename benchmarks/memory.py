"""How much memory a process grows by: with the candidates that it expands, with a search's trials.

examples:
  python benchmarks/memory.py                       # 100,000 candidates and 10,000 trials: an hour
  python benchmarks/memory.py --candidates 5000 --trials 500

Each is measured in a process of its own, by the most memory that it ever held: after it has warmed
up, and at the end. The trials are those of a search that is as quick as one can be, of random
networks whose score is a count, with its database and its claims; its report is not among it.
"""

import argparse
import subprocess
import sys

from measures import ROOT, Row

GROWTH = 200        # megabytes
EXPANDED = 100_000  # candidates
TRIALS = 10_000
WARM = 100

MOST = """
import random, resource, sys, tempfile
from pathlib import Path
name, wanted, warm = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def held():
    if sys.platform == "linux":     # where ru_maxrss is at least what the parent process had
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
"""
CANDIDATES = MOST + """
from searchspace import load
from searchspace.space.point import sample
space, rng = load(name), random.Random(0)
for _ in range(warm):
    sample(space, rng)
before = held()
for _ in range(wanted):
    sample(space, rng)
print(held() - before)
"""
SEARCHED = MOST + """
from search.objectives.score import Score
from search.study import open_study
from search.study.settings import Settings
from searchspace.space.budget import Budget
seen = []
with tempfile.TemporaryDirectory() as folder:
    settings = Settings(space=name, budget=Budget(300_000_000), input=224, seed=0, sampler="random",
                        trials=warm + wanted, batch=4, score="params")
    with open_study(settings, Path(folder), "s") as study:
        study.run(lambda trials: len(trials) in (warm, warm + wanted) and seen.append(held()))
print(seen[1] - seen[0])
"""


def grown(code: str, name: str, count: int) -> float:
    """Megabytes that a fresh process grows by."""
    done = subprocess.run([sys.executable, "-c", code, name, str(count), str(WARM)], cwd=ROOT,
                          check=True, text=True, stdout=subprocess.PIPE)
    return float(done.stdout.splitlines()[-1])


def growth(name: str, count: int) -> Row:
    """How much a process grows by that takes the costs of random candidates of a space."""
    found = grown(CANDIDATES, name, count)
    return Row(f"{name}: memory of {count:,} candidates, {found:.0f} MB", reach=f"< {GROWTH} MB",
               met=found < GROWTH)


def searching(name: str, count: int) -> Row:
    """How much a search grows by with its trials."""
    found = grown(SEARCHED, name, count)
    return Row(f"{name}: memory of {count:,} trials, {found:.0f} MB", reach=f"< {GROWTH} MB",
               met=found < GROWTH)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 1 where a mark is missed."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=EXPANDED, metavar="N")
    parser.add_argument("--trials", type=int, default=TRIALS, metavar="N")
    parser.add_argument("--space", default="mobile")
    options = parser.parse_args(arguments)
    missed = False
    for measure, count in ((growth, options.candidates), (searching, options.trials)):
        if count:
            row = measure(options.space, count)
            print(f"{row.what} (to reach: {row.reach})", flush=True)
            missed = missed or not row.met
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
