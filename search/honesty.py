"""Evaluation of training-free scores on a space: rank correlations and variance shares.

examples:
  python search/honesty.py --space digits
  python search/honesty.py --space nas-bench-macro --table nas-bench-macro_cifar10.json
  python search/honesty.py --space nas-bench-201 --table accuracies.csv --column val_acc
  python search/honesty.py --space mixed --input 64 --networks 200
  python search/honesty.py --space digits --scores naswot zico macs --networks 200
  python search/honesty.py --read studies/honesty/digits/networks.json
  python search/honesty.py --space published --scores naswot zico deepmad top1

Where accuracies are known (the space has a table): Spearman and Kendall correlation of each score
with them, also among the tenth of best networks, inside bands of MACs, and given MACs and params.
Where they are not: how scores correlate with each other and with the costs, and how much of each
is size and family. In brackets are 95 % intervals over the networks (bootstrap).
published: all bundled networks whose ImageNet top-1 counts (224 pixels, up to 1.3 G), by that.
"""

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

if __name__ == "__main__":      # this checkout, and no other one that is installed
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.control import Control
from rich.segment import ControlType

from search.environment import STUDIES
from search.process import collect_seldom, keep_memory, wait_asleep
from search.score_report import published, published_tables
from search.score_report.measure import Processes, draw, measure, parts_of
from search.score_report.sample import PUBLISHED, Sample, ScoringJob
from search.score_report.summary import summarise
from search.score_report.tables import tables, write_report
from search.scores.base import TrainingFree, usual_batch
from search.scores.registry import BASELINES, RELATIVE, SCORES, find_score
from search.scores.relative import Relative
from search.tables import VARIABLES, TableError, find_tables, read_tables
from searchspace import SearchspaceError, load, spaces
from searchspace.cli import (
    Console,
    Parser,
    add_limits,
    add_option,
    load_named,
    output,
    run,
    start,
    whole,
)
from searchspace.expansion import trace
from searchspace.notation.sources import short_name
from searchspace.safety.files import file_name
from searchspace.space.budget import Budget
from searchspace.space.point import sample as draw_one
from searchspace.text import counted

FOLDER = STUDIES / "honesty"
ALL = 1_000     # networks of a table that are all scored without --networks
SOME = 150      # else
TWICE = 20      # networks that are scored from a second draw of weights


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user error."""
    options = _parser().parse_args(arguments)
    keep_memory()
    collect_seldom()
    wait_asleep()
    return run(lambda: _study(options, output(150)))


def _study(options: argparse.Namespace, console: Console) -> None:
    """Measure the scores, or read what was measured, and report."""
    load_named(options)
    kept = Sample.read(Path(options.read), options.space) if options.read else None
    of_published = PUBLISHED in (options.space, kept and kept.job.space)
    every = (*SCORES, *(() if of_published else RELATIVE))
    scores = [find_score(name) for name in options.scores or every]
    scores += [find_score(b) for b in BASELINES if b not in {s.name for s in scores}]
    if kept and not options.scores:
        scores = [s for s in scores if set(parts_of([s])) <= set(kept.job.scores)]
    relative = [s for s in scores if isinstance(s, Relative)]
    if of_published:
        for score in relative:
            console.print(f"{score.name} is left out: it compares networks of one space")
        names = [s.name for s in scores if s not in relative]
        _published(kept, names, options, console)
        return
    sampled = kept or _measured(options, parts_of(scores), parts_of(relative), console)
    _report(sampled, scores, options, console)


def _measured(options: argparse.Namespace, parts: tuple[str, ...], compared: tuple[str, ...],
              console: Console) -> Sample:
    space = load(options.space)
    if not space.is_space:
        raise SearchspaceError(f"{options.space} is a network without holes")
    known = None
    try:
        table = read_tables(find_tables(options.space, options.table), space)
        known = table.values(options.column)
    except TableError:
        if options.table or options.space in VARIABLES:
            raise
    if known is not None and options.input not in (None, table.input[-1]):
        raise SearchspaceError(f"the accuracies of {options.space} are those of images of "
                               f"{table.input[-1]} pixels; leave --input out")
    at = trace(space, draw_one(space, random.Random(0)).decisions)
    size = options.input or at.input[-1]
    job = ScoringJob(options.space, size, options.batch or usual_batch(size), options.seed, parts,
                     compared, min(TWICE, options.networks or TWICE))
    count = options.networks or (
        len(known.table.rows) if known and len(known.table.rows) <= ALL else SOME)
    budget = Budget.read(options.budget, None, None)
    chosen = draw(job.genotype, count, options.seed, budget, known)
    if len(chosen) < 2:
        raise SearchspaceError(f"fewer than two networks of {options.space} are inside the budget")
    console.print(f"{counted(len(chosen), 'network')} of {options.space} at {job.input} pixels, "
                  f"{len(parts)} scores, batches of {job.batch}")
    sampled = measure(job, chosen, budget, known, Processes(options.jobs, _teller()))
    _kept(options, sampled, write=True)       # before the report, which may be interrupted
    return sampled


def _teller() -> Callable[[int, int], None]:
    """A function that tells how many networks are scored, of how many."""
    shown = Console(stderr=True)

    def tell(done: int, of: int) -> None:
        if shown.is_terminal or done % 50 == 0 or done == of:
            shown.print(f"scored {done}/{of}", end="" if shown.is_terminal else "\n")
            shown.control(Control(ControlType.CARRIAGE_RETURN))

    return tell


def _published(kept: Sample | None, names: list[str], options: argparse.Namespace,
               console: Console) -> None:
    """The same for published networks, with tables of their own."""
    if options.table or options.budget or options.input not in (None, published.EDGE):
        raise SearchspaceError(f"published accuracies are those of images of {published.EDGE} "
                               "pixels; leave --table, --budget and --input out")
    parts = parts_of([find_score(name) for name in names])
    job = ScoringJob(PUBLISHED, published.EDGE, options.batch or usual_batch(published.EDGE),
                     options.seed, parts, (), 0)
    sampled = kept or published.measure_published(job, options.networks,
                                                  Processes(options.jobs, _teller()))
    _check(parts, sampled, options)
    folder = _kept(options, sampled, write=kept is None)
    found = published_tables.report(sampled, parts, options.bands or published.BANDS, folder)
    console.print(*found, sep="\n")
    console.print(f"{folder}: scores.csv, and networks.json with what was measured")


def _check(parts: tuple[str, ...], sampled: Sample, options: argparse.Namespace) -> None:
    missing = [name for name in parts if name not in sampled.job.scores]
    if missing:
        raise SearchspaceError(f"{options.read} has no {', '.join(missing)}: give --scores, of "
                               f"{', '.join(sampled.job.scores)}")


def _folder(options: argparse.Namespace, sampled: Sample) -> Path:
    """Where the report goes."""
    return Path(options.out) if options.out else Path(options.read).parent if options.read \
        else FOLDER / file_name(short_name(sampled.job.space))


def _kept(options: argparse.Namespace, sampled: Sample, write: bool = False) -> Path:
    """The folder of the report, made. With ``write``, or where there are none yet, what was
    measured is written there."""
    folder = _folder(options, sampled)
    folder.mkdir(parents=True, exist_ok=True)
    if write or not (folder / "networks.json").exists():
        sampled.write(folder / "networks.json")
    return folder


def _report(sampled: Sample, scores: Sequence[TrainingFree | Relative],
            options: argparse.Namespace, console: Console) -> None:
    """Print and write what the scores are worth."""
    _check(parts_of(scores), sampled, options)
    report = summarise(sampled, scores, options.bands)
    console.print(*report.left_out, *tables(report), sep="\n")
    folder = _kept(options, sampled)
    write_report(report, folder)
    console.print(f"{folder}: scores.csv, scores.json, scores.svg, and networks.json with what "
                  "was measured")


def _parser() -> argparse.ArgumentParser:
    parser = Parser("search/honesty.py", __doc__)
    parser.add_argument("--space", default="digits",
                        help=f"{', '.join(spaces())}, {PUBLISHED}, or a path (default: digits)")
    parser.add_argument("--table", metavar="FILE", action="append", default=[],
                        help="accuracies (default: the space's own)")
    parser.add_argument("--column", metavar="NAME", default="", help="the column of the table "
                        "(default: its only one)")
    parser.add_argument("--input", type=whole(1), metavar="PIXELS",
                        help="edge of the images (default: the space's)")
    parser.add_argument("--networks", type=whole(1), metavar="N",
                        help="how many are drawn (default: "
                        f"all of a table of up to {ALL}, else {SOME})")
    parser.add_argument("--scores", nargs="+", metavar="NAME", help="python -m search.scores lists "
                        "them (default: all but the standardised); the baselines always")
    parser.add_argument("--budget", metavar="MACS", help="only networks inside: 60M, 40M-60M")
    parser.add_argument("--bands", nargs="+", metavar="LOW-HIGH",
                        help="bands of MACs (default: five of equally many networks)")
    parser.add_argument("--batch", type=whole(1), metavar="N", help="images a score looks at "
                        "(default: as in a search)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same networks and weights")
    parser.add_argument("--jobs", type=whole(1), default=1, metavar="N",
                        help="processes of one thread each (default: 1)")
    parser.add_argument("--read", metavar="FILE", help="a networks.json: report on what was "
                        "measured before")
    parser.add_argument("--out", metavar="FOLDER", help="default: studies/honesty/SPACE")
    add_option(parser)
    add_limits(parser)
    return parser


if __name__ == "__main__":
    start(main)
