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
  python search/run.py --space nas-bench-201 --table accuracies.csv --table costs.csv \
    --objective table:val_acc --table-budget raspi4_latency=20
  python search/run.py --budget 300M --workers 4
  python search/run.py --budget 300M --workers 8 --storage postgresql+psycopg://me@host/db
  python search/run.py --budget 2M --objective train --data digits --epochs 9
  python search/run.py --budget 60M --objective train --data cifar10 --recipe sinet-cifar
  python search/run.py --budget 300K --space digits --objective supernet --data digits

The same command continues a study that was interrupted. Ctrl-C ends after the running trial with
what was found; a second one ends at once.
"""

import argparse
import shlex
import sys
from pathlib import Path

if __name__ == "__main__":      # this checkout, and no other one that is installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from search.archive.connection.arguments import without_secrets
from search.cli.latency_options import clocked, timed
from search.cli.messages import beginning, files_line, tell
from search.cli.preview import print_report, print_short
from search.cli.profile_table import profile_table, write_profile
from search.cli.progress import ProgressDisplay
from search.cli.search_options import parser_of, read_name, read_settings
from search.cli.worker_options import read_resources, run_with
from search.errors import StudyError
from search.launchers import Resources
from search.objectives.table import KnownResult
from search.process import Interrupt, collect_seldom, keep_memory, wait_asleep
from search.results.conclude import NothingScoredError, conclude, write_results
from search.study import open_study
from search.study.feasibility import check_budget, survey
from search.study.settings import Settings
from searchspace import BudgetError, SearchspaceError
from searchspace.cli import Console, load_named, output, run, start
from searchspace.phases import measured
from searchspace.scripts import spoken


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, 2 for a user error, 130 after Ctrl-C."""
    given = without_secrets(arguments)
    options = parser_of(__doc__ or "").parse_args(given)
    options.command = " ".join([spoken("python search/run.py"), shlex.join(given)]).rstrip()
    keep_memory()
    collect_seldom()
    wait_asleep()
    return run(lambda: _search(options, output(110)))


def _search(options: argparse.Namespace, console: Console) -> int:
    load_named(options)
    settings = read_settings(options)
    name = read_name(options, settings)
    folder = Path(options.studies) / name
    settings = clocked(settings, options, folder, console)
    if options.report:
        return _report(settings, console)
    if not list(settings.budget.bounds):
        raise SearchspaceError("give a budget: --budget 300M, --params 4M, --memory 4MB, "
                               "--latency 20ms, --table-budget COLUMN=MOST, or several of them")
    resources = read_resources(options)
    if not options.profile:
        return _run(options, settings, folder, resources, console)
    if resources is not None:
        raise StudyError("--profile measures one process: leave --workers and --launcher out")
    with measured() as profile:
        status = _run(options, settings, folder, resources, console)
    write_profile(profile, folder)
    console.print(profile_table(profile))
    return status


def _run(options: argparse.Namespace, settings: Settings, folder: Path,
         resources: Resources | None, console: Console) -> int:
    """Run a study, and tell what was found; the exit status."""
    with open_study(settings, folder, folder.name, options.storage,
                    alone=options.storage is None) as study:
        study.session.study.set_user_attr("command", options.command)
        print_short(console, survey(study.plan.space, settings, study.plan.cheapest), settings)
        for line in beginning(study):
            console.print(line)
        with ProgressDisplay(console, settings) as progress, Interrupt() as interrupt:
            def interrupted() -> bool:
                return interrupt.asked

            study.prepare(progress.note, interrupted)
            stopped = run_with(resources, options, study, progress, interrupt)
            try:
                ended = conclude(study, stopped, progress.note, interrupted)
            except NothingScoredError as error:
                console.print(str(error))
                return 130 if interrupted() else 1
        genotype = write_results(study, ended, options.storage)
        known = next((o for o in study.plan.objectives if isinstance(o, KnownResult)), None)
    tell(console, ended, settings, known,
         timed(genotype, settings) if settings.device is not None else None)
    console.print(files_line(ended, settings, folder, options.storage is None))
    return 130 if ended.interrupted else 0


def _report(settings: Settings, console: Console) -> int:
    """Print which part of the space is inside the budget; that may be nothing."""
    space, inside, why = settings.genotype(), None, ""
    try:
        inside = check_budget(space, settings)
    except BudgetError as error:
        why = str(error)
    print_report(console, survey(space, settings, inside), settings)
    if why:
        console.print(why)
    return 0


if __name__ == "__main__":
    start(main)
