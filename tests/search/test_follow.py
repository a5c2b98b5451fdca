"""A study that is followed while it runs shows what reading it as a whole shows."""

from pathlib import Path

import pytest

from search import read_study, search
from search.errors import StudyError
from search.results.follow import Reader
from viz.results import Results


def test_what_is_followed_is_what_is_read(tmp_path: Path) -> None:
    reader, seen = Reader(tmp_path / "mine", None), list[Results]()

    def look(trials: object) -> None:
        found = reader.results(seen[-1].rows[-1].number + 1 if seen else 0)
        if found is not None:
            seen.append(found)

    search("digits", "100K", "table", trials=4, input=8, folder=tmp_path / "mine", on_trial=look)
    assert [len(found.rows) for found in seen] == [1, 2, 3, 4]
    whole, last = read_study(tmp_path / "mine"), seen[-1]
    assert last.rows == whole.rows and last.front == whole.front and last.best == whole.best
    assert (last.goals, last.limits, last.name) == (whole.goals, whole.limits, whole.name)
    assert reader.results(4) is None
    with pytest.raises(StudyError):
        Reader(tmp_path, None).results()
