"""Hypervolume of the front after each trial."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from viz.plots import encoding
from viz.plots.registry import Spec, plot
from viz.results import Results

ABOUT = ("The volume between the front and the reference point, after each trial, relative to the "
         "last one. The reference is the budget where it bounds a goal, else the worst value seen.")


class VolumePoint(NamedTuple):
    """Hypervolume after a trial, as a ``share`` of the last one."""

    trial: int
    share: float


def rows(results: Results) -> tuple[VolumePoint, ...]:
    """One step for each change of the volume, and the last trial."""
    last = results.volumes[-1] if results.volumes else 0.0
    if not last:
        return ()
    steps: list[VolumePoint] = []
    for row, volume in zip(results.rows, results.volumes, strict=True):
        share = volume / last
        if not steps or share != steps[-1].share or row is results.rows[-1]:
            steps.append(VolumePoint(row.number, share))
    return tuple(steps)


def spec(steps: Sequence[VolumePoint]) -> dict[str, Any] | None:
    """A nondecreasing line."""
    if not steps:
        return None
    return encoding.spec(
        {"mark": {"type": "line", "style": "front", "interpolate": "step-after"},
         "encoding": {"x": encoding.quantity("trial", "trial"), "y": encoding.quantity(
             "share", "hypervolume (of the last)", zero=True, axis={"format": ".0%"})}},
        data=encoding.data(steps))


@plot("volume", "Hypervolume", ABOUT, place=3)
def draw(results: Results) -> Spec | None:
    """The plot of a study."""
    return spec(rows(results))
