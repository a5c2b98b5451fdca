"""Pictures of the playground in a browser, for its page: ``python -m viz.docs.screens``.

They are screenshots of the command `viz/playground.py` in a Chromium that is installed, driven by
playwright; what is shown there is what the command computes. Fonts are the machine's, so that they
have no digest.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from searchspace import SearchspaceError
from searchspace.cli import Console, run
from viz.docs.pictures import DOCS

ROOT = Path(__file__).resolve().parents[2]
BROWSER = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
DESK, PHONE = (1400, 900), (390, 844)
PATIENCE_MS = 120_000


@dataclass(frozen=True, slots=True)
class Screen:
    """One picture: its file in docs/pictures, the genotype, the window, and what is done first."""

    name: str
    genotype: str
    act: Callable[[Any], None]
    size: tuple[int, int] = DESK
    scheme: str = "light"


def _edited(tab: Any) -> None:
    """A budget, a kernel changed, a stage chosen."""
    tab.locator("#bound-macs").fill("200M")
    tab.evaluate("""() => { const view = playground.view, text = view.state.doc.toString();
        const at = text.indexOf('k: 5, n: 4, t: 3');
        view.dispatch({ changes: { from: at, to: at + 4, insert: 'k: 3' } }); }""")
    tab.wait_for_timeout(1500)
    tab.locator("#drawing .box", has_text="b2").first.click()
    tab.wait_for_timeout(800)


def _broken(tab: Any) -> None:
    """A misspelt parameter."""
    tab.evaluate("""() => { const view = playground.view, text = view.state.doc.toString();
        const at = text.indexOf('k: 5, n: 4, t: 3');
        view.dispatch({ changes: { from: at, to: at + 1, insert: 'kk' } }); }""")
    tab.locator("#fault", has_text="did you mean").wait_for()


def _inside(tab: Any) -> None:
    """A space that was brought inside a budget."""
    tab.locator("#bound-macs").fill("100M")
    tab.locator("#bar-macs .over").wait_for()
    tab.locator("[data-do=random]").click()
    tab.wait_for_timeout(1500)
    tab.locator("[data-do=inside]").click()
    tab.locator("#bar-macs .inside").wait_for()
    tab.locator("#tab-plane").click()
    tab.wait_for_timeout(3000)


def _compared(tab: Any) -> None:
    """The nearest published network beside it."""
    tab.locator("#told [data-do=beside]").nth(1).click()
    tab.locator("#pair-drawing svg").wait_for()
    tab.wait_for_timeout(800)


SCREENS = (Screen("playground", "sinet@1.0", _edited),
           Screen("playground-dark", "sinet@1.0", _edited, scheme="dark"),
           Screen("playground-fault", "sinet@1.0", _broken),
           Screen("playground-space", "mobile", _inside),
           Screen("playground-compared", "mobilenet-v2", _compared),
           Screen("playground-phone", "sinet@1.0", _edited, PHONE))


@contextmanager
def served(genotype: str) -> Iterator[str]:
    """The playground on a genotype; gives its URL."""
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "viz/playground.py"), "--no-browser", "--port", "0",
             genotype], cwd=home, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": home})
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def main() -> int:
    """Take the pictures; the exit status is 0, or 2 where there is no browser."""
    return run(_take)


def _take() -> None:
    path = next((path for path in BROWSER if Path(path).exists()), None)
    if path is None:
        raise SearchspaceError("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for screen in SCREENS:
            with served(screen.genotype) as url:
                context: Any = chromium.new_context(
                    viewport={"width": screen.size[0], "height": screen.size[1]},
                    color_scheme=screen.scheme)  # type: ignore[arg-type]
                context.set_default_timeout(PATIENCE_MS)
                tab = context.new_page()
                tab.goto(url)
                tab.locator("#drawing svg").wait_for()
                tab.wait_for_timeout(1500)
                screen.act(tab)
                file = DOCS / "pictures" / f"{screen.name}.png"
                tab.evaluate("scrollTo(0, 0)")
                tab.screenshot(path=file)
                context.close()
            Console().out(file)
        chromium.close()


if __name__ == "__main__":
    sys.exit(main())
