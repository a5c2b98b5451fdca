"""The pages in a browser: a headless Chromium that is installed, driven as a reader would.

Every test ends with no word on the console and no request that left the page.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pages
import pytest
from strangers import FRAGMENTS, squeezed, study

from searchspace import cost, load
from searchspace.identifiers import as_name
from searchspace.text import printable
from searchspace.zoo.published import published_at
from viz import zoo
from viz.comparison.alignment import WEIGHTS, difference
from viz.comparison.stages import outline
from viz.docs import gallery
from viz.drawing.network import subject
from viz.pages.study import report
from viz.results import Results, Rival
from viz.templates import STATIC

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
EXECUTABLE = pages.browser()
pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(EXECUTABLE is None, reason="no Chromium is installed")]

EVIL = "<img src=x onerror=document.title='run'>"
STRANGE = "".join(FRAGMENTS).replace("\0", "")       # which a browser leaves out
ZOO = ("henet@*", "sinet@1.0", "mobilenet-v2@1.*", "shufflenet-v1@1.0-*")
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def made() -> Results:
    study = pages.study(90)
    known = published_at(8)[0]
    total = known.expansion.cost()
    rivals = (Rival(known.name, None, total.macs, total.params, 1, 50.0, 1.0, False),)
    return Results(**{**vars(study), "rivals": rivals})


@pytest.fixture(scope="module")
def files(made: Results, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages, written."""
    home = tmp_path_factory.mktemp("pages")
    strange = study(STRANGE)
    texts = {"report": report(made), "evil": report(pages.study(4, name=EVIL)),
             "strange": report(replace(strange, effects=((STRANGE, 0.5), *strange.effects)))}
    for name, text in texts.items():
        (home / f"{name}.html").write_text(text, encoding="utf-8", newline="")
    assert zoo.main([*ZOO, "-o", str(home / "gallery.html")]) == 0
    return {path.stem: path for path in home.iterdir()}


@pytest.fixture
def opened(browser: Any, files: dict[str, Path]) -> Iterator[Open]:
    """Opens a page and waits until it can be used; listens to all it says and asks for."""
    said: list[str] = []
    contexts = []

    def page(name: str, size: dict[str, int] = DESK, scheme: str = "light", at: str = "") -> Any:
        contexts.append(browser.new_context(viewport=size, color_scheme=scheme, offline=True))
        contexts[-1].set_default_timeout(120_000)       # a busy machine is no fault
        tab = contexts[-1].new_page()
        url = files[name].as_uri()
        tab.on("console", lambda message: said.append(f"console: {message.text}"))
        tab.on("pageerror", lambda error: said.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        tab.on("request", lambda request: None if request.url.partition("#")[0] == url
               or request.url.startswith(("data:", "blob:"))
               else said.append(f"request: {request.url}"))
        tab.goto(url + at)
        tab.wait_for_selector("html[data-ready]", timeout=120_000)
        return tab

    page.said = said  # type: ignore[attr-defined]
    yield page
    for context in contexts:
        context.close()
    assert not said


def column(tab: Any, number: int) -> list[str]:
    return [text.strip() for text in
            tab.locator(f"#table tbody tr td:nth-child({number})").all_inner_texts()]


def chosen(tab: Any) -> str:
    return str(tab.locator("#panel h3").inner_text())


def lone(made: Results) -> int:
    """The trial whose point has the most room around it."""
    rows = made.scored
    xs, ys = [r.macs for r in rows], [r.values[0] for r in rows]
    wide, high = max(xs) - min(xs), max(ys) - min(ys)

    def room(r: Any) -> float:
        return min(((r.macs - o.macs) / wide) ** 2 + ((r.values[0] - o.values[0]) / high) ** 2
                   for o in rows if o is not r)
    return max((r for r in rows if r.number != made.best), key=room).number


# --- the report ---------------------------------------------------------------------------------


def test_the_best_network_is_shown_first(opened: Open, made: Results) -> None:
    tab = opened("report")
    assert chosen(tab) == f"trial {made.best}"
    tab.locator("#panel .drawing svg").wait_for()
    assert "made-up" in tab.locator("#panel .drawing svg").text_content()
    assert column(tab, 1)[0] == f"trial {made.best}"


def test_a_click_on_a_point_shows_its_network(opened: Open, made: Results) -> None:
    tab, wanted = opened("report"), lone(made)
    number = [r.number for r in made.scored].index(wanted)
    marks = tab.locator("#plot-front g.mark-symbol[class*=marks] > path")
    assert marks.count() == len(made.scored) + len(made.rivals) + 1      # the ring
    box = marks.nth(number).bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.locator("#panel h3", has_text=f"trial {wanted}").wait_for()
    total = made.numbered[wanted]
    text = tab.locator("#panel").inner_text()
    assert f"{total.macs:,}" in text and f"{total.params:,}" in text
    assert tab.url.endswith(f"#{wanted}")
    tab.locator("#panel summary", has_text="Costs").click()
    assert tab.locator("#panel .costs tfoot").inner_text().split() == [
        "total", f"{total.macs:,}", f"{total.params:,}"]


def test_a_link_leads_to_a_network(opened: Open, made: Results) -> None:
    assert chosen(opened("report", at="#17")) == "trial 17"
    name = made.rivals[0].name
    assert chosen(opened("report", at=f"#{quote(name)}")) == name
    assert chosen(opened("report", at="#nothing")) == f"trial {made.best}"


def test_the_arrow_keys_go_from_point_to_point(opened: Open, made: Results) -> None:
    tab = opened("report")
    tab.locator("#plot-front").focus()
    tab.keyboard.press("Home")
    order = sorted(made.scored, key=lambda r: (r.macs, r.values[0]))
    tab.locator("#panel h3", has_text=f"trial {order[0].number}").wait_for()
    tab.keyboard.press("ArrowRight")
    tab.locator("#panel h3", has_text=f"trial {order[1].number}").wait_for()
    assert f"trial {order[1].number}" in tab.locator("#said").inner_text()


def test_the_table_is_sorted_by_its_heads(opened: Open, made: Results) -> None:
    tab = opened("report")
    head = tab.locator("#table th", has_text="params")
    head.locator("button").focus()
    for sign, order in ((-1, "descending"), (1, "ascending")):
        tab.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == order
        numbers = [int(text.split()[1]) for text in column(tab, 1)]
        wanted = sorted(sign * r.params for r in made.rows)[:25]
        assert [sign * made.numbered[n].params for n in numbers] == wanted
    tab.get_by_role("button", name="next").click()
    assert [made.numbered[int(t.split()[1])].params for t in column(tab, 1)] == sorted(
        r.params for r in made.rows)[25:50]


def test_the_table_is_filtered(opened: Open, made: Results) -> None:
    tab = opened("report")
    middle = sorted(r.macs for r in made.rows)[45]
    cases = {
        f"macs<{middle}": {r.number for r in made.rows if r.macs < middle},
        f"MACS>={middle / 1000}K moved": {r.number for r in made.rows
                                          if r.macs >= middle and r.origin == "moved"},
        "c=12": {r.number for r in made.rows if r.decisions["c"] == 12},
        "stage2=mobile stage2.mobile.t!=1": {
            r.number for r in made.rows if r.decisions["stage2"] == "mobile"
            and r.decisions["stage2.mobile.t"] != 1},
        "front=yes": {r.number for r in made.front if r.number != made.best},
        "scored": {r.number for r in made.rows if r.error}, "nothing-is-called-so": set()}
    for text, wanted in cases.items():
        tab.locator("#filter").fill(text)
        assert tab.locator("#count").inner_text() == f"{len(wanted)} of {len(made.rows)}", text
        assert {int(t.split()[1]) for t in column(tab, 1)} <= wanted


def test_two_networks_are_compared(opened: Open, made: Results) -> None:
    tab = opened("report", at="#3")
    tab.locator("#panel summary", has_text="Difference").click()
    tab.get_by_role("button", name="Keep this one").click()
    tab.locator("#filter").fill("trial 1")
    tab.get_by_role("button", name="trial 10", exact=True).click()
    tab.locator("#panel h3", has_text="trial 10").wait_for()
    assert tab.locator("#against option:checked").inner_text() == "kept: trial 3"
    a, b = made.numbered[3], made.numbered[10]
    rows = tab.locator("table.difference tbody tr").all()
    assert rows
    shown = tab.locator("table.difference tfoot").inner_text()
    for before, after in ((a.macs, b.macs), (a.params, b.params)):
        assert f"{short(before)} → {short(after)}" in shown
    tab.locator("#against").select_option(index=0)
    tab.wait_for_function("document.querySelector('table.difference th').innerText !== 'trial 3'")


def short(count: int) -> str:
    from searchspace.space.budget import show_amount

    return show_amount(count)


def test_the_yaml_is_copied(opened: Open, made: Results, tmp_path: Path) -> None:
    """Pasted by the keyboard, loaded, and it costs what the page says."""
    tab = opened("report", at="#5")
    tab.locator("#panel summary", has_text="YAML").click()
    tab.get_by_role("button", name="Copy the YAML").click()
    tab.get_by_text("copied").wait_for()
    tab.evaluate("document.body.append(Object.assign(document.createElement('textarea'), "
                 "{id: 'pasted'}))")
    tab.locator("#pasted").focus()
    tab.keyboard.press("Control+V")
    path = tmp_path / "pasted.yaml"
    path.write_text(tab.locator("#pasted").input_value(), encoding="utf-8")
    assert cost(load(path)).macs == made.numbered[5].macs


def test_parts_fold_by_keyboard(opened: Open) -> None:
    tab = opened("report")
    summary = tab.locator("#panel summary", has_text="YAML")
    assert not tab.locator("#panel pre").is_visible()
    summary.focus()
    tab.keyboard.press("Enter")
    assert tab.locator("#panel pre").is_visible()
    tab.keyboard.press("Enter")
    assert not tab.locator("#panel pre").is_visible()


def test_all_plots_are_drawn_as_one_comes_near(opened: Open, tmp_path: Path) -> None:
    tab = opened("report")
    hosts = tab.locator(".plots .chart")
    assert hosts.count() == 6
    for i in range(6):
        hosts.nth(i).scroll_into_view_if_needed()
        tab.locator(".plots .chart").nth(i).locator(".marks").wait_for()
    tab.emulate_media(color_scheme="dark")
    tab.locator("#plot-front svg.marks[style*='rgb(22, 27, 33)']").wait_for()
    tab.locator("#panel .drawing svg [fill='#12161b']").first.wait_for(state="attached")
    shot = tab.screenshot(full_page=True, path=str(tmp_path / "report.png"))
    assert len(shot) > 50_000


@pytest.mark.parametrize("name", ["report", "gallery"])
def test_a_page_fits_a_phone(opened: Open, name: str) -> None:
    tab = opened(name, PHONE)
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert len(tab.screenshot()) > 10_000


def test_markup_in_a_name_is_text(opened: Open) -> None:
    tab = opened("evil")
    assert tab.locator("h1").inner_text() == EVIL
    assert tab.title() == f"{EVIL}: a search"
    assert tab.locator("img").count() == 0
    assert as_name(EVIL) in tab.locator("#panel pre").text_content()
    tab.locator("#panel .drawing svg").wait_for()
    assert as_name(EVIL) in tab.locator("#panel .drawing svg").text_content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_from_anybody_is_text(opened: Open, scheme: str) -> None:
    tab = opened("strange", scheme=scheme)
    assert squeezed(tab.locator("h1").inner_text()) == squeezed(printable(STRANGE, "\n\t"))
    assert tab.locator("img").count() == 0
    hosts = tab.locator(".plots .chart")
    for i in range(hosts.count()):
        hosts.nth(i).scroll_into_view_if_needed()
        hosts.nth(i).locator(".marks").wait_for()
    tab.locator("#panel .drawing svg").wait_for()


def test_no_other_script_runs(opened: Open) -> None:
    """What would get into the page in spite of all is stopped by its own policy."""
    tab = opened("report")
    ran = tab.evaluate("""() => { const s = document.createElement('script');
        s.textContent = 'window.ran = 1'; document.body.append(s); return window.ran ?? 0; }""")
    assert ran == 0
    assert "Content Security Policy" in opened.said.pop()  # type: ignore[attr-defined]


def test_a_page_finds_the_differences_that_python_finds(browser: Any) -> None:
    """Pairs, kinds and words are the same for every two families, though two languages make them."""
    outlines = [outline(subject(load(name))) for name in gallery.families()]
    pairs = list(combinations(range(len(outlines)), 2))
    code = "\n".join((STATIC / name).read_text(encoding="utf-8")
                     for name in ("base.js", "network.js", "difference.js"))
    tab = browser.new_page()
    found = tab.evaluate("""([code, stages, pairs, weights]) => {
        const changes = new Function(code + "; return changes")();
        return pairs.map(([i, j]) => changes(stages[i], stages[j], weights).map(
            ([a, b, kind, remarks]) => [a && a[0], b && b[0], kind, remarks])); }""",
        [code, [one.stages for one in outlines], pairs, WEIGHTS])
    tab.close()
    for (i, j), rows in zip(pairs, found, strict=True):
        wanted = difference(outlines[i], outlines[j]).changes
        assert rows == [[c.before and c.before.name, c.after and c.after.name, c.kind,
                         list(c.remarks)] for c in wanted], (outlines[i].title, outlines[j].title)


# --- the gallery --------------------------------------------------------------------------------


def test_the_gallery_is_searched_and_sorted(opened: Open) -> None:
    tab = opened("gallery")
    tab.locator("#filter").fill("mobilenet")
    names = column(tab, 1)
    assert names and all("mobilenet-v2" in name for name in names)
    tab.locator("#table th", has_text="MACs").locator("button").click()
    costs = [cost(load(name)).macs for name in column(tab, 1)]
    assert costs == sorted(costs, reverse=True)


def test_two_of_the_gallery_beside_each_other(opened: Open) -> None:
    tab = opened("gallery")
    for name in ("sinet@1.0", "mobilenet-v2@1.0"):
        tab.locator("#filter").fill(name)
        tab.get_by_role("checkbox", name=name, exact=True).check()
        tab.locator(f'[data-panel="{name}"]').wait_for()
    tab.locator("table.difference").wait_for()
    boxes = [tab.locator(f'[data-panel="{n}"]').bounding_box()
             for n in ("sinet@1.0", "mobilenet-v2@1.0")]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]
    a, b = cost(load("sinet@1.0")), cost(load("mobilenet-v2@1.0"))
    assert f"{short(a.macs)} → {short(b.macs)}" in tab.locator("table.difference").inner_text()
    tab.locator(".drawing svg >> nth=1").wait_for()
    tab.locator("summary", has_text="Distinct blocks").first.click()
    tab.locator(".drawing svg >> nth=2").wait_for()
    assert tab.url.endswith("#sinet%401.0,mobilenet-v2%401.0")
    tab.get_by_role("button", name="Close").first.click()
    assert tab.locator("table.difference").count() == 0
    assert tab.locator("[data-panel]").count() == 1


def test_a_click_in_the_gallerys_plane(opened: Open) -> None:
    tab = opened("gallery")
    tab.locator("#plot-front").focus()
    tab.keyboard.press("End")
    tab.locator("[data-panel]").wait_for()
    assert tab.locator("[data-panel] h3").inner_text() in set(column(tab, 1))


# --- for everybody ------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "at"), [
    ("report", ""), ("gallery", "#sinet%401.0,mobilenet-v2%401.0")])
def test_axe_finds_no_serious_fault(opened: Open, name: str, at: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing").Axe
    tab = opened(name, scheme=scheme, at=at)
    tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    found = [f"{v['id']} ({v['impact']}): {v['nodes'][0]['html'][:200]} ×{len(v['nodes'])}"
             for v in axe().run(tab).response["violations"]
             if v["impact"] in ("serious", "critical")]
    assert not found, "\n".join(found)
