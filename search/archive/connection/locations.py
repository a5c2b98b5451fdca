"""Resolve names, folders and URLs of studies to database URLs."""

import re
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from search.archive.connection.urls import MASK, bare, keep, scrub
from search.environment import STUDIES
from search.errors import StorageError
from searchspace.safety.files import own, write_file

FILE = "study.db"
_ELSEWHERE = "storage.txt"      # in the folder of a study that is kept in a shared database


def remember(folder: Path, url: str) -> None:
    """Record in a study's folder which database it is in, without a password."""
    write_file(folder / _ELSEWHERE, f"{bare(url)}\n")


def url_of_file(file: str | Path) -> str:
    """The URL of an SQLite file; special characters in its name are escaped.

    Raises:
        StorageError: its path is no UTF-8, which URLs are.
    """
    if re.search("[\ud800-\udfff]", str(file)):
        raise StorageError(f"{file!s:.100} is no path of a database: it cannot be written as UTF-8")
    return sa.URL.create("sqlite", database=str(file)).render_as_string(hide_password=False)


def lies_in(folder: Path, url: str) -> bool:
    """Whether a database is the file in the study's folder."""
    if not url.startswith("sqlite"):
        return False
    return Path(sa.make_url(url).database or "").resolve() == (folder / FILE).resolve()


def database_of(folder: Path) -> str:
    """The URL of the database in a study's folder. A URL in a file there is not used: the folder
    may come from an untrusted source.

    Raises:
        StorageError: the folder holds no database.
    """
    if own(folder / FILE).is_file():
        return url_of_file(folder / FILE)
    if own(folder / _ELSEWHERE).is_file():
        raise StorageError(f"{folder} is kept in another database: {_named(folder)}; no file "
                           "chooses what is opened, so name it yourself")
    raise StorageError(f"{folder} holds no study: there is no {FILE} in it")


def _named(folder: Path) -> str:
    """The database that a study's folder names, without secrets."""
    try:
        return repr(scrub((folder / _ELSEWHERE).read_text(encoding="utf-8").strip()))
    except (OSError, ValueError):
        return f"its {_ELSEWHERE} does not say which"


def url_of(text: str, studies: Path = STUDIES) -> str:
    """The URL for a URL, a database file, a study's folder or a study's name.

    Raises:
        StorageError: it is none of these.
    """
    if "://" in text:
        return keep(text)
    path = Path(text)
    for folder in (path, studies / text):
        if folder.is_dir():
            return database_of(folder)
    if path.is_file():
        return url_of_file(path)
    raise StorageError(f"{scrub(text)!r} is no database, no study's folder and no study in "
                       f"{studies}")


def folder_of(text: str, studies: Path = STUDIES) -> Path:
    """The folder of a study, given as that or by its name in ``studies``."""
    path = Path(text)
    return studies / text if not path.is_dir() and (studies / text).is_dir() else path


def new_url(text: str) -> str:
    """The URL of a database that may not exist yet, given as a URL or a file.

    Raises:
        StorageError: it looks like a URL with a password, but without a scheme.
    """
    if "://" in text:
        return keep(text)
    if scrub(text) == MASK:
        raise StorageError(f"{MASK} is no database: a URL begins with postgresql+psycopg://")
    return url_of_file(text)


def all_urls(texts: Sequence[str], studies: Path = STUDIES) -> list[str]:
    """The databases that are named, or those of all studies; each once.

    Raises:
        StorageError: there is none.
    """
    if texts:
        return list(dict.fromkeys(url_of(text, studies) for text in texts))
    folders = sorted(p for p in studies.iterdir() if p.is_dir()) if studies.is_dir() else []
    found = [database_of(p) for p in folders if (p / FILE).is_file()]
    if not found:
        raise StorageError(f"there is no study in {studies}; name an archive")
    return found


def elsewhere(studies: Path) -> list[Path]:
    """The folders of studies whose database is not in them."""
    folders = sorted(p.parent for p in studies.glob(f"*/{_ELSEWHERE}"))
    return [p for p in folders if not (p / FILE).exists()]
