"""Ranking of networks by mean value, updated with every evaluation: the best under a budget.

MACs are binned into magnitudes, four per power of two. For every magnitude inside the budget the
index lists the best networks first; only in the one that contains the bound must some be skipped.
So a query reads a few rows of each magnitude instead of a million evaluations.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from search.archive import schema
from search.archive.records import Bounds, Measure, Standing
from search.archive.rows import contradiction, fetch, name_of

_CHUNK = 400        # terms of a UNION; SQLite allows 500

_COLUMNS = ("identity", "score", "data", "recipe", "fidelity", "magnitude", "macs", "mean",
            "least", "greatest", "count")


def magnitude(macs: int) -> int:
    """Bin of a number of MACs, four per power of two; monotonic."""
    power = max(macs, 1).bit_length() - 1
    return 4 * power + (((max(macs, 1) << 2) >> power) & 3)


def refresh(connection: sa.Connection, insert: Any, identities: Sequence[str]) -> None:
    """Recompute the standings of some networks from their evaluations."""
    one, network, table = schema.EvaluationTable, schema.ArchitectureTable, schema.StandingTable
    key = (one.identity, one.score, one.data, one.recipe, one.fidelity)
    found = sa.select(*key, network.magnitude, network.macs, sa.func.avg(one.value),
                      sa.func.min(one.value), sa.func.max(one.value), sa.func.count(one.value)
                      ).join(network)
    found = found.where(one.identity.in_(identities), one.value.is_not(None)).group_by(
        *key, network.magnitude, network.macs)
    made = insert(table).from_select(_COLUMNS, found)
    connection.execute(made.on_conflict_do_update(
        index_elements=_COLUMNS[:5],
        set_={name: made.excluded[name] for name in ("mean", "least", "greatest", "count")}))


def best(connection: sa.Connection, measure: Measure, bounds: Bounds, limit: int,
         lowest: bool = False) -> tuple[Standing, ...]:
    """The networks within the bounds with the highest means, or the ``lowest``."""
    network, table = schema.ArchitectureTable, schema.StandingTable
    same = [getattr(table, name) == value for name, value in measure._asdict().items()]
    given = {name: bound for name, bound in asdict(bounds).items() if bound is not None}
    top = magnitude(given["macs"]) if "macs" in given else None
    rows: list[tuple[Any, ...]] = []
    found = _magnitudes(connection, same, top)
    for start in range(0, len(found), _CHUNK):
        heads = []
        for at in found[start:start + _CHUNK]:
            head = sa.select(table.identity, table.mean, table.macs).where(
                *same, table.magnitude == at)
            if at == top:
                head = head.where(table.macs <= given["macs"])
            costs = [getattr(network, name) <= bound for name, bound in given.items()
                     if name != "macs"]
            if costs:
                head = head.join(network).where(*costs)
            head = head.order_by(table.mean if lowest else table.mean.desc(), table.macs,
                                 table.identity).limit(limit)
            heads.append(sa.select(head.subquery()))
        rows += [tuple(row) for row in fetch(connection, sa.union_all(*heads))]
    rows.sort(key=lambda row: (row[1] if lowest else -row[1], row[2], row[0]))
    names = [row[0] for row in rows[:limit]]
    query = sa.select(network.identity, network.name, network.genotype, network.macs,
                      network.params, network.input_size, table.mean, table.least, table.greatest,
                      table.count, network.memory)
    query = query.join(table, table.identity == network.identity).where(
        *same, network.identity.in_(names))
    standings = {row.identity: Standing(*row) for row in fetch(connection, query)}
    for name in names:
        if name not in standings:
            raise contradiction(name_of(connection), name)
    return tuple(standings[name] for name in names)


def _magnitudes(connection: sa.Connection, same: list[sa.ColumnElement[bool]],
                top: int | None) -> list[int]:
    """The magnitudes in use, up to ``top``: each is found from the one before in the index."""
    table = schema.StandingTable
    least = sa.select(sa.func.min(table.magnitude).label("at")).where(*same)
    walk = least.cte("walk", recursive=True)
    after = sa.select(sa.func.min(table.magnitude)).where(
        *same, table.magnitude > walk.c.at).scalar_subquery()
    walk = walk.union_all(sa.select(after).where(walk.c.at.is_not(None)))
    query = sa.select(walk.c.at).where(walk.c.at.is_not(None))
    if top is not None:
        query = query.where(walk.c.at <= top)
    return sorted(row.at for row in fetch(connection, query))
