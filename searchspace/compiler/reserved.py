"""Reserved words of steps: the structural steps, and where a word has an effect."""

from searchspace.compiler.program import RESERVED
from searchspace.errors import GenotypeError
from searchspace.notation.holes import find_holes
from searchspace.notation.tree import Map, Scalar

# Steps that are not one operation, with their parameters; implemented in `expansion`.
STRUCTURAL: dict[str, tuple[str, ...]] = {
    "identity": (), "split": ("sizes",), "residual": ("project",),
    "wire": ("edges", "node", "source", "join", "out", "n", "back", "ends"),
}
_REQUIRED = {"residual": ("from",), "split": ("as",), "wire": ("node",)}
_WIRED_BY = {"edges": ("edges", "source", "out"), "back": ("back", "n", "ends")}   # either way


def check_reserved(key: str, kind: str, given: Map) -> None:
    """Raise GenotypeError for a reserved word without effect, or a missing one."""
    for word in ("first", "each"):
        if word in given and "repeat" not in given:
            raise GenotypeError(f"{word!r} has no effect without 'repeat'", given[word].place)
    each = given.get("each")
    if each is not None and not isinstance(each, Map):
        if each != Scalar(True):
            raise GenotypeError("each is `true`, or lists by parameter: each: {k: [3, 5]}",
                                each.place)
        held = [t for n, t in given.items.items() if n not in RESERVED]
        if not any(h.each for t in held for h in find_holes(t)):
            raise GenotypeError("each: true has no effect without a hole in the step's parameters",
                                each.place)
    for word in _REQUIRED.get(key, ()):
        if word not in given:
            raise GenotypeError(f"{key} needs {word!r}", given.place)
    for word in ("repeat", "of"):
        if word in given and kind in STRUCTURAL:
            raise GenotypeError(f"{word!r} has no effect on {key}", given[word].place)
    if key == "wire":
        _check_wire(given)


def _check_wire(given: Map) -> None:
    ways = [way for way in _WIRED_BY if way in given]
    if len(ways) != 1:
        raise GenotypeError("wire needs 'edges' or 'back'" + (", not both" if ways else ""),
                            given.place)
    if "back" in given and "n" not in given:
        raise GenotypeError("wire needs 'n', the number of nodes, beside 'back'", given.place)
    for way, words in _WIRED_BY.items():
        for word in words:
            if word in given and way not in given:
                raise GenotypeError(f"{word!r} has no effect on a wire given by its {ways[0]!r}",
                                    given[word].place)
