"""What a study leaves in its folder: best.yaml, best.svg is the command line's, trials.csv."""

import csv
from pathlib import Path

from search.finals import Result
from search.settings import Settings
from search.study import Study, Trial
from searchspace import Genotype, fill, to_yaml
from searchspace.budget import show_amount


def best_genotype(study: Study, trial: Trial) -> Genotype:
    """The network of a trial, as a genotype of its own."""
    filled = fill(study.space, trial.decisions)
    return filled.replace(filled.document, name=f"{study.name}-best")


def write_best(study: Study, trial: Trial, result: Result | None, path: Path) -> Genotype:
    """Write a trial's network; it loads, costs, builds and draws like any other."""
    genotype = best_genotype(study, trial)
    score = f"{result.mean:.2f} ± {result.spread:.2f} over {len(result.scores)} initialisations" \
        if result else f"{trial.value:.2f}"
    path.write_text(to_yaml(genotype, comment=(
        f"Found by a search of the space {study.settings.space!r} under {study.settings.budget}.\n"
        f"{show_amount(trial.macs)} MACs ({trial.macs:,}), {trial.params:,} parameters at "
        f"{study.settings.input}×{study.settings.input}; NASWOT {score}.\n"
        f"Trial {trial.number} of study {study.name!r}, seed {study.settings.seed}.")),
        encoding="utf-8")
    return genotype


def write_trials(trials: list[Trial], path: Path) -> None:
    """All trials as CSV: costs, score, and one column a decision."""
    names = sorted({name for t in trials for name in t.decisions})
    head = ["trial", "score", "macs", "params", "seconds", "changed", "replaced", "identity",
            "error"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*head, *names])
        for t in trials:
            writer.writerow([t.number, "" if t.value is None else repr(t.value), t.macs, t.params,
                             f"{t.seconds:.3f}", t.changed, int(t.replaced), t.identity,
                             t.error or "", *(t.decisions.get(n, "") for n in names)])


def write_finals(results: list[Result], settings: Settings, path: Path) -> None:
    """The final comparison as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["network", "kind", "input", "macs", "params", "over_budget", "score_mean",
                         "score_spread", "scores"])
        for r in results:
            e = r.entry
            writer.writerow([e.name, "published" if e.trial is None else "found", settings.input,
                             e.cost.macs, e.cost.params, int(e.over), repr(r.mean), repr(r.spread),
                             " ".join(repr(s) for s in r.scores)])
