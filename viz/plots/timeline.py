"""Timeline of trials: a bar for each trial, a row for each worker."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from viz.plots import encoding
from viz.plots.registry import Spec, plot
from viz.results import Results

ABOUT = "Each bar is a trial, from being proposed to being scored; gaps are pauses."
STATES = ("scored", "failed")


class Span(NamedTuple):
    """A trial's times in seconds since the first one began."""

    worker: str
    trial: int
    begin: float
    end: float
    kind: str


def rows(results: Results) -> tuple[Span, ...]:
    """The trials whose times are known, in order; workers are numbered by appearance."""
    timed = [(r, r.began, r.ended) for r in results.rows if r.began and r.ended]
    start = min((began for _, began, _ in timed), default=None)
    workers = {name: str(i) for i, name in enumerate(dict.fromkeys(r.worker for r, *_ in timed), 1)}
    return tuple(Span(workers[r.worker], r.number, round((began - start).total_seconds(), 3),
                      round((ended - start).total_seconds(), 3), STATES[not r.values])
                 for r, began, ended in timed if start)


def spec(spans: Sequence[Span]) -> dict[str, Any] | None:
    """Bars over time."""
    if not spans:
        return None
    longest = max(span.end for span in spans)
    unit, scale = ("hours", 3600) if longest > 7200 else ("minutes", 60) if longest > 120 else \
        ("seconds", 1)
    values = [{**s._asdict(), "begin": s.begin / scale, "end": s.end / scale} for s in spans]
    return encoding.spec(
        {"mark": {"type": "bar", "height": {"band": 0.7}}, "encoding": {
            "x": encoding.quantity("begin", f"{unit} since the first trial", zero=True),
            "x2": {"field": "end"},
            "y": {"field": "worker", "type": "nominal", "title": "worker"},
            "color": encoding.colours((s.kind for s in spans), STATES),
            "tooltip": [{"field": "trial"}, {"field": "begin"}, {"field": "end"},
                        {"field": "kind"}]}},
        data={"values": values},
        height=90 + 34 * len({s.worker for s in spans}))


@plot("timeline", "Workers", ABOUT, place=7)
def draw(results: Results) -> Spec | None:
    """The plot of a study."""
    return spec(rows(results))
