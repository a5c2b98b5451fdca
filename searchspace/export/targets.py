"""The targets of an export, by name."""

import functools
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
    """Register a target. What the packages that it uses raise becomes an `ExportError`."""
    return TARGETS.register(name, lambda write: Target(_told(name, write), suffix, about))


def _told(name: str, write: Callable[[Job, Path], list[str]]) -> Callable[[Job, Path], list[str]]:
    @functools.wraps(write)
    def written(job: Job, path: Path) -> list[str]:
        try:
            return write(job, path)
        except (SearchspaceError, OSError):
            raise
        except Exception as error:      # each package has its own, and none is documented
            first = next(iter(str(error).strip().splitlines()), "")
            raise ExportError(f"{job.genotype.title} cannot be written as {name}: "
                              f"{type(error).__name__}: {first[:200]}") from error

    return written


def needed(error: ImportError, extra: str) -> ExportError:
    """The error of a target whose packages are not installed."""
    return ExportError(f"this target needs the package {error.name or extra}: {extra}")
