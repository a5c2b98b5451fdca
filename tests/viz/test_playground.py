"""The playground without a browser: states, commands, moves, drawings, what is let in and what is not."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from searchspace import GenotypeError, SearchspaceError, cost, load, published, spaces
from searchspace.expansion import trace
from searchspace.identity import identity
from searchspace.load import loads
from searchspace.notation.sources import GENOTYPES, find
from searchspace.ops import OPS
from viz.drawing.levels import picture
from viz.drawing.network import subject
from viz.live import commands, views
from viz.live.folder import Folder
from viz.live.guard import Door, Guard
from viz.live.model.completion import complete
from viz.live.model.evaluation import Fault, Report, Source, evaluate, fault
from viz.live.model.opening import number_at, opened
from viz.live.model.picture import View, closed, drawn, folded
from viz.live.model.points import Place, around, best, frozen, inside, wander
from viz.live.model.state import DEEPEST, History, State, from_link, to_link
from viz.live.model.tools import Known, Near, Told, Tools
from viz.live.processes import searches
from viz.live.processes.jobs import JOBS, Job
from viz.live.processes.lane import Lane, Spares
from viz.live.processes.worker import Hear, Said
from viz.live.session import Session, World


def told(expansion: Any) -> Told:
    """More MACs, more accuracy."""
    value = 60 + expansion.cost().macs / 1e8
    return Told(value, 1.0, value - 1, "made up", (Near("mobilenet-v2@1.0", 72.0, 0.1),))


TOOLS = Tools(predict=told, known=lambda: (Known("a", 1e8, 70.0), Known("b", 2e8, 72.0)))


def source(name: str, **how: Any) -> Source:
    """A bundled genotype as a tab holds it."""
    stem, _, variant = name.partition("@")
    path = find(stem)[0]
    return Source(path.read_text(encoding="utf-8"), str(path), variant or None, **how)


# --- states -------------------------------------------------------------------------------------


def test_a_link_holds_all_of_a_state() -> None:
    state = State("name: größe\n", "my/net.yaml", "1.0", "96", {"k": 3, "wide": True, "act": "relu"},
                  ("k",), "300M", "4M", "4MB", "20ms", "block", "LR", "macs", ("a", "+b"), "sinet")
    assert from_link(to_link(state)) == state
    assert re.fullmatch(r"[\w-]+", to_link(state))


@pytest.mark.parametrize("link", [
    "", "!", "AAAA", to_link(State("x"))[:-4], to_link(State("x", decisions={"k": [1]})),  # type: ignore[dict-item]
    to_link(State("x", level="all")), to_link(State(3)),      # type: ignore[arg-type]
    to_link(State("x" * 5_000_000))])
def test_a_link_from_a_stranger_is_told(link: str) -> None:
    with pytest.raises(SearchspaceError, match="the link holds no genotype"):
        from_link(link)


def test_what_follows_quickly_is_undone_together() -> None:
    history = History(State("a"))
    for when, text in enumerate("bcd"):
        history = history.then(State(text), "text", when / 10)
    history = history.then(State("d", macs="300M"), "bound macs", 0.4)
    history = history.then(State("e", macs="300M"), "text", 0.5)
    assert [s.text for s in history.before] == ["a", "d", "d"]
    back = history.undone().undone()
    assert back.now == State("d") and back.redone().redone().now == history.now
    assert back.then(State("f"), "text", 0.6).after == ()
    assert history.undone().undone().undone().undone().now == State("a")
    for number in range(2 * DEEPEST):
        history = history.then(State(str(number)), "", 0)
    assert len(history.before) == DEEPEST


@pytest.mark.parametrize(("name", "given", "wanted"), [
    ("text", {"text": "name: b"}, {"text": "name: b"}),
    ("variant", {"variant": "1.4"}, {"variant": "1.4"}),
    ("size", {"size": " 96 "}, {"size": "96"}),
    ("bound", {"cost": "macs", "text": "300M"}, {"macs": "300M"}),
    ("decide", {"hole": "k", "label": 5}, {"decisions": {"k": 5}}),
    ("pin", {"hole": "k", "label": 3}, {"pinned": ("k",), "decisions": {"k": 3}}),
    ("level", {"level": "block"}, {"level": "block"}),
    ("direction", {"direction": "LR"}, {"direction": "LR"}),
    ("colour", {"colour": "macs"}, {"colour": "macs"}),
    ("fold", {"key": "stage1"}, {"folded": ("stage1",)}),
    ("unfold", {"key": "stage1"}, {"folded": ("+stage1",)}),
    ("free", {}, {}),
    ("beside", {"name": "sinet"}, {"beside": "sinet"})])
def test_a_command_changes_the_state(name: str, given: dict[str, Any],
                                     wanted: dict[str, Any]) -> None:
    assert commands.apply(State("name: a"), name, given) == replace(State("name: a"), **wanted)


def test_every_command_is_tried() -> None:
    marks = test_a_command_changes_the_state.pytestmark      # type: ignore[attr-defined]
    assert {case[0] for case in marks[0].args[1]} == set(commands.COMMANDS)


@pytest.mark.parametrize(("name", "given"), [
    ("text", {}), ("text", {"text": 3}), ("text", {"text": "\ud800"}), ("text", {"text": "x" * 2_000_000}),
    ("size", {"size": "0"}), ("size", {"size": "wide"}), ("size", {"size": "9" * 300}),
    ("bound", {"cost": "text", "text": "x"}), ("decide", {"hole": "k", "label": {"a": 1}}),
    ("level", {"level": "atom"}), ("pin", {"hole": None, "label": 1}), ("nothing", {})])
def test_a_page_is_not_trusted(name: str, given: dict[str, Any]) -> None:
    with pytest.raises(SearchspaceError):
        commands.apply(State("name: a"), name, given)


# --- evaluation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mobilenet-v2@1.4", "henet", "sinet-mobilenet-v2@joint",
                                  "nasnet-a@mobile", *spaces()])
def test_numbers_are_those_of_the_library(name: str) -> None:
    found = evaluate(source(name), TOOLS)
    at = dict(found.decisions)
    assert (found.macs, found.params) == (lambda c: (c.macs, c.params))(cost(load(name), at))
    assert sum(row.macs for row in found.rows) == found.macs
    assert found.is_space == load(name).is_space
    lines = source(name).text.splitlines()
    for row in found.rows:
        assert row.line == 0 or lines[row.line - 1].strip()
    panes = {**views.numbers(found, State("", macs="1K"), ""), "s": views.stages(found),
             "h": views.holes(found, State(""), ())}
    assert f"{found.macs:,}" in panes["s"] and "over" in panes["bar-macs"]


def test_what_a_block_makes_has_the_line_of_its_step() -> None:
    found = evaluate(source("mobilenet-v2"), TOOLS)
    lines = source("mobilenet-v2").text.splitlines()
    assert "as: stage3" in lines[found.lines["stage3"] - 1]
    names = [n.name for n in trace(load("mobilenet-v2")).nodes if n.name.startswith("stage3.")]
    assert {found.lines[name] for name in names} == {found.lines["stage3"]}


@pytest.mark.parametrize(("was", "now", "sentence"), [
    ("stride: 2, act", "strid: 2, act", "did you mean 'stride'?"),
    ("- linear:", "- lienar:", "did you mean 'linear'?"),
    ("round_to(96*w, 8)", "round_to(96*v, 8)", "'v'"),
    ("- gap:    {as: pooled}", "- conv: {out: 8, k: 9, pad: 0}\n  - gap:    {as: pooled}", "conv"),
    ("net:", "net: [", "not valid YAML")])
def test_a_fault_has_its_line(was: str, now: str, sentence: str) -> None:
    text = source("mobilenet-v2").text.replace(was, now, 1)
    broken = replace(source("mobilenet-v2"), text=text)
    with pytest.raises(SearchspaceError) as raised:
        evaluate(broken, TOOLS)
    found = fault(raised.value, broken.file)
    assert sentence in found.sentence
    assert now.split("\n")[0].split(":")[0].strip("- ") in text.splitlines()[found.line - 1] \
        or "not valid" in sentence


def test_decisions_that_a_text_no_longer_knows_are_dropped() -> None:
    at = source("mobile", decisions=(("w", 0.5), ("stem", 17), ("gone", 1), ("early", "swish")))
    found = evaluate(at, TOOLS).decisions
    assert (found["w"], found["early"]) == (0.5, "swish") and found["stem"] in (16, 24, 32)


# --- a space ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mobile", "he", "digits", "si"])
def test_moves_keep_what_is_pinned(name: str) -> None:
    start = evaluate(source(name), Tools())
    held = start.controls[len(start.controls) // 2]
    value = next(label for label in held.labels if label != held.value)
    at = source(name, decisions=((held.name, value),))
    low = cost(load(name), evaluate(at, Tools()).decisions).macs
    place = Place(at, (held.name,), (("macs", str(low)),))
    for found in (wander(place, 1), inside(place, Tools(), 1)):
        assert found.decisions[held.name] == value
    assert cost(load(name), inside(place, Tools(), 1).decisions).macs <= low


def test_a_frozen_point_is_the_network_that_was_shown() -> None:
    at = source("mobile", decisions=tuple(wander(Place(source("mobile")), 3).decisions.items()))
    network = loads(frozen(at), "frozen.yaml")
    shown = evaluate(at, Tools())
    assert not network.is_space and cost(network).macs == shown.macs
    assert identity(network, {}) == identity(load("mobile"), shown.decisions)


def test_neighbours_differ_in_one_hole() -> None:
    rows = around(Place(source("mobile")), "stage3.stage.k", TOOLS)
    here = evaluate(source("mobile"), Tools())
    assert [row.value for row in rows] == [3, 5, 7]
    for row in rows:
        assert row.macs == cost(load("mobile"), {**here.decisions, "stage3.stage.k": row.value}).macs
        assert row.here == (row.value == here.decisions["stage3.stage.k"]) and row.top1 is not None


def test_the_best_of_many_is_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viz.live.model.points.MANY", 50)
    steps = list(best(Place(source("digits"), (), (("macs", "150K"),)), TOOLS, 0))
    assert [step.done for step in steps] == [25, 50]
    macs = [cost(load("digits"), step.decisions).macs for step in steps]
    assert macs[0] <= macs[1] <= 150_000


@pytest.mark.parametrize("name", ["henet", "mobilenet-v2", "sinet", "resnet@18"])
def test_every_number_that_is_offered_becomes_a_hole_or_is_told(name: str) -> None:
    text, file = source(name).text, source(name).file
    begin, made = text.index("\nnet:"), 0
    for match in list(re.finditer(r"\d+", text[begin:]))[:12]:
        at = begin + match.start()
        if number_at(text, at) is None:
            continue
        try:
            changed = opened(text, at, file, None)
        except SearchspaceError as error:
            assert "no hole can stand there" in str(error) or "no effect" in str(error)
        else:
            made += 1
            assert loads(changed, file).is_space
    assert made


def test_a_number_in_a_comment_is_none() -> None:
    text = "net:\n  - conv: {out: 32}  # 3×32\n"
    assert number_at(text, text.index("3×32")) is None
    with pytest.raises(SearchspaceError, match="put the cursor on a number"):
        opened(text, 1, "x.yaml", None)


# --- what is typed ------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "offered"), [
    ("net:\n  - con", {"conv", "concat"}), ("net:\n  - mbc", {"mbconv"}),
    ("net:\n  - conv: {out: 8, gro", {"groups"}), ("net:\n  - conv: {out: 8, act: rel", {"relu6"}),
    ("net:\n  - mbconv:\n      ou", {"out"}), ("net:\n  - conv: {out: =roun", {"round_to", "round_even"}),
    ("args: {wide: 1}\nnet:\n  - conv: {out: =wi", {"wide"}), ("net:\n  - conv: {k: !ch", {"choice"}),
    ("inp", {"input"}), ("net:\n  - conv: {out: 8, rep", {"repeat"}),
    ("blocks:\n  mine:\n    body: []\nnet:\n  - mi", {"mine", "mix"}),
    ("net:\n  - concat: {of: [{con", {"conv"})])
def test_completions(typed: str, offered: set[str]) -> None:
    found = complete(typed, len(typed))
    labels = {offer.label for offer in found.offers}
    assert labels & offered, labels
    assert all(label.startswith(typed[found.start:]) for label in labels)


@pytest.mark.parametrize("typed", ["# con", "net:\n  - conv: {out: 8}  # gro", "name: foo"])
def test_nothing_is_offered_where_nothing_helps(typed: str) -> None:
    assert not complete(typed, len(typed)).offers


def test_every_operation_says_in_a_line_what_it_is() -> None:
    for offer in complete("net:\n  - ", 9).offers:
        assert "\n" not in offer.about
        if offer.label in OPS:
            assert offer.about, offer.label


# --- drawings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mobilenet-v2", "nasnet-a", "densenet-cifar", "sinet"])
def test_a_folded_picture_counts_the_same(name: str) -> None:
    whole = picture(subject(load(name)), "operation")
    shut = closed(whole, ())
    shown = folded(whole, shut)
    for what in ("macs", "params"):
        assert sum(getattr(box, what) for box in shown.boxes) == \
            sum(getattr(box, what) for box in whole.boxes)
    keys = {box.key for box in shown.boxes}
    assert shut <= keys and len(keys) == len(shown.boxes) < len(whole.boxes)
    assert all({edge.source, edge.target} <= keys for edge in shown.edges)
    assert all(group.parent == "" or group.parent in {g.key for g in shown.groups}
               for group in shown.groups)
    first = sorted(shut)[0]
    assert first not in closed(whole, (f"+{first}",))


@pytest.mark.parametrize("level", ["stage", "block", "operation"])
def test_a_drawing_is_of_the_present_point(level: str) -> None:
    at = source("digits", decisions=tuple(wander(Place(source("digits")), 5).decisions.items()))
    made = drawn(at, View(level)).content.decode()
    macs = evaluate(at, Tools()).macs
    assert f"{macs / 1000:.2f} K MACs"[:5] in made or f"{macs:,}"[:3] in made


# --- what is let in -----------------------------------------------------------------------------

DOOR = Door.at("127.0.0.1", 8017, "secret-token")
HOST = {"host": "127.0.0.1:8017"}
COOKIE = {"cookie": "playground-8017=secret-token"}


@pytest.mark.parametrize(("headers", "query", "admitted"), [
    (HOST, "token=secret-token", True), ({**HOST, **COOKIE}, "", True),
    ({"host": "localhost:8017", **COOKIE}, "", True),
    ({**HOST, **COOKIE, "origin": "http://127.0.0.1:8017"}, "", True),
    (HOST, "", False), (HOST, "token=", False), (HOST, "token=secret-toke", False),
    ({**HOST, "cookie": "playground-8018=secret-token"}, "", False),
    ({**HOST, "cookie": "\x00=;;;playground-8017"}, "", False),
    ({"host": "evil.example:8017", **COOKIE}, "token=secret-token", False),     # DNS rebinding
    ({"host": "127.0.0.1:9", **COOKIE}, "", False), (COOKIE, "", False),
    ({**HOST, **COOKIE, "origin": "http://evil.example"}, "", False),           # another site's socket
    ({**HOST, **COOKIE, "origin": "null"}, "token=secret-token", False),
    ({**HOST, **COOKIE, "origin": "http://localhost:9999"}, "", False)])
def test_who_may_enter(headers: dict[str, str], query: str, admitted: bool) -> None:
    assert DOOR.admits(headers, query) is admitted


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("admitted", [True, False])
def test_the_guard_stands_before_everything(kind: str, admitted: bool) -> None:
    reached, sent = [], []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {"type": kind, "path": "/_nicegui_ws/socket.io", "query_string":
             b"token=secret-token" if admitted else b"", "headers": [(b"host", b"127.0.0.1:8017")]}
    asyncio.run(Guard(inner, DOOR)(scope, receive, send))
    assert bool(reached) is admitted
    if kind == "http" and admitted:
        headers = dict(sent[0]["headers"])
        assert b"SameSite=Strict" in headers[b"set-cookie"] and b"HttpOnly" in headers[b"set-cookie"]
        assert b"default-src 'self'" in headers[b"content-security-policy"]
    elif not admitted:
        assert (sent[0].get("status"), sent[0].get("code")) in ((403, None), (None, 1008))


def test_a_page_reaches_its_folder_and_nothing_else(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    for folder in (home / "sub", out):
        folder.mkdir(parents=True)
        (folder / "net.yaml").write_text("name: x\n")
    (home / "link.yaml").symlink_to(out / "net.yaml")
    (home / "link").symlink_to(out)
    folder = Folder(home.resolve())
    assert folder.open("sub/net.yaml").text == "name: x\n"
    assert folder.open("sinet@1.6") == replace(folder.open("sinet"), variant="1.6")
    for name in ("../out/net.yaml", str(out / "net.yaml"), "link.yaml", "link/net.yaml",
                 "sub/../../out/net.yaml", "/etc/passwd", "sub/net.yaml\0", "~/x.yaml", "nothing.yaml"):
        with pytest.raises(SearchspaceError):
            folder.open(name)
        with pytest.raises(SearchspaceError):
            folder.study(name)
    for name in ("../out/mine.yaml", "link/mine.yaml", str(out / "mine.yaml"), "mine.yaml\0"):
        with pytest.raises(SearchspaceError):
            folder.save(name, "name: y\n")
    assert sorted(p.name for p in out.iterdir()) == ["net.yaml"]
    assert folder.save("deep/mine", "name: y\n").read_text() == "name: y\n"


def test_a_bundled_genotype_is_never_written_over() -> None:
    folder = Folder(GENOTYPES.resolve())
    before = (GENOTYPES / "sinet.yaml").read_bytes()
    with pytest.raises(SearchspaceError, match="stays as it is"):
        folder.save("sinet.yaml", "name: y\n")
    assert (GENOTYPES / "sinet.yaml").read_bytes() == before


# --- processes ----------------------------------------------------------------------------------


class Here:
    """A worker that works in this process, at once."""

    ready = alive = True

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.ended = False

    def give(self, job: Job, hear: Hear) -> None:
        try:
            for result in JOBS[job.kind](self.tools, *job.given):
                hear(Said(result))
        except SearchspaceError as error:
            at = getattr(job.given[0], "source", job.given[0])
            hear(Said(fault=fault(error, getattr(at, "file", ""))))
        hear(Said(done=True))

    def end(self) -> None:
        self.ended = True


class Never(Here):
    """A worker that does not come to an end."""

    def give(self, job: Job, hear: Hear) -> None:
        pass


class Local(Spares):
    """Workers of one kind."""

    def __init__(self, kind: type[Here] = Here, tools: Tools = TOOLS) -> None:
        super().__init__(tools)
        self.kind, self.made = kind, list[Here]()

    ready = True

    def prepare(self) -> None:
        pass

    def take(self) -> Any:
        self.made.append(self.kind(self.tools))
        return self.made[-1]


def test_of_many_jobs_the_first_and_the_last_are_done() -> None:
    async def work() -> list[int]:
        done: list[int] = []
        lane = Lane(Local(), lambda number, result: done.append(number))
        for _ in range(50):
            lane.submit(Job("numbers", (source("henet"),)))
        while lane.busy:
            await asyncio.sleep(0)
        lane.close()
        return done
    assert asyncio.run(work()) == [1, 50]


def test_what_takes_too_long_is_ended_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> tuple[list[Any], Local]:
        got: list[Any] = []
        spares = Local(Never)
        lane = Lane(spares, lambda number, result: got.append(result), seconds=0.05)
        lane.submit(Job("numbers", (source("henet"),)))
        await asyncio.sleep(0.2)
        assert not lane.busy
        lane.submit(Job("numbers", (source("henet"),)))
        lane.submit(Job("numbers", (source("henet"),)))
        lane.cancel()
        lane.close()
        return got, spares
    got, spares = asyncio.run(work())
    assert got == [Fault("this takes longer than 0.05 s, and was stopped")]
    assert [worker.ended for worker in spares.made] == [True, True]


def test_a_process_ends_when_another_is_ready_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viz.live.processes.lane.GRACE_S", 0.02)
    monkeypatch.setattr("viz.live.processes.lane.BEGINS_S", 0.02)

    async def work() -> tuple[int, list[int]]:
        done: list[int] = []
        spares = Local(Never)
        spares.ready = False
        lane = Lane(spares, lambda number, result: done.append(number), seconds=30)
        lane.submit(Job("numbers", (source("henet"),)))
        spares.kind = Here
        lane.submit(Job("numbers", (source("henet"),)))
        await asyncio.sleep(0.3)
        before = len(spares.made)
        spares.ready = True
        await asyncio.sleep(0.3)
        lane.close()
        return before, done
    assert asyncio.run(work()) == (1, [2])


def test_a_newer_text_ends_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viz.live.processes.lane.GRACE_S", 0.02)

    async def work() -> list[int]:
        done: list[int] = []
        spares = Local(Never)
        lane = Lane(spares, lambda number, result: done.append(number), seconds=30)
        lane.submit(Job("numbers", (source("henet"),)))
        spares.kind = Here
        lane.submit(Job("numbers", (source("henet"),)))
        await asyncio.sleep(0.3)
        lane.close()
        return done
    assert asyncio.run(work()) == [2]


Play = Callable[[Session, list[dict[str, Any]]], Any]


def played(state: State, folder: Path, *acts: tuple[str, dict[str, Any]],
           tools: Tools = TOOLS) -> tuple[Session, list[dict[str, Any]]]:
    """A session after some acts, and all that its screen was sent."""
    async def work() -> tuple[Session, list[dict[str, Any]]]:
        sent: list[dict[str, Any]] = []
        world = World(Folder(folder.resolve()), Local(tools=tools), None,
                      views.plane(tools.known()) if tools.known else None)
        session = Session(lambda message: sent.append(json.loads(json.dumps(message))), world, state)
        for kind, given in (("start", {"link": ""}), *acts):
            session.act(kind, given)
            for _ in range(20):
                await asyncio.sleep(0)
        session.close()
        return session, sent
    return asyncio.run(work())


def bundled_state(name: str) -> State:
    return State(source(name).text, name)


def test_papers_are_compared_at_their_own_size() -> None:
    at_home, away = (evaluate(source("henet", size=size), Tools()) for size in (None, 160))
    assert at_home.figures == away.figures != () and at_home.notes == away.notes
    assert (at_home.figures_at, away.figures_at) == ("", "3×31×31")
    assert away.macs > 20 * at_home.macs
    assert "Published, for 3×31×31:" in views.numbers(away, State(""), "")["published"]


def test_a_session_shows_what_was_asked_last(tmp_path: Path) -> None:
    text = source("mobilenet-v2").text
    session, sent = played(bundled_state("mobilenet-v2"), tmp_path,
                           ("text", {"text": text.replace("stride: 2, act", "strid: 2, act")}),
                           ("text", {"text": text.replace("160*w", "120*w")}),
                           ("level", {"level": "block"}), ("undo", {}), ("undo", {}))
    faults = [m["fault"] for m in sent if "fault" in m]
    assert [bool(f) for f in faults] == [False, True, False, False]
    assert session.state == bundled_state("mobilenet-v2")
    assert isinstance(session.report, Report)
    assert session.report.macs == cost(load("mobilenet-v2")).macs
    assert sum("drawing" in m for m in sent) >= 3
    assert from_link([m["link"] for m in sent if "link" in m][-1]) == session.state
    assert [m["set"] for m in sent if "set" in m] == [text, text]
    assert len([m["trail"] for m in sent if "trail" in m][-1]) == 3


def test_a_session_moves_in_a_space(tmp_path: Path) -> None:
    session, sent = played(bundled_state("digits"), tmp_path, ("bound", {"cost": "macs", "text": "150K"}),
                           ("random", {}), ("inside", {}), ("around", {"hole": "stage1"}),
                           ("freeze", {}), ("download", {"format": "yaml"}),
                           ("download", {"format": "svg"}), ("download", {"format": "pdf"}),
                           ("download", {"format": "html"}), ("download", {"format": "py"}))
    assert session.report is not None and not session.report.is_space
    assert session.report.macs <= 150_000
    files = [m["file"]["name"] for m in sent if "file" in m]
    assert [name.partition(".")[2] for name in files] == ["yaml", "svg", "pdf", "html", "py"]
    assert any("around" in m.get("panes", {}) for m in sent)


def test_a_link_of_another_folder_is_shown_in_this_one(tmp_path: Path) -> None:
    link = to_link(State(source("henet").text, "../elsewhere/net.yaml", beside="../x.yaml"))
    session, sent = played(State(""), tmp_path, ("start", {"link": link}), ("text", {
        "text": source("henet").text + "\n"}))
    assert session.state.file == "untitled.yaml"
    assert isinstance(session.report, Report) and session.report.macs == cost(load("henet")).macs
    assert any("stands outside" in m.get("say", "") for m in sent)


def test_a_session_compares(tmp_path: Path) -> None:
    session, sent = played(bundled_state("resnet"), tmp_path, ("variant", {"variant": "18"}),
                           ("beside", {"name": "resnet@34"}), ("swap", {}))
    assert any("resnet@34" in m["panes"]["pair"] for m in sent if "pair" in m.get("panes", {}))
    assert (session.state.variant, session.state.beside) == ("34", "resnet@18")


@pytest.mark.parametrize(("kind", "given"), [
    ("open", {"name": "/etc/passwd"}), ("open", {"name": "../x.yaml"}), ("open", {}),
    ("nothing", {}), ("hole", {"position": 10**12}), ("hole", {"position": 0}), ("trial", {"number": 1}),
    ("download", {"format": "exe"}), ("search", {"study": "x"}), ("study", {"name": "../../x"}),
    ("study", {"name": "sqlite:////etc/passwd"}), ("stop-search", {}), ("save", {"name": "../x"}),
    ("beside", {"name": "nothing-of-this-name"}), ("size", {"size": "1.5"})])
def test_a_mistake_is_told_in_one_sentence(kind: str, given: dict[str, Any], tmp_path: Path) -> None:
    _, sent = played(bundled_state("henet"), tmp_path, (kind, given))
    said = [m["say"] for m in sent if "say" in m]
    assert said and all("\n" not in one and "Traceback" not in one for one in said)


# --- searches -----------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "studies" / "mine"


def test_a_search_is_found_again_and_asked_to_end(home: Path) -> None:
    code = "import signal, sys; signal.signal(2, lambda *a: sys.exit(0)); print('on', flush=True); signal.pause()"
    made = searches.start(home, [sys.executable, "-c", code], 10, "python search/run.py")
    assert searches.of_study(home) == made and made.alive
    with pytest.raises(SearchspaceError, match="runs already"):
        searches.start(home, [sys.executable, "-c", ""], 10, "")
    while "on" not in searches.words(home):
        pass
    searches.stop(made)
    while made.alive:
        pass
    assert searches._PROCESSES[made.pid].wait() == 0


def test_a_search_that_has_just_begun_is_found_by_a_new_page(home: Path) -> None:
    code = "import signal; signal.pause()"
    made = searches.start(home, [sys.executable, "-c", code], 7, "python search/run.py")
    session, sent = played(bundled_state("henet"), home.parents[1])
    os.kill(made.pid, 9)
    searches._PROCESSES[made.pid].wait()
    assert session.follower.follow is not None and session.follower.follow.folder == home
    tables = [m["panes"]["study-table"] for m in sent if "study-table" in m.get("panes", {})]
    assert "of 7 trials" in tables[-1] and "running" in tables[-1]
    assert [m["searching"] for m in sent if "searching" in m] == [True]


def test_a_study_from_a_stranger_names_no_process(home: Path) -> None:
    home.mkdir(parents=True)
    note = {"folder": str(home), "pid": os.getpid(), "began": "0", "trials": 1, "shown": ""}
    (home / "search.json").write_text(json.dumps(note))
    assert searches.of_study(home) is None
    path = searches._note(home)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(note))           # this process is another one than began then
    found = searches.of_study(home)
    assert found is not None and not found.alive
    searches.stop(found)


def test_all_that_is_bundled_can_be_opened() -> None:
    names = Folder(Path.cwd().resolve()).names()
    assert set(names) >= {*published(), *spaces()}
    with pytest.raises(GenotypeError):
        loads("name: x\nnet: []\n", "x.yaml")
