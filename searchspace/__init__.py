"""Architecture-search playground: genotypes in YAML, graphs in networkx, networks in torch.

>>> from searchspace import cost, load
>>> cost(load("mobilenet-v2@1.0")).params
3504872
"""

from typing import TYPE_CHECKING, Any

import searchspace.safety.starting  # noqa: F401 - before all that takes time
from searchspace.cost import cost, peak_memory
from searchspace.errors import (
    BudgetError,
    GenotypeError,
    Place,
    SearchspaceError,
    ShapeError,
    UnknownNameError,
)
from searchspace.expansion import expand
from searchspace.genotype import Genotype, to_yaml
from searchspace.load import load, published, spaces
from searchspace.ops import Cost
from searchspace.space.fill import fill

if TYPE_CHECKING:
    from searchspace.building.builder import build

__all__ = ["BudgetError", "Cost", "Genotype", "GenotypeError", "Place", "SearchspaceError",
           "ShapeError", "UnknownNameError", "build", "cost", "expand", "fill", "load",
           "peak_memory", "published", "spaces", "to_yaml"]


def __getattr__(name: str) -> Any:
    """Lazy import of `build` and others: torch takes a second to import."""
    if name == "build":
        from searchspace.building.builder import build

        return build
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
