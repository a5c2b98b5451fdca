"""Result files of a study: best.yaml, trials.csv, finals.csv, the front. best.svg is written by the
command line."""

import re
from collections.abc import Sequence
from pathlib import Path

from search.objectives import Objective
from search.results.final_comparison import FinalResult
from search.results.front import Front
from search.results.outcome import Outcome
from search.results.retraining import Retrained
from search.scores.registry import find_score
from search.spreadsheet import write
from search.study import Study
from search.study.settings import Settings
from search.study.trial import Trial, check_count
from searchspace import Genotype, cost, fill, to_yaml
from searchspace.safety.files import make_folder, write_file
from searchspace.shapes import short, show_size
from searchspace.units import show_amount


def trial_genotype(study: Study, trial: Trial, suffix: str) -> Genotype:
    """The network of a trial, as a genotype of its own."""
    filled = fill(study.plan.space, trial.decisions)
    return filled.replace(filled.document, name=f"{study.session.name}-{suffix}")


def write_best(study: Study, ended: Outcome, path: Path) -> Genotype:
    """Write the chosen network as a genotype file, and return it."""
    result, again = ended.result, ended.again
    if result:
        score = find_score(study.plan.settings.score)
        value = f"{score.title} {score.shown(result.mean)} ± {score.shown(result.spread)} over " \
            f"{len(result.scores)} initialisations"
    elif again:
        value = f"accuracy {again.shown()} over {len(again.accuracies)} fresh trainings"
    else:
        value = _values(study.plan.objectives, ended.chosen)
    knee = ".\nThe knee of the front" if len(study.plan.objectives) > 1 else ""
    return _write(study, ended.chosen, "best", value + knee, path)


def write_front(study: Study, front: Front, folder: Path) -> None:
    """Write the front: front.csv, and front/001.yaml, 002, …; replaces earlier files."""
    home = make_folder(folder / "front")
    for old in home.iterdir():
        if re.fullmatch(r"[0-9]{3,}\.yaml", old.name):
            old.unlink()
    costs = ("macs", "params")
    head = ["front", "trial", *_columns(front.objectives, costs), *costs, "knee", "identity"]
    write(folder / "front.csv", head, (
        [f"{i:03d}", t.number, *_own(front.objectives, t, costs), *(getattr(t, c) for c in costs),
         int(t is front.knee), t.identity] for i, t in enumerate(front.members, 1)))
    for i, t in enumerate(front.members, 1):
        note = f"Number {i} of the {len(front.members)} on the front" \
            + ", its knee" * (t is front.knee)
        _write(study, t, f"front-{i:03d}", f"{_values(study.plan.objectives, t)}.\n{note}",
               home / f"{i:03d}.yaml")


def _write(study: Study, trial: Trial, suffix: str, values: str, path: Path) -> Genotype:
    genotype, settings = trial_genotype(study, trial, suffix), study.plan.settings
    check_count(trial, cost(genotype))
    write_file(path, to_yaml(genotype, comment=(
        f"Found by a search of the space {settings.space!r} under {settings.budget}.\n"
        f"{show_amount(trial.macs)} MACs ({trial.macs:,}), {trial.params:,} parameters at "
        f"{show_size(settings.input)}; {values}.\n"
        f"Trial {trial.number} of study {study.session.name!r}, seed {settings.seed}.")))
    return genotype


def _values(objectives: Sequence[Objective], trial: Trial) -> str:
    """The values of a trial in words."""
    assert trial.values is not None
    return ", ".join(f"{o.title} {o.shown(v)}{trial.length}"
                     for o, v in zip(objectives, trial.values, strict=True))


def _columns(objectives: Sequence[Objective], costs: Sequence[str]) -> list[str]:
    """Columns of the objectives, except for ``costs``, which have columns of their own."""
    return [o.name for o in objectives if o.name not in costs]


def _own(objectives: Sequence[Objective], trial: Trial, costs: Sequence[str]) -> list[str]:
    """Values of `_columns` with all digits; empty if the trial failed."""
    values = trial.values or ("",) * len(objectives)
    return [repr(v) if v != "" else "" for o, v in zip(objectives, values, strict=True)
            if o.name not in costs]


def write_trials(trials: list[Trial], path: Path, objectives: Sequence[Objective],
                 front: Front | None = None) -> None:
    """All trials as CSV: objectives, costs, origin of the proposal, one column per decision; with
    a front, whether a trial is on it, and the hypervolume after each."""
    names = sorted({name for t in trials for name in t.decisions})
    costs = ["macs", "params", "memory"]
    if any(t.latency is not None for t in trials):
        costs.append("latency")
    head = ["trial", *_columns(objectives, costs), *costs,
            *(["epochs", "pruned"] if (trained := any(t.epochs for t in trials)) else []),
            *(["front", "hypervolume"] if front else []), "seconds", "start", "brought", "lost",
            "changed", "share_changed", "rank_distance", "replaced", "identity", "error"]
    write(path, [*head, *names], (
        [t.number, *_own(objectives, t, costs), *(getattr(t, c) for c in costs),
         *([t.epochs, int(t.pruned)] if trained else []),
         *([int(t in front.members), front.volumes[t.number]] if front else []),
         f"{t.seconds:.3f}", t.start or "", int(t.brought), t.lost, t.changed, f"{t.share:.4f}",
         f"{t.rank:.4f}", int(t.replaced), t.identity, t.error or "",
         *(t.decisions.get(n, "") for n in names)] for t in trials))


def write_finals(results: list[FinalResult], settings: Settings, path: Path) -> None:
    """The final comparison as CSV."""
    head = ["network", "kind", "input", "macs", "params", "memory", "over_budget", "score_mean",
            "score_spread", "scores", "predicted_top1", "predicted_spread", "published_top1"]
    write(path, head, (
        [r.entry.name, "published" if r.entry.trial is None else "found", short(settings.input),
         r.entry.cost.macs, r.entry.cost.params, r.entry.cost.memory, int(r.entry.over), r.mean,
         r.spread, " ".join(repr(s) for s in r.scores),
         *((r.prediction.value, r.prediction.spread) if r.prediction else ("", "")),
         "" if r.entry.published is None else r.entry.published[1]] for r in results))


def write_retrained(results: list[Retrained], path: Path) -> None:
    """The fresh trainings of the best networks as CSV; accuracies in percent."""
    write(path, ["trial", "identity", "macs", "params", "searched", "mean", "spread", "accuracies"],
          ([r.trial.number, r.trial.identity, r.trial.macs, r.trial.params, r.trial.value, r.mean,
            r.spread, " ".join(map(repr, r.accuracies))] for r in results))
