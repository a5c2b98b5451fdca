"""Three things that people do in the playground, in a real browser: ``python
benchmarks/playground_tasks.py``.

HENet's blocks brought under 100 M MACs at 160 pixels; which published network a file is nearest to,
and what differs; a minute of search, and its best network taken home as code. Before each act it
waits as a person does, and types letter by letter. Times are on the clock, and a busy machine
stretches them.
"""

import argparse
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pages import browser
from playground import serve

from searchspace import cost, load
from searchspace.notation.sources import find

PAUSE_MS, KEY_MS = 700, 60          # before each act, and between two letters
PATIENCE_MS = 180_000
MINUTE_S = 60


def write(tab: Any, where: str, text: str, *, enter: bool = False) -> None:
    """Type a text in place of what stands there."""
    tab.wait_for_timeout(PAUSE_MS)
    tab.locator(where).fill("")
    tab.locator(where).press_sequentially(text, delay=KEY_MS)
    if enter:
        tab.locator(where).press("Enter")


def click(tab: Any, what: str) -> None:
    """Click the first of these."""
    tab.wait_for_timeout(PAUSE_MS)
    tab.locator(what).first.click()


def begin(tab: Any, name: str, title: str) -> None:
    """Open a genotype."""
    write(tab, "#name", name, enter=True)
    tab.locator("#title .name", has_text=re.compile(f"^{title}(@|$)")).wait_for()


def bring_inside(tab: Any, home: Path) -> str:
    """HENet's blocks under 100 M MACs at 160 pixels, as a network."""
    begin(tab, "he", "he")
    write(tab, "#size", "160", enter=True)
    write(tab, "#bound-macs", "100M")
    tab.locator("#bar-macs .over").wait_for()
    click(tab, "[data-do=inside]")
    tab.locator("#bar-macs .inside").wait_for()
    click(tab, "[data-do=freeze]")
    tab.locator("#holes-panel").wait_for(state="hidden")
    return f"{tab.locator('#cost-macs').inner_text()} MACs"


def nearest(tab: Any, home: Path) -> str:
    """The published network that a file is nearest to, and in how many stages they differ."""
    text = find("mobilenet-v2")[0].read_text(encoding="utf-8")
    (home / "mine.yaml").write_text(text.replace("name: mobilenet-v2", "name: mine", 1)
                                    .replace("64*w", "72*w"), encoding="utf-8")
    begin(tab, "mine.yaml", "mine")
    tab.locator("#told [data-do=beside]").first.wait_for()
    near = tab.locator("#told [data-do=beside]").first.inner_text()
    click(tab, "#told [data-do=beside]")
    tab.locator("#pair .difference .changed").first.wait_for()
    return f"{near}, {tab.locator('#pair .difference .changed').count()} stages differ"


def search(tab: Any, home: Path) -> str:
    """The best of a minute's search as code, which is run."""
    begin(tab, "mobile", "mobile")
    write(tab, "#size", "96", enter=True)
    write(tab, "#bound-macs", "60M")
    click(tab, "#tab-study")
    write(tab, "#search-name", "minute")
    click(tab, "#search-start")
    tab.locator("#study-table tbody tr").first.wait_for()
    tab.wait_for_timeout(1000 * MINUTE_S)
    click(tab, "#stop-search")
    tab.locator("#said", has_text="ends after the running trial").wait_for()
    tab.locator("#stop-search").wait_for(state="hidden")
    trials = tab.locator("#study-table p").first.inner_text()
    click(tab, "#study-table [data-do=trial]")
    tab.locator("#title .name", has_text="minute").wait_for()
    macs = tab.locator("#cost-macs").inner_text()
    with tab.expect_download() as download:
        click(tab, ".menu summary")
        click(tab, "[data-target=code]")
    file = home / download.value.suggested_filename
    download.value.save_as(file)
    code = "import runpy, sys; runpy.run_path(sys.argv[1])['Network']()"
    subprocess.run([sys.executable, "-I", "-c", code, str(file)], check=True)
    assert cost(load(home / "studies" / "minute" / "best.yaml")).macs <= 60_000_000
    return f"{macs} MACs, {len(file.read_text().splitlines())} lines; {trials}"


TASKS: dict[str, Callable[[Any, Path], str]] = {
    "inside": bring_inside, "nearest": nearest, "search": search}


def main() -> None:
    """Do the tasks, and print what came of each and how long it took."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"of {', '.join(TASKS)}")
    wanted = parser.parse_args().tasks or list(TASKS)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        served = serve(home, "mobilenet-v2")
        try:
            with sync_playwright() as play:
                chromium = play.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
                for name in wanted:
                    tab = chromium.new_page(viewport={"width": 1400, "height": 1000})
                    tab.set_default_timeout(PATIENCE_MS)
                    tab.goto(served.url)
                    tab.wait_for_selector("#drawing svg")
                    start = time.monotonic()
                    found = TASKS[name](tab, home)
                    print(f"{name:10} {time.monotonic() - start:6.1f} s   {found}", flush=True)
                    tab.close()
                chromium.close()
        finally:
            served.process.send_signal(signal.SIGINT)
            served.process.wait(30)
        assert "Traceback" not in served.errors.read_text()


if __name__ == "__main__":
    main()
