"""Watching a study: search/status.py, and optuna-dashboard on the same database."""

import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from benchmarks.reliability import study_of
from search.archive import Archive
from search.archive.claims import Claims
from search.status import main, status_of
from search.storage.dashboard import attach
from search.study import Study
from searchspace import load
from viz.drawing.render import render

ROOT = Path(__file__).parents[2]


def test_the_status_counts_what_is_there(url: str, tmp_path: Path) -> None:
    with study_of(tmp_path / "s", url, 9) as study, Archive(url) as archive:
        other = Claims(archive.database, "elsewhere/77/x")
        other.beat(study.session.name)
        study.run(lambda _: None, lambda: len(study.trials()) >= 4)
        running = study.session.study.ask()
        study.begin(running, 4)
        now = datetime.now(UTC)
        status = status_of(study.session.study, archive, now)
        assert (status.finished, status.failed, status.running, status.interrupted) == (4, 0, 1, 0)
        assert {w.id for w in status.workers if w.alive} == {study.session.claims.own, "elsewhere/77/x"}
        assert status.trials == {study.session.claims.own: 4} and status.front is None
        values = sorted((t.values[0] for t in study.session.study.trials
                         if t.state == TrialState.COMPLETE), reverse=True)
        assert [t.values[0] for t in status.best] == values
        since = min(t.datetime_start for t in study.session.study.trials).astimezone(UTC)
        assert status.rate == pytest.approx(4 * 3600 / (now - since).total_seconds(), rel=0.01)
        later = status_of(study.session.study, archive, now + timedelta(hours=2))
        assert later.rate == 0      # nothing within the last hour


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with study_of(tmp_path / "reliability", None, 5) as study:
        study.run(lambda _: None, lambda: len(study.trials()) >= 2)
    given = ["--studies", str(tmp_path), "--once"]
    assert main(["reliability", *given]) == 0
    out, err = capsys.readouterr()
    assert err == "" and "2 of 5 finished" in out and "0 alive" in out and "3 more take" in out
    for arguments, words in ((["nowhere"], "no study in"), (["reliability", "--study", "x"], None)):
        status = main([*arguments, *given])
        out, err = capsys.readouterr()
        assert (status, err.count("\n")) == ((2, 1) if words else (0, 0)) and (words or "") in err


def test_it_is_a_script(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(ROOT / "search" / "status.py"), "--help"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "search/status.py mine" in done.stdout


def get(app: Any, path: str) -> tuple[str, bytes]:
    status = []
    body = app({"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "x",
                "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
                "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr},
               lambda told, *_: status.append(told))
    return status[0], b"".join(body)


@pytest.mark.slow       # where CI has installed it
@pytest.mark.filterwarnings("ignore")
def test_the_dashboard_shows_constraints_and_drawings(tmp_path: Path) -> None:
    dashboard = pytest.importorskip("optuna_dashboard")
    from optuna.artifacts import FileSystemArtifactStore

    folder = tmp_path / "s"
    with study_of(folder, None, 3) as study:
        study.run(lambda _: None)
        macs = {t.number: t.macs for t in study.trials()}
        for name in ("henet", "mobilenet-v2"):      # the second in the place of the first
            render(load(name), folder / "best.svg")
            attach(study.session.study, folder / "best.svg", folder / "artifacts")
    app = dashboard.wsgi(study_url(study),
                         artifact_store=FileSystemArtifactStore(str(folder / "artifacts")))
    status, body = get(app, "/api/studies")
    assert status.startswith("200")
    [summary] = json.loads(body)["study_summaries"]
    number = summary["study_id"]
    told = json.loads(get(app, f"/api/studies/{number}")[1])
    assert {t["number"]: t["constraints"] for t in told["trials"]} == {
        n: [m - 400_000] for n, m in macs.items()}
    assert told["objective_names"] == ["table"]
    [drawing] = told["artifacts"]
    assert drawing["filename"] == "best.svg"
    status, body = get(app, f"/artifacts/{number}/{drawing['artifact_id']}")
    assert status.startswith("200") and body == (folder / "best.svg").read_bytes()


def study_url(study: Study) -> str:
    return study.session.url
