"""Registries: entries by name, registered by a decorator at their definition.

Operations, scores, samplers, objectives, plots and counting rules each have one `Registry`. A new
one is a file with a decorated function or class; there is no other list.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, TypeVar

from searchspace.errors import SearchspaceError, nearest

T = TypeVar("T")
Registered = TypeVar("Registered")


class Registry(Mapping[str, T]):
    """A read-only mapping of names to registered entries, in the order of registration.

    ``what``: name of an entry in messages ("score"); ``page``: page of the documentation that lists
    the entries; ``error``: exception of `find`.
    """

    every: ClassVar[list["Registry[Any]"]] = []     # so that one test covers all of them

    def __init__(self, what: str, page: str,
                 error: type[SearchspaceError] = SearchspaceError) -> None:
        self.what, self.page, self.error = what, page, error
        self._entries: dict[str, T] = {}
        self.every.append(self)

    def add(self, name: str, entry: T) -> T:
        """Register one entry; a duplicate name is a programming error."""
        if name in self._entries:
            raise ValueError(f"{self.what} {name!r} is defined twice: {self._entries[name]!r} and "
                             f"{entry!r}")
        self._entries[name] = entry
        return entry

    def register(self, name: str, make: Callable[[Any], T] = lambda made: made,
                 ) -> Callable[[Registered], Registered]:
        """A decorator that registers ``make(decorated)`` and returns the decorated object."""
        def decorate(made: Registered) -> Registered:
            self.add(name, make(made))
            return made
        return decorate

    def discover(self, package: str) -> None:
        """Import all modules of a package, so that their entries are registered."""
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
            importlib.import_module(f"{package}.{module.name}")

    def find(self, name: str) -> T:
        """The entry of this name.

        Raises:
            SearchspaceError: there is none; it names the nearest known one.
        """
        if name not in self._entries:
            raise self.error(f"no {self.what} {name!r}{nearest(name, self._entries)}")
        return self._entries[name]

    def __getitem__(self, name: str) -> T:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
