"""What several tests of files from strangers share."""

from pathlib import Path

import pytest

from benchmarks.reliability import study_of


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study at rest, of four trials; who changes it copies it first."""
    folder = tmp_path_factory.mktemp("studies") / "reliability"
    with study_of(folder, None, 4) as study:
        study.run(lambda _: None)
    return folder
