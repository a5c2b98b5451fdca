"""A study in the playground: what goes to the page is what has changed; and a drawing is laid out where
it has changed."""

import asyncio
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pages
import pytest
from test_playground import Local, source

from viz.drawing import layout
from viz.live import follower
from viz.live.folder import Folder
from viz.live.follower import Follower
from viz.live.model.evaluation import Source
from viz.live.model.picture import View, drawn
from viz.live.model.studies import LINE, StudyPlane, look
from viz.live.model.tools import Follow, Tools
from viz.plots import front
from viz.results import Progress, Results

TRIALS = 120


@pytest.fixture(scope="module")
def made() -> Results:
    """A made-up study."""
    found: Results = pages.study(TRIALS, seed=3)
    return found


def part(made: Results, count: int, since: int = 0) -> Progress:
    """What is followed of a study whose first trials have finished, from some of them on."""
    found = replace(made, rows=made.rows[:count], best=None)
    best = min(found.scored, key=lambda row: (found.goals[0].loss(row.values[0]), row.number))
    numbers = tuple(row.number for row in found.front)
    return Progress(replace(found, rows=()), count, len(found.scored), since,
                    {row.number: found.plane(row) for row in found.scored if row.number >= since},
                    numbers, best.number, tuple(found.numbered[n] for n in numbers))


class Page:
    """What the page's script makes of the messages about a plane."""

    def __init__(self) -> None:
        self.marks: dict[str, Any] = {}
        self.line: list[Any] = []
        self.planes = self.inserted = 0

    def hear(self, message: dict[str, Any]) -> None:
        if spec := message.get("study-plane"):
            data = {layer["data"]["name"]: layer["data"]["values"] for layer in spec["layer"]
                    if "name" in layer.get("data", {})}
            self.marks = {mark["id"]: mark for mark in data["marks"]}
            self.line = data[LINE]
            self.planes += 1
        if change := message.get("study-marks"):
            for name in change["remove"]:
                del self.marks[name]
            assert not self.marks.keys() & {mark["id"] for mark in change["insert"]}
            self.marks |= {mark["id"]: mark for mark in change["insert"]}
            self.line = change["line"]
            self.inserted += len(change["insert"])


def test_a_plane_that_grows_is_the_whole_one(made: Results) -> None:
    plane, page, anew = StudyPlane(), Page(), Page()
    for count in range(1, TRIALS + 1):
        found = part(made, count, count - 1)
        page.hear(plane.add(look(found)))
        whole = part(made, count)
        results = replace(made, rows=made.rows[:count], best=whole.best)
        wanted = {mark.id: mark._asdict() for mark in front.rows(results)}
        assert page.marks == wanted
        line = [mark._asdict() for mark in front.steps(front.rows(results), made.axes[0])]
        assert page.line == line
        assert [entry.number for entry in look(found).view.entries] == list(whole.front)
    assert page.inserted < 3 * TRIALS and page.planes < TRIALS / 3
    anew.hear(StudyPlane().add(look(part(made, TRIALS))))
    assert anew.marks == page.marks and anew.planes == 1


def test_a_study_is_looked_at_when_it_is_written_to(tmp_path: Path, made: Results,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "WATCH_S", 0.005)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    home = tmp_path / "studies" / "s"
    home.mkdir(parents=True)
    (home / "study.db").write_text("1")
    asked: list[int] = []
    finished = 5

    def study(follow: Follow, seen: int) -> Progress | None:
        asked.append(seen)
        return part(made, finished, max(seen, 0)) if finished > seen else None

    async def work() -> list[dict[str, Any]]:
        nonlocal finished
        sent: list[dict[str, Any]] = []
        tab = Follower(sent.append, Folder(tmp_path), Local(tools=Tools(study=study)))
        tab.open(Follow(home))
        await asyncio.sleep(0.1)
        assert asked == [-1]                            # nothing was written meanwhile
        finished = 6
        os.utime(home / "study.db", ns=(10**9, 10**9))
        await asyncio.sleep(0.1)
        (home / "study.db-wal").write_text("a page")
        await asyncio.sleep(0.1)
        tab.close()
        return sent

    sent = asyncio.run(work())
    assert asked == [-1, 5, 6]
    assert sum(bool({"study-plane", "study-marks"} & set(message)) for message in sent) == 2


def test_parts_of_a_drawing_that_stay_are_laid_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []

    def run(dot: str, format: str, *given: Any) -> bytes:
        runs.append(format)
        return done(dot, format, *given)

    done = layout.run
    monkeypatch.setattr(layout, "run", run)
    layout._laid.cache_clear()
    mine = source("mobilenet-v2")
    changed = Source(re.sub(r"classes: \d+", "classes: 77", mine.text), mine.file)
    first, second = drawn(mine, View("block")), drawn(changed, View("block"))
    parts = runs.index("svg")           # the heading among them
    assert parts > 4
    assert len(runs) - parts - 1 < parts
    layout._laid.cache_clear()
    assert drawn(changed, View("block")) == second != first
