"""Size of a report, and the time until it can be used: ``python benchmarks/pages.py 1000 10000``.

The studies are made up: random networks of a space, with values that no one measured. A page is
opened from disk in a Chromium that is installed; it can be used when its plane, its table and the
best network's panel are there. What its main thread computed until then is given beside the time on
the clock, which a busy machine stretches.
"""

import argparse
import math
import random
import shutil
import statistics
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from searchspace import load
from searchspace.space.point import sample
from viz.pages.page import libraries
from viz.pages.study import report
from viz.results import ORIGINS, Goal, Limit, Results, TrialRow

SCORE = Goal("score", "score", "points", True)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def study(trials: int, space: str = "digits", edge: int = 8, seed: int = 0,
          name: str = "made-up") -> Results:
    """A study of random networks. Values grow with the logarithm of the MACs and some noise; every
    37th network failed."""
    rng, opened = random.Random(seed), load(space).with_input(edge)
    start, rows = datetime(2026, 1, 1), []
    for number in range(trials):
        at = sample(opened, rng)
        value = 10 * math.log10(at.macs) + rng.gauss(0, 2)
        failed = number % 37 == 36
        began = start + timedelta(seconds=3 * number)
        rows.append(TrialRow(
            number, () if failed else (value,), () if failed else (f"{value:.1f}",), at.macs,
            at.params, at.memory, at.decisions, ORIGINS[1 + number % 3],
            proposed=round(at.macs * rng.uniform(0.7, 1.6)), seconds=2.5, began=began,
            ended=began + timedelta(seconds=2.5), worker=f"w{number % 2}",
            error="it cannot be scored" if failed else ""))
    most = max(row.macs for row in rows)
    best = max((row for row in rows if row.values), key=lambda row: row.values)
    holes = opened.holes[:8]
    return Results(name, opened, edge, (SCORE,), (Limit("macs", None, most),), tuple(rows),
                   best=best.number,
                   effects=tuple((h.name, 0.3 / (i + 1)) for i, h in enumerate(holes)),
                   volumes=tuple(float(i + 1) for i in range(trials)),
                   facts=(("trials", f"{trials:,}"),), versions=(("searchspace", "0"),),
                   command="python benchmarks/pages.py")


def browser() -> str | None:
    """The path of a Chromium that is installed."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def opened(page: Path, executable: str, rounds: int = 3) -> tuple[float, float, float]:
    """Seconds until a page from disk can be used, from the start of its loading; what its main
    thread computed in them; and seconds until another network is shown after a click in the table.
    Medians."""
    from playwright.sync_api import sync_playwright

    ready, computed, clicked = [], [], []
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for _ in range(rounds):
            tab = chromium.new_page()
            protocol = tab.context.new_cdp_session(tab)
            protocol.send("Performance.enable", {"timeDomain": "threadTicks"})
            tab.goto(page.as_uri())
            tab.wait_for_selector("html[data-ready]", timeout=120_000)
            ready.append(float(tab.evaluate("document.documentElement.dataset.ready")) / 1000)
            spent = protocol.send("Performance.getMetrics")["metrics"]
            computed.append(next(m["value"] for m in spent if m["name"] == "TaskDuration"))
            button = tab.locator("#table tbody tr:nth-child(9) button")
            wanted = button.inner_text()
            start = time.perf_counter()
            button.click()
            tab.locator("#panel h3", has_text=wanted).wait_for()
            clicked.append(time.perf_counter() - start)
            tab.close()
        chromium.close()
    return statistics.median(ready), statistics.median(computed), statistics.median(clicked)


def main() -> int:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("trials", nargs="*", type=int, default=[1000, 10_000])
    parser.add_argument("--space", default="mobile")
    parser.add_argument("--input", type=int, default=224)
    options = parser.parse_args()
    executable = browser()
    table = Table("trials", "written in (CPU)", "page", "beside the libraries", "usable after",
                  "computing", "click")
    carried = sum(len(text.encode()) for text in libraries())
    with tempfile.TemporaryDirectory() as folder:
        for trials in options.trials:
            made = study(trials, options.space, options.input)
            start = time.process_time()
            text = report(made)
            took = time.process_time() - start
            path = Path(folder) / f"{trials}.html"
            path.write_text(text, encoding="utf-8")
            size = path.stat().st_size
            ready, computed, click = opened(path, executable) if executable else (math.nan,) * 3
            table.add_row(f"{trials:,}", f"{took:.1f} s", f"{size / 1e6:.2f} MB",
                          f"{(size - carried) / 1e6:.2f} MB", f"{ready:.2f} s", f"{computed:.2f} s",
                          f"{click:.2f} s")
    Console(width=100).print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
