"""The archive: every architecture and every evaluation that was ever paid for, in SQL.

Its tables stand beside Optuna's in one database, SQLite or PostgreSQL, under names of their own.
An evaluation is known by what was scored and how: architecture, score, data and seed. What comes
out are frozen rows, bound to no connection.
"""

import math
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from search import tables
from searchspace import SearchspaceError

DIALECTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
PATIENCE_S = 60     # how long a writer waits for the others in an SQLite file


class StorageError(SearchspaceError):
    """A database that cannot be opened, read or written."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One network scored once; ``value`` is None, and ``error`` says why, where that failed."""

    identity: str             # of the network: searchspace.identity
    score: str                # "naswot"
    data: str                 # "digits 32×3×224×224"
    seed: int                 # of the weights
    value: float | None
    seconds: float
    error: str | None
    study: str | None
    trial: int | None
    versions: Mapping[str, str]
    created: datetime         # UTC


@dataclass(frozen=True, slots=True)
class Standing:
    """A network with its scores over all seeds: mean, least and greatest, and how many."""

    identity: str
    name: str
    genotype: str             # YAML
    macs: int
    params: int
    input_size: int
    mean: float
    least: float
    greatest: float
    count: int


_COLUMNS = tuple(getattr(tables.Evaluation, f.name) for f in fields(Evaluation))


class Archive:
    """The archive in one database, made there if it is new.

    ``url`` is SQLAlchemy's: ``sqlite:///studies/mine/study.db``, ``postgresql+psycopg://…``. Use
    it as a context manager, or `close` it; each process opens its own.

    Raises:
        StorageError: the database cannot be used, here and from every method.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = sa.make_url(url)
            kind = parsed.get_backend_name()
            if kind not in DIALECTS:
                raise StorageError(f"the archive works on SQLite and PostgreSQL, not on {kind}")
            wait = {"connect_args": {"timeout": PATIENCE_S}} if kind == "sqlite" else {}
            self.engine = sa.create_engine(parsed, pool_pre_ping=True, **wait)
        except ModuleNotFoundError as error:
            raise StorageError(f"{parsed.drivername} needs the Python package {error.name}, "
                               "which is not installed") from None
        except SQLAlchemyError as error:
            raise StorageError(f"that is no database URL: {_sentence(error)}") from None
        self._insert: Any = DIALECTS[kind]
        self._file = parsed.database if kind == "sqlite" else None
        self._name = self._file or parsed.render_as_string(hide_password=True)
        if kind == "sqlite":
            sa.event.listen(self.engine, "connect", _check_foreign_keys)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def record(self, *, identity: str, genotype: str, name: str, macs: int, params: int,
               input_size: int, score: str, data: str, seed: int, value: float | None,
               seconds: float, error: str | None = None, space: str | None = None,
               study: str | None = None, trial: int | None = None) -> Evaluation:
        """Keep an evaluation, and its architecture where it is new; gives what is kept then.

        An evaluation that is there already stays as it is, except that a success takes the place
        of a failure; so several processes may record the same one. A failure has ``value`` None
        and an ``error``; a success a finite value and none.
        """
        if (value is None) is (error is None) or (value is not None and not math.isfinite(value)):
            raise ValueError(f"a finite value or an error, not {value} and {error!r}")
        made = self._insert(tables.Architecture).values(
            identity=identity, name=name, space=space, genotype=genotype, macs=macs,
            params=params, input_size=input_size).on_conflict_do_nothing()
        scored = self._insert(tables.Evaluation).values(
            identity=identity, score=score, data=data, seed=seed, value=value, seconds=seconds,
            error=error, study=study, trial=trial, versions=versions(), created=datetime.now(UTC))
        renewed = {c: scored.excluded[c] for c in ("value", "seconds", "error", "study", "trial",
                                                   "versions", "created")}
        scored = scored.on_conflict_do_update(
            index_elements=["identity", "score", "data", "seed"], set_=renewed,
            where=tables.Evaluation.value.is_(None) & scored.excluded.value.is_not(None))
        with self._told("written"), self.engine.begin() as connection:
            connection.execute(made)
            connection.execute(scored)
        found = self.find(identity, score, data, seed)
        assert found is not None
        return found

    def find(self, identity: str, score: str, data: str, seed: int) -> Evaluation | None:
        """The evaluation of a network by a score on some data from one seed, if there is one."""
        found = self._evaluations(tables.Evaluation.identity == identity,
                                  tables.Evaluation.score == score, tables.Evaluation.data == data,
                                  tables.Evaluation.seed == seed)
        return found[0] if found else None

    def evaluations(self, study: str | None = None,
                    identity: str | None = None) -> tuple[Evaluation, ...]:
        """All evaluations, or those of one study or one network, in the order of recording."""
        wanted = ((tables.Evaluation.study, study), (tables.Evaluation.identity, identity))
        return self._evaluations(*(column == key for column, key in wanted if key is not None))

    def best(self, budget: int | None = None, *, score: str, data: str, params: int | None = None,
             limit: int = 10) -> tuple[Standing, ...]:
        """The networks of at most ``budget`` MACs and ``params`` parameters with the highest mean
        score over their seeds; of equal ones the cheaper first. Scores on other data are no
        measure for each other, so both are named."""
        value, table = tables.Evaluation.value, tables.Architecture
        mean = sa.func.avg(value)
        query = sa.select(table.identity, table.name, table.genotype, table.macs, table.params,
                          table.input_size, mean, sa.func.min(value), sa.func.max(value),
                          sa.func.count(value)).join(tables.Evaluation)
        query = query.where(tables.Evaluation.score == score, tables.Evaluation.data == data,
                            value.is_not(None))
        for column, bound in ((table.macs, budget), (table.params, params)):
            if bound is not None:
                query = query.where(column <= bound)
        query = query.group_by(table.identity).order_by(mean.desc(), table.macs, table.identity)
        with self._told("read"), self.engine.connect() as connection:
            return tuple(Standing(*row) for row in connection.execute(query.limit(limit)))

    def _evaluations(self, *conditions: sa.ColumnElement[bool]) -> tuple[Evaluation, ...]:
        query = sa.select(*_COLUMNS).where(*conditions).order_by(tables.Evaluation.id)
        with self._told("read"), self.engine.connect() as connection:
            return tuple(Evaluation(*row) for row in connection.execute(query))

    def _prepare(self) -> None:
        """Make the tables where they are not; refuse those of another version."""
        with self._told("opened"):
            version = self._version()
            for attempt in range(5):
                if version is not None:
                    break
                try:
                    tables.Base.metadata.create_all(self.engine)
                    with self.engine.begin() as connection:
                        connection.execute(self._insert(tables.Schema).values(
                            id=1, version=tables.VERSION).on_conflict_do_nothing())
                except DBAPIError:      # perhaps another process makes them just now
                    if attempt == 4:
                        raise
                version = self._version()
        if version != tables.VERSION:
            raise StorageError(f"the archive in {self._name} has version {version} of the tables, "
                               f"and this program knows version {tables.VERSION}")

    def _version(self) -> int | None:
        if not sa.inspect(self.engine).has_table(tables.Schema.__tablename__):
            return None
        with self.engine.connect() as connection:
            return connection.scalar(sa.select(tables.Schema.version))

    @contextmanager
    def _told(self, deed: str) -> Iterator[None]:
        """Errors of the database as one sentence."""
        try:
            yield
        except SQLAlchemyError as error:
            folder = Path(self._file or ".").parent
            hint = "" if folder.is_dir() else f"; there is no folder {folder}"
            raise StorageError(f"the archive in {self._name} cannot be {deed}: "
                               f"{_sentence(error)}{hint}") from None


@cache
def versions() -> dict[str, str]:
    """What an evaluation depends on besides its arguments."""
    return {"python": platform.python_version(),
            **{name: metadata.version(name) for name in ("searchspace", "torch")}}


def _sentence(error: SQLAlchemyError) -> str:
    """The database's own words, the first line of them."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]


def _check_foreign_keys(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
