"""A worker whose objective is a table that takes its time, and writes down what it looks up.

Started by benchmarks/reliability.py and the tests in the place of ``search.launchers``.
SLOW_S is how long a look-up takes, and none ends while there is a file SLOW_HOLD; to the file
SLOW_LOG each adds a line when it begins, and one when it ends: what was scored when, as seen by
nobody who could be wrong about it.
"""

import os
import sys
import time
from dataclasses import dataclass, replace
from typing import Any

from search.launchers.worker import main
from search.objectives.lookup import Lookup
from search.study import Study


@dataclass(frozen=True)
class SlowTable:
    """A `search.tables.Table` that takes ``seconds``, and as long as there is a file ``hold``."""

    table: Any
    seconds: float
    log: str
    hold: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.table, name)

    def value(self, column: Any, identity: str, total: Any, decisions: Any) -> Any:
        """As the table's."""
        self._note("begin", identity)
        time.sleep(self.seconds)
        while self.hold and os.path.exists(self.hold):
            time.sleep(0.02)
        found = self.table.value(column, identity, total, decisions)
        self._note("end", identity)
        return found

    def _note(self, what: str, identity: str) -> None:
        if self.log:
            file = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(file, f"{what} {identity} {os.getpid()} {time.time()}\n".encode())
            os.close(file)


def slow(study: Study) -> None:
    """Let a study's table take its time."""
    lookup = study.evaluators["table"]
    assert isinstance(lookup, Lookup)
    table: Any = SlowTable(lookup.table, float(os.environ.get("SLOW_S", "0.5")),
                           os.environ.get("SLOW_LOG", ""), os.environ.get("SLOW_HOLD", ""))
    study.evaluators = {"table": replace(lookup, table=table)}


if __name__ == "__main__":
    sys.exit(main(slow))
