"""The folder in which the playground was started: what a page can name, and where it saves.

A page names bundled genotypes, and YAML files in this folder and below. It reads and writes nothing
else, and never writes over a bundled file.
"""

from dataclasses import dataclass
from pathlib import Path

from searchspace import SearchspaceError, UnknownNameError, published, spaces
from searchspace.notation.sources import GENOTYPES, YAML, find
from searchspace.safety.files import write_file
from searchspace.safety.limits import current
from searchspace.safety.reading import read_bytes
from viz.live.model.state import UNTITLED

LISTED = 500        # files of the folder that are offered


@dataclass(frozen=True, slots=True)
class Opened:
    """A genotype's text, the name it was opened by, and its variant, empty for the default."""

    text: str
    file: str
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """``home`` is resolved; ``extra`` are files outside that a person named on the command line."""

    home: Path
    extra: frozenset[str] = frozenset()

    def open(self, name: str) -> Opened:
        """The text of a bundled name or a file in the folder, with a variant after ``@``.

        Raises:
            SearchspaceError: there is none, it stands outside, or is no text.
        """
        stem, at, variant = name.strip().partition("@")
        bundled = "/" not in stem and not stem.endswith(YAML)
        path = find(stem)[0] if bundled else self.inside(stem)
        try:
            text = read_bytes(path, current().bytes).decode("utf-8")
        except OSError as error:
            raise SearchspaceError(f"{stem} cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError:
            raise SearchspaceError(f"{stem} is not UTF-8 text") from None
        return Opened(text, path.stem if bundled else stem, variant if at else "")

    def place(self, file: str) -> str:
        """The path in whose folder a text stands; a file that is not there has the folder's."""
        if "/" not in file and not file.endswith(YAML):
            try:
                return str(find(file)[0])
            except UnknownNameError:
                return str(self.home / UNTITLED)
        return str(self.inside(file))

    def inside(self, name: str) -> Path:
        """The path of a file in the folder, below it, or named on the command line.

        Raises:
            SearchspaceError: it stands outside, or is no YAML file.
        """
        if not name.endswith(YAML):
            raise SearchspaceError(f"{name!r} is no YAML file: its name ends in .yaml")
        if name in self.extra:
            return Path(name).resolve()
        return self.below(name)

    def below(self, name: str) -> Path:
        """A path in the folder or below, links followed.

        Raises:
            SearchspaceError: it stands outside.
        """
        try:
            path = (self.home / name).resolve()
            if path.is_relative_to(self.home) and "\0" not in name:
                return path
        except (OSError, ValueError, RuntimeError):
            pass
        raise SearchspaceError(f"{name!r} stands outside the folder in which this was started, "
                               f"{self.home}")

    def save(self, name: str, text: str) -> Path:
        """Write a text where the user says; a bundled genotype is never written over.

        Raises:
            SearchspaceError: outside, bundled, or it cannot be written.
        """
        path = self.inside(name if name.endswith(YAML) else f"{name}.yaml")
        if path.is_relative_to(GENOTYPES.resolve()):
            raise SearchspaceError(f"{name!r} is bundled with searchspace, and stays as it is; "
                                   "save it under another name")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, text)
        except (OSError, UnicodeEncodeError) as error:
            raise SearchspaceError(f"{name!r} cannot be written: {error}") from None
        return path

    def names(self) -> list[str]:
        """What can be opened: files of the folder, spaces, published networks."""
        files = []
        for path in sorted(self.home.glob("*.y*ml"))[:LISTED]:
            if path.suffix in YAML and path.is_file():
                files.append(path.name)
        return [*files, *spaces(), *published()]

    def studies(self) -> list[str]:
        """Names of the studies in the folder's ``studies``, newest first."""
        found = [p for p in self.study_folders() if (p / "study.db").is_file()]
        return [p.name for p in sorted(found, key=lambda p: -(p / "study.db").stat().st_mtime)]

    def study_folders(self) -> list[Path]:
        """The folders in ``studies``: also those of searches that have just begun."""
        home = self.home / "studies"
        return [p for p in home.iterdir() if p.is_dir()] if home.is_dir() else []

    def study(self, name: str) -> Path:
        """The folder of a study: a name in ``studies``, or a path in the folder.

        Raises:
            SearchspaceError: there is none, or it stands outside.
        """
        for text in (f"studies/{name}", name):
            path = self.below(text)
            if (path / "study.db").is_file():
                return path
        raise SearchspaceError(f"there is no study {name!r} in {self.home / 'studies'}")


