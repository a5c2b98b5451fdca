"""The fault of a table of results."""

from searchspace import SearchspaceError


class TableError(SearchspaceError):
    """A table cannot be read, does not describe the networks of its space, or lacks a column."""
