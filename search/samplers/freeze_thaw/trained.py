"""What a study has trained so far, a network at a time: its trials are parts of one training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import TrialState
from scipy.optimize import nnls

from search.samplers.base import UNTIL, finished, snapshot
from searchspace.notation.tree import Atom

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trained:
    """A network. ``curve``: its accuracy after each epoch; ``seconds``: all of its training;
    ``paused``: it may go on, for it is neither being trained nor at its end nor failed."""

    decisions: dict[str, Atom]
    macs: int
    curve: tuple[float, ...]
    seconds: float
    paused: bool


def trained(study: optuna.Study) -> dict[str, Trained]:
    """The networks of the trials that are finished or running, by identity, in order."""
    found: dict[str, Trained] = {}
    for trial in snapshot(study):
        a = trial.user_attrs
        if "identity" not in a or not (finished(trial) or trial.state == TrialState.RUNNING):
            continue
        was = found.get(a["identity"])
        # A trial without epochs to pause after, of another sampler's, ends a training.
        paused = trial.state == TrialState.PRUNED and UNTIL in a
        curve = tuple(a["curve"]) if finished(trial) and a.get("curve") else ()
        found[a["identity"]] = Trained(
            a["decisions"], a["macs"], max(curve, was.curve if was else (), key=len),
            (was.seconds if was else 0.0) + a.get("seconds", 0.0), paused)
    return found


def seconds_an_epoch(networks: Sequence[Trained], macs: Array) -> Array:
    """What an epoch of networks with these multiply-adds will take, shape (networks,): a share that
    is the same for all and one that grows with the multiply-adds, neither negative. From trainings
    so far; relative to the mean if none took any time."""
    known = [n for n in networks if n.curve and n.seconds > 0]
    if not known:
        return np.asarray(macs / macs.mean())
    unit = float(np.mean([n.macs for n in known])) or 1.0
    rows = np.array([(1.0, n.macs / unit) for n in known])
    took = np.array([n.seconds / len(n.curve) for n in known])
    fixed, growing = nnls(rows, took)[0]
    found: Array = np.maximum(fixed + growing * macs / unit, took.min() / 10)
    return found
