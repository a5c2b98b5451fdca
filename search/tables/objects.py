"""Tables in JSON: this project's own format, and that of NAS-Bench-Macro.

Ours, as studies/digits/train.py writes it::

    {"space": "digits", "value": "top-1 in percent", "command": "python …", "rows": [
      {"decisions": {"c": 8, …}, "macs": 1, "params": 2, "values": [90.1, 90.4]}, …]}

NAS-Bench-Macro's (Su et al. 2021, arXiv 2103.11922), whose keys are names of networks::

    {"02012100": {"mean_acc": 90.1, "params": 1, "flops": 2, …}, …}
"""

from pathlib import Path
from typing import Any

from search.tables.columns import MAX_VALUE, Column, Heading
from search.tables.errors import TableError
from search.tables.rows import Labels, Names, Raw, refused
from searchspace import Genotype, GenotypeError, SearchspaceError, load
from searchspace.notation.sources import find_base
from searchspace.safety.reading import parse_json

MACRO = "nas-bench-macro"


def read_json(data: bytes, file: Path) -> Raw:
    """The table in JSON text; raises TableError if it is none."""
    try:
        content = parse_json(data)
    except ValueError as error:
        raise TableError(f"{file} is no JSON: {error}") from None
    if not isinstance(content, dict) or not content:
        raise TableError(f"{file} is no table of results: an object with rows was expected")
    return _ours(content, file) if "rows" in content else _macro(content, file)


def _ours(content: dict[str, Any], file: Path) -> Raw:
    name, what, rows = content.get("space"), content.get("value"), content["rows"]
    if not isinstance(name, str) or not isinstance(what, str) or not isinstance(rows, list):
        raise TableError(f"{file}: a table has a space (its name), a value (what it is, in words) "
                         "and rows (a list)")
    if name != Path(name).name:
        raise TableError(f"{file}: the space {name!r} is neither bundled nor a file beside the "
                         "table")
    try:
        path, variant = find_base(name, file, None, "space")
    except GenotypeError as error:
        raise TableError(f"{file}: {error}") from None
    space = load(path, variant)
    labels, read, values = Labels(space), [], []
    for i, row in enumerate(rows, 1):
        place = f"row {i}"
        decisions, found = (_get(row, key, place, file) for key in ("decisions", "values"))
        if not isinstance(decisions, dict):
            raise TableError(f"{file}, {place}: decisions are an object of hole names and options")
        if not isinstance(found, list) or not found or not all(map(_is_finite, found)):
            raise TableError(f"{file}, {place}: values are one or more finite numbers")
        try:
            read.append((place, labels.read(decisions)))
        except SearchspaceError as fault:
            raise refused(file, place, fault, space) from None
        values.append(found)
    most = max(map(len, values), default=0)         # each training is a column of its own
    columns = tuple(Column(Heading("value", seed), [v[seed] if seed < len(v) else None
                                                    for v in values]) for seed in range(most))
    costs = [(_get(row, "macs", name, file), _get(row, "params", name, file))
             for (name, _), row in zip(read, rows, strict=True)]
    return Raw(space, what, read, columns, costs)


def _macro(content: dict[str, Any], file: Path) -> Raw:
    space: Genotype = load(find_base(MACRO, file, None)[0])
    names, rows = Names(Labels(space)), []
    for name in content:
        try:
            rows.append((name, names.decisions(name)))
        except TableError as fault:
            raise TableError(f"{file}: {fault}; and there are no rows, as a table of our own "
                             "format has") from None
    costs = [(_get(row, "flops", name, file), _get(row, "params", name, file))
             for name, row in content.items()]
    values = [_get(row, "mean_acc", name, file) for name, row in content.items()]
    for name, value in zip(content, values, strict=True):
        if not _is_finite(value):
            raise TableError(f"{file}, {name}: values are one or more finite numbers")
    return Raw(space, "mean accuracy on CIFAR-10 in percent", rows,
               (Column(Heading("mean_acc"), values),), costs)


def _get(row: Any, key: str, name: str, file: Path) -> Any:
    if not isinstance(row, dict) or key not in row:
        raise TableError(f"{file}, {name}: there is no {key!r}")
    return row[key]


def _is_finite(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < MAX_VALUE
