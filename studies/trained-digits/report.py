"""The page of the study: what was done and how it went, for better or worse."""

import json
import statistics
from itertools import product
from pathlib import Path
from typing import Any

from scipy.stats import spearmanr

Result = dict[str, Any]

HEAD = """# A search that trains, against published networks

`python studies/trained-digits/study.py --data DATA` makes this page, and `results.json` and
`found.yaml` in the folder of each data set, with `--space small` in another; what it does, in
which order, and by which rule stands at its head. All networks are trained alike, for 6 epochs of
the recipe `quick` at 16×16 pixels, and have at most 1 M multiply-adds. The images of `mnist` and
`rotated` come with the extra `studies`.

The study was first done on digits alone, with a space `mixed` that had no plain stages and another
sampler: the found network had 94.83 % on the test images, ResNet-18 96.70 %, a difference of -1.87
points (-2.51 … -1.23) over twelve paired seeds. That led to plain stages in `mixed`, so on
digits the space is not independent of the test images; no other part of what follows has seen
them, but for the space `small`: it was made after `mixed` had lost to StarNet on digits and on
rotated, and before anything of mnist's test images was known. On mnist it is judged independently,
on the other two it is not.
"""


def describe(folder: Path, names: tuple[str, ...], spaces: tuple[str, ...]) -> str:
    """The page of the results that are in ``folder``; of the first space under the data's name."""
    parts = [HEAD]
    for name, space in product(names, spaces):
        path = folder / (name if space == spaces[0] else f"{name}-{space}") / "results.json"
        if path.is_file():
            result = json.loads(path.read_text(encoding="utf-8"))
            parts += [f"## {name}, the space `{space}`\n"]
            if "found" in result:
                parts += [_search(result), _tests(result), _why(result)]
            if "hcgnet" in result:
                parts += [_hybrid(result["hcgnet"])]
    return "\n".join(parts)


def verdict(ends: list[float]) -> str:
    """What an interval of a difference says."""
    return "better" if ends[0] > 0 else "worse" if ends[1] < 0 else "not told apart"


def _ends(interval: list[float]) -> str:
    return f"{interval[0]:+.2f} … {interval[1]:+.2f}"


def _search(result: Result) -> str:
    wrapped = result["search"].replace(" --", " \\\n    --")
    ours, theirs = result["found_cross_validated"], result["rivals_cross_validated"]
    found, chosen = result["found"], next(iter(theirs))
    return f"""```sh
python search/run.py {wrapped}
```

took {result["search_minutes"]} minutes of a machine that others used too,
{result["search_cpu_minutes"]} minutes of one core. Of its networks {found} was the best in
cross-validation on the training images, {ours[found]:.2f} %,
with {result["macs"]["found"]:,} multiply-adds.
Of {len(result["rivals_by_validation"])} published families brought to the budget
the best was {chosen}, with {theirs[chosen]:.2f} %.
{result["not_brought"]} of the published networks cannot be brought to it.
"""


def _tests(result: Result) -> str:
    attacks, accuracies = result["attacks"], result["test_accuracy"]
    rows = []
    for name, values in accuracies.items():
        under = " | ".join(f"{x:.2f}" for x in result["fgsm_accuracy"][name])
        rows.append(f"| {name} | {result['macs'][name]:,} | {statistics.fmean(values):.2f} ± "
                    f"{statistics.stdev(values):.2f} | {under} |")
    gaps = [f"| {n} | {d['mean']:+.2f} | {_ends(d['interval_95'])} | "
            f"{_ends(d['interval_bonferroni'])} | {_ends(d['bootstrap_seeds_and_images'])} | "
            f"{verdict(d['interval_bonferroni'])} |" for n, d in result["differences"].items()]
    chosen = next(iter(result["rivals_cross_validated"]))
    told = verdict(result["differences"][chosen]["interval_95"])
    return f"""Accuracy in percent on {result["images"]} test images that only the final
touches, {len(accuracies["found"])} seeds, mean and deviation; beside it the mean under FGSM, by
steps of so much of 255:

| network | MACs | clean |{_titles(attacks)}
|---|---|---|{"---|" * len(attacks)}
{chr(10).join(rows)}

The found network less each rival, in points, paired by seed:

| rival | mean | 95 % | 95 % for all together | seeds and images drawn anew | found is |
|---|---|---|---|---|---|
{chr(10).join(gaps)}

Against the rival that the training images chose, {chosen}, the found network is
**{told}** by the 95 % interval over seeds. The last interval also draws
the test images anew: it says what other images might have shown.

Under FGSM, the mean and the 95 % interval over seeds:

| rival |{_titles(attacks)}
|---|{"---|" * len(attacks)}
{_under_attack(result["differences_fgsm"])}
"""


def _titles(attacks: list[int]) -> str:
    return "".join(f" FGSM {step} |" for step in attacks)


def _under_attack(differences: dict[str, list[Result]]) -> str:
    return "\n".join(
        f"| {name} | " + " | ".join(f"{d['mean']:+.2f} ({_ends(d['interval_95'])})" for d in all_)
        + " |" for name, all_ in differences.items())


def _why(result: Result) -> str:
    """How much of a side's best first values was chance."""
    def side(first: Result, early: Result) -> str:
        lost = statistics.fmean(first[n] - early[n] for n in early)
        best = max(early, key=lambda n: first[n])
        return (f"{first[best]:.2f} % and then {early[best]:.2f} % for the first of them, "
                f"{lost:.2f} points less in the mean")

    first = result["found_first"] | result["rivals_by_validation"]
    early = result["found_two_folds"] | result["rivals_two_folds"]
    ranks = float(spearmanr([first[n] for n in early], [*early.values()]).statistic)
    ours, theirs = (result[f"{s}_cross_validated"].values() for s in ("found", "rivals"))
    return f"""On the training images: the best of each side had, by their first training on the
search's validation images and in two folds, the search's
{side(result["found_first"], result["found_two_folds"])};
the rivals {side(result["rivals_by_validation"], result["rivals_two_folds"])}.
Both values of all {len(early)} correlate by ranks with {ranks:+.2f}. Over all five folds the best
{len(ours)} of the search had {min(ours):.2f} to {max(ours):.2f} %,
the best {len(theirs)} rivals {min(theirs):.2f} to {max(theirs):.2f} %.
"""


def _hybrid(result: Result) -> str:
    columns = ["clean", *(f"FGSM {step}" for step in result["attacks"])]
    rows = []
    for name, values in result["test_accuracy"].items():
        means = [statistics.fmean(values), *result["fgsm_accuracy"][name]]
        rows.append(f"| {name} | {result['macs'][name]:,} | "
                    + " | ".join(f"{x:.2f}" for x in means) + " |")
    seeds = len(result["test_accuracy"][name])
    return f"""### HCGNet-A1 under attack

Brought to 3 M multiply-adds, trained from {seeds} seeds; accuracy in percent:

| network | MACs | {" | ".join(columns)} |
|---|---|{"---|" * len(columns)}
{chr(10).join(rows)}

HCGNet-A1 less each other, in points, with the 95 % interval over seeds:

| network | {" | ".join(columns)} |
|---|{"---|" * len(columns)}
{_under_attack(result["differences"])}
"""
