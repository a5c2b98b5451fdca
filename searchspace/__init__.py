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
    from searchspace.building.optimize import optimize
    from searchspace.importing.module import from_module
    from searchspace.importing.weights import load_weights

    __version__: str

__all__ = ["Budget", "BudgetError", "Cost", "Genotype", "GenotypeError", "GenotypeWarning",
           "Place", "SearchspaceError", "ShapeError", "UnknownNameError", "__version__", "build",
           "cost", "expand", "fill", "from_module", "load", "load_weights", "optimize",
           "peak_memory", "propose", "published", "spaces", "to_yaml"]


# what needs torch, which takes a second to import
_LATER = {"build": "searchspace.building.builder", "from_module": "searchspace.importing.module",
          "load_weights": "searchspace.importing.weights",
          "optimize": "searchspace.building.optimize"}


def __getattr__(name: str) -> Any:
    """Import what is imported when it is needed."""
    if name == "__version__":
        from importlib.metadata import version

        return version("searchspace")
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """All exported names, those that are imported when they are needed among them."""
    return sorted({*globals(), *__all__})
