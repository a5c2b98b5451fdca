"""Live progress display of a search, and the table of the final comparison."""

import time
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.table import Table
from rich.text import Text

from search.objectives import named
from search.objectives.usual import PREDICTED
from search.pareto import nondominated
from search.results.final_comparison import FinalResult
from search.scores.registry import find_score
from search.study.settings import Settings
from search.study.trial import Trial
from searchspace.cli import Console
from searchspace.shapes import show_size
from searchspace.space.budget import amount
from searchspace.units import show_amount, show_duration


class ProgressDisplay:
    """A line that is updated while the search runs; silent if the output is not a terminal."""

    def __init__(self, console: Console, settings: Settings) -> None:
        self.console, self.settings = console, settings
        self.objectives = named(settings.objectives, settings.score)
        self.live = Live(console=console, refresh_per_second=4, transient=True) \
            if console.is_terminal else None
        self.started: float | None = None
        self.before = 0

    def __enter__(self) -> Self:
        if self.live:
            self.live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self.live:
            self.live.stop()

    def trials(self, trials: list[Trial]) -> None:
        """Show the state after a trial."""
        now = time.monotonic()
        if self.started is None:
            self.started, self.before = now, len(trials)
        if self.live:
            self.live.update(self._line(trials, now - self.started))

    def note(self, text: str) -> None:
        """Show the current step after the trials."""
        if self.live:
            self.live.update(text)

    def _line(self, trials: list[Trial], elapsed: float) -> Table:
        fresh = len(trials) - self.before
        proposed = [t for t in trials if t.start is None]
        kept = sum(t.changed == 0 for t in proposed) / len(proposed) if proposed else 1.0
        table = Table.grid(padding=(0, 3))
        wanted = self.settings.trials
        left = self._left(len(trials), elapsed, elapsed / fresh if fresh else None)
        table.add_row(
            Text.assemble("trial ", (str(len(trials)), "bold"), f"/{wanted}" if wanted else ""),
            self._best(trials), f"last {self._shown(trials[-1].values if trials else None)}",
            f"inside the budget 100 % ({kept:.0%} as proposed)",
            f"left {'–' if left is None else show_duration(left)}")
        return table

    def _left(self, done: int, elapsed: float, each: float | None) -> float | None:
        """Seconds until the search ends; ``each``: seconds for one trial. None if unknown."""
        wanted, limit = self.settings.trials, self.settings.time
        ends = [each * (wanted - done)] if each is not None and wanted is not None else []
        ends += [max(0.0, limit - elapsed)] if limit is not None else []
        return min(ends, default=None)

    def _best(self, trials: list[Trial]) -> Text:
        """The best value, or for several objectives the size of the front."""
        points = [tuple(o.loss(v) for o, v in zip(self.objectives, t.values, strict=True))
                  for t in trials if t.values]
        if len(self.objectives) > 1:
            return Text.assemble("front ", (str(len(nondominated(points))), "bold green"))
        first = self.objectives[0]
        return Text.assemble("best ", (first.shown(first.loss(min(points)[0])), "bold green")
                             if points else "–")

    def _shown(self, values: tuple[float, ...] | None) -> str:
        return ", ".join(o.shown(v) for o, v in zip(self.objectives, values, strict=True)) \
            if values else "–"


def final_table(results: list[FinalResult], settings: Settings) -> Table:
    """Found and published networks side by side, best first."""
    count = len(results[0].scores) if results else 0
    table = Table(title=f"Scored again from {count} initialisations each, at "
                        f"{show_size(settings.input)}" if count > 1 else
                  f"Found and published, at {show_size(settings.input)}",
                  title_justify="left")
    others = [b for b in settings.budget.bounds if b.name not in ("macs", "params")]
    score = find_score(settings.score)
    predicted = any(r.prediction for r in results)
    scored = settings.score != PREDICTED        # else it follows from the prediction
    for name in ("network", "MACs", "params", *(b.name for b in others), "of budget",
                 *(("predicted top-1", "published") if predicted else ()),
                 *((score.title,) if scored else ())):
        table.add_column(name, justify="left" if name == "network" else "right", no_wrap=True)
    for r in sorted(results, key=lambda r: -r.mean):
        e, p = r.entry, r.prediction
        share = settings.budget.excess(e.cost)
        table.add_row(e.name, show_amount(e.cost.macs),
                      show_amount(e.cost.params),
                      *(amount(b.name, b.measure(e.cost)) for b in others),
                      Text.assemble(f"{share:.1%}", (" over" if e.over else "", "bold red")),
                      *((f"{p.value:.1f} ± {p.spread:.1f} %" if p else "–",
                         f"{e.published[1]:.1f} % ({e.published[0]})" if e.published else "")
                        if predicted else ()),
                      *((f"{score.shown(r.mean)} ± {score.shown(r.spread)}",) if scored else ()),
                      style="bold" if e.trial is not None else "cyan")
    return table
