"""The tables of the archive, as they stand in the database.

Names begin with ``arch_``, since Optuna's tables are in the same database. A change here is a new
`VERSION` and a migration.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

VERSION = 1


class _Utc(sa.TypeDecorator[datetime]):
    """A moment in UTC; SQLite would forget the time zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Base of the tables; holds their metadata."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: sa.BigInteger, float: sa.Double, str: sa.Text, datetime: _Utc,
        dict[str, str]: sa.JSON}


class Architecture(Base):
    """Networks by identity. Name and genotype are those under which one was first seen."""

    __tablename__ = "arch_architecture"

    identity: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    space: Mapped[str | None]
    genotype: Mapped[str]
    macs: Mapped[int] = mapped_column(index=True)
    params: Mapped[int]
    input_size: Mapped[int]


class Evaluation(Base):
    """Scores; a network has one for each score, data and seed."""

    __tablename__ = "arch_evaluation"
    __table_args__ = (sa.UniqueConstraint("identity", "score", "data", "seed"),)

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                                    primary_key=True)
    identity: Mapped[str] = mapped_column(sa.ForeignKey(Architecture.identity))
    score: Mapped[str]
    data: Mapped[str]
    seed: Mapped[int]
    value: Mapped[float | None]
    seconds: Mapped[float]
    error: Mapped[str | None]
    study: Mapped[str | None] = mapped_column(index=True)
    trial: Mapped[int | None]
    versions: Mapped[dict[str, str]]
    created: Mapped[datetime]


class Schema(Base):
    """One row: the version of these tables, for migrations."""

    __tablename__ = "arch_schema"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    version: Mapped[int]
