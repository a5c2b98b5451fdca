"""The error of data sets; messages are one sentence."""

from searchspace import SearchspaceError


class DataError(SearchspaceError):
    """Data are missing, damaged, or unsuitable for the training."""
