"""Data sets: files in their published formats, and scikit-learn's digits."""

from pathlib import Path

from search.data.base import Data, Files, Images, Stored
from search.data.cifar import load_cifar10, load_cifar100
from search.data.digits import load_digits
from search.data.errors import DataError
from search.data.files import data_folder
from search.data.folder import load_folder
from search.data.svhn import load_svhn
from searchspace.errors import nearest

__all__ = ["DATASETS", "FOLDER", "Data", "DataError", "Files", "Images", "Stored", "open_data"]

DATASETS = {"digits": load_digits, "cifar10": load_cifar10, "cifar100": load_cifar100,
            "svhn": load_svhn}
FOLDER = "imagefolder:"


def open_data(name: str, folder: str | Path | None = None) -> Data:
    """The data set of this name, or ``imagefolder:DIR``; see `search.data.files.data_folder` for
    where files are looked for.

    Raises:
        DataError: an unknown name, or files that are missing, damaged or cut off.
    """
    try:
        if name.startswith(FOLDER):
            return load_folder(Path(name.removeprefix(FOLDER)))
        if name in DATASETS:
            return DATASETS[name](data_folder(folder))
    except OSError as error:
        raise DataError(f"cannot read {error.filename}: {error.strerror or error}") from None
    except RecursionError:
        raise DataError(f"{name} has folders that are nested too deeply") from None
    raise DataError(f"no data set {name!r}{nearest(name, (*DATASETS, f'{FOLDER}DIR'))}")
