"""Retry transient database errors with backoff: a server that is restarted, a busy file.

Every operation is one transaction and idempotent, so it may be repeated.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError

from searchspace.cli import remark
from searchspace.phases import phase

T = TypeVar("T")

_PAUSES_S = (0.1, 0.2, 0.5, 1.0, 2.0)       # the last one is repeated
_TELL_AFTER_S = 3.0
# PostgreSQL: shut down, crashed, starting up; too many clients; a deadlock, a failed serialization
_PASSING = {"57P01", "57P02", "57P03", "53300", "40P01", "40001"}


def passes(error: BaseException | None) -> bool:
    """Whether a database error is transient: server unreachable, or busy with another writer."""
    while error is not None:
        if isinstance(error, PendingRollbackError):     # what went before it was the reason
            return True
        if isinstance(error, DBAPIError):
            if error.connection_invalidated:
                return True
            if isinstance(error, OperationalError | InterfaceError):
                return _is_away(error.orig)
        error = error.__cause__
    return False


def _is_away(error: object) -> bool:
    if type(error).__module__.startswith("sqlite3"):
        return "locked" in str(error) or "busy" in str(error)
    code = getattr(error, "sqlstate", None)
    return code is None or code in _PASSING or code.startswith("08")


@phase("storing")
def patient(work: Callable[[], T], patience_s: float) -> T:
    """The result of ``work``, retried for up to ``patience_s`` seconds on transient errors."""
    start, tries, reported = time.monotonic(), 0, False
    while True:
        try:
            done = work()
        except Exception as error:
            away = time.monotonic() - start
            if away > patience_s or not passes(error):
                raise
            if away > _TELL_AFTER_S and not reported:
                reported = True
                remark("the database cannot be reached; waiting for it")
            time.sleep(_PAUSES_S[min(tries, len(_PAUSES_S) - 1)])
            tries += 1
        else:
            if reported:
                remark(f"the database is back after {time.monotonic() - start:.0f} s")
            return done
