"""Tabular benchmarks: known results of all networks of a small space.

Two formats are read. Ours, as studies/digits/train.py writes it::

    {"space": "digits", "value": "top-1 in percent", "command": "python …", "rows": [
      {"decisions": {"c": 8, …}, "macs": 1, "params": 2, "values": [90.1, 90.4]}, …]}

and NAS-Bench-Macro's (Su et al. 2021, arXiv 2103.11922, nas-bench-macro_cifar10.json)::

    {"02012100": {"mean_acc": 90.1, "params": 1, "flops": 2, …}, …}

whose keys are the decisions of the bundled space ``nas-bench-macro``, one digit per layer. Networks
are found by identity, so that equivalent spaces can be searched. If a table has the same network
under several names, its value is the mean of them.
"""

import hashlib
import os
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

from search.environment import STUDIES
from searchspace import Genotype, GenotypeError, SearchspaceError, load
from searchspace.expansion import trace
from searchspace.identity import identity
from searchspace.notation.holes import Decisions
from searchspace.notation.sources import find_base
from searchspace.ops import Cost
from searchspace.safety.reading import MAX_JSON, parse_json, read_bytes
from searchspace.space.budget import Budget
from searchspace.space.counting import every_point
from searchspace.space.point import first, point, sample

MAX_VALUE = 1e300       # whole numbers may have any size, and sums must stay finite
MACRO = "nas-bench-macro"
VARIABLE = "NAS_BENCH_MACRO"
BUNDLED = {"digits": STUDIES / "digits" / "table.json"}


class BenchmarkError(SearchspaceError):
    """A table cannot be read, or does not describe the networks of its space."""


@dataclass(frozen=True, slots=True)
class BenchmarkEntry:
    """One network of a table; ``cost`` is our count, which equals the table's."""

    name: str              # of the row, for messages
    decisions: Decisions
    cost: Cost
    value: float


@dataclass(frozen=True)
class BenchmarkTable:
    """A table in memory. ``what`` says what its values are; ``digest`` is the file's SHA-256."""

    file: Path
    digest: str
    what: str
    space: Genotype
    rows: tuple[BenchmarkEntry, ...]
    _identities: dict[int, str] = field(default_factory=dict, repr=False, compare=False)

    def value(self, name: str, cost: Cost) -> float | None:
        """The value of the network of this identity and cost; None if it is not in the table."""
        found = [self.rows[i].value for i in self._alike.get((cost.macs, cost.params), ())
                 if self._identity(i) == name]
        return fmean(found) if found else None

    def best(self, budget: Budget) -> float | None:
        """The greatest value of a network inside the budget; None if there is none."""
        best: float | None = None
        inside = [i for i, row in enumerate(self.rows)
                  if budget.fits(point(self.space, first, row.decisions))]
        for i in sorted(inside, key=lambda i: -self.rows[i].value):
            if best is not None and self.rows[i].value <= best:
                break              # a mean is no greater than the greatest of its rows
            value = self.value(self._identity(i), self.rows[i].cost)
            assert value is not None
            best = value if best is None else max(best, value)
        return best

    @cached_property
    def is_complete(self) -> bool:
        """Whether the table has every point of its space."""
        held = {frozenset(row.decisions.items()) for row in self.rows}
        known = list(islice(every_point(self.space), len(held) + 1))
        return len(known) == len(held) and \
            all(frozenset(p.decisions.items()) in held for p in known)

    @cached_property
    def input(self) -> tuple[int, int, int]:
        """Shape of the images that the networks were trained on."""
        return trace(self.space, self.rows[0].decisions).input

    @cached_property
    def _alike(self) -> dict[tuple[int, int], list[int]]:
        """Numbers of the rows by cost; only rows of equal cost need their identities, which take a
        millisecond each."""
        alike = defaultdict(list)
        for i, row in enumerate(self.rows):
            alike[row.cost.macs, row.cost.params].append(i)
        return alike

    def _identity(self, i: int) -> str:
        if i not in self._identities:
            self._identities[i] = identity(self.space, self.rows[i].decisions)
        return self._identities[i]


def find_table(space: str, given: str | None) -> Path:
    """The file of results for a space: the one given, else the space's own.

    Raises:
        TableError: none is known.
    """
    if given:
        return Path(given)
    if space == MACRO and os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE])
    if space in BUNDLED:
        return BUNDLED[space]
    hint = f"; download nas-bench-macro_cifar10.json and name it by --table or ${VARIABLE}" \
        if space == MACRO else f"; spaces with a table of their own: {', '.join(BUNDLED)}"
    raise BenchmarkError(f"the objective 'table' of the space {space!r} needs --table FILE{hint}")


def table_for(space: Genotype, file: Path | None) -> BenchmarkTable:
    """The table for a search of ``space``; see `read_table`.

    Raises:
        TableError: no file is named, or its networks have another input shape than the space.
    """
    if file is None:
        raise BenchmarkError("the objective 'table' needs --table FILE")
    table = read_table(file)
    shape = trace(space, sample(space, random.Random(0)).decisions).input
    if shape != table.input:
        theirs, ours = ("×".join(map(str, s)) for s in (table.input, shape))
        raise BenchmarkError(f"the networks in {file} take images of {theirs}, those of this "
                             f"search {ours}")
    return table


def fingerprint(file: Path) -> str:
    """The SHA-256 of a file in hexadecimal digits; raises TableError if it cannot be read."""
    return hashlib.sha256(_bytes(file)).hexdigest()


def read_table(file: Path) -> BenchmarkTable:
    """Read a table; each row's MACs and parameters must be those of the network it describes.

    Expanding every network takes most of a second, so a process that opens several studies does it
    once, for as long as the table and its space stay the same.

    Raises:
        TableError: the file has neither format, or a row contradicts its space.
    """
    data = _bytes(file)
    try:
        content = parse_json(data)
    except ValueError as error:
        raise BenchmarkError(f"{file} is no JSON: {error}") from None
    if not isinstance(content, dict) or not content:
        raise BenchmarkError(f"{file} is no table of results: an object with rows was expected")
    if "rows" in content:
        space, what, raw = _ours(content, file)
    else:
        space, what, raw = _macro(content, file)
    digest = hashlib.sha256(data).hexdigest()
    if (read := _READ.get(file)) and (read.digest, read.space) == (digest, space):
        return read
    rows = tuple(_row(space, file, *parts) for parts in raw)
    if not rows:
        raise BenchmarkError(f"{file} has no rows")
    table = BenchmarkTable(file, digest, what, space, rows)
    _READ.clear()       # one is enough, and large
    _READ[file] = table
    return table


_READ: dict[Path, BenchmarkTable] = {}


def _bytes(file: Path) -> bytes:
    try:
        return read_bytes(file, MAX_JSON)
    except OSError as error:
        raise BenchmarkError(f"cannot read the table {file}: {error.strerror or error}") from None


Raw = tuple[str, Any, Any, Any, Any]     # name of the row, decisions, MACs, parameters, values


def _ours(content: dict[str, Any], file: Path) -> tuple[Genotype, str, Iterator[Raw]]:
    name, what, rows = content.get("space"), content.get("value"), content["rows"]
    if not isinstance(name, str) or not isinstance(what, str) or not isinstance(rows, list):
        raise BenchmarkError(f"{file}: a table has a space (its name), a value (what it is, in "
                             "words) and rows (a list)")
    if name != Path(name).name:
        raise BenchmarkError(f"{file}: the space {name!r} is neither bundled nor a file beside the "
                         "table")
    try:
        path, variant = find_base(name, file, None, "space")
    except GenotypeError as error:
        raise BenchmarkError(f"{file}: {error}") from None
    space = load(path, variant)
    return space, what, (
        (f"row {i}", *(_get(row, key, f"row {i}", file)
                       for key in ("decisions", "macs", "params", "values")))
        for i, row in enumerate(rows, 1))


def _macro(content: dict[str, Any], file: Path) -> tuple[Genotype, str, Iterator[Raw]]:
    space = load(find_base(MACRO, file, None)[0])
    holes = [hole.name for hole in space.holes]
    for name in content:
        if len(name) != len(holes) or set(name) - set("012"):
            raise BenchmarkError(f"{file}: {name[:40]!r} is no network of NAS-Bench-Macro, whose "
                                 f"names are {len(holes)} digits from 0 to 2; and there are no "
                                 "rows, as a table of our own format has")
    return space, "mean accuracy on CIFAR-10 in percent", (
        (name, dict(zip(holes, map(int, name), strict=True)),
         *(_get(row, key, name, file) for key in ("flops", "params")),
         [_get(row, "mean_acc", name, file)])
        for name, row in content.items())


def _get(row: Any, key: str, name: str, file: Path) -> Any:
    if not isinstance(row, dict) or key not in row:
        raise BenchmarkError(f"{file}, {name}: there is no {key!r}")
    return row[key]


def _row(space: Genotype, file: Path, name: str, decisions: Any, macs: Any, params: Any,
         values: Any) -> BenchmarkEntry:
    if not isinstance(decisions, dict):
        raise BenchmarkError(f"{file}, {name}: decisions are an object of hole names and options")
    if not isinstance(values, list) or not values or not all(map(_is_finite, values)):
        raise BenchmarkError(f"{file}, {name}: values are one or more finite numbers")
    try:
        cost = trace(space, decisions).cost()
    except SearchspaceError as error:
        raise BenchmarkError(f"{file}, {name}: no network of {space.title}: {error}") from None
    if (cost.macs, cost.params) != (macs, params):
        raise BenchmarkError(f"{file}, {name}: the table has {macs} MACs and {params} params, and "
                             f"the network of {space.title} has {cost.macs} and {cost.params}")
    return BenchmarkEntry(name, decisions, cost, fmean(values))


def _is_finite(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < MAX_VALUE
