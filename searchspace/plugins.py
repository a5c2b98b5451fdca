"""User-defined operations: Python files named on a command line, and installed entry points.

Both run code, so a genotype cannot name them; the user does, with ``--ops mine.py``, or by
installing a package with an entry point in the group ``searchspace.ops``. A study keeps the text of
the files that define its operations; it is run only if `allowed` permits.
"""

import ast
import hashlib
import importlib.metadata
import importlib.util
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from searchspace.errors import SearchspaceError
from searchspace.ops import OPS
from searchspace.safety.allowed import allow

GROUP = "searchspace.ops"


@dataclass(frozen=True, slots=True)
class Source:
    """A file of operations: its name or path, and its text."""

    file: str
    text: str

    @property
    def name(self) -> str:
        """The file's name, without folders."""
        return Path(self.file).name

    @property
    def digest(self) -> str:
        """The SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def code(self) -> list[str]:
        """Its lines without comments and in a canonical layout; unchanged if it is not valid
        Python."""
        try:
            return ast.unparse(ast.parse(self.text)).splitlines()
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return self.text.splitlines()


_RUN: dict[str, Source] = {}        # by module


def load_file(path: str | Path) -> tuple[str, ...]:
    """Run a Python file that defines operations with ``@op``; returns the names of the new ones.
    The file is recorded as named by the user, see `allowed`.

    Raises:
        SearchspaceError: the file is missing, fails, or defines no operation.
    """
    file = Path(path)
    if not file.is_file():
        raise SearchspaceError(f"--ops {path}: there is no such Python file")
    try:
        source = Source(str(file.resolve()), importlib.util.decode_source(file.read_bytes()))
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise SearchspaceError(f"--ops {path}: {type(error).__name__}: {error}") from None
    made = run(source)
    allow(source.digest, source.file)
    return made


def run(source: Source) -> tuple[str, ...]:
    """Run the text of a file of operations, once; returns the names of the new ones.

    Raises:
        SearchspaceError: it fails, or defines no operation.
    """
    name = f"searchspace_ops_{Path(source.file).stem}_{source.digest[:16]}"
    if name in _RUN:
        return ()
    before = set(OPS)
    try:
        as_module(source, name)
    except (Exception, SystemExit) as error:
        raise SearchspaceError(f"--ops {source.file}: {type(error).__name__}: {error}") from error
    made = tuple(kind for kind in OPS if kind not in before)
    if not made:
        raise SearchspaceError(f"--ops {source.file}: the file defines no operation with @op")
    _RUN[name] = source
    return made


def as_module(source: Source, name: str) -> ModuleType:
    """Run the text of a Python file that the user has named, as a module of this name. It raises
    whatever the file raises."""
    module = ModuleType(name)
    module.__file__ = source.file
    sys.modules[name] = module      # dataclasses look their module up
    exec(compile(source.text, source.file, "exec", dont_inherit=True), vars(module))
    return module


def sources(text: str) -> tuple[Source, ...]:
    """The files of the loaded operations that a genotype's text names; without those of this
    project, and without scripts and notebooks, which change for other reasons too."""
    found = {source for kind, operation in OPS.items()
             if re.search(rf"(?<![\w-]){re.escape(kind)}(?![\w-])", text)
             and (source := _source(operation.__module__))}
    return tuple(sorted(found, key=lambda source: (source.name, source.text)))


def _source(module: str) -> Source | None:
    if module in _RUN:
        return _RUN[module]
    file = getattr(sys.modules.get(module), "__file__", None)
    if module == "__main__" or module.startswith(f"{__package__}.ops.") or not file:
        return None
    try:
        return Source(file, importlib.util.decode_source(Path(file).read_bytes()))
    except (OSError, SyntaxError, UnicodeDecodeError):      # inside an archive, or compiled
        return None


def load_installed() -> None:
    """Import the modules that installed packages name in the group ``searchspace.ops``.

    Raises:
        SearchspaceError: one of them fails; the message names it.
    """
    for entry in importlib.metadata.entry_points(group=GROUP):
        try:
            entry.load()
        except (Exception, SystemExit) as error:
            raise SearchspaceError(f"operations of {entry.value}: {type(error).__name__}: "
                                   f"{error}") from error
