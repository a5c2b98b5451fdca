"""Archive of evaluations: recording, look-up and ranking by `EvaluationKey`.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from search.archive import schema
from search.archive.claims import Claims
from search.archive.connection.access import Access
from search.archive.database import Database
from search.archive.ranking import best, magnitude, refresh
from search.archive.records import (
    Bounds,
    Evaluation,
    EvaluationKey,
    Measure,
    Measurement,
    NetworkRecord,
    Standing,
)
from search.archive.rows import fetch
from search.environment import machine, versions

_COLUMNS = tuple(getattr(schema.EvaluationTable, f.name) for f in fields(Evaluation))
_POLL_S = 0.2       # between looks whether another worker is done
KEY = tuple(f.name for f in fields(EvaluationKey))
RENEWED = ("value", "curve", "seconds", "error", "study", "trial", "machine", "versions", "created")


class Archive:
    """The archive in one database, by default opened for writing.

    ``url`` is SQLAlchemy's: ``sqlite:///studies/mine/study.db``, ``postgresql+psycopg://…``. Use
    it as a context manager, or `close` it; each process opens its own. Once open, operations are
    retried for ``patience_s`` seconds while the server is unreachable.

    Raises:
        StorageError: the database cannot be used, here and from every method.
    """

    def __init__(self, url: str, patience_s: float = 0, access: Access = Access.WRITE) -> None:
        self.database = Database(url, patience_s, access)
        self.engine = self.database.engine
        self.claims: Claims | None = None       # of the worker that records here

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def record(self, key: EvaluationKey, network: NetworkRecord, result: Measurement,
               study: str | None = None, trial: int | None = None) -> Evaluation:
        """Store an evaluation, and its network if it is new; returns the stored evaluation.

        An existing evaluation is kept, except that a success replaces a failure; so several
        processes may record the same one.
        """
        insert, table = self.database.insert, schema.ArchitectureTable
        made = insert(table).values(identity=key.identity, magnitude=magnitude(network.macs),
                                    **asdict(network))
        # This also locks the row in PostgreSQL: who records the same network waits until here.
        made = made.on_conflict_do_update(
            index_elements=["identity"], set_={"memory": made.excluded.memory},
            where=table.memory.is_(None) & made.excluded.memory.is_not(None))
        curve = None if result.curve is None else list(result.curve)
        scored = insert(schema.EvaluationTable).values(
            **asdict(key), value=result.value, curve=curve, seconds=result.seconds,
            error=result.error, study=study, trial=trial, machine=machine(), versions=versions(),
            created=datetime.now(UTC))
        scored = scored.on_conflict_do_update(
            index_elements=KEY, set_={c: scored.excluded[c] for c in RENEWED},
            where=schema.EvaluationTable.value.is_(None) & scored.excluded.value.is_not(None))

        def work(connection: sa.Connection) -> None:
            connection.execute(made)
            connection.execute(scored)
            if result.value is not None:
                refresh(connection, insert, [key.identity])

        self.database.write(work)
        found = self.find(key)
        assert found is not None
        return found

    def find(self, key: EvaluationKey) -> Evaluation | None:
        """The evaluation of this key, if there is one."""
        found = self._evaluations(*(getattr(schema.EvaluationTable, name) == value
                                    for name, value in asdict(key).items()))
        return found[0] if found else None

    @contextmanager
    def alone(self, key: EvaluationKey) -> Iterator[Evaluation | None]:
        """Context within which no other worker evaluates the same key; waits for one that does.
        Yields the evaluation if it exists already, else None."""
        known = self.find(key)
        if known is not None or self.claims is None:
            yield known
            return
        subject = "\n".join((key.identity, key.score, key.data, key.recipe, str(key.fidelity),
                             str(key.seed)))
        while not self.claims.claim(subject):
            time.sleep(_POLL_S)
        try:
            yield self.find(key)    # may have been recorded by the previous holder of the claim
        finally:
            self.claims.release(subject)

    def evaluations(self, study: str | None = None,
                    identity: str | None = None) -> tuple[Evaluation, ...]:
        """All evaluations, or those of one study or one network, in the order of recording."""
        table = schema.EvaluationTable
        wanted = ((table.study, study), (table.identity, identity))
        return self._evaluations(*(column == key for column, key in wanted if key is not None))

    def best(self, measure: Measure, bounds: Bounds | None = None, limit: int = 10,
             lowest: bool = False) -> tuple[Standing, ...]:
        """The networks inside the bounds with the highest mean value over their seeds, or the
        ``lowest``; ties by cost."""
        return self.database.read(lambda connection: best(
            connection, measure, bounds or Bounds(), limit, lowest))

    def register(self, study: str, space: str, settings: Mapping[str, Any]) -> None:
        """Store a study's settings, unless it has some already."""
        made = self.database.insert(schema.StudyTable).values(
            name=study, space=space, settings=dict(settings), created=datetime.now(UTC))
        self.database.write(
            lambda connection: connection.execute(made.on_conflict_do_nothing()))

    def _evaluations(self, *conditions: sa.ColumnElement[bool]) -> tuple[Evaluation, ...]:
        query = sa.select(*_COLUMNS).where(*conditions).order_by(schema.EvaluationTable.id)
        return self.database.read(lambda connection: tuple(
            Evaluation(*row) for row in fetch(connection, query)))
