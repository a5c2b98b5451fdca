"""The browser that the tests of pages share."""

from collections.abc import Iterator
from typing import Any

import pages
import pytest


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium that is installed."""
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=pages.browser(), args=["--no-sandbox"])
        yield chromium
        chromium.close()
