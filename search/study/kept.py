"""The copy of its space and operations that a study keeps, and what has changed since.

Of its space and of its operations it keeps the text, in its database, so that it can be read where
the files are not, and is continued only where they say the same. Its other files (a table, a
recipe, images, a latency table) are in its settings by their digests.
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
    """The text of a study's space, and of the files that define its operations, as far as these are
    not this project's own."""

    space: Frozen
    operations: tuple[Source, ...] = ()

    @classmethod
    def now(cls, space: Genotype) -> Self:
        """What a study of this space keeps; SearchspaceError where the space is at fault."""
        frozen = freeze(space)
        return cls(frozen, _loaded(frozen))

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> Self | None:
        """What a study with these attributes keeps; None of one that was made before studies did.

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
            raise SearchspaceError("what the study keeps of its space is damaged") from None

    def as_json(self) -> dict[str, Any]:
        """What `of` reads, for the attribute `ATTRIBUTE`."""
        return {"space": _entry(self.space.space), "blocks": _entry(self.space.blocks),
                "operations": [{"file": source.name, **_entry(source.text)}
                               for source in self.operations]}

    def genotype(self, file: str) -> Genotype:
        """The space; messages name it ``file``."""
        return thaw(self.space, f"{file} as the study keeps it")

    def change(self, now: "Kept") -> str | None:
        """What is another than it was, in a sentence; None where nothing is."""
        return self._operations_change(now.operations) or change(self.space, now.space)

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """For people: the name and SHA-256 of each part."""
        return (("kept copy of the space", _digest(self.space.space)[:12]),
                *((f"kept copy of {s.name}", s.digest[:12]) for s in self.operations))

    @property
    def remark(self) -> str | None:
        """What of the operations is not loaded, or another than it was, in a sentence."""
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
        """Run the files of operations that are not loaded and whose digest ``may`` be, by default
        those that the user has named once; none where the user has loaded others instead.

        Raises:
            SearchspaceError: one fails.
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
    """The text of an entry; ValueError where it is not the one that was written."""
    text = entry["text"]
    if entry["sha256"] != _digest(text):
        raise ValueError("another text")
    return text
