"""The playground in a browser: a headless Chromium that is installed, driven as a user would.

Every test ends with no word on the console, and no request that left this machine's server.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pages
import pytest

from searchspace import cost, load
from searchspace.identity import identity
from searchspace.load import loads
from viz.live.processes import searches

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("nicegui", reason="NiceGUI is not installed")
EXECUTABLE = pages.browser()
pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(EXECUTABLE is None, reason="no Chromium is installed")]

ROOT = Path(__file__).parents[2]
DESK, PHONE = {"width": 1400, "height": 1000}, {"width": 390, "height": 844}
LONG_MS = 150_000       # a busy machine is no fault
Open = Callable[..., Any]


class Server:
    """The command in a folder; ``url`` is what it printed."""

    def __init__(self, home: Path, *given: str) -> None:
        self.home, self.given = home, given
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "viz/playground.py"), "--no-browser", *self.given],
            cwd=self.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]])})
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def end(self) -> str:
        """Ctrl-C; what was said on standard error."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, said
        return said


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("playground"), "sinet@1.0", "--port", "0")
    assert made.url.startswith("http://127.0.0.1:")
    yield made
    left = searches.of_study(made.home / "studies" / "found")
    if left is not None and left.alive:     # a test has failed; its search shall not go on
        os.kill(left.pid, signal.SIGKILL)
    assert "Traceback" not in made.end()


@pytest.fixture
def opened(browser: Any, server: Server) -> Iterator[Open]:
    """Opens a tab on a genotype and waits until its network is shown."""
    said: list[str] = []
    contexts = []

    def page(name: str = "", size: dict[str, int] = DESK, scheme: str = "light", at: str = "",
             context: Any = None) -> Any:
        if context is None:
            context = browser.new_context(viewport=size, color_scheme=scheme)
            contexts.append(context)
        context.set_default_timeout(LONG_MS)
        tab = context.new_page()
        tab.on("console", lambda message: said.append(f"console: {message.text}"))
        tab.on("pageerror", lambda error: said.append(f"error: {error}"))
        origin = server.url.partition("/?")[0]
        tab.on("request", lambda request: None if request.url.startswith((origin, "data:", "blob:"))
               else said.append(f"request: {request.url}"))
        tab.goto(server.url + at)
        tab.wait_for_selector("#drawing svg", timeout=LONG_MS)
        if name:
            opens(tab, name)
        return tab

    page.said = said  # type: ignore[attr-defined]
    yield page
    for context in contexts:
        context.close()
    assert not said


def opens(tab: Any, name: str) -> None:
    tab.locator("#name").fill(name)
    tab.locator("#name").press("Enter")
    tab.locator("#title .name", has_text=re.compile(f"^{re.escape(name)}(@|$)")).wait_for()


def text(tab: Any) -> str:
    return str(tab.evaluate("playground.view.state.doc.toString()"))


def edit(tab: Any, was: str, now: str) -> None:
    """Replace the first place of a text as typing would."""
    tab.evaluate("""([was, now]) => {
        const view = playground.view, at = view.state.doc.toString().indexOf(was);
        if (at < 0) throw new Error(`no ${was}`);
        view.dispatch({ changes: { from: at, to: at + was.length, insert: now },
                        selection: { anchor: at + now.length } });
    }""", [was, now])


def shows(tab: Any, macs: int) -> None:
    tab.locator(f'#cost-macs [title="{macs:,}"]').wait_for()


def command(tab: Any, name: str) -> None:
    tab.locator(f"[data-do={name}]").first.click()


# --- a genotype ---------------------------------------------------------------------------------


def test_a_kernel_is_changed(opened: Open) -> None:
    tab = opened()
    shows(tab, cost(load("sinet@1.0")).macs)
    before = tab.locator("#drawing").inner_html()
    edit(tab, "k: 3, n: 1", "k: 5, n: 1")
    wanted = cost(loads(text(tab), load("sinet").file, "1.0")).macs
    assert wanted > cost(load("sinet@1.0")).macs
    shows(tab, wanted)
    tab.wait_for_function("was => document.getElementById('drawing').innerHTML !== was", arg=before)
    tab.locator("#tab-stages").click()
    assert f"{wanted:,}" in tab.locator("#stages tfoot").inner_text()
    told = tab.locator("#told").inner_text()
    assert "predicted top-1" in told and "sinet@1.0" in told


def test_a_broken_text_is_told_at_its_line_and_mended(opened: Open) -> None:
    tab = opened()
    whole = cost(load("sinet@1.0")).macs
    edit(tab, "k: 3, n: 1", "kk: 3, n: 1")
    tab.locator("#fault", has_text="did you mean 'k'?").wait_for()
    line = text(tab)[:text(tab).index("kk: 3")].count("\n") + 1
    assert tab.locator("#fault button").inner_text() == f"line {line}"
    assert "did you mean 'k'?" in tab.locator(".cm-fault").inner_text()
    assert float(tab.locator("#drawing svg").evaluate("e => getComputedStyle(e).opacity")) < 1
    shows(tab, whole)                   # the last network that was one
    edit(tab, "kk: 3", "k: 3")
    tab.wait_for_function("document.getElementById('fault').textContent === ''")
    tab.wait_for_function(
        "getComputedStyle(document.querySelector('#drawing svg')).opacity === '1'")


def test_boxes_and_lines_lead_to_each_other(opened: Open) -> None:
    tab = opened("mobilenet-v2")
    tab.locator("#drawing .box", has_text="stage3").first.click()
    number = text(tab)[:text(tab).index("as: stage3")].count("\n") + 1
    at = tab.evaluate("playground.view.state.doc.lineAt(playground.view.state.selection.main.head).number")
    assert at == number
    tab.locator("#drawing .box.lit", has_text="stage3").wait_for()
    tab.locator("#box", has_text="stage3:").wait_for()
    tab.locator("#tab-stages").click()
    tab.locator("#stages button", has_text="stage5").first.click()
    assert "as: stage5" in tab.locator(".cm-lit").inner_text()


def test_what_can_be_typed_is_offered(opened: Open) -> None:
    tab = opened("mobilenet-v2")
    edit(tab, "  - gap:    {as: pooled}", "  - gap:    {as: pooled}\n  - conv: {out: 8, gro")
    tab.locator(".cm-content").focus()
    tab.keyboard.type("u")
    offer = tab.locator(".cm-tooltip-autocomplete li", has_text="groups")
    offer.wait_for()
    assert "whole number" in offer.inner_text()
    tab.keyboard.press("Escape")


def test_everything_is_undone_and_redone(opened: Open) -> None:
    tab = opened("mobilenet-v2")
    first = text(tab)
    edit(tab, "stride: 2, act: relu6", "stride: 1, act: relu6")
    tab.locator("#bound-macs").fill("300M")
    tab.locator("#bar-macs .over").wait_for()
    tab.locator("#level").select_option("block")
    for _ in range(3):
        tab.locator("#undo").click()
    shows(tab, cost(load("mobilenet-v2")).macs)
    assert text(tab) == first
    assert tab.locator("#bound-macs").input_value() == ""
    assert tab.locator("#level").input_value() == "stage"
    tab.locator(".cm-content").focus()
    tab.keyboard.press("Control+Shift+z")
    tab.wait_for_function("was => playground.view.state.doc.toString() !== was", arg=first)


def test_a_link_holds_the_state(opened: Open, server: Server) -> None:
    tab = opened("mobilenet-v2@1.4")
    tab.locator("#bound-params").fill("5M")
    tab.locator("#bar-params .over").wait_for()
    other = opened(at="#" + tab.url.partition("#")[2])
    other.locator("#title .name", has_text="mobilenet-v2@1.4").wait_for()
    other.locator("#bar-params .over").wait_for()


def test_two_networks_beside_each_other(opened: Open) -> None:
    tab = opened("resnet@18")
    tab.locator("#tab-beside").click()
    tab.locator("#beside").fill("resnet@34")
    tab.locator("#beside").press("Enter")
    tab.locator("#pair table.difference tr.changed").first.wait_for()
    assert "resnet@34 → resnet@18" in tab.locator("#pair").inner_text()
    assert tab.locator("#pair table.texts tr.changed").count() > 0
    tab.locator("#pair-drawing svg").wait_for()


def test_the_plane_shows_where_the_network_is(opened: Open) -> None:
    tab = opened("mobilenet-v2")
    tab.locator("#tab-plane").click()
    tab.locator("#plot[data-drawn]").wait_for()
    edit(tab, "160*w, 8", "120*w, 8")
    tab.wait_for_function("document.querySelectorAll('#trail tbody tr').length >= 2")
    tab.wait_for_function("document.getElementById('plot').view.data('present').length === 1")
    tab.locator("#plot").focus()
    tab.keyboard.press("Home")
    tab.locator("#beside-pane:not([hidden]) #pair table.difference").wait_for()


# --- a space ------------------------------------------------------------------------------------


def test_a_hole_has_a_slider(opened: Open) -> None:
    tab = opened("mobile")
    slider = tab.locator("[id='hole-w']")
    was = tab.locator("#cost-macs").inner_text()
    slider.focus()
    for _ in range(3):
        tab.keyboard.press("ArrowLeft")
    tab.wait_for_function("was => document.getElementById('cost-macs').innerText !== was", arg=was)
    tab.locator("[data-hole='w'] output", has_text="1").first.wait_for()
    tab.locator("[data-hole='w'] [data-do=around]").click()
    tab.locator("#around tr.marked", has_text="(now)").wait_for()


def test_a_space_is_brought_inside_frozen_and_taken_home(opened: Open, tmp_path: Path) -> None:
    tab = opened("mobile")
    tab.locator("#bound-macs").fill("100M")
    tab.locator("#bar-macs .over").wait_for()
    tab.locator("[data-hole='stem'] [data-pin]").check()
    was = tab.locator("#cost-macs").inner_html()
    command(tab, "random")
    tab.wait_for_function("was => document.getElementById('cost-macs').innerHTML !== was", arg=was)
    command(tab, "inside")
    tab.locator("#bar-macs .inside").wait_for()
    macs = tab.locator("#cost-macs span").get_attribute("title")
    command(tab, "freeze")
    tab.locator("#holes-panel").wait_for(state="hidden")
    shows(tab, int(macs.replace(",", "")))
    tab.locator(".menu summary").click()
    with tab.expect_download() as download:
        tab.locator("[data-format=yaml]").click()
    file = tmp_path / "net.yaml"
    download.value.save_as(file)
    network = load(file)
    assert not network.is_space and f"{cost(network).macs:,}" == macs
    assert identity(network, {}) == identity(loads(text(tab), "mine.yaml"), {})
    assert cost(network).macs <= 100_000_000
    for format in ("svg", "pdf", "py"):
        tab.locator(".menu summary").click()
        with tab.expect_download() as download:
            tab.locator(f"[data-format={format}]").click()
        assert download.value.suggested_filename.endswith(f".{format}")


def test_sinet_is_taken_home_as_code(opened: Open, tmp_path: Path) -> None:
    tab = opened("sinet@1.0")
    written = set(Path(tempfile.gettempdir()).glob("searchspace-*"))
    tab.locator(".menu summary").click()
    with tab.expect_download() as download:
        tab.locator("[data-target=code]").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "sinet_1_0.py"
    tab.get_by_text("Its weights are not trained").first.wait_for()
    code = ("import sys, runpy; net = runpy.run_path(sys.argv[1])['Sinet']()\n"
            "print(sum(p.numel() for p in net.parameters()), 'searchspace' in sys.modules)")
    done = subprocess.run([sys.executable, "-I", "-c", code, str(file)], capture_output=True,
                          text=True, check=True, cwd=tmp_path)
    assert done.stdout.split() == [str(cost(load("sinet@1.0")).params), "False"]
    tab.context.close()                             # the tab's folder ends with it
    ends = time.monotonic() + 60
    while set(Path(tempfile.gettempdir()).glob("searchspace-*")) > written:
        assert time.monotonic() < ends
        time.sleep(0.5)


def test_a_number_becomes_a_hole(opened: Open) -> None:
    tab = opened("henet")
    tab.evaluate("""() => { const view = playground.view, t = view.state.doc.toString();
        const at = t.indexOf('{mid: 24') + 7; view.dispatch({ selection: { anchor: at } }); }""")
    tab.locator("#make-hole", has_text="mid: 24").click()
    tab.locator("#holes .hole").first.wait_for()
    assert "mid: !choice [12, 18, 24, 30, 36]" in text(tab)


# --- a study ------------------------------------------------------------------------------------


def test_a_search_outlives_its_page(opened: Open, server: Server) -> None:
    tab = opened("digits")
    tab.locator("#bound-macs").fill("150K")
    tab.locator("#bar-macs > *").wait_for()
    tab.locator("#tab-study").click()
    tab.locator("#search-name").fill("found")
    tab.locator("#search-trials").fill("400")
    tab.locator("#command", has_text="--budget 150K").wait_for()
    tab.locator("#search-start").click()
    tab.locator("#study-table progress").wait_for()
    tab.close()
    again = opened()
    again.locator("#tab-study").click()
    first = again.locator("#study-table [data-do=trial]").first
    first.hover()                               # the table grows while the button is held
    again.mouse.down()
    again.wait_for_timeout(1500)
    again.mouse.up()
    again.locator("#title .name", has_text="found").wait_for()
    again.locator("#stop-search").click()
    again.locator("#said", has_text="it ends after the running trial").wait_for()
    again.locator("#drawing svg").wait_for(state="attached")
    assert (server.home / "studies" / "found" / "study.db").exists()


# --- for everybody, and for nobody else ---------------------------------------------------------


def test_two_tabs_do_not_disturb_each_other(opened: Open) -> None:
    one, other = opened("mobilenet-v2"), opened("resnet@18")
    edit(one, "=round_to(16*w, 8)", "=round_to(24*w, 8)")
    shows(one, cost(loads(text(one), load("mobilenet-v2").file)).macs)
    shows(other, cost(load("resnet@18")).macs)


def test_a_server_that_starts_again_is_found(browser: Any, tmp_path: Path) -> None:
    made = Server(tmp_path, "mobilenet-v2", "--port", "0")
    port = re.findall(r":(\d+)/", made.url)[0]
    context = browser.new_context()
    tab = context.new_page()
    tab.set_default_timeout(LONG_MS)
    tab.goto(made.url)
    tab.wait_for_selector("#drawing svg")
    tab.locator("#bound-macs").fill("200M")
    tab.locator("#bar-macs .over").wait_for()
    tab.evaluate("window.old = true")
    made.end()
    again = Server(tmp_path, "mobilenet-v2", "--port", port)
    assert again.url == made.url
    tab.wait_for_function("!window.old")        # until the page has loaded itself again
    tab.wait_for_selector("#drawing svg")
    tab.locator("#bar-macs .over").wait_for()
    context.close()
    again.end()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(opened: Open, size: dict[str, int], scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing").Axe
    tab = opened("mobile", size=size, scheme=scheme)
    tab.locator("#bound-macs").fill("100M")
    tab.locator("#bar-macs .over").wait_for()
    tab.locator("[data-do=around]").first.click()
    tab.locator("#around table").wait_for()
    found = []
    for name in ("drawing", "stages", "plane", "beside", "study"):
        tab.locator(f"#tab-{name}").click()
        if name == "beside":
            tab.locator("#beside").fill("mobilenet-v2")
            tab.locator("#beside").press("Enter")
            tab.locator("#pair table").first.wait_for()
        found += [f"{name}: {v['id']}: {v['nodes'][0]['html'][:200]} ×{len(v['nodes'])}"
                  for v in axe().run(tab).response["violations"]]
    edit(tab, "net:", "nett:")
    tab.locator("#fault", has_text="nett").wait_for()
    found += [f"broken: {v['id']}: {v['nodes'][0]['html'][:200]}"
              for v in axe().run(tab).response["violations"]]
    assert not found, "\n".join(found)
    assert tab.evaluate("document.documentElement.scrollWidth") <= size["width"]
