"""A search that trains, on digits, against the published networks brought to the same budget.

    python studies/trained-digits/study.py

Searches the space ``mixed`` at 16×16 pixels under 1 M multiply-adds, networks trained for 6 epochs
of the recipe ``quick``, and writes ``results.json``, ``found.yaml`` and ``README.md`` here. What is
done was fixed beforehand:

1. Rivals: of each published family the network nearest below the budget, once all are brought to
   it (`rivals.py`), trained in full by the same recipe and rated on the validation images.
2. Search: ``search/run.py`` as any user runs it, on the same split, one process. Two of three
   trainings are broken off after 4 epochs; before the fourth, accuracies say little.
3. Both sides choose by training images alone: the best five by their first training are cross-
   validated on all 897 in five folds, and the best is the side's choice; the rivals' best three
   all compete.
4. Final: each of these is trained on all training images from twelve seeds, the same ones for all,
   and tested on the 900 test images, which nothing before has touched.

After the search, and before anything of steps 3 and 4 was computed, the busy machine made five and
twelve of the eight and twenty that had been planned there.

The differences are paired by seed; the intervals are Student's, for the chosen rival at 95 % and
for the three together at 95 % by Bonferroni. Since all seeds meet the same test images, a bootstrap
over seeds and images together is reported beside them.

How the setting came about: about ten networks (random ones of the space, one of each family with
one block a stage, six rivals) were trained at 3 M and 1 M multiply-adds for 6 and 12 epochs, and
rated on the validation images. After 12 epochs nearly all had 95 to 98 %, and 180 images cannot
tell them apart; at 1 M and 6 epochs a training takes a third of the time, and so a search sees
three times as many. No training-free score chooses among proposals (``--among``): at equal cost
NASWOT says nothing about accuracy on digits (docs/scores.md).
"""

import argparse
import csv
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent))
from repeats import FOLDS, Repeat, Repeats, read
from rivals import rivals

from search.process import wait_asleep
from search.run import main as search
from searchspace import Genotype, cost, fill, load, to_yaml

HERE = Path(__file__).parent
BUDGET, SIZE, CLASSES, TRIALS, SEED = 1_000_000, 16, 10, 150, 0
TOP, FINALISTS, FINAL_SEEDS = 5, 3, 12
RECIPE, EPOCHS, VALIDATION, FIRST = "quick", 6, 0.2, 4
COMMAND = (f"--budget {BUDGET} --space mixed --input {SIZE} --objective train --data digits "
           f"--recipe {RECIPE} --epochs {EPOCHS} --first-epochs {FIRST} --trials {TRIALS} "
           f"--seed {SEED} --study search --train-device cpu").split()


def repeat(genotype: str, seed: int, part: str) -> Repeat:
    """A training as this study does all of them."""
    return Repeat(genotype, seed, part, RECIPE, EPOCHS, SIZE, VALIDATION)


def first_look(genotypes: dict[str, str], train: Repeats) -> dict[str, float]:
    """Accuracy on the search's validation images, in percent."""
    rated = train(repeat(g, 0, "search") for g in genotypes.values())
    return {n: 100 * float(np.mean(right)) for n, right in zip(genotypes, rated, strict=True)}


def choose(known: dict[str, str], first: dict[str, float], train: Repeats) -> dict[str, float]:
    """The best ones' accuracy in percent, cross-validated over all training images, best first."""
    top = sorted(first, key=lambda n: -first[n])[:TOP]
    rated = train(repeat(known[n], k + 1, f"fold {k}") for n in top for k in range(FOLDS))
    means = {n: 100 * float(np.mean([x for k in range(FOLDS) for x in next(rated)])) for n in top}
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
    """Run the study; one that was interrupted goes on, and its search is not opened again."""
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
    work = Path(options.work)
    work.mkdir(parents=True, exist_ok=True)
    train = Repeats(work / "repeats.txt", options.workers)
    folder = work / "search"
    clock = folder / "minutes.json"
    if not clock.is_file():
        began, cpu = time.perf_counter(), time.process_time()
        if search([*COMMAND, "--studies", options.work]) != 0:
            return 1
        took = [(time.perf_counter() - began) / 60, (time.process_time() - cpu) / 60]
        clock.write_text(json.dumps([round(m, 1) for m in took]))
    minutes, cpu_minutes = json.loads(clock.read_text())
    result = compare(folder, train) | {"search_minutes": minutes,
                                       "search_cpu_minutes": cpu_minutes}
    (HERE / "results.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    describe(result)
    print((HERE / "README.md").read_text(encoding="utf-8"))
    return 0


def describe(result: dict[str, Any]) -> None:
    """Write README.md: what was done and how it went, for better or worse."""
    chosen = next(iter(result["rivals_cross_validated"]))
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
    wrapped = result["search"].replace(" --", " \\\n    --")
    ours = max(result["found_cross_validated"].values())
    theirs = max(result["rivals_cross_validated"].values())
    text = f"""# A search that trains, against published networks

`{result["command"]}` made this page, `results.json` and `found.yaml`;
what it does, in which order, stands at its head. The search was

```sh
python search/run.py {wrapped}
```

It took {result["search_minutes"]} minutes of a machine that others used too,
{result["search_cpu_minutes"]} minutes of one core. It found
{result["found"]} with {result["found_macs"]:,} multiply-adds (the budget is {result["budget"]:,}).
Among {len(result["rivals_by_validation"])} published families brought to the budget,
{chosen} was the best in cross-validation on the training images.
{result["not_brought"]} of the published networks cannot be brought to it: no width to make
narrower, or none for images of this size.

In cross-validation the found network had {ours:.2f} %, {chosen} {theirs:.2f} %.

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
the test images anew: it says what other images might have shown.
"""
    (HERE / "README.md").write_text(text, encoding="utf-8")


def _ends(interval: list[float]) -> str:
    return f"{interval[0]:+.2f} … {interval[1]:+.2f}"


def published_ones() -> tuple[dict[str, Genotype], int]:
    """Of each family the network nearest below the budget, and how many cannot be brought to it."""
    brought, lacking = rivals(BUDGET, SIZE, CLASSES)
    nearest: dict[str, str] = {}
    for name in sorted(brought, key=lambda n: -cost(brought[n]).macs):
        nearest.setdefault(name.partition("@")[0], name)
    return {n: brought[n] for n in nearest.values()}, \
        len([1 for w in lacking.values() if not w.startswith("the same")])


def compare(folder: Path, train: Repeats) -> dict[str, object]:
    """Everything after the search."""
    networks, lacking = published_ones()
    published = {n: to_yaml(g) for n, g in networks.items()}
    first = first_look(published, train)
    theirs = choose(published, first, train)
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
    ours = choose(found, ours_first, train)
    best, finalists = next(iter(ours)), list(theirs)[:FINALISTS]
    finals = [found[best], *(published[n] for n in finalists)]
    rated = train(repeat(g, 100 + k, "test") for g in finals for k in range(FINAL_SEEDS))
    answers = np.array(list(rated)).reshape(len(finals), FINAL_SEEDS, -1)
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
        "budget": BUDGET, "found": best, "found_macs": cost(read(found[best])).macs,
        "found_cross_validated": ours, "rivals_by_validation": first,
        "rivals_cross_validated": theirs,
        "rivals_macs": {n: cost(networks[n]).macs for n in finalists},
        "not_brought": lacking,
        "test_accuracy": {n: [round(float(x), 3) for x in t]
                          for n, t in zip(["found", *finalists], tested, strict=True)},
        "differences": differences}


if __name__ == "__main__":
    raise SystemExit(main())
