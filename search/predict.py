"""Predict the networks that a study never evaluated, by a model of those that it did.

examples:
  python -m search.predict studies/mine
  python -m search.predict studies/mine --top 50 --json predicted.json
  python -m search.predict studies/mine --networks other.yaml mobilenet-v2@1.0
  python -m search.predict studies/second --from studies/first
  python -m search.predict studies/mine --table known.csv

Told are, with 80 % intervals, the best networks of the space inside the budget that were not
evaluated; how well the model predicts each evaluated network from all others; what kinds of
features it needs; and what it believes about each hole. --from starts from another study of the
same space and objective, or of --objective supernet for one of --objective train; shift, scale and
agreement of its values are learned. --table judges the predictions by what is known of networks
that were not evaluated.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from search.archive.connection.arguments import without_secrets
from search.errors import StudyError
from search.results.beliefs import beliefs, switched
from search.results.learned import Learned, describer, learn
from search.results.read import read_study
from search.results.unseen import bounds, unseen
from search.surrogate.judged import Judged, quarters
from search.surrogate.model import LEAST, Predicted
from search.tables import Table as Known
from search.tables import read_tables
from searchspace import SearchspaceError, load
from searchspace.cli import (
    Parser,
    add_limits,
    add_option,
    load_named,
    run,
    show,
    start,
    table,
    whole,
)
from searchspace.expansion import Expansion, trace
from searchspace.identity import digest
from searchspace.ops import Cost
from searchspace.safety.files import write_file
from searchspace.space.frozen import change, freeze
from searchspace.space.point import first, point
from searchspace.units import show_amount
from viz.results import Belief, Results

BELIEFS = 12        # holes that are shown
TRAININGS = frozenset(("train", "supernet"))       # objectives that tell of one another


@dataclass(frozen=True)
class Candidate:
    """A network that may be predicted: its name or decisions, and its graph."""

    name: str
    decisions: dict[str, Any]
    network: Expansion

    @property
    def cost(self) -> Cost:
        """Multiply-adds and parameters."""
        return self.network.cost()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user's mistake."""
    options = _parser().parse_args(without_secrets(arguments))
    return run(lambda: _predict(options))


def _parser() -> Parser:
    parser = Parser("python -m search.predict", __doc__)
    parser.add_argument("study", type=Path, metavar="STUDY", help="a study's folder")
    parser.add_argument("--storage", metavar="URL", help="the database that it was searched in, "
                        "where that is not study.db in the folder")
    parser.add_argument("--top", type=whole(1), default=20, metavar="N",
                        help="networks that are shown (default: 20)")
    parser.add_argument("--networks", nargs="+", default=[], metavar="NAME|FILE",
                        help="predict these instead")
    parser.add_argument("--from", dest="others", nargs="+", type=Path, default=[], metavar="STUDY",
                        help="other studies of the same space and objective to learn from")
    parser.add_argument("--table", nargs="+", type=Path, default=[], metavar="FILE",
                        help="known results to judge the predictions by")
    parser.add_argument("--column", default="", metavar="NAME", help="of the table (default: its "
                        "only one)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything to a file")
    add_option(parser)
    add_limits(parser)
    return parser


def _predict(options: argparse.Namespace) -> None:
    load_named(options)
    results = read_study(options.study, options.storage)
    if len(results.scored) < LEAST:
        raise StudyError(f"{results.name}: a model needs {LEAST} evaluated networks or more, and "
                         f"there are {len(results.scored)}")
    known = read_tables(options.table, results.space) if options.table else None
    others = [_alike(read_study(folder), results) for folder in options.others]
    candidates = [_named(name, results) for name in options.networks] or [
        Candidate("", at.decisions, trace(results.space, at.decisions)) for at in unseen(results)]
    describe, changes = describer(results.space), switched(results)
    features = [describe(one.network) for one in candidates]
    changed = [describe(one.network) for one in changes]
    try:
        learned = learn(results, [*features, *changed], describe, others)
    except ValueError as error:
        raise StudyError(f"{results.name}: {error}") from None
    found = learned.model(features)
    believed = beliefs(changes, learned.model(changed)) if changes else ()
    best = np.argsort([results.goals[0].loss(value) for value in found.value], kind="stable")
    order = list(range(len(candidates))) if options.networks else [int(i) for i in best]
    show(_fit(learned, others), _found(results, candidates, found, order[:options.top]),
         _features(learned), *([_believed(results, believed)] if believed else ()))
    judged = _judged(known, options.column, learned) if known else None
    if judged:
        show(_verdict(judged))
    if options.json:
        write_file(options.json, json.dumps(_plain(
            learned, [(candidates[i], i) for i in order], found, believed, judged),
            indent=1).encode())


def _alike(other: Results, results: Results) -> Results:
    """Another study, if it is about the same space, and the same objective or another kind of
    training; else StudyError."""
    goals = {other.goals[0].name, results.goals[0].name}
    if len(goals) > 1 and not goals <= TRAININGS:
        raise StudyError(f"{other.name} is about {other.goals[0].name}, {results.name} about "
                         f"{results.goals[0].name}")
    if found := change(freeze(other.space), freeze(results.space)):
        raise StudyError(f"{other.name} searched another space than {results.name}: {found}")
    return other


def _named(name: str, results: Results) -> Candidate:
    network = load(name).with_input(results.size)
    if network.is_space:
        raise SearchspaceError(f"{name} is a space; name a network")
    return Candidate(name, {}, trace(network))


def _fit(learned: Learned, others: Sequence[Results]) -> str:
    """Leave-one-out in a sentence."""
    left, measured = learned.left_out(), learned.measured
    rank = Judged.of(left.value, measured).spearman
    error = float(np.sqrt(((left.value - measured) ** 2).mean()))
    goal = learned.results.goals[0]
    lengths = len(learned.model.process.others) - len(others)
    return (f"{learned.results.name}: {goal.title} learned from {len(measured)} networks"
            + (f", {lengths} shorter lengths of training" if lengths > 0 else "")
            + "".join(f", {other.name}" for other in others)
            + f". Each predicted from all others: rank correlation {rank:.2f}, root mean squared "
            f"error {error:.3g}, {left.coverage(measured):.0%} inside the 80 % interval.")


def _found(results: Results, candidates: Sequence[Candidate], found: Predicted,
           order: Sequence[int]) -> Table:
    goal = results.goals[0]
    of = "" if len(order) == len(candidates) else f", {len(order)} of {len(candidates):,}"
    made = table(f"predicted {goal.title} of networks that were not evaluated{of}", ("network",),
                 (goal.title, "80 % interval", "MACs", "params"))
    for i in order:
        one = candidates[i]
        name = one.name or " ".join(f"{hole}={label}" for hole, label in one.decisions.items())
        made.add_row(name, f"{found.value[i]:.4g}", f"{found.lower[i]:.4g} to {found.upper[i]:.4g}",
                     show_amount(one.cost.macs), show_amount(one.cost.params))
    return made


def _features(learned: Learned) -> Table:
    made = table("what it needs", ("features",), ("number", "error grows without them by"))
    for group, grows in learned.model.importance().items():
        count = int(learned.model.columns.group(group).sum())
        made.add_row(group, str(count), f"{max(grows, 0.0):.0%}")
    return made


def _believed(results: Results, believed: Sequence[Belief]) -> Table:
    made = table(f"what it believes of the best networks, were a hole decided so "
                 f"({results.goals[0].title})", ("hole",), (), ("options",))
    for hole in list(dict.fromkeys(one.hole for one in believed))[:BELIEFS]:
        made.add_row(hole, ", ".join(f"{one.option}: {one.value:.4g} ± {one.spread:.2g}"
                                     for one in believed if one.hole == hole))
    return made


def _judged(known: Known, name: str, learned: Learned) -> dict[str, float]:
    """What the predictions are worth on networks of a table that are inside the budget and were
    not evaluated."""
    results, budget = learned.results, bounds(learned.results)
    column = known.select(name)
    seen = {digest(trace(results.space, row.decisions)) for row in learned.rows}
    networks, values = [], []
    for i, row in enumerate(known.rows):
        at, value = point(results.space, first, row.decisions), column.mean([i])
        if value is not None and budget.fits(at) and digest(at.expansion) not in seen:
            networks.append(trace(results.space, row.decisions))
            values.append(value)
    if len(values) < 2:
        raise StudyError(f"{known.file} has fewer than two networks inside the budget that were "
                         "not evaluated")
    found = learned.model([learned.describe(network) for network in networks])
    truth = np.array(values)
    costs = np.array([float(network.cost().macs) for network in networks])
    rank = Judged.of(found.value, truth, quarters(costs))
    return {"networks": len(values), **rank._asdict(), "inside": found.coverage(truth),
            "MACs": Judged.of(costs, truth).spearman}


def _verdict(judged: dict[str, float]) -> str:
    return (f"On {judged['networks']:,} networks of the table inside the budget that were not "
            f"evaluated: Spearman "
            f"{judged['spearman']:.3f} (MACs alone {judged['MACs']:.3f}), Kendall "
            f"{judged['kendall']:.3f}, in the worst quarter of MACs {judged['worst']:.3f}, "
            f"{judged['inside']:.0%} inside the 80 % interval.")


def _plain(learned: Learned, candidates: Sequence[tuple[Candidate, int]], found: Predicted,
           believed: Sequence[Belief], judged: dict[str, float] | None) -> dict[str, Any]:
    left = learned.left_out()
    return {
        "study": learned.results.name, "goal": learned.results.goals[0].name,
        "predicted": [{"network": one.name, "decisions": one.decisions, "macs": one.cost.macs,
                       "params": one.cost.params, "value": float(found.value[i]),
                       "lower": float(found.lower[i]), "upper": float(found.upper[i])}
                      for one, i in candidates],
        "left out": [{"trial": row.number, "measured": row.values[0], "value": float(value),
                      "lower": float(lower), "upper": float(upper)}
                     for row, value, lower, upper in zip(
                         learned.rows, left.value, left.lower, left.upper, strict=True)],
        "importance": learned.model.importance(),
        "beliefs": [{"hole": one.hole, "option": one.option, "value": one.value,
                     "spread": one.spread} for one in believed],
        "judged": judged}


if __name__ == "__main__":
    start(main)
