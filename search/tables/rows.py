"""Rows of a table: the decisions of a network, checked against the space without expanding it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search.tables.columns import Cell, Column
from search.tables.errors import TableError
from searchspace import Genotype, SearchspaceError
from searchspace.errors import nearest
from searchspace.notation.holes import Decisions, Hole, check_names
from searchspace.notation.metadata import HOLE
from searchspace.notation.tree import Atom

SHOWN = 60      # letters of a name in a message


@dataclass(frozen=True)
class Raw:
    """What a file holds. ``rows``: name (for messages) and decisions of each; ``costs``: the MACs
    and params that it has for each, None for those that it lacks. ``what``: what its values are."""

    space: Genotype
    what: str
    rows: Sequence[tuple[str, Decisions]]
    columns: tuple[Column, ...]
    costs: Sequence[tuple[Cell, Cell]] | None = None


class Labels:
    """The options of a space's holes, as tables write them."""

    def __init__(self, space: Genotype) -> None:
        self.space = space
        self.holes = {hole.name: hole for hole in space.holes}
        self._known = {name: {_written(label): label for label in hole.labels}
                       for name, hole in self.holes.items()}

    def hole(self, name: str) -> Hole | None:
        """The hole that a name belongs to, also for one repeat of several; None if there is none.
        """
        stem, _, index = name.rpartition(".")
        if (found := self.holes.get(name)) is not None and not found.each:
            return found
        found = self.holes.get(stem)
        return found if found is not None and found.each and index.isdecimal() else None

    def label(self, name: str, cell: Any) -> Atom:
        """The option that a cell means; raises TableError if it is none."""
        hole = self.hole(name)
        assert hole is not None
        known = self._known[hole.name]
        written = _written(cell)
        if written not in known:
            raise TableError(f"{name!r} has no option {str(cell)[:SHOWN]!r}"
                             f"{nearest(written, known)}")
        return known[written]

    def read(self, decisions: Mapping[str, Any]) -> dict[str, Atom]:
        """The decisions with their options as the space has them.

        Raises:
            SearchspaceError: a hole or an option that does not exist, or one that the other
            decisions exclude.
        """
        check_names(decisions, self.space.holes)
        found = {name: self.label(name, cell) for name, cell in decisions.items()}
        for name in found:
            hole = self.hole(name)
            if hole is not None and not self._reached(hole, found):
                parent, option = hole.parents[-1]
                raise TableError(f"it decides {name!r}, which is there only where {parent!r} is "
                                 f"{option!r}")
        return found

    def is_complete(self, decisions: Decisions) -> bool:
        """Whether all holes are decided that may be there; else only expanding the network tells.
        """
        return all(not hole.each and (name in decisions or not self._reached(hole, decisions))
                   for name, hole in self.holes.items())

    def _reached(self, hole: Hole, decisions: Mapping[str, Any]) -> bool:
        """Whether the choices around a hole lead to it, as far as they are decided once."""
        return all(self.holes[parent].each or decisions.get(parent, self) == option
                   for parent, option in hole.parents)


class Names:
    """The names of a space's networks, as its genotype says how they are written."""

    def __init__(self, labels: Labels) -> None:
        form = labels.space.header.table
        assert form is not None
        self.labels, self.holes = labels, HOLE.findall(form.text)
        pattern = []
        for i, part in enumerate(HOLE.split(form.text)):
            if i % 2 == 0:
                pattern.append(re.escape(part))
            elif part not in labels.holes:
                raise TableError(f"{labels.space.title}: its names of networks hold {part!r}"
                                 f"{nearest(part, labels.holes)}")
            else:
                options = sorted(map(_written, labels.holes[part].labels), key=len, reverse=True)
                pattern.append(f"({'|'.join(map(re.escape, options))})")
        self.pattern = re.compile("".join(pattern))
        self.form = form

    def decisions(self, name: str) -> dict[str, Atom]:
        """The decisions of a network; raises TableError if its name is none."""
        found = self.pattern.fullmatch(name)
        if found is None:
            raise TableError(f"{name[:SHOWN]!r} is no name of a network of "
                             f"{self.labels.space.title}; such are written "
                             f"{self.form.text[:4 * SHOWN]}")
        return {hole: self.labels.label(hole, text)
                for hole, text in zip(self.holes, found.groups(), strict=True)}


def refused(file: object, name: str, fault: SearchspaceError, space: Genotype) -> TableError:
    """The fault of one row, with its place."""
    return TableError(f"{file}, {name}: no network of {space.title}: {fault}")


def _written(label: Any) -> str:
    """An option or a cell as text: ``true``, ``8`` also for 8.0, ``nor_conv_3x3``."""
    if isinstance(label, bool):
        return str(label).lower()
    text = str(label).strip()
    if text in ("True", "False"):
        return text.lower()
    if re.fullmatch(r"-?[0-9]+\.0+", text):
        return text.partition(".")[0]
    return text
