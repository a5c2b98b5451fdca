"""The copy of its space and operations that a study keeps, and what has changed since.

The text of the space and of the operations is stored in the database, so that a study can be read
without the files, and is continued only if they are unchanged. Other files (a table, a recipe,
images, a latency table) are recorded in the settings by their digests.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from searchspace import Genotype, SearchspaceError
from searchspace.plugins import Source, run, sources
from searchspace.safety.allowed import is_allowed
from searchspace.space.changes import first_change
from searchspace.space.frozen import Frozen, change, freeze, thaw

ATTRIBUTE = "kept"      # of the study, in Optuna's tables


@dataclass(frozen=True, slots=True)
class Kept:
    """The text of a study's space, and of the files that define its operations, except for those
    of this project."""

    space: Frozen
    operations: tuple[Source, ...] = ()

    @classmethod
    def now(cls, space: Genotype) -> Self:
        """The copy to keep of this space; raises SearchspaceError if the space is invalid."""
        frozen = freeze(space)
        return cls(frozen, _loaded(frozen))

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> Self | None:
        """The copy in a study's attributes; None in studies of versions that kept none.

        Raises:
            SearchspaceError: it is damaged.
        """
        if (found := attributes.get(ATTRIBUTE)) is None:
            return None
        try:
            return cls(Frozen(_text(found["space"]), _text(found["blocks"])),
                       tuple(Source(Path(entry["file"]).name, _text(entry))
                             for entry in found["operations"]))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise SearchspaceError("the study's copy of its space is damaged") from None

    def as_json(self) -> dict[str, Any]:
        """JSON value of the attribute `ATTRIBUTE`, which `of` reads."""
        return {"space": _entry(self.space.space), "blocks": _entry(self.space.blocks),
                "operations": [{"file": source.name, **_entry(source.text)}
                               for source in self.operations]}

    def genotype(self, file: str) -> Genotype:
        """The space; messages name it ``file``."""
        return thaw(self.space, f"the study's copy of {file}")

    def change(self, now: "Kept") -> str | None:
        """The first difference from ``now``, in a sentence; None if there is none."""
        return self._operations_change(now.operations) or change(self.space, now.space)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Name and abbreviated SHA-256 of each part, human-readable."""
        return (("kept copy of the space", _digest(self.space.space)[:12]),
                *((f"kept copy of {s.name}", s.digest[:12]) for s in self.operations))

    @property
    def remark(self) -> str | None:
        """Which operations are not loaded or have changed, in a sentence; None if none."""
        return self._operations_change(_loaded(self.space))

    def _operations_change(self, now: tuple[Source, ...]) -> str | None:
        was, loaded = ({source.name: source for source in part} for part in (self.operations, now))
        if {source.text for source in self.operations} == {source.text for source in now}:
            return None                 # perhaps of a file that was renamed
        for name, source in was.items():
            if name not in loaded:
                return f"the operations of {name} are not loaded: name the file with --ops"
            if found := first_change(source.code, loaded[name].code):
                return f"the operations in {name} have changed: {found}"
        new = [name for name in loaded if name not in was]
        return f"the operations in {new[0]} are new" if new else None

    def run(self, may: Callable[[str], bool] = is_allowed) -> None:
        """Run the files of operations that are not loaded and whose digest ``may`` allows, by
        default those that the user has named once; none if the user has loaded others instead.

        Raises:
            SearchspaceError: one of them fails.
        """
        loaded = {source.text for source in _loaded(self.space)}
        if loaded <= {source.text for source in self.operations}:
            for source in self.operations:
                if source.text not in loaded and may(source.digest):
                    run(source)


def _loaded(space: Frozen) -> tuple[Source, ...]:
    return sources(f"{space.space}\n{space.blocks}")


def _entry(text: str) -> dict[str, str]:
    return {"text": text, "sha256": _digest(text)}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(entry: Mapping[str, str]) -> str:
    """The text of an entry; raises ValueError if it does not match its digest."""
    text = entry["text"]
    if entry["sha256"] != _digest(text):
        raise ValueError("another text")
    return text
