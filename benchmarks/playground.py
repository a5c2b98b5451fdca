"""How quickly the playground answers, in a real browser: ``python benchmarks/playground.py``.

From an edit to new numbers and to the new drawing; many edits a second; mutated genotypes typed in,
with the memory before and after; a study of 10,000 trials opened and followed. Times are on the
clock, from the edit in the page to what the page shows, and a busy machine stretches them: what the
worker process computed for it is given beside them.
"""

import argparse
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from multiplied import add_one, large_study
from pages import browser
from rich.console import Console
from rich.table import Table

from searchspace import published, spaces
from searchspace.notation.sources import find
from viz.live.model.evaluation import Source, evaluate
from viz.live.model.picture import View, drawn
from viz.live.model.tools import Tools

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("edits", "burst", "mutated", "study")
NETWORKS = ("mobilenet-v2", "nasnet-a@mobile")
# In the page: the n-th edit changes a number, and is timed until what it led to is shown.
EDIT = """([n, what]) => new Promise((done) => {
  const view = playground.view, doc = view.state.doc.toString();
  const at = doc.search(/classes: \\d+/) + 9, was = /^\\d+/.exec(doc.slice(at))[0];
  const start = performance.now();
  const seen = new MutationObserver(() => { seen.disconnect(); done(performance.now() - start); });
  seen.observe(document.getElementById(what), { childList: true, subtree: true });
  view.dispatch({ changes: { from: at, to: at + was.length, insert: String(1001 + n) } });
})"""
TYPE = """async ([texts, wait]) => {
  const view = playground.view, took = [];
  for (const text of texts) {
    const start = performance.now();
    const before = document.body.dataset.answers;
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    while (document.body.dataset.answers === before && performance.now() - start < wait)
      await new Promise((r) => setTimeout(r, 2));
    took.push(performance.now() - start);
  }
  return took;
}"""
BURST = """async ([count, every]) => {
  const view = playground.view;
  let longest = 0, last = performance.now();
  for (let n = 0; n < count; n++) {
    const doc = view.state.doc.toString(), at = doc.search(/classes: \\d+/) + 9;
    const was = /^\\d+/.exec(doc.slice(at))[0];
    view.dispatch({ changes: { from: at, to: at + was.length, insert: String(2000 + n) } });
    await new Promise((r) => setTimeout(r, every));
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }
  const start = performance.now(), wanted = `linear ${1999 + count}`;
  while (!document.querySelector('#stages').textContent.includes(wanted))
    await new Promise((r) => setTimeout(r, 5));
  return [performance.now() - start, longest];
}"""


class Served(NamedTuple):
    """A server, the tab that is open on it, and where it says what goes wrong."""

    process: "subprocess.Popen[str]"
    url: str
    errors: Path


def serve(home: Path, *given: str) -> Served:
    """Start the playground in a folder."""
    errors = home / "errors.txt"
    with errors.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "viz/playground.py"), "--no-browser", "--port", "0",
             *given], cwd=home, stdout=subprocess.PIPE, stderr=said, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(home / "state")})
    assert process.stdout is not None
    return Served(process, process.stdout.readline().strip(), errors)


def memory(pid: int) -> float:
    """Resident megabytes of a process and its children, each with its own pages alone."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            if int(path.parent.name) == pid or int(fields[1]) == pid:
                rollup = (path.parent / "smaps_rollup").read_text()
                total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])  # type: ignore[index]
        except OSError:
            continue
    return total / 1000


def percentile(values: list[float], share: float) -> float:
    """The value that this share of all does not exceed."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def summed(took: list[float]) -> tuple[str, str, str]:
    """Median, 95th percentile and longest of times in milliseconds."""
    ends = statistics.median(took), percentile(took, 0.95), max(took)
    return f"{ends[0]:.0f} ms", f"{ends[1]:.0f} ms", f"{ends[2]:.0f} ms"


def computed(name: str, rounds: int = 20) -> tuple[float, float]:
    """Milliseconds of processor time that the worker takes: for the numbers, for the drawing."""
    stem, _, variant = name.partition("@")
    path = find(stem)[0]
    source = Source(path.read_text(encoding="utf-8"), str(path), variant or None)
    evaluate(source, Tools())
    times = []
    for work in (lambda: evaluate(source, Tools()), lambda: drawn(source, View("block"))):
        start = time.process_time()
        for _ in range(rounds):
            work()
        times.append((time.process_time() - start) / rounds * 1000)
    return times[0], times[1]


def edits(tab: Any, name: str, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds from an edit to its numbers, and to its drawing at the level of blocks."""
    opened(tab, name)
    tab.locator("#title .name", has_text=name.partition("@")[0]).wait_for()
    tab.locator("#level").select_option("block")
    tab.wait_for_timeout(3000)
    numbers, drawings = [], []
    for n in range(rounds):
        numbers.append(tab.evaluate(EDIT, [2 * n, "cost-params"]))
        tab.wait_for_timeout(600)
        drawings.append(tab.evaluate(EDIT, [2 * n + 1, "drawing"]))
        tab.wait_for_timeout(300)
    return numbers[1:], drawings[1:]


def mutated(count: int, seed: int = 0) -> list[str]:
    """Bundled genotypes with characters, words and lines taken out, doubled and exchanged."""
    rng = random.Random(seed)
    paths = sorted({find(name.partition("@")[0])[0] for name in (*published(), *spaces())})
    made = []
    for _ in range(count):
        text = rng.choice(paths).read_text(encoding="utf-8")
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(text))
            kind = rng.randrange(5)
            end = min(len(text), at + rng.choice((1, 1, 3, 10, 60)))
            if kind == 0:
                text = text[:at] + text[end:]
            elif kind == 1:
                text = text[:end] + text[at:end] + text[end:]
            elif kind == 2:
                text = text[:at] + rng.choice("{}[]:,=!*&-#\n\"'0123456789é\u202e") + text[at:]
            elif kind == 3:
                text = re.sub(r"\d+", lambda m: m[0] + rng.choice(("", "", "0", "00", "9999999")),
                              text)
            else:
                lines = text.splitlines(keepends=True)
                rng.shuffle(lines) if rng.random() < 0.1 else lines.insert(
                    rng.randrange(len(lines)), rng.choice(lines))
                text = "".join(lines)
        made.append(text)
    return made


def opened(tab: Any, name: str) -> None:
    """Open a bundled network, and let what it begins come to its end."""
    tab.locator("#name").fill(name)
    tab.locator("#name").press("Enter")
    tab.wait_for_timeout(2000)


def study(tab: Any, folder: Path, rounds: int = 5) -> tuple[float, list[float]]:
    """Seconds until a large study is shown, table and plane, once the tab of studies has been open
    for a while; and seconds from the commit of one more trial until it is shown, some times."""
    tab.locator("#tab-study").click()
    tab.wait_for_timeout(5000)
    tab.locator("#study").fill(folder.name)
    start = time.perf_counter()
    tab.locator("#study").press("Enter")
    tab.locator("#study-table tbody tr").first.wait_for()
    tab.locator("#study-plot canvas").wait_for()
    shown = time.perf_counter() - start
    tab.wait_for_timeout(4000)
    return shown, [_followed(tab, folder) for _ in range(rounds)]


def _followed(tab: Any, folder: Path) -> float:
    count = tab.locator("#study-table p").first.inner_text()
    start = add_one(folder)
    tab.wait_for_function("was => document.querySelector('#study-table p').innerText !== was",
                          arg=count)
    took = time.perf_counter() - start
    tab.wait_for_timeout(1500)
    return took


def main() -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=40, help="edits of each network (40)")
    parser.add_argument("--mutated", type=int, default=1000, help="mutated genotypes (1000)")
    parser.add_argument("--seconds", type=int, default=60, help="of 50 edits each (60)")
    parser.add_argument("--trials", type=int, default=10_000, help="of the study (10000)")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, metavar="PART",
                        help=f"of {', '.join(PARTS)} (all)")
    options = parser.parse_args()
    executable = browser()
    if executable is None or shutil.which("nice") is None:
        print("no Chromium is installed")
        return 1
    from playwright.sync_api import sync_playwright

    table = Table("what", "median", "95th percentile", "longest", "beside it")

    def add(*cells: str) -> None:
        """A row of the table; also printed at once, since all of it takes minutes."""
        print(*cells, sep=" | ", flush=True)
        table.add_row(*cells)

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        home = Path(folder)
        served = serve(home, "mobilenet-v2")
        chromium = play.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        tab = chromium.new_page()
        tab.set_default_timeout(120_000)
        tab.goto(served.url)
        tab.locator("#drawing svg").wait_for()
        if "edits" in options.only:
            for name in NETWORKS:
                for what, took, cpu in zip(("numbers", "drawing, blocks"),
                                           edits(tab, name, options.rounds), computed(name),
                                           strict=True):
                    add(f"{name}: {what}", *summed(took), f"{cpu:.0f} ms computed (CPU)")
            opened(tab, "mobilenet-v2")
        if "burst" in options.only:
            wait, longest = tab.evaluate(BURST, [50 * options.seconds, 20])
            add(f"50 edits a second for {options.seconds} s: until the last one is shown",
                f"{wait:.0f} ms", "", "", f"at most {longest:.0f} ms between edits")
        if "mutated" in options.only:
            before = memory(served.process.pid)
            took = tab.evaluate(TYPE, [mutated(options.mutated), 10_000])
            opened(tab, "mobilenet-v2")
            tab.wait_for_timeout(65_000)        # processes that rest have ended
            after = memory(served.process.pid)
            add(f"{options.mutated:,} mutated genotypes", *summed(took),
                f"{before:.0f} MB before, {after:.0f} MB after")
        if "study" in options.only:
            shows, follows = study(tab, large_study(home, options.trials))
            add(f"a study of {options.trials:,} trials", f"{shows * 1000:.0f} ms to show", "", "",
                f"{', '.join(f'{took * 1000:.0f}' for took in follows)} ms to follow")
        chromium.close()
        served.process.send_signal(signal.SIGINT)
        served.process.wait(30)
        said = served.errors.read_text()
    Console(width=130).print(table)
    print("tracebacks:", said.count("Traceback"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
