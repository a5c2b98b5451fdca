"""Search a space for the best network under a hard budget.

examples:
  python search/run.py --budget 300M
  python search/run.py --budget 60M --space mobile --input 96 --trials 200
  python search/run.py --budget 0.3G --params 4M --space si --seed 1
  python search/run.py --budget 300M --space my/space.yaml --study mine

The same command continues a study that was interrupted. Ctrl-C ends after the running trial with
what was found; a second one ends at once.
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from search.finals import CAVEAT, TOP, Result, contestants, rescore, verdict
from search.outputs import write_best, write_finals, write_trials
from search.process import Interrupt, keep_memory, wait_asleep
from search.progress import Progress, final_table
from search.samplers import SAMPLERS
from search.settings import Settings
from search.study import Study
from searchspace import SearchspaceError, spaces
from searchspace.budget import Budget, macs, parse_amount, show_amount
from searchspace.plugins import add_option, load_named
from searchspace.space import highest, lowest
from viz.render import render

STUDIES = Path(__file__).resolve().parent.parent / "studies"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, 2 for a user's mistake, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    keep_memory()
    wait_asleep()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
    try:
        return _search(options, console)
    except SearchspaceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _search(options: argparse.Namespace, console: Console) -> int:
    load_named(options)
    settings = Settings(
        options.space, Budget(parse_amount(options.budget),
                              parse_amount(options.params) if options.params else None),
        options.input, options.seed, options.sampler, options.trials, options.batch,
        options.classes)
    name = options.study or settings.study_name
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or name[0] == ".":
        raise SearchspaceError(f"--study {name!r}: use letters, digits, '-', '_' and '.'")
    folder = Path(options.studies) / name
    with Study(settings, folder, name) as study:
        low, high = lowest(study.space, macs), highest(study.space, macs)
        console.print(f"space [bold]{settings.space}[/] at {settings.input}×{settings.input}: "
                      f"{len(study.space.holes)} holes, {show_amount(low.cost.macs)} to "
                      f"{show_amount(high.cost.macs)} MACs; budget {settings.budget}")
        console.print(f"sampler {study.sampler_name}: {study.reason}; study {folder}")
        with Progress(console, settings) as progress, Interrupt() as interrupt:
            stopped = study.run(progress.trials, lambda: interrupt.asked)
            trials, best = study.trials(), study.best(TOP)
            if not best:
                console.print("interrupted before the first score" if interrupt.asked else
                              f"nothing could be scored: {stopped or trials[-1].error}")
                return 130 if interrupt.asked else 1
            results = _finals(study, settings, progress, interrupt)
            interrupted = interrupt.asked
        winner = _winner(results, best[0].number)
        trial = next(t for t in best if t.number == winner)
        genotype = write_best(study, trial, next((r for r in results if r.entry.trial == winner),
                                                 None), folder / "best.yaml")
        render(genotype, folder / "best.svg")
        write_trials(trials, folder / "trials.csv")
        write_finals(results, settings, folder / "finals.csv")
    if results:
        console.print(final_table(results, settings))
        console.print(verdict(results, settings))
    scored = sum(t.value is not None for t in trials)
    kept = sum(t.changed == 0 and not t.replaced for t in trials)
    console.print(f"{len(trials)} trials, all inside the budget, {scored} scored; {kept} as "
                  f"proposed, {len(trials) - kept} moved to the budget or to a new network")
    for remark in (stopped, "interrupted: the same command continues" if interrupted else None):
        if remark:
            console.print(remark)
    console.print(CAVEAT, style="dim")
    console.print(f"[bold]{folder / 'best.yaml'}[/]: {show_amount(trial.macs)} MACs, "
                  f"{show_amount(trial.params)} params; beside it best.svg, trials.csv, "
                  "finals.csv, study.db")
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
    parser.add_argument("--budget", required=True, metavar="MACS",
                        help="hard upper bound on multiply-adds: 300M, 0.3G, 3e8")
    parser.add_argument("--params", metavar="N", help="hard upper bound on parameters: 4M")
    parser.add_argument("--space", default="mixed",
                        help=f"{', '.join(spaces())}, or a path (default: mixed)")
    parser.add_argument("--input", type=_size, default=224, metavar="PIXELS",
                        help="edge of the square images (default: 224)")
    parser.add_argument("--classes", type=_size, metavar="N",
                        help="outputs of the network (default: the space's)")
    parser.add_argument("--trials", type=_size, default=150, metavar="N",
                        help="networks to score, in all (default: 150)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same trials (default: 0)")
    parser.add_argument("--sampler", choices=SAMPLERS, default="auto")
    parser.add_argument("--batch", type=_batch, default=32, metavar="N",
                        help="images a score looks at (default: 32)")
    parser.add_argument("--study", metavar="NAME", help="name of the study; default: made from "
                        "space, budget, input and seed")
    parser.add_argument("--studies", default=str(STUDIES), metavar="FOLDER",
                        help="where studies are kept (default: studies/ of the project)")
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
