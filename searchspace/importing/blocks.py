"""One block for bodies that are alike: sizes that are arguments, and sizes that are formulas."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from searchspace.importing.body import Body, Item, X

INNER = {"out": "mid", "mid": "squeeze"}      # names of arguments that are not the block's output
LARGEST = 64        # factor or divisor in a formula


@dataclass(slots=True)
class Block:
    """A block: its items with formulas in place of sizes, its arguments with their values in each
    use, and the uses by number."""

    name: str
    items: tuple[Item, ...]
    uses: tuple[int, ...]
    args: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def default(self, arg: str) -> Any:
        """The value of an argument in most uses; None for `out`, which is always given."""
        return None if arg == "out" else Counter(self.args[arg]).most_common(1)[0][0]

    def call(self, use: int) -> dict[str, Any]:
        """The arguments of one use, without defaults."""
        at = self.uses.index(use)
        return {arg: values[at] for arg, values in self.args.items()
                if values[at] != self.default(arg)}


def block(name: str, bodies: Sequence[Body], uses: Sequence[int]) -> Block:
    """The block that these bodies are uses of."""
    full = max((bodies[i] for i in uses), key=lambda b: len(b.items))
    made = Block(name, (), tuple(uses))
    writer = _Writer(made, [bodies[i] for i in uses], full)
    made.items = tuple(writer.item(i) for i in range(len(full.items)))
    made.args = {arg: made.args[arg] for arg in sorted(made.args, key=lambda a: a != "out")}
    return made


class _Writer:
    """Writes the items of a block, and adds the arguments that they need."""

    def __init__(self, made: Block, bodies: Sequence[Body], full: Body) -> None:
        self.made, self.bodies, self.full = made, bodies, full
        self.places = [_aligned(b, full) for b in bodies]
        self.x = tuple(b.before[0] for b in bodies)
        self.out = tuple(b.after[0] for b in bodies)

    def item(self, i: int) -> Item:
        item = self.full.items[i]
        if item.key == "residual":
            project = next((b.items[places[i]].project for b, places in
                            zip(self.bodies, self.places, strict=True)
                            if i in places and b.items[places[i]].project is not None), None)
            return Item(item.key, item.params, item.inputs, item.nodes, project)
        same = [b.items[places[i]] for b, places in zip(self.bodies, self.places, strict=True)]
        cin = tuple(b.shape(it.inputs[0])[0] for b, it in zip(self.bodies, same, strict=True))
        params = {name: self.value(name, tuple(it.params[name] for it in same), cin)
                  for name in item.params}
        return Item(item.key, params, item.inputs, item.nodes)

    def value(self, name: str, column: tuple[Any, ...], cin: tuple[int, ...]) -> Any:
        """A constant, a formula, or a new argument."""
        if len(set(column)) == 1:
            return column[0]
        if isinstance(column[0], tuple):
            if name == "sizes":
                return tuple(self.value("part", entries, cin)
                             for entries in zip(*column, strict=True))
        elif isinstance(column[0], int):
            if column == cin:
                return "=cin"
            for base, numbers in (("x.c", self.x), ("out", self.out), *self.made.args.items()):
                if text := _multiple(column, numbers, base):
                    if base == "out":
                        self.made.args["out"] = self.out
                    return text
        for arg, values in self.made.args.items():
            if values == column:
                return f"={arg}"
        base = INNER.get(name, name) if name != "out" or column != self.out else name
        arg, n = base, 2
        while arg in self.made.args:
            arg, n = f"{base}{n}", n + 1
        self.made.args[arg] = column
        return f"={arg}"


def _multiple(column: Sequence[Any], numbers: Sequence[Any], base: str) -> str:
    """``=q*base`` where all entries have that ratio, or nothing."""
    if not all(isinstance(n, int) and n > 0 for n in (*column, *numbers)):
        return ""
    ratios = {Fraction(n, m) for n, m in zip(column, numbers, strict=True)}
    if len(ratios) > 1:
        return ""
    ratio = ratios.pop()
    if max(ratio.numerator, ratio.denominator) > LARGEST:
        return ""
    text = base if ratio.numerator == 1 else f"{ratio.numerator}*{base}"
    return f"={text}" if ratio.denominator == 1 else f"={text}/{ratio.denominator}"


def _aligned(b: Body, full: Body) -> Mapping[int, int]:
    """For items of the full body those of another, which may lack residuals of x."""
    if len(b.items) == len(full.items):
        return {i: i for i in range(len(full.items))}
    places, j = {}, 0
    for i, item in enumerate(full.items):
        if item.key == "residual" and item.inputs == ((X, 0),):
            continue
        places[i] = j
        j += 1
    return places
