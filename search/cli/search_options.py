"""The options of `search/run.py`, and the settings of a study from them."""

import argparse

from search.cli.latency_options import add_clock
from search.cli.table_options import add_table
from search.cli.training_options import add_options as add_train_options
from search.cli.training_options import read_options
from search.cli.worker_options import add_worker_options
from search.environment import STUDIES
from search.objectives import OBJECTIVES, named
from search.objectives.usual import PREDICTED
from search.samplers import CHOICES
from search.scores.base import FEWEST, MOST
from search.scores.registry import DEFAULT_SCORE
from search.study.request import TRIALS, Request
from search.study.settings import DEFAULT, Settings
from searchspace import SearchspaceError, spaces
from searchspace.cli import Parser, add_limits, add_option, whole
from searchspace.safety.files import file_name
from searchspace.shapes import read_size
from searchspace.space.budget import Budget


def read_settings(options: argparse.Namespace) -> Settings:
    """The settings of a search, without the device and predictor of latencies.

    Raises:
        SearchspaceError: options that contradict each other, or name something that is missing.
    """
    goals = tuple(o.name for o in named(options.objective or DEFAULT))
    return Request(
        space=options.space,
        budget=Budget.read(options.budget, options.params, options.memory, options.latency),
        objectives=goals, trials=options.trials, time=options.time, input=options.input,
        classes=options.classes, seed=options.seed, sampler=options.sampler,
        score=options.score, screen=options.screen, prior=options.prior, batch=options.batch,
        tables=tuple(options.table), table_budget=tuple(options.table_budget),
        table_only=options.table_only, table_halving=options.table_halving,
        table_learn=options.table_learn, warm_start=options.warm_start,
        train=read_options(options, goals)).settings()


def read_name(options: argparse.Namespace, settings: Settings) -> str:
    """The name of the study, which is that of its folder.

    Raises:
        SearchspaceError: the name is not a portable file name.
    """
    name: str = options.study or settings.study_name
    if file_name(name) != name:
        raise SearchspaceError(f"--study {name!r} is no name of a folder everywhere: use letters, "
                               "digits, '-', '_' and '.'")
    return name


def parser_of(text: str) -> argparse.ArgumentParser:
    """The parser; ``text`` is the help of the command: a sentence, then examples."""
    parser = Parser("search/run.py", text)
    parser.add_argument("--budget", metavar="MACS",
                        help="hard bound on multiply-adds: 300M, 0.3G, 3e8; 280M-300M is a band")
    parser.add_argument("--params", metavar="N", help="hard bound on parameters: 4M, 2M-4M")
    parser.add_argument("--memory", metavar="BYTES", help="hard bound on peak activations of one "
                        "image in float32: 4MB, 512KB, 1.5MiB, 2MB-4MB")
    add_clock(parser)
    parser.add_argument("--report", action="store_true",
                        help="only report which part of the space is inside the budget")
    parser.add_argument("--space", default="mixed",
                        help=f"{', '.join(spaces())}, or a path (default: mixed)")
    parser.add_argument("--objective", action="append", metavar="NAME",
                        help=f"what is optimised: {', '.join(OBJECTIVES)} (default: score); "
                        "several for a Pareto front")
    add_table(parser)
    parser.add_argument("--input", type=read_size, metavar="PIXELS",
                        help="edge of the images, or height and width as 48x96 (default: the "
                        "space's own; no more than that of the images to train on)")
    parser.add_argument("--classes", type=whole(1), metavar="N",
                        help="outputs of the network (default: the space's)")
    parser.add_argument("--trials", type=whole(1), metavar="N", help="networks to score, in all "
                        f"(default: {TRIALS}, or with --time as many as it allows)")
    parser.add_argument("--time", metavar="DURATION", help="after 90s, 20min or 1.5h of this "
                        "command no further trial begins (default: no limit)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same trials (default: 0)")
    parser.add_argument("--sampler", choices=CHOICES, default="auto")
    parser.add_argument("--warm-start", action=argparse.BooleanOptionalAction, default=True,
                        help="begin with the published networks of the space (default: yes)")
    parser.add_argument("--score", metavar="NAME", help="the score of --objective score; python -m "
                        f"search.scores lists them (default: {PREDICTED}, a predicted accuracy, "
                        f"where that is known; else {DEFAULT_SCORE})")
    parser.add_argument("--screen", metavar="NAME", help="a score of the graph alone: thousands of "
                        "networks are rated by it, and the best are evaluated by the objective")
    parser.add_argument("--prior", metavar="NAME", help="a training-free score as prior of the "
                        "sampler gp; for other objectives than the score")
    parser.add_argument("--batch", type=whole(2, 1797), metavar="N", help="images a score looks at "
                        f"(default: {MOST} up to 32 pixels, {FEWEST} from 64 pixels on)")
    parser.add_argument("--study", metavar="NAME", help="name of the study; default: made from "
                        "space, budget, input and seed")
    parser.add_argument("--studies", default=str(STUDIES), metavar="FOLDER",
                        help="where studies are kept (default: studies/ in the current folder)")
    parser.add_argument("--profile", action="store_true", help="tell at the end where the time "
                        "went: proposing, solving, costs, scoring, storing, and in profile.csv")
    add_worker_options(parser)
    add_train_options(parser)
    add_option(parser)
    add_limits(parser)
    return parser
