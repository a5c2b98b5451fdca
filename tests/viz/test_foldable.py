"""Pages on which groups fold: their pieces, and in a real browser: fold, unfold, keys, no request."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from searchspace import load
from viz.drawing.elements import Picture
from viz.drawing.html import foldable, statements
from viz.drawing.levels import picture
from viz.drawing.network import subject
from viz.drawing.style import Style
from viz.render import main

HOSTILE = "</script><script>alert(1)</script>"


def shown(name: str | Path, level: str = "operation") -> Picture:
    return picture(subject(load(name)), level)


@pytest.mark.parametrize("name", ["sinet", "hcgnet", "nasnet-a", "he", "log-densenet"])
def test_the_pieces_are_the_whole_graph(name: str) -> None:
    drawn = shown(name)
    graph = statements(drawn, Style())
    assert len(graph["nodes"]) == len(drawn.boxes) and len(graph["groups"]) == len(drawn.groups)
    assert len(graph["edges"]) == sum(not e.hidden for e in drawn.edges)
    for item in (*graph["nodes"].values(), *graph["groups"].values()):
        assert item["parent"] in ("", *graph["groups"])
    orders = [group["order"] for group in graph["groups"].values() if not group["parent"]]
    assert orders == sorted(orders)


def hostile(folder: Path) -> Path:
    path = folder / "net.yaml"
    path.write_text(f"name: '{HOSTILE}'\ninput: [3, 8, 8]\nblocks:\n  '{HOSTILE}':\n    body:\n"
                    f"      - conv: {{out: 4}}\n      - conv: {{out: 4}}\n"
                    f"net:\n  - '{HOSTILE}': {{repeat: 2}}\n")
    return path


@pytest.mark.usefixtures("any_name")
def test_names_stay_text(tmp_path: Path) -> None:
    text = foldable(shown(hostile(tmp_path)), Style())
    assert HOSTILE not in text and "&lt;/script&gt;" in text
    data = re.search(r'id="graph">(.*?)</script>', text, re.S)
    assert data and len(json.loads(data[1])["groups"]) == 3
    assert not re.search(r'<(link|img|script|iframe)[^>]*(src|href)=', text)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        except sync.Error as error:
            pytest.skip(f"no browser: {error}")
        yield browser.new_page()
        browser.close()


def opened(page: Any, path: Path) -> list[str]:
    """Open a page from disk; the list fills with what it should not do."""
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: faults.append(request.url)
            if not request.url.startswith("file://") else None)
    page.goto(path.as_uri())
    settled(page)
    return faults


def settled(page: Any) -> None:
    page.wait_for_function("/shown$/.test(document.getElementById('status').textContent)")


def click(page: Any, selector: str) -> None:
    page.locator(selector).click()
    page.wait_for_timeout(50)
    settled(page)


def test_groups_fold_in_a_browser(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "net.html"
    assert main(["hcgnet", "-o", str(path)]) == 0
    drawn = shown("hcgnet")
    faults = opened(page, path)
    tops = [g for g in drawn.groups if not g.parent]
    loose = [b for b in drawn.boxes if not b.group]
    assert page.locator("main g.node").count() == len(tops) + len(loose)

    folded = page.locator("main [aria-expanded=false]")
    assert folded.count() == len(tops)
    assert folded.first.get_attribute("aria-label").startswith("hybrid1, 38.6 M MACs")
    folded.nth(1).press("Enter")                       # transition1: two convolutions and a gate
    page.wait_for_timeout(50)
    settled(page)
    inside = [g for g in drawn.groups if g.parent == "transition1"]
    assert page.locator("main g.node").count() == len(tops) - 1 + len(loose) + len(inside)
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    page.keyboard.press(" ")
    page.wait_for_timeout(50)
    settled(page)
    assert page.locator("main [aria-expanded=true]").count() == 0

    click(page, "#deeper")
    assert page.locator("main [aria-expanded=true]").count() == len(tops)
    click(page, "#unfold")
    assert page.locator("main g.node").count() == len(drawn.boxes)
    assert page.locator("main g.edge").count() == len(drawn.edges)
    click(page, "#fold")
    assert page.locator("main [aria-expanded=true]").count() == 0
    high = page.locator("main svg").bounding_box()
    click(page, "#turn")
    wide = page.locator("main svg").bounding_box()
    assert high["height"] > high["width"] and wide["width"] > wide["height"]
    click(page, "#larger")
    assert page.locator("main svg").bounding_box()["width"] > wide["width"]
    assert faults == []


@pytest.mark.usefixtures("any_name")
def test_hostile_names_do_nothing_in_a_browser(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "net.html"
    assert main([str(hostile(tmp_path)), "-o", str(path), "--theme", "dark"]) == 0
    faults = opened(page, path)
    assert page.locator("h1").inner_text() == HOSTILE
    click(page, "#unfold")
    assert HOSTILE in page.locator("main").inner_text().replace("\xa0", " ") and faults == []
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
