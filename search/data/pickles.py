"""Reading a pickle of plain values and numpy arrays without executing what it says.

A pickle is a program: it names functions and calls them. Here the only names that mean something
are those that a numpy array is written with, and each is answered by a function of this file or by
numpy's own class; every other name is refused before anything is called.
"""

import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from search.errors import DataError

_ARRAYS = {f"numpy.{core}.multiarray" for core in ("core", "_core")} | {"numpy"}


def read_pickle(data: bytes, where: str) -> Any:
    """The value of a pickle; texts of Python 2 come as bytes.

    Raises:
        DataError: it is no complete pickle, or names anything but numpy's arrays.
    """
    try:
        return _Reader(io.BytesIO(data), encoding="bytes").load()
    except DataError:
        raise
    except Exception as error:      # a damaged pickle fails in whatever its bytes happen to say
        raise DataError(f"{where} is damaged or cut off: no pickle can be read from it "
                        f"({str(error) or type(error).__name__})") from None


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What a name in the pickle stands for."""
        if module in _ARRAYS and name in _KNOWN:
            return _KNOWN[name]
        if (module, name) == ("_codecs", "encode"):
            return _encode
        raise DataError(f"a pickle of images names {module}.{name}, which is not read: only numpy "
                        "arrays and plain values are")


def _reconstruct(kind: type, shape: tuple[int, ...], code: bytes) -> Any:
    """An empty array, which the pickle then fills: what numpy's function of this name gives."""
    if kind is not np.ndarray or shape != (0,):
        raise DataError("a pickle of images holds an array that was not written by numpy")
    return np.ndarray((0,), np.int8)


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """How protocol 2 writes bytes; other encodings could name modules."""
    if encoding != "latin1":
        raise DataError(f"a pickle of images has text in the encoding {encoding[:40]!r}")
    return text.encode("latin1")


def _plain(kind: Any, *flags: Any) -> Any:
    """A data type of numbers or texts; objects inside an array would be another pickle."""
    made = np.dtype(kind, *flags)
    if made.hasobject:
        raise DataError("a pickle of images holds an array of objects")
    return made


_KNOWN: dict[str, type | Callable[..., Any]] = {
    "_reconstruct": _reconstruct, "ndarray": np.ndarray, "dtype": _plain}
