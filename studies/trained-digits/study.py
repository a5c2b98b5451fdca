"""A search that trains, on digits, against the published networks brought to the same budget.

    python studies/trained-digits/study.py

Searches the space ``mixed`` at 16×16 pixels under 3 M multiply-adds, networks trained by the recipe
``quick``, and writes ``results.json``, ``found.yaml`` and ``README.md`` here. What is
done was fixed beforehand:

1. Rivals: of each published family the network nearest below the budget, once all are brought to
   it (`rivals.py`), trained in full by the same recipe and rated on the validation images.
2. Search: ``search/run.py`` as any user runs it, on the same split.
3. Both sides choose by validation alone: the best five by their first training are trained from two
   more seeds, and the best mean of three is the side's choice; the rivals' best three all compete.
4. Final: each of these is trained on all training images from twelve seeds, the same ones for all,
   and tested on the 900 test images, which nothing before has touched.

The differences are paired by seed; the intervals are Student's, for the chosen rival at 95 % and
for the three together at 95 % by Bonferroni. Since all seeds meet the same test images, a bootstrap
over seeds and images together is reported beside them.
"""

import argparse
import csv
import json
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent))
from rivals import rivals

from search.data import open_data
from search.process import keep_memory, wait_asleep
from search.recipe import load_recipe
from search.run import main as search
from search.samplers import derive
from search.training.loop import Task, Training
from searchspace import Genotype, build, cost, fill, load, to_yaml

HERE = Path(__file__).parent
BUDGET, SIZE, CLASSES, TRIALS, SEED = 3_000_000, 16, 10, 60, 0
TOP, FINALISTS, AGAIN, FINAL_SEEDS = 5, 3, 2, 12
RECIPE, VALIDATION, FIRST = "quick", 0.2, 4
COMMAND = (f"--budget {BUDGET} --space mixed --input {SIZE} --objective train --data digits "
           f"--recipe {RECIPE} --first-epochs {FIRST} --trials {TRIALS} --seed {SEED} "
           "--study search --train-device cpu").split()


def trained(genotype: str, seed: int, final: bool) -> list[int]:
    """Right answers (1 or 0) on the validation images, or in the final on the test images."""
    torch.set_num_threads(1)
    keep_memory()
    data, recipe = open_data("digits"), load_recipe(RECIPE)
    fitted, held = data.split(VALIDATION, derive(SEED, "validation"))
    if final:
        fitted, held = data.train, data.test
    network = _read(genotype)
    torch.manual_seed(derive(seed, "weights"))
    task = Task(recipe, int(recipe.length), fitted, None, (3, SIZE, SIZE), seed)
    training = Training(build(network), task, torch.device("cpu"))
    training.run(task.epochs)
    return training.right(held)


def _read(text: str) -> Genotype:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path)


def accuracies(genotypes: list[str], seeds: range, final: bool,
               pool: ProcessPoolExecutor) -> np.ndarray:
    """Right answers of shape (networks, seeds, images)."""
    jobs = [[pool.submit(trained, g, s, final) for s in seeds] for g in genotypes]
    return np.array([[job.result() for job in row] for row in jobs])


def choose(found: dict[str, str], first: dict[str, float], pool: ProcessPoolExecutor
           ) -> dict[str, float]:
    """The best by the mean of three trainings, best first."""
    top = sorted(first, key=lambda n: -first[n])[:TOP]
    again = accuracies([found[n] for n in top], range(1, AGAIN + 1), False, pool)
    means = {n: float(np.mean([first[n], *(100 * a.mean(1))]))
             for n, a in zip(top, again, strict=True)}
    return dict(sorted(means.items(), key=lambda item: -item[1]))


def interval(differences: np.ndarray, confidence: float) -> list[float]:
    """Student's interval of the mean."""
    found = stats.ttest_1samp(differences, 0).confidence_interval(confidence)
    return [round(float(found.low), 3), round(float(found.high), 3)]


def bootstrap(a: np.ndarray, b: np.ndarray) -> list[float]:
    """The 95 % interval of the difference over seeds and images drawn anew together."""
    rng, means = np.random.default_rng(0), []
    difference = 100.0 * (a - b)
    for _ in range(4000):
        seeds, images = (rng.integers(0, n, n) for n in difference.shape)
        means.append(difference[np.ix_(seeds, images)].mean())
    return [round(float(x), 3) for x in np.percentile(means, [2.5, 97.5])]


def main() -> int:
    """Run the study; a search that was interrupted goes on."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--work", default="studies/trained-digits-work", metavar="FOLDER",
                        help="where the search keeps its study")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--describe", action="store_true",
                        help="only write README.md again, from results.json")
    options = parser.parse_args()
    if options.describe:
        describe(json.loads((HERE / "results.json").read_text(encoding="utf-8")))
        return 0
    wait_asleep()
    torch.set_num_threads(1)
    began, cpu = time.perf_counter(), time.process_time()
    if search([*COMMAND, "--studies", options.work]) != 0:
        return 1
    folder = Path(options.work) / "search"
    clock = folder / "minutes.json"     # of earlier parts, where the study was interrupted
    before = json.loads(clock.read_text()) if clock.is_file() else [0.0, 0.0]
    took = [(time.perf_counter() - began) / 60, (time.process_time() - cpu) / 60]
    minutes, cpu_minutes = (round(a + b, 1) for a, b in zip(took, before, strict=True))
    clock.write_text(json.dumps([minutes, cpu_minutes]))
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        result = compare(folder, pool) | {"search_minutes": minutes,
                                          "search_cpu_minutes": cpu_minutes}
    (HERE / "results.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    describe(result)
    print((HERE / "README.md").read_text(encoding="utf-8"))
    return 0


def describe(result: dict[str, Any]) -> None:
    """Write README.md: what was done and how it went, for better or worse."""
    chosen = next(iter(result["rivals_again"]))
    tested = {n: (statistics.fmean(a), statistics.stdev(a))
              for n, a in result["test_accuracy"].items()}
    seeds = len(result["test_accuracy"]["found"])

    def verdict(name: str, key: str) -> str:
        low, high = result["differences"][name][key]
        return "better" if low > 0 else "worse" if high < 0 else "not told apart"

    rows = [f"| {n} | {result['rivals_macs'].get(n, result['found_macs']):,} | {mean:.2f} ± "
            f"{spread:.2f} |" for n, (mean, spread) in tested.items()]
    gaps = [f"| {n} | {d['mean']:+.2f} | {_ends(d['interval_95'])} | "
            f"{_ends(d['interval_bonferroni'])} | {_ends(d['bootstrap_seeds_and_images'])} | "
            f"{verdict(n, 'interval_bonferroni')} |" for n, d in result["differences"].items()]
    text = f"""# A search that trains, against published networks

`{result["command"]}` made this page, `results.json` and `found.yaml`; what it does, in which order,
stands at its head.

The search (`search/run.py {result["search"]}`) took {result["search_minutes"]} minutes of a
machine that others used too, {result["search_cpu_minutes"]} minutes of one core. It found
{result["found"]} with {result["found_macs"]:,} multiply-adds (the budget is {result["budget"]:,}).
Among {len(result["rivals_by_validation"])} published families brought to the budget, {chosen} was
the best on the validation images; {result["not_brought"]} of the published networks cannot be
brought to it (no width to make narrower, or none for images of this size).

Test accuracy on 900 images that nothing before had touched, {seeds} seeds, mean and deviation:

| network | MACs | accuracy in % |
|---|---|---|
{chr(10).join(rows)}

The found network less each rival, in points, paired by seed:

| rival | mean | 95 % | 95 % for all together | seeds and images drawn anew | found is |
|---|---|---|---|---|---|
{chr(10).join(gaps)}

Against the rival that validation chose, {chosen}, the found network is
**{verdict(chosen, "interval_95")}** by the 95 % interval over seeds. The last interval also draws
the test images anew: it says what other images might have shown, and is wider.
"""
    (HERE / "README.md").write_text(text, encoding="utf-8")


def _ends(interval: list[float]) -> str:
    return f"{interval[0]:+.2f} … {interval[1]:+.2f}"


def compare(folder: Path, pool: ProcessPoolExecutor) -> dict[str, object]:
    """Everything after the search."""
    brought, lacking = rivals(BUDGET, SIZE, CLASSES)
    nearest: dict[str, str] = {}
    for name in sorted(brought, key=lambda n: -cost(brought[n]).macs):
        nearest.setdefault(name.partition("@")[0], name)
    published = {n: to_yaml(brought[n]) for n in nearest.values()}
    rated = accuracies(list(published.values()), range(1), False, pool).mean((1, 2)) * 100
    first = dict(zip(published, map(float, rated), strict=True))
    theirs = choose(published, first, pool)
    space = load("mixed", classes=CLASSES).with_input(SIZE)
    with (folder / "trials.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["train"]]
    names = {h.name: h for h in space.holes}
    found, ours_first = {}, {}
    for row in rows:
        labels = {n: next(x for x in h.labels if str(x) == row[n])
                  for n, h in names.items() if row.get(n)}
        found[f"trial {row['trial']}"] = to_yaml(fill(space, labels))
        ours_first[f"trial {row['trial']}"] = float(row["train"])
    ours = choose(found, ours_first, pool)
    best, finalists = next(iter(ours)), list(theirs)[:FINALISTS]
    answers = accuracies([found[best], *(published[n] for n in finalists)],
                         range(100, 100 + FINAL_SEEDS), True, pool)
    tested = 100 * answers.mean(2)
    differences = {}
    for i, name in enumerate(finalists, 1):
        gap = tested[0] - tested[i]
        differences[name] = {
            "mean": round(float(gap.mean()), 3), "interval_95": interval(gap, 0.95),
            "interval_bonferroni": interval(gap, 1 - 0.05 / FINALISTS),
            "bootstrap_seeds_and_images": bootstrap(answers[0], answers[i])}
    (HERE / "found.yaml").write_text(found[best], encoding="utf-8")
    return {
        "command": "python studies/trained-digits/study.py", "search": " ".join(COMMAND),
        "budget": BUDGET, "found": best, "found_macs": cost(_read(found[best])).macs,
        "found_by_validation": ours, "rivals_by_validation": first, "rivals_again": theirs,
        "rivals_macs": {n: cost(brought[n]).macs for n in finalists},
        "not_brought": len([1 for w in lacking.values() if not w.startswith("the same")]),
        "test_accuracy": {n: [round(float(x), 3) for x in t]
                          for n, t in zip(["found", *finalists], tested, strict=True)},
        "differences": differences}


if __name__ == "__main__":
    raise SystemExit(main())
