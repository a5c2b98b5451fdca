"""Architecture-search playground: genotypes in YAML, graphs in networkx, networks in torch.

>>> from searchspace import cost, load
>>> cost(load("mobilenet-v2@1.0")).params
3504872
"""

from typing import TYPE_CHECKING, Any

from .cost import cost
from .errors import (
    BudgetError,
    GenotypeError,
    Place,
    SearchspaceError,
    ShapeError,
    UnknownNameError,
)
from .expand import expand
from .fill import fill
from .genotype import Genotype
from .listing import published, spaces
from .load import load
from .memory import peak_memory
from .ops import Cost
from .write import to_yaml

if TYPE_CHECKING:
    from .builder import build

__all__ = ["BudgetError", "Cost", "Genotype", "GenotypeError", "Place", "SearchspaceError",
           "ShapeError", "UnknownNameError", "build", "cost", "expand", "fill", "load",
           "peak_memory", "published", "spaces", "to_yaml"]


def __getattr__(name: str) -> Any:
    """`build` imports torch, which takes a second: only when it is asked for."""
    if name == "build":
        from .builder import build

        return build
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
