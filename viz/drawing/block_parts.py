"""The parts of a block's body: operations and called blocks, and which of them are equal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import groupby
from typing import Any

from searchspace.expansion import Node
from searchspace.ops import Op

# Parameters that depend on the number of channels; of groups only whether there are several counts.
_SIZES = ("out", "start", "length", "groups", "height", "width")


@dataclass(frozen=True, slots=True)
class Part:
    """A block called in a body, or one operation of the body itself (``block`` is None)."""

    name: str
    block: str | None
    span: range

    @property
    def stem(self) -> str:
        """The name without the repeat's number, if it has one."""
        return self.name.rpartition(".")[0] if self.repeat is not None else self.name

    @property
    def repeat(self) -> int | None:
        """Number of the repeat, if it is one; no other name ends in a number."""
        last = self.name.rpartition(".")[2]
        return int(last) if last.isdigit() else None


def parts(nodes: Sequence[Node], span: range, depth: int) -> Iterator[Part]:
    """The parts of a body whose nodes are ``span``, inside ``depth`` calls, in order."""
    def call(i: int) -> tuple[str, str | None]:
        calls = nodes[i].calls
        return (calls[depth].name, calls[depth].block) if len(calls) > depth else \
            (nodes[i].name, None)

    for (name, block), group in groupby(span, key=call):
        found = list(group)
        yield Part(name, block, range(found[0], found[-1] + 1))


def signature(nodes: Sequence[Node], part: Part, depth: int) -> tuple[Any, ...]:
    """Key that is equal for parts of the same structure, whatever their channels and sizes.

    Inputs are counted from the part's first node; those from outside are numbered by appearance.
    """
    start, outside = part.span.start, dict[int, int]()
    rows = []
    for i in part.span:
        node = nodes[i]
        inputs = tuple(j - start if j >= start else ~outside.setdefault(j, len(outside))
                       for j in node.inputs)
        inner = tuple(c.name.removeprefix(part.name) for c in node.calls[depth:])
        rows.append((without_sizes(node.op), inner, inputs))
    return part.block, *rows


def summary(nodes: Sequence[Node], body: Sequence[Part], most: int = 4) -> tuple[str, int]:
    """A body in words (``vote ×5 + concat``) and 1; for equal parts, one and their number."""
    labels = [part.block or nodes[part.span.start].op.label() for part in body]
    runs = [(label, len(list(group))) for label, group in groupby(labels)]
    if len(runs) == 1:
        return runs[0]
    shown = [f"{label} ×{n}" if n > 1 else label for label, n in runs]
    if len(shown) > most:
        shown = [*shown[:most - 1], "…"]
    return " + ".join(shown), 1


def uses(names: Sequence[str]) -> str:
    """Names of uses, with consecutive repeats as ranges: ``stage3.1–2, stage4.0``."""
    shown = []
    for stem, group in groupby((Part(name, None, range(0)) for name in names), lambda p: p.stem):
        numbers = [p.repeat for p in group]
        if numbers[0] is None:
            shown.append(stem)
        else:
            last = f"–{numbers[-1]}" if len(numbers) > 1 else ""
            shown.append(f"{stem}.{numbers[0]}{last}")
    return ", ".join(shown)


@lru_cache(maxsize=4096)
def without_sizes(op: Op) -> tuple[Any, ...]:
    """Key of an operation without the parameters that depend on the number of channels."""
    kept = (f.name for f in fields(op) if f.name not in _SIZES)  # type: ignore[arg-type]
    return op.kind, getattr(op, "groups", 1) > 1, *(getattr(op, name) for name in kept)
