"""Logs of a training: log.csv always, TensorBoard's event files on request."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TextIO

from search.errors import RecipeError
from search.spreadsheet import writer
from search.training.epochs import EpochLog
from searchspace.scripts import install


class Log:
    """Writes one row per epoch."""

    def __init__(self, file: TextIO, board: Any) -> None:
        self.file, self.board = file, board
        self.write = writer(file)
        self.write(f.name for f in fields(EpochLog))

    def add(self, row: EpochLog) -> None:
        """Write an epoch."""
        self.write(asdict(row).values())
        self.file.flush()
        if self.board is not None:
            for name, value in asdict(row).items():
                if name != "epoch" and value is not None:
                    self.board.add_scalar(name, value, row.epoch)
            self.board.flush()


@contextmanager
def open_log(kind: str, folder: Path, past: Sequence[EpochLog]) -> Iterator[Log]:
    """The log of a training in ``folder``, which begins with the ``past`` epochs.

    Raises:
        RecipeError: TensorBoard is requested, and not installed.
    """
    board = _board(folder) if kind == "tensorboard" else None
    try:
        path = folder / "log.csv"
        path.unlink(missing_ok=True)        # also if it is a link, whose target is not changed
        with path.open("x", newline="", encoding="utf-8") as file:
            log = Log(file, board)
            for row in past:
                log.add(row)
            yield log
    finally:
        if board is not None:
            board.close()


def _board(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError as error:
        raise RecipeError(f"--log tensorboard needs the Python package {error.name}: "
                          f"{install('tensorboard')}") from None
    for old in folder.glob("events.out.tfevents.*"):       # written again, from the past epochs
        old.unlink()
    return SummaryWriter(folder)
