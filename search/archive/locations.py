"""Where archives are: the database of a study's folder, and what a person may call one."""

from collections.abc import Sequence
from pathlib import Path

from search.archive.urls import MASK, bare, keep, scrub
from search.errors import StorageError

STUDIES = Path(__file__).resolve().parents[2] / "studies"
FILE = "study.db"
_ELSEWHERE = "storage.txt"      # in the folder of a study that is kept in a shared database


def remember(folder: Path, url: str) -> None:
    """Note in a study's folder in which database it is, without a password."""
    (folder / _ELSEWHERE).write_text(f"{bare(url)}\n", encoding="utf-8")


def database_of(folder: Path) -> str:
    """The URL of the database that a study's folder belongs to; a password in it is put away.

    Raises:
        StorageError: the folder holds no study.
    """
    if (folder / FILE).is_file():
        return f"sqlite:///{folder / FILE}"
    if (folder / _ELSEWHERE).is_file():
        return keep((folder / _ELSEWHERE).read_text(encoding="utf-8").strip())
    raise StorageError(f"{folder} holds no study: there is no {FILE} in it")


def url_of(text: str, studies: Path = STUDIES) -> str:
    """The URL of what is given as one, as a database file, a study's folder or a study's name.

    Raises:
        StorageError: there is nothing of the kind.
    """
    if "://" in text:
        return keep(text)
    path = Path(text)
    for folder in (path, studies / text):
        if folder.is_dir():
            return database_of(folder)
    if path.is_file():
        return f"sqlite:///{path}"
    raise StorageError(f"{scrub(text)!r} is no database, no study's folder and no study in "
                       f"{studies}")


def new_url(text: str) -> str:
    """The URL of a database that need not be there, given as one or as a file.

    Raises:
        StorageError: it is a URL without its beginning, by the looks of it with a password.
    """
    if "://" in text:
        return keep(text)
    if scrub(text) == MASK:
        raise StorageError(f"{MASK} is no database: a URL begins with postgresql+psycopg://")
    return f"sqlite:///{text}"


def all_urls(texts: Sequence[str], studies: Path = STUDIES) -> list[str]:
    """The databases that are named, or those of all studies; each once.

    Raises:
        StorageError: there is none.
    """
    if texts:
        return list(dict.fromkeys(url_of(text, studies) for text in texts))
    folders = sorted(p for p in studies.iterdir() if p.is_dir()) if studies.is_dir() else []
    found: dict[str, None] = {}
    for folder in folders:
        if (folder / FILE).is_file() or (folder / _ELSEWHERE).is_file():
            found[database_of(folder)] = None
    if not found:
        raise StorageError(f"there is no study in {studies}; name an archive")
    return list(found)
