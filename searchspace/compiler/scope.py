"""Names in a body: its blocks and arguments, and those that its steps give to tensors."""

from typing import Protocol

from searchspace.compiler.program import Block
from searchspace.errors import GenotypeError, Place, nearest
from searchspace.identifiers import is_word
from searchspace.notation.tree import Scalar, Seq, Tree, describe

_NO_NAMES = ("_", "loose", "none", "input")   # they mean something already


class Names(Protocol):
    """Protocol for the look-up of blocks by name (`blocks.Blocks`)."""

    @property
    def names(self) -> frozenset[str]: ...

    def get(self, name: str) -> Block | None: ...


class CompileScope:
    """Scope of one body: blocks by name, and its arguments; records which were used, which tensors
    formulas look at, and whether one is uneven."""

    def __init__(self, blocks: Names) -> None:
        self.blocks = blocks
        self.args: list[str] = []
        self.used: set[str] = set()
        self.tensors: set[str] = set()
        self.is_uneven = False

    def use(self, name: str, place: Place, text: str) -> None:
        """Mark an argument as used. Raises GenotypeError if there is none of this name."""
        if name not in self.args:
            raise GenotypeError(f"{text!r}: no argument {name!r}{nearest(name, self.args)}", place)
        self.used.add(name)


def as_names(tree: Tree | None) -> tuple[str, ...]:
    """The names in a step's ``as``. Raises GenotypeError if they are none."""
    if tree is None:
        return ()
    items = tree.items if isinstance(tree, Seq) else (tree,)
    names = []
    for item in items:
        name = item.value if isinstance(item, Scalar) else None
        if not isinstance(name, str) or not is_word(name) or name in _NO_NAMES:
            raise GenotypeError("as takes names (letters, digits, _; no word of Python's), not "
                                f"{describe(item)}", tree.place)
        if name in names:
            raise GenotypeError(f"as names {name!r} twice", tree.place)
        names.append(name)
    return tuple(names)
