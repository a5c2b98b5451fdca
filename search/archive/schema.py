"""SQLAlchemy schema of the archive.

Names begin with ``arch_``, since Optuna's tables are in the same database. A change here is a new
`REVISION`, and a file in search/archive/migrations that leads to it.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

REVISION = "0003"
VERSION_TABLE = "arch_alembic_version"      # Optuna's migrations have theirs in alembic_version


class Utc(sa.TypeDecorator[datetime]):
    """A UTC timestamp; SQLite does not store the time zone."""

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
        int: sa.BigInteger, float: sa.Double, str: sa.Text, datetime: Utc,
        dict[str, Any]: sa.JSON(none_as_null=True), list[Any]: sa.JSON(none_as_null=True)}


class ArchitectureTable(Base):
    """Networks by identity, which includes the input size. Name and genotype are those of the
    first occurrence."""

    __tablename__ = "arch_architecture"

    identity: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    space: Mapped[str | None]
    genotype: Mapped[str]                           # YAML
    macs: Mapped[int] = mapped_column(index=True)
    params: Mapped[int]
    memory: Mapped[int | None]                      # bytes of peak activations; the first release
    input_size: Mapped[int]                         # did not keep them
    magnitude: Mapped[int] = mapped_column(sa.Integer, server_default="0")      # of the MACs


class EvaluationTable(Base):
    """Evaluations: one row for each score, data, recipe, fidelity and seed of a network."""

    __tablename__ = "arch_evaluation"
    __table_args__ = (sa.UniqueConstraint("identity", "score", "data", "recipe", "fidelity", "seed",
                                          name="arch_evaluation_key"),)

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                                    primary_key=True)
    identity: Mapped[str] = mapped_column(sa.ForeignKey(ArchitectureTable.identity))
    score: Mapped[str]
    data: Mapped[str]
    recipe: Mapped[str] = mapped_column(server_default="")      # '': nothing was trained
    fidelity: Mapped[int] = mapped_column(server_default="0")   # epochs; 0: nothing was trained
    seed: Mapped[int]
    value: Mapped[float | None]
    curve: Mapped[list[Any] | None]                 # learning curve, one entry per epoch
    seconds: Mapped[float]
    error: Mapped[str | None]
    study: Mapped[str | None] = mapped_column(index=True)
    trial: Mapped[int | None]
    machine: Mapped[str] = mapped_column(server_default="")     # '': the first release
    versions: Mapped[dict[str, Any]]
    created: Mapped[datetime]


class StandingTable(Base):
    """Derived from the evaluations: mean, least and greatest value over the seeds.

    The index has the MACs' magnitude in front of the mean, so the best networks of each magnitude
    below a budget come first in it (search/archive/ranking.py).
    """

    __tablename__ = "arch_standing"

    identity: Mapped[str] = mapped_column(sa.ForeignKey(ArchitectureTable.identity),
                                          primary_key=True)
    score: Mapped[str] = mapped_column(primary_key=True)
    data: Mapped[str] = mapped_column(primary_key=True)
    recipe: Mapped[str] = mapped_column(primary_key=True)
    fidelity: Mapped[int] = mapped_column(primary_key=True)
    magnitude: Mapped[int] = mapped_column(sa.Integer)
    macs: Mapped[int]
    mean: Mapped[float]
    least: Mapped[float]
    greatest: Mapped[float]
    count: Mapped[int]


sa.Index("ix_arch_standing_best", StandingTable.score, StandingTable.data, StandingTable.recipe,
         StandingTable.fidelity, StandingTable.magnitude, StandingTable.mean.desc(),
         StandingTable.macs, StandingTable.identity)


class WorkerTable(Base):
    """Processes that evaluate networks, each with the time of its last heartbeat."""

    __tablename__ = "arch_worker"

    id: Mapped[str] = mapped_column(primary_key=True)
    study: Mapped[str]
    machine: Mapped[str]
    started: Mapped[datetime]
    beat: Mapped[datetime]


class Claim(Base):
    """Exclusive claims of workers, such as on the evaluation of a network."""

    __tablename__ = "arch_claim"

    subject: Mapped[str] = mapped_column(primary_key=True)
    worker: Mapped[str] = mapped_column(index=True)     # no key of the table of workers: claims
    created: Mapped[datetime]                           # outlive them


class StudyTable(Base):
    """Studies by name, with the settings that must not change when one is continued."""

    __tablename__ = "arch_study"

    name: Mapped[str] = mapped_column(primary_key=True)
    space: Mapped[str]
    settings: Mapped[dict[str, Any]]
    created: Mapped[datetime]


class Schema(Base):
    """One row, made by the first release with version 1; kept so that that release refuses a newer
    archive in one sentence."""

    __tablename__ = "arch_schema"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    version: Mapped[int]
