"""Integrity checks of an archive: the file itself, and constraints between its rows."""

from typing import Any

import sqlalchemy as sa

from search.archive import schema
from search.archive.archive import Archive
from search.archive.ranking import magnitude, refresh
from search.archive.rows import fetch
from searchspace.text import counted

SHOWN = 3       # identities named for each fault
CHUNK = 2000


def check(archive: Archive) -> list[str]:
    """The faults of an archive, one sentence each; empty if there are none.

    Raises:
        StorageError: it cannot be read at all.
    """
    return archive.database.read(_faults)


def _faults(connection: sa.Connection) -> list[str]:
    one, network, standing = schema.EvaluationTable, schema.ArchitectureTable, schema.StandingTable
    faults: list[str] = []
    if connection.dialect.name == "sqlite":
        for (said,) in connection.exec_driver_sql("PRAGMA integrity_check"):
            if said != "ok":
                faults.append(f"SQLite: {said}")
    orphans = sa.select(one.identity).where(~sa.exists().where(network.identity == one.identity))
    _tell(faults, connection, orphans, "evaluations without a network")
    neither = sa.select(one.identity).where(one.value.is_(None) == one.error.is_(None))
    _tell(faults, connection, neither, "evaluations with neither a value nor an error, or both")
    bad = sa.select(one.identity).where(one.value != one.value)
    _tell(faults, connection, bad, "evaluations whose value is no number")
    costs = sa.select(network.identity).where((network.macs < 0) | (network.params < 0))
    _tell(faults, connection, costs, "networks with a negative cost")
    wrong = [row.identity for row in fetch(
        connection, sa.select(network.identity, network.macs, network.magnitude))
        if magnitude(row.macs) != row.magnitude]
    if wrong:
        faults.append(f"{counted(len(wrong), 'network')} of another magnitude than their MACs: "
                      f"{', '.join(wrong[:SHOWN])}")
    _tell(faults, connection, _stale(), "standings that differ from their evaluations")
    values = sa.select(sa.func.count()).select_from(
        sa.select(one.identity).where(one.value.is_not(None)).group_by(
            one.identity, one.score, one.data, one.recipe, one.fidelity).subquery())
    kept = sa.select(sa.func.count()).select_from(standing)
    if (found := connection.scalar(values)) != (have := connection.scalar(kept)):
        faults.append(f"{have} standings, and evaluations for {found}")
    return faults


def _stale() -> "sa.Select[Any]":
    """Identities whose standing is not the mean, the least, the greatest and the count."""
    one, standing = schema.EvaluationTable, schema.StandingTable
    names = ("identity", "score", "data", "recipe", "fidelity")
    means = sa.select(*(getattr(one, n) for n in names), sa.func.avg(one.value).label("mean"),
                      sa.func.min(one.value).label("least"),
                      sa.func.max(one.value).label("greatest"),
                      sa.func.count(one.value).label("count")).where(one.value.is_not(None))
    found = means.group_by(*(getattr(one, n) for n in names)).subquery()
    # a mean is a sum in some order: its last digits are open
    apart = sa.func.abs(standing.mean - found.c.mean) > 1e-9 * (1 + sa.func.abs(found.c.mean))
    return sa.select(standing.identity).join(
        found, sa.and_(*(getattr(standing, n) == found.c[n] for n in names))).where(
        apart | (standing.least != found.c.least) | (standing.greatest != found.c.greatest)
        | (standing.count != found.c.count))


def _tell(faults: list[str], connection: sa.Connection, query: "sa.Select[Any]",
          what: str) -> None:
    found: list[str] = [row[0] for row in fetch(connection, query)]
    if found:
        faults.append(f"{len(found)} {what}: {', '.join(found[:SHOWN])}")


def repair(archive: Archive) -> None:
    """Recompute the derived rows and columns: magnitudes and standings."""
    network, database = schema.ArchitectureTable, archive.database

    def work(connection: sa.Connection) -> None:
        connection.execute(sa.delete(schema.StandingTable))
        costs = [row.macs for row in fetch(connection, sa.select(network.macs).distinct())]
        if costs:
            connection.execute(
                sa.update(network).where(network.macs == sa.bindparam("cost"))
                .values(magnitude=sa.bindparam("exponent")),
                [{"cost": macs, "exponent": magnitude(macs)} for macs in costs])
        names = [row.identity for row in fetch(connection, sa.select(network.identity))]
        for start in range(0, len(names), CHUNK):
            refresh(connection, database.insert, names[start:start + CHUNK])
    database.write(work)
