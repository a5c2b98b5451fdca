"""Heartbeats of workers, and their exclusive claims (leases) on networks.

A worker is a row whose ``beat`` it renews. It is dead when its beats stop for `GRACE_S`, or at
once when it ran on this machine and its process is gone. A claim is a row that only one worker can
insert; it is taken over only from a worker that is dead or has left, so no clean-up is needed after
a crash. A claim does not imply that the evaluation was recorded: the next claimant checks that.
"""

import contextlib
import os
import platform
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from search.archive import schema
from search.archive.database import Database
from search.archive.rows import fetch
from search.environment import machine
from search.errors import StorageError

BEAT_S = 5.0        # from one beat to the next
GRACE_S = 60.0      # without a beat, after which a worker of another machine is dead


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker in the database; ``silent``: seconds since its last beat."""

    id: str
    study: str
    machine: str
    started: datetime
    silent: float
    alive: bool


def new_worker() -> str:
    """A worker's name: its machine, its process number, and a random part."""
    return f"{_host()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


class Held(IntEnum):
    """Whether a worker has a claim: a new one, its own, or one taken over from a dead worker."""

    NOT = 0
    NEW = 1
    BEFORE = 2


class Claims:
    """The workers and claims in a database, as the worker ``own`` sees them."""

    def __init__(self, database: Database, own: str, grace_s: float = GRACE_S) -> None:
        self.database, self.own, self.grace_s = database, own, grace_s

    def beat(self, study: str) -> None:
        """Record that this worker is alive."""
        def work(connection: sa.Connection) -> None:
            now = self.database.now(connection)
            made = self.database.insert(schema.WorkerTable).values(
                id=self.own, study=study, machine=machine(), started=now, beat=now)
            connection.execute(made.on_conflict_do_update(index_elements=["id"],
                                                          set_={"beat": now}))
        self.database.write(work)

    def leave(self, worker: str | None = None) -> None:
        """Remove a worker from the list, by default this one."""
        gone = sa.delete(schema.WorkerTable).where(schema.WorkerTable.id == (worker or self.own))
        self.database.write(lambda connection: connection.execute(gone))

    def workers(self, study: str | None = None) -> list[Worker]:
        """All workers, or those of a study, including dead ones that were not removed."""
        table = schema.WorkerTable
        query = sa.select(table.id, table.study, table.machine, table.started, table.beat)
        if study is not None:
            query = query.where(table.study == study)

        def read(connection: sa.Connection) -> list[Worker]:
            now = self.database.now(connection)
            return [self._worker(row, now)
                    for row in fetch(connection, query.order_by(table.started, table.id))]
        return self.database.read(read)

    def claim(self, subject: str) -> Held:
        """Claim ``subject``; whether this worker has it now, and whether another had it before."""
        table, others = schema.Claim, schema.WorkerTable

        def work(connection: sa.Connection) -> Held:
            now = self.database.now(connection)
            made = self.database.insert(table).values(
                subject=subject, worker=self.own, created=now).on_conflict_do_nothing()
            if connection.scalar(made.returning(table.subject)) is not None:
                return Held.NEW
            holder = connection.scalar(sa.select(table.worker).where(table.subject == subject)
                                       .with_for_update())
            if holder == self.own:
                return Held.BEFORE
            rows = fetch(connection, sa.select(
                others.id, others.study, others.machine, others.started, others.beat).where(
                others.id == holder))
            if rows and self._worker(rows[0], now).alive:
                return Held.NOT
            connection.execute(sa.update(table).where(table.subject == subject)
                               .values(worker=self.own, created=now))
            return Held.BEFORE
        return self.database.write(work)

    def release(self, subject: str) -> None:
        """Give a claim back."""
        table = schema.Claim
        gone = sa.delete(table).where(table.subject == subject, table.worker == self.own)
        self.database.write(lambda connection: connection.execute(gone))

    def _worker(self, row: Any, now: datetime) -> Worker:
        silent = (now - row.beat).total_seconds()
        return Worker(row.id, row.study, row.machine, row.started, silent,
                      silent < self.grace_s and not is_gone(row.id))


class Heartbeat:
    """Context manager that registers the worker and renews its beat in a thread."""

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
        with contextlib.suppress(StorageError):     # unreachable; the beats have ended
            self.claims.leave()

    def _beat(self) -> None:
        while not self.ended.wait(BEAT_S):
            try:
                self.claims.beat(self.study)
            except StorageError:
                continue    # the worker itself gets the same error, and reports it


def is_gone(worker: str) -> bool:
    """Whether a worker ran on this machine and its process has ended."""
    host, _, rest = worker.rpartition("/")[0].rpartition("/")
    if host != _host() or not rest.isdecimal():
        return False
    try:
        status = Path(f"/proc/{rest}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return True
        return not _exists(int(rest))       # no /proc on this system
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] in ("Z", "X")      # killed, and not waited for


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


@cache
def _host() -> str:
    """Identifier of this machine, its boot and its PID namespace (containers have their own)."""
    parts = [platform.node()]
    for source in (Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")):
        try:
            parts.append(source.readlink().name if source.is_symlink()
                         else source.read_text(encoding="utf-8").strip()[:8])
        except OSError:
            parts.append("")
    return ":".join(parts).replace("/", "_")
