"""Reader of the final comparison in a study's folder (finals.csv); the file may be a stranger's."""

from collections.abc import Collection, Mapping
from pathlib import Path

from search.errors import damaged
from search.spreadsheet import read
from searchspace.safety.files import own
from searchspace.safety.values import WORD, WrongValueError, real_cell, whole_cell
from viz.results import Rival

MOST = 1_000        # rows that are read
_NUMBER = "the number of a trial"


def read_rivals(file: Path, scored: Collection[int]) -> tuple[Rival, ...]:
    """The networks of the final comparison, none if there was none; ``scored``: numbers of the
    trials with values. Further columns are ignored.

    Raises:
        StorageError: the file is damaged. OSError: it cannot be read.
    """
    if not file.is_file():
        return ()
    with damaged(str(file)):
        return tuple(_rival(row, scored) for row in read(own(file), MOST))


def _rival(row: Mapping[str, str], scored: Collection[int]) -> Rival:
    name, trial = WORD.of(row, "network"), None
    if WORD.of(row, "kind") == "found":         # "trial 7", perhaps with a name behind it
        trial = whole_cell({_NUMBER: "".join(name.split()[1:2])}, _NUMBER)
        if trial not in scored:
            raise WrongValueError(f"the study has no value of trial {trial}")
    return Rival(name, trial, whole_cell(row, "macs"), whole_cell(row, "params"),
                 whole_cell(row, "memory"), real_cell(row, "score_mean"),
                 real_cell(row, "score_spread"), bool(whole_cell(row, "over_budget")))
