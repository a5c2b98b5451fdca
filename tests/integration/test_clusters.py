"""Workers on clusters: real Ray nodes, and Slurm's jobs as submitit runs them without Slurm."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from benchmarks.reliability import account, study_of
from search.errors import StudyError
from search.launchers import Resources
from search.launchers.worker import WorkerJob
from search.samplers import finished
from search.storage.attributes import WORKER
from search.study.worker_recovery import running

ROOT = Path(__file__).parents[2]
BEFORE = signal.getsignal(signal.SIGINT)        # it is ignored where a shell runs this behind it
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def job_of(study: object) -> WorkerJob:
    return WorkerJob(study.plan.settings, study.session.folder.resolve(), study.session.name, study.session.url)


def test_slurm_jobs_run_a_study(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    from search.launchers.slurm import SlurmLauncher

    url = f"sqlite:///{tmp_path / 'shared.db'}"
    with study_of(tmp_path / "s", url, 8) as study:
        launcher = SlurmLauncher(Resources(2, address="local", options=(("timeout_min", "5"),)))
        launcher.run(job_of(study), lambda: len(study.trials()), lambda: False)
        trials = study.trials()
        assert len(trials) == len({t.identity for t in trials}) == 8
        assert (tmp_path / "s" / "slurm").is_dir()


def test_where_there_is_no_slurm_it_is_said(tmp_path: Path,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    from search.launchers.slurm import SlurmLauncher

    monkeypatch.setenv("PATH", "/nowhere")
    with study_of(tmp_path, None, 2) as study, pytest.raises(StudyError, match="Slurm cannot be"):
        SlurmLauncher(Resources(1)).run(job_of(study), lambda: 0, lambda: False)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> object:
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", str(ROOT))     # of its workers
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    yield made
    made.shutdown()


def test_a_ray_node_is_lost_and_its_trials_are_run_elsewhere(
        cluster: object, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlalchemy as sa

    from search.launchers.ray import RayLauncher

    server = sa.make_url(postgres).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("DROP DATABASE IF EXISTS ray"))
        connection.execute(sa.text("CREATE DATABASE ray"))
    engine.dispose()
    url = server.set(database="ray").render_as_string(hide_password=False)
    lost = cluster.add_node(num_cpus=2)         # a second node, with room for two of three workers
    log, hold, removed = tmp_path / "log", tmp_path / "hold", []

    def slow_work(job: WorkerJob) -> None:
        """The worker function, with an objective that takes its time."""
        from benchmarks.slow_worker import slow
        from search.launchers.worker import work

        os.environ |= {"SLOW_S": "0.5", "SLOW_LOG": str(log), "SLOW_HOLD": str(hold)}
        work(job, prepare=slow)

    monkeypatch.setattr("search.launchers.ray.work", slow_work)

    def remove() -> None:
        with study_of(tmp_path / "watch", url, 12) as watching:
            def wait_for(ended: int, working: int) -> None:
                while True:
                    trials = watching.session.study.get_trials(deepcopy=False)
                    if sum(map(finished, trials)) >= ended and len(
                            {t.user_attrs[WORKER] for t in running(trials)}) >= working:
                        return
                    time.sleep(0.05)

            wait_for(ended=2, working=0)
            hold.touch()        # nobody is between two trials when the node goes
            time.sleep(1)
            wait_for(ended=2, working=2)        # the first node has room for one
        cluster.remove_node(lost, allow_graceful=False)
        hold.unlink()
        removed.append(time.time())

    with study_of(tmp_path / "s", url, 12) as study:
        thread = threading.Thread(target=remove)
        thread.start()
        RayLauncher(Resources(3, cpus=1, address=cluster.address)).run(
            job_of(study), lambda: len(study.trials()), lambda: False)
        thread.join()
        assert removed
        told = account(study, log, 12)      # what was cut off is among what was done
        assert told["interrupted"] >= 1 and told["looked up at once by two"] == 0


def test_without_a_cluster_it_is_said(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    from search.launchers.ray import RayLauncher

    with study_of(tmp_path, None, 2) as study, pytest.raises(StudyError, match="no Ray cluster at"):
        RayLauncher(Resources(1, address="127.0.0.1:9")).run(job_of(study), lambda: 0,
                                                             lambda: False)


@pytest.mark.parametrize("name", ["ray", "submitit"])
def test_a_missing_package_is_one_sentence(name: str, tmp_path: Path) -> None:
    launcher = {"ray": "ray", "submitit": "slurm"}[name]
    code = (f"import sys; sys.modules[{name!r}] = None\nfrom search.run import main\n"
            f"sys.exit(main(['--budget', '400K', '--space', 'digits', '--objective', 'table', "
            f"'--launcher', {launcher!r}, '--storage', 'sqlite:///{tmp_path}/x.db', "
            f"'--studies', {str(tmp_path)!r}]))")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
                          check=False, timeout=200)
    assert done.returncode == 2 and f"needs the package {name}" in done.stderr
    assert "Traceback" not in done.stderr


def test_signals_are_as_before() -> None:
    assert signal.getsignal(signal.SIGINT) is BEFORE
