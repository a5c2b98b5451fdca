"""Published networks brought to a small budget: the largest width of each that fits.

Widths are multiples of a hundredth of the published network's own ``w``, or whole ``c`` where the
genotype's channels hang on that; nothing is made wider than it was published. A network without
such an argument takes part if it fits as it is.
"""

from collections.abc import Iterator

from searchspace import Genotype, SearchspaceError, cost, load, published
from searchspace.identity import identity
from searchspace.notation.tree import Scalar

WIDTHS = ("w", "c")
STEPS = 100


def rivals(budget: int, size: int, classes: int) -> tuple[dict[str, Genotype], dict[str, str]]:
    """Networks of at most ``budget`` MACs by the name of the published ones, and why the others
    are none. Of names that mean one network the first stays."""
    found: dict[str, Genotype] = {}
    lacking: dict[str, str] = {}
    seen: set[str] = set()
    for name in published():
        brought, why = _brought(name, budget, size, classes)
        if brought is None:
            lacking[name] = why
        elif (key := identity(brought)) in seen:
            lacking[name] = "the same network as another one, brought to the budget"
        else:
            seen.add(key)
            found[name] = brought
    return found, lacking


def _brought(name: str, budget: int, size: int, classes: int) -> tuple[Genotype | None, str]:
    why = "nothing in it can be made narrower, and it is too large"
    for made in _candidates(name, size, classes):
        try:
            if cost(made).macs <= budget:
                return made, ""
        except SearchspaceError as error:
            why = f"no network for images of this size: {error}"
    return None, why


def _candidates(name: str, size: int, classes: int) -> Iterator[Genotype]:
    """The network as published, then narrower and narrower."""
    try:
        whole = load(name, classes=classes).with_input(size)
    except SearchspaceError:
        return
    yield whole
    args = whole.document.get("args")
    for arg in WIDTHS:
        own = args.get(arg) if args is not None else None
        if not isinstance(own, Scalar) or isinstance(own.value, bool) or \
                not isinstance(own.value, int | float):
            continue
        steps = [own.value * i / STEPS for i in range(STEPS - 1, 0, -1)] if arg == "w" else \
            list(range(int(own.value) - 1, 0, -1))
        for value in steps:
            try:
                yield whole.with_args({arg: round(value, 6)})
            except SearchspaceError:
                continue
        return
