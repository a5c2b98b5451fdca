"""A worker's heartbeat: a thread that says every few seconds that the process is alive."""

import contextlib
import threading
from types import TracebackType
from typing import Self

from search.archive import StorageError
from search.archive.claims import BEAT_S, Claims


class Heartbeat:
    """While it is entered, the worker stands in the database and beats."""

    def __init__(self, claims: Claims, study: str) -> None:
        self.claims, self.study = claims, study
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self.claims.beat(self.study)
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.ended.set()
        self.thread.join()
        with contextlib.suppress(StorageError):     # the database is away; the beats have ended
            self.claims.leave()

    def _beat(self) -> None:
        while not self.ended.wait(BEAT_S):
            try:
                self.claims.beat(self.study)
            except StorageError:
                continue    # the worker itself meets the same error, and tells it
