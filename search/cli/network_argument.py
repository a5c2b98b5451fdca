"""The network that a command is given to train: a published one, or what a search found."""

from pathlib import Path

from search.archive.connection.locations import database_of
from search.data import Data
from search.errors import RecipeError
from search.storage.opening import study_attributes
from search.study.kept import Kept
from searchspace import Genotype, GenotypeError, load
from searchspace.errors import SearchspaceError
from searchspace.expansion import trace
from searchspace.notation.tree import Map
from searchspace.shapes import Size, size_of


def network_for(data: Data, name: str, classes: int | None = None,
                size: Size | None = None) -> Genotype:
    """The network of a name or path, with these outputs and this input size, by default the
    data's.

    Raises:
        RecipeError: it has no such argument, is a space, or its operations may not be run.
    """
    found = found_network(name)
    args = found.document.get("args")
    if isinstance(args, Map) and "classes" in args:
        found = found.with_args({"classes": classes or len(data.classes)})
    elif classes:
        raise RecipeError(f"{found.title} has no argument classes")
    if found.is_space:
        raise RecipeError(f"{name} is a space with open holes; train a network, such as a search's "
                          "best.yaml")
    own = size_of(*trace(found).input[1:])
    return found.with_input(size or (min(own, data.edge) if isinstance(own, int) else own))


def found_network(name: str) -> Genotype:
    """A network by name or path. Operations of one that a search found are in the study's database
    beside it, and are run if the user has allowed them."""
    try:
        return load(name)
    except GenotypeError:
        for folder in Path(name).absolute().parents[:2]:        # best.yaml, front/001.yaml
            if kept := _kept(folder):
                kept.run()
                if kept.remark:
                    raise RecipeError(f"{name}: {kept.remark}") from None
        return load(name)


def _kept(folder: Path) -> Kept | None:
    """The copy that the study in a folder keeps; None if there is none, or it is unreadable."""
    try:
        return Kept.of(study_attributes(database_of(folder), folder.name) or {})
    except SearchspaceError:
        return None
