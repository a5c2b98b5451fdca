"""The files that a genotype is made of: bundled ones by name, its own ones by path.

A person may name any file. A file may name only those in its own folder and below, so that a
genotype from a stranger reads nothing else; where another file is, it cannot even ask.
"""

from pathlib import Path

from searchspace.errors import GenotypeError, Place, UnknownNameError, nearest
from searchspace.identifiers import is_name

GENOTYPES = Path(__file__).parents[1] / "genotypes"
YAML = (".yaml", ".yml")


def find(name: str) -> tuple[Path, str | None]:
    """The file that a person's name or path means, and the variant after ``@``.

    Raises:
        UnknownNameError: there is none.
    """
    folder, slash, last = name.rpartition("/")
    stem, _, variant = last.partition("@")
    stem = folder + slash + stem
    if stem.endswith(YAML) or slash or _is_file(Path(stem)):
        path = Path(stem)
        if not _exists(path):
            raise UnknownNameError(f"there is no file {stem}")
        return path, variant or None
    return _bundled(stem), variant or None


def short_name(name: str) -> str:
    """A person's name or path without folders and ending.

    >>> short_name("my/net.yaml@wide"), short_name("sinet@1.6")
    ('net@wide', 'sinet@1.6')
    """
    stem, at, variant = Path(name).name.partition("@")
    return stem.removesuffix(".yaml").removesuffix(".yml") + at + variant


def find_base(name: str, file: Path, place: Place | None,
              key: str = "base") -> tuple[Path, str | None]:
    """The file that another one names under ``key``, as a genotype its ``base``, and the variant
    after ``@``: a bundled one, or one beside it; never a file of the current folder.

    Raises:
        GenotypeError: there is none, or it stands outside; see `beside`.
    """
    stem, _, variant = name.partition("@")
    if stem.endswith(YAML):
        return beside(stem, file, place, key), variant or None
    try:
        return _bundled(stem), variant or None
    except UnknownNameError as error:
        raise GenotypeError(f"{key}: {error}", place) from None


def beside(name: str, file: Path, place: Place | None, key: str) -> Path:
    """The YAML file that ``file`` names by its relative path, in the same folder or below.

    Raises:
        GenotypeError: it stands outside, a link's target too; is none, or no YAML file.
    """
    path = file.parent / name
    if Path(name).anchor or ".." in Path(name).parts or not _is_below(path, file.parent):
        raise GenotypeError(f"{key}: {name} stands outside the folder of this file, and a genotype "
                            "reads no other", place)
    if not _is_file(path):
        raise GenotypeError(f"{key}: there is no file {name}", place)
    if not name.endswith(YAML):
        raise GenotypeError(f"{key}: {name} is no YAML file", place)
    return path


def _bundled(name: str) -> Path:
    for home in (GENOTYPES, GENOTYPES / "spaces"):
        if is_name(name) and (path := home / f"{name}.yaml").is_file():
            return path
    known = [p.stem for p in GENOTYPES.rglob("*.yaml")]
    raise UnknownNameError(f"no bundled genotype is named {name!r}{nearest(name, known)}")


def _is_below(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a name that no file can have, links in a circle
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
