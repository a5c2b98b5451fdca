"""Trials as a table of plain values: a dictionary a row, as pandas and polars take it."""

from collections.abc import Sequence
from typing import Any

from search.objectives import Objective
from search.study.trial import Trial


def table_of(trials: Sequence[Trial], objectives: Sequence[Objective]) -> list[dict[str, Any]]:
    """One row a trial, all with the same keys: ``trial``, a value for each objective (None where it
    failed or was stopped early), macs, params, memory in bytes, latency in nanoseconds where it
    was predicted, seconds, ``state`` (``complete``, ``pruned``, ``failed``), ``error``, ``start``
    (the known network that it is or was brought from), identity; then the user's constraints and
    what the user's function gave, by name, and the decisions, by hole. Decisions that a network
    does not take are None."""
    own, metrics, holes = (dict.fromkeys(name for t in trials for name in getattr(t, kind))
                           for kind in ("own", "metrics", "decisions"))
    costs = ["macs", "params", "memory", *(["latency"] if any(t.latency for t in trials) else [])]
    return [{"trial": t.number, **_values(t, objectives), **{c: getattr(t, c) for c in costs},
             "seconds": t.seconds, "state": _state(t), "error": t.error, "start": t.start,
             "identity": t.identity, **{name: t.own.get(name) for name in own},
             **{name: t.metrics.get(name) for name in metrics},
             **{name: t.decisions.get(name) for name in holes}} for t in trials]


def _values(trial: Trial, objectives: Sequence[Objective]) -> dict[str, float | None]:
    found = trial.values or (None,) * len(objectives)
    return {o.name: value for o, value in zip(objectives, found, strict=True)}


def _state(trial: Trial) -> str:
    return "pruned" if trial.pruned else "complete" if trial.values else "failed"
