"""Architecture-search playground: genotypes in YAML, graphs in networkx, networks in torch.

>>> from searchspace import cost, load
>>> cost(load("mobilenet-v2@1.0")).params
3504872
"""

from typing import TYPE_CHECKING, Any

import searchspace.starting  # noqa: F401 - before all that takes time
from searchspace.cost import cost, peak_memory
from searchspace.errors import (
    BudgetError,
    GenotypeError,
    GenotypeWarning,
    Place,
    SearchspaceError,
    ShapeError,
    UnknownNameError,
)
from searchspace.expansion import expand
from searchspace.genotype import Genotype, to_yaml
from searchspace.load import load, published, spaces
from searchspace.ops import Cost
from searchspace.space.budget import Budget
from searchspace.space.fill import fill
from searchspace.space.propose import propose

if TYPE_CHECKING:
    from searchspace.building.builder import build
    from searchspace.importing.module import from_module
    from searchspace.importing.weights import load_weights

    __version__: str

__all__ = ["Budget", "BudgetError", "Cost", "Genotype", "GenotypeError", "GenotypeWarning",
           "Place", "SearchspaceError", "ShapeError", "UnknownNameError", "__version__", "build",
           "cost", "expand", "fill", "from_module", "load", "load_weights", "peak_memory",
           "propose", "published", "spaces", "to_yaml"]


def __getattr__(name: str) -> Any:
    """Lazy import of `build`, since torch takes a second to import, and of the version."""
    if name == "build":
        from searchspace.building.builder import build

        return build
    if name == "__version__":
        from importlib.metadata import version

        return version("searchspace")
    if name == "from_module":
        from searchspace.importing.module import from_module

        return from_module
    if name == "load_weights":
        from searchspace.importing.weights import load_weights

        return load_weights
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """All exported names, those that are imported when they are needed among them."""
    return sorted({*globals(), *__all__})
