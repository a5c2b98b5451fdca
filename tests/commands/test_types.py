"""The types that the packages publish, on a user's project, by mypy --strict."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "fixtures" / "example"
ROOT = Path(__file__).parents[2]


def checked(name: str, cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, "--follow-imports",
         "silent", "--cache-dir", str(cache), str(EXAMPLE / name)],
        cwd=cache, env=os.environ | {"MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mypy")
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.slow
def test_a_users_project_is_checked_strictly(cache: Path) -> None:
    done = checked("search_mine.py", cache)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_what_is_wrong_is_seen(cache: Path) -> None:
    said = checked("wrong.py", cache).stdout
    assert '"Cost" has no attribute "flops"' in said and "Literal" in said
    assert said.count("error:") == 3, said
