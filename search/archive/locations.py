"""Where archives are: the database of a study's folder, and what a person may call one."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from search.errors import StorageError

STUDIES = Path(__file__).resolve().parents[2] / "studies"
FILE = "study.db"
_ELSEWHERE = "storage.txt"      # in the folder of a study that is kept in a shared database


def remember(folder: Path, url: str) -> None:
    """Note in a study's folder in which database it is. A password is left out: PostgreSQL's
    driver finds it in ``~/.pgpass`` or in ``PGPASSWORD``."""
    shown = sa.make_url(url)._replace(password=None).render_as_string(hide_password=False)
    (folder / _ELSEWHERE).write_text(f"{shown}\n", encoding="utf-8")


def database_of(folder: Path) -> str:
    """The URL of the database that a study's folder belongs to.

    Raises:
        StorageError: the folder holds no study.
    """
    if (folder / FILE).is_file():
        return f"sqlite:///{folder / FILE}"
    if (folder / _ELSEWHERE).is_file():
        return (folder / _ELSEWHERE).read_text(encoding="utf-8").strip()
    raise StorageError(f"{folder} holds no study: there is no {FILE} in it")


def url_of(text: str, studies: Path = STUDIES) -> str:
    """The URL of what is given as one, as a database file, a study's folder or a study's name.

    Raises:
        StorageError: there is nothing of the kind.
    """
    if "://" in text:
        return text
    path = Path(text)
    for folder in (path, studies / text):
        if folder.is_dir():
            return database_of(folder)
    if path.is_file():
        return f"sqlite:///{path}"
    raise StorageError(f"{text!r} is no database, no study's folder and no study in {studies}")


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
