"""Published networks brought to a small budget: the largest width of each that fits.

Widths are multiples of a hundredth of the published network's own ``w``, or whole ``c`` where the
genotype's channels hang on that; nothing is made wider than it was published. A network without
such an argument takes part if it fits as it is.
"""

from bisect import bisect_left
from functools import cache

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
        brought, why = brought_to(name, budget, size, classes)
        if brought is None:
            lacking[name] = why
        elif (key := identity(brought)) in seen:
            lacking[name] = "the same network as another one, brought to the budget"
        else:
            seen.add(key)
            found[name] = brought
    return found, lacking


def nearest_of_each(brought: dict[str, Genotype]) -> dict[str, Genotype]:
    """Of each family the network nearest below the budget."""
    nearest: dict[str, str] = {}
    for name in sorted(brought, key=lambda n: -cost(brought[n]).macs):
        nearest.setdefault(name.partition("@")[0], name)
    return {n: brought[n] for n in nearest.values()}


def brought_to(name: str, budget: int, size: int, classes: int) -> tuple[Genotype | None, str]:
    """The published network at the largest width that fits; or None, and why."""
    try:
        whole = load(name, classes=classes).with_input(size)
    except SearchspaceError as error:
        return None, f"no network for images of this size: {error}"
    widths = _widths(whole)

    @cache
    def made(i: int) -> tuple[Genotype, int] | None:
        """The first network from this width on, as not all widths make one, and its MACs."""
        if i == len(widths):
            return None
        try:
            network = whole.with_args(widths[i]) if widths[i] else whole
            return network, cost(network).macs
        except SearchspaceError:
            return made(i + 1)

    # Costs grow with the width, so the range is halved.
    fits = bisect_left(range(len(widths)), True,
                       key=lambda i: (found := made(i)) is None or found[1] <= budget)
    largest = made(fits)
    return (largest[0], "") if largest else (None, "no width of it makes a network that fits")


def _widths(whole: Genotype) -> list[dict[str, float]]:
    """The arguments that make the network narrower and narrower, beginning with its own."""
    args = whole.document.get("args")
    for arg in WIDTHS:
        own = args.get(arg) if args is not None else None
        if isinstance(own, Scalar) and not isinstance(own.value, bool) and \
                isinstance(own.value, int | float):
            values = [round(own.value * i / STEPS, 6) for i in range(STEPS - 1, 0, -1)] \
                if arg == "w" else list(range(int(own.value) - 1, 0, -1))
            return [{}, *({arg: value} for value in values)]
    return [{}]
