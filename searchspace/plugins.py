"""Operations of one's own: Python files named on a command line, and installed entry points.

Both run code, so a genotype can name neither; a person does, with ``--ops mine.py``, or by
installing a package with an entry point in the group ``searchspace.ops``.
"""

import importlib.metadata
import importlib.util
import sys
from pathlib import Path

from searchspace.errors import SearchspaceError
from searchspace.ops import OPS

GROUP = "searchspace.ops"


def load_file(path: str | Path) -> tuple[str, ...]:
    """Run a Python file that defines operations with ``@op``; the names of the new ones.

    Raises:
        SearchspaceError: the file is not there, fails, or defines no operation.
    """
    file = Path(path)
    name = f"searchspace_ops_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise SearchspaceError(f"--ops {path}: there is no such Python file")
    before = set(OPS)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module      # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise SearchspaceError(f"--ops {path}: {type(error).__name__}: {error}") from error
    made = tuple(kind for kind in OPS if kind not in before)
    if not made:
        raise SearchspaceError(f"--ops {path}: the file defines no operation with @op")
    return made


def load_installed() -> None:
    """Import the modules that installed packages name in the group ``searchspace.ops``.

    Raises:
        SearchspaceError: one of them fails; the message names it.
    """
    for entry in importlib.metadata.entry_points(group=GROUP):
        try:
            entry.load()
        except Exception as error:
            raise SearchspaceError(f"operations of {entry.value}: {type(error).__name__}: "
                                   f"{error}") from error




