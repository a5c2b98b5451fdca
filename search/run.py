"""Search a space for the best network under a hard budget.

examples:
  python search/run.py --budget 300M
  python search/run.py --budget 60M --space mobile --input 96 --trials 200
  python search/run.py --budget 0.3G --params 4M --space si --seed 1
  python search/run.py --budget 280M-300M --memory 4MB
  python search/run.py --latency 20ms --space mobile --input 96
  python search/run.py --budget 300M --report
  python search/run.py --budget 300M --space my/space.yaml --study mine
  python search/run.py --budget 300M --objective score --objective macs
  python search/run.py --budget 300K --space digits --objective table
  python search/run.py --budget 300M --workers 4
  python search/run.py --budget 300M --workers 8 --storage postgresql+psycopg://me@host/db
  python search/run.py --budget 2M --objective train --data digits --epochs 9
  python search/run.py --budget 60M --objective train --data cifar10 --recipe sinet-cifar

The same command continues a study that was interrupted. Ctrl-C ends after the running trial with
what was found; a second one ends at once.
"""

import argparse
import random
import shlex
import sys
from pathlib import Path

from rich.console import Console

from search.dashboard import FOLDER, attach
from search.ending import best_table, front_table, regret, volume_told
from search.feasibility import check_budget, survey
from search.finals import TOP, Result, caveat, contestants, rescore, verdict
from search.front import front_of
from search.latency.command import add_clock, clocked, timed
from search.objectives import DEFAULT, OBJECTIVES, named
from search.outputs import write_best, write_finals, write_front, write_trials
from search.preview import print_report, print_short
from search.process import Interrupt, keep_memory, wait_asleep
from search.progress import Progress, final_table
from search.proposals import summary
from search.reference import SIZE as REFERENCE
from search.rows import read_study
from search.samplers import SAMPLERS
from search.scores.base import FEWEST, MOST, usual_batch
from search.scores.registry import DEFAULT_SCORE, find_score
from search.scores.relative import Relative
from search.scores.table import find_table
from search.settings import Settings
from search.study import Study
from search.training.options import TrainOptions, read_options
from search.training.options import add_options as add_train_options
from search.workers import add_worker_options, read_resources, run_with
from searchspace import SearchspaceError, load, spaces
from searchspace.budget import Budget, show_amount
from searchspace.expand import trace
from searchspace.plugins import add_option, load_named
from searchspace.space import sample
from viz.render import render
from viz.report import write_report

STUDIES = Path(__file__).resolve().parent.parent / "studies"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, 2 for a user's mistake, 130 after Ctrl-C."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given)
    options.command = shlex.join(["python", "search/run.py", *given])
    keep_memory()
    wait_asleep()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
    try:
        return _search(options, console)
    except SearchspaceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:        # a disk that is full, or may not be written to
        print(f"error: {error.filename or 'output'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _search(options: argparse.Namespace, console: Console) -> int:
    load_named(options)
    goals = tuple(o.name for o in named(options.objective or DEFAULT))
    if options.table and "table" not in goals:
        raise SearchspaceError("--table FILE is read for --objective table only")
    if options.prior:
        find_score(options.prior)
    train = read_options(options, goals)
    size = options.input or _edge(options.space, goals, train)
    settings = Settings(
        options.space,
        Budget.read(options.budget, options.params, options.memory, options.latency),
        size, options.seed, options.sampler, options.trials, options.batch or usual_batch(size),
        options.classes or (len(train.open().classes) if train else None), goals,
        find_table(options.space, options.table) if "table" in goals else None,
        options.warm_start, options.prior, find_score(options.score).name, train=train)
    name = options.study or settings.study_name
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or name[0] == ".":
        raise SearchspaceError(f"--study {name!r}: use letters, digits, '-', '_' and '.'")
    folder = Path(options.studies) / name
    settings = clocked(settings, options, folder, console)
    if options.report:
        space = settings.genotype()
        print_report(console, survey(space, settings, check_budget(space, settings)), settings)
        return 0
    if not list(settings.budget.bounds):
        raise SearchspaceError("give a budget: --budget 300M, --params 4M, --memory 4MB, "
                               "--latency 20ms, or several of them")
    resources = read_resources(options)
    with Study(settings, folder, name, options.storage, alone=options.storage is None) as study:
        study.optuna.set_user_attr("command", options.command)
        print_short(console, survey(study.space, settings, study.cheapest), settings)
        console.print(f"sampler {study.sampler_name}: {study.reason}; study {folder}")
        if study.open is not study.space:
            solved = ", ".join(h.name for h in study.space.holes if h.kind == "solve")
            console.print(f"a cost is an objective: {solved} is proposed, too, where else the "
                          "budget would be filled up")
        for line in study.trainings.told() if study.trainings else ():
            console.print(line)
        if "score" in goals and isinstance(chosen := find_score(settings.score), Relative):
            console.print(f"score {chosen.name}: compared with {REFERENCE} random networks inside "
                          "the budget, which are scored first")
        if settings.warm_start:
            console.print(f"start: {study.start.describe()}")
        with Progress(console, settings) as progress, Interrupt() as interrupt:
            stopped = run_with(resources, options, study, progress, interrupt)
            trials, best = study.trials(), study.best(TOP)
            if not best:
                console.print("interrupted before the first score" if interrupt.asked else
                              f"nothing could be scored: {stopped or trials[-1].error}")
                return 130 if interrupt.asked else 1
            results = _finals(study, settings, progress, interrupt) if goals == DEFAULT else []
            interrupted = interrupt.asked
        front = front_of(trials, study.objectives, settings.budget) if len(goals) > 1 else None
        winner = _winner(results, best[0].number)
        trial = front.knee if front else next(t for t in best if t.number == winner)
        with study.writing():
            result = next((r for r in results if r.entry.trial == winner), None)
            genotype = write_best(study, trial, result, folder / "best.yaml")
            render(genotype, folder / "best.svg")
            attach(study.optuna, folder / "best.svg", folder / FOLDER)
            write_trials(trials, folder / "trials.csv", study.objectives, front)
            if front:
                write_front(study, front, folder)
            if goals == DEFAULT:
                write_finals(results, settings, folder / "finals.csv")
            if results:
                study.optuna.set_user_attr("verdict", verdict(results, settings))
            write_report(read_study(folder, options.storage), folder / "report.html")
    if results:
        console.print(final_table(results, settings))
        console.print(verdict(results, settings))
    elif front:
        console.print(front_table(front, settings))
        console.print(volume_told(front))
    elif goals != DEFAULT:
        console.print(best_table(best, settings))
    if study.table:
        console.print(regret(trials, study.table, settings))
    if settings.device is not None:
        console.print(timed(genotype, settings))
    scored = sum(t.value is not None for t in trials)
    distinct = len({t.identity for t in trials})
    pruned = f", {sum(t.pruned for t in trials)} broken off early" if train else ""
    console.print(f"{len(trials)} trials, all inside the budget, {scored} scored{pruned}, "
                  f"{distinct} distinct networks")
    console.print(summary(trials))
    for remark in (stopped, "interrupted: the same command continues" if interrupted else None):
        if remark:
            console.print(remark)
    if "score" in goals:
        console.print(caveat(settings.score), style="dim")
    beside = "front.csv, front/" if front else "finals.csv" if goals == DEFAULT else ""
    files = ", ".join(filter(None, ["report.html", "best.svg", "trials.csv", beside,
                                    None if options.storage else "study.db"]))
    console.print(f"[bold]{folder / 'best.yaml'}[/]{' (the knee)' if front else ''}: "
                  f"{show_amount(trial.macs)} MACs, {show_amount(trial.params)} params; beside it "
                  f"{files}")
    return 130 if interrupted else 0


def _finals(study: Study, settings: Settings, progress: Progress,
            interrupt: Interrupt) -> list[Result]:
    """The final comparison, as far as it came before Ctrl-C."""
    results: list[Result] = []
    entries = contestants(study.space, study.best(TOP), settings)
    for i, entry in enumerate(entries):
        if interrupt.asked:
            break
        progress.note(f"scoring again {i + 1}/{len(entries)}: {entry.name}")
        if (result := rescore(entry, study.scorer, settings)) is not None:
            results.append(result)
    return results


def _edge(space: str, goals: tuple[str, ...], train: TrainOptions | None) -> int:
    """Pixels where --input is not given: 224; the space's own where results are known for it, or
    where it is trained on images that are no smaller."""
    if "table" not in goals and train is None:
        return 224
    genotype = load(space)
    own = trace(genotype, sample(genotype, random.Random(0)).decisions).input[-1]
    return own if train is None or "table" in goals else min(own, train.open().edge)


def _winner(results: list[Result], otherwise: int) -> int:
    """The found network with the best mean; the best single score where none was scored again."""
    found = [r for r in results if r.entry.trial is not None]
    best = max(found, key=lambda r: r.mean, default=None)
    return best.entry.trial if best and best.entry.trial is not None else otherwise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="search/run.py", description=(__doc__ or "").partition("\n\n")[0],
        epilog=(__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", metavar="MACS",
                        help="hard bound on multiply-adds: 300M, 0.3G, 3e8; 280M-300M is a band")
    parser.add_argument("--params", metavar="N", help="hard bound on parameters: 4M, 2M-4M")
    parser.add_argument("--memory", metavar="BYTES", help="hard bound on peak activations of one "
                        "image in float32: 4MB, 512KB, 1.5MiB, 2MB-4MB")
    add_clock(parser)
    parser.add_argument("--report", action="store_true",
                        help="only tell what the budget leaves of the space, and search nothing")
    parser.add_argument("--space", default="mixed",
                        help=f"{', '.join(spaces())}, or a path (default: mixed)")
    parser.add_argument("--objective", action="append", metavar="NAME",
                        help=f"what is optimised: {', '.join(OBJECTIVES)} (default: score); "
                        "several for a Pareto front")
    parser.add_argument("--table", metavar="FILE", help="the known results that --objective table "
                        "looks up (default: the space's own)")
    parser.add_argument("--input", type=_size, metavar="PIXELS",
                        help="edge of the square images (default: 224; with a table the space's)")
    parser.add_argument("--classes", type=_size, metavar="N",
                        help="outputs of the network (default: the space's)")
    parser.add_argument("--trials", type=_size, default=150, metavar="N",
                        help="networks to score, in all (default: 150)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same trials (default: 0)")
    parser.add_argument("--sampler", choices=SAMPLERS, default="auto")
    parser.add_argument("--warm-start", action=argparse.BooleanOptionalAction, default=True,
                        help="begin with the published networks of the space (default: yes)")
    parser.add_argument("--score", default=DEFAULT_SCORE, metavar="NAME", help="the training-free "
                        "score of --objective score; python -m search.scores lists them (default: "
                        f"{DEFAULT_SCORE})")
    parser.add_argument("--prior", metavar="NAME", help="a training-free score that tells the "
                        "sampler which networks may be good; where the objective is another one")
    parser.add_argument("--batch", type=_batch, metavar="N", help="images a score looks at "
                        f"(default: {MOST} up to 32 pixels, {FEWEST} from 64 pixels on)")
    parser.add_argument("--study", metavar="NAME", help="name of the study; default: made from "
                        "space, budget, input and seed")
    parser.add_argument("--studies", default=str(STUDIES), metavar="FOLDER",
                        help="where studies are kept (default: studies/ of the project)")
    add_worker_options(parser)
    add_train_options(parser)
    add_option(parser)
    return parser


def _size(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if not 1 <= value <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 100,000")
    return value


def _batch(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if not 2 <= value <= 1797:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 2 to 1797 (all digits)")
    return value


if __name__ == "__main__":
    sys.exit(main())
