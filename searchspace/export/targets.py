"""The targets of an export, by name."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from searchspace.errors import SearchspaceError
from searchspace.export.job import ExportError, Job
from searchspace.registry import Registry


class Target(NamedTuple):
    """Writes a network to a file, and gives lines about what was checked. ``suffix``: how the
    file's name ends where none is given; no other target's ends so."""

    write: Callable[[Job, Path], list[str]]
    suffix: str
    about: str


TARGETS: Registry[Target] = Registry("export target", "docs/export.md", SearchspaceError)


def target(name: str, suffix: str, about: str) -> Callable[
        [Callable[[Job, Path], list[str]]], Callable[[Job, Path], list[str]]]:
    """Register a target."""
    return TARGETS.register(name, lambda write: Target(write, suffix, about))


def needed(error: ImportError, extra: str) -> ExportError:
    """The error of a target whose packages are not installed."""
    return ExportError(f"this target needs the package {error.name or extra}: {extra}")
