"""Rendering of genotypes to bytes or files."""

from collections.abc import Sequence
from pathlib import Path

from searchspace import Genotype, SearchspaceError
from viz.drawing.dot import digraph
from viz.drawing.html import foldable
from viz.drawing.layout import page
from viz.drawing.levels import LEVELS, picture
from viz.drawing.network import subject
from viz.drawing.style import Style, check
from viz.drawing.svg import compact

FORMATS = ("svg", "png", "pdf", "dot", "html")


def draw(genotype: Genotype | Sequence[Genotype], format: str = "svg", level: str = "stage",
         style: Style | None = None, only: str | None = None) -> bytes:
    """A drawing of a network, or of a space with its holes marked, as the bytes of a file; several
    genotypes are drawn from left to right.

    ``format``: svg, png, pdf, dot or html (a page on which groups can be folded, at the level of
    operations). ``level``: stage (one box per step of the net), block (each distinct block once;
    ``only`` those of one name) or operation (everything). Deterministic on one machine.

    Raises:
        SearchspaceError: an unknown format or level, a genotype that does not expand, no block of
            that name, or a page or DOT of several genotypes.
    """
    check("format", format, FORMATS)
    check("level", level, LEVELS)
    style = style or Style()
    shown = [genotype] if isinstance(genotype, Genotype) else genotype
    pictures = [picture(subject(one), level, only) for one in shown]
    if format not in ("html", "dot"):
        drawn = page(pictures, style, format)
        return compact(drawn, shown[0].title) if format == "svg" else drawn
    if len(pictures) > 1:
        raise SearchspaceError(f"several genotypes beside each other are drawn as svg, png or pdf, "
                               f"not {format}")
    source = digraph(pictures[0], style).source if format == "dot" else \
        foldable(pictures[0], style)
    return source.encode(errors="backslashreplace")


def svg(genotype: Genotype, level: str = "stage", style: Style | None = None) -> str:
    """A drawing as an ``<svg>`` element for an HTML page: no declaration, no identifiers (which
    could clash with other drawings), all names escaped; see `draw`."""
    return draw(genotype, "svg", level, style).decode().partition("\n")[2]


def render(genotype: Genotype | Sequence[Genotype], path: str | Path, level: str = "stage",
           style: Style | None = None, only: str | None = None) -> Path:
    """Write a drawing to ``path``, in the format that its suffix names; see `draw`.

    Raises:
        SearchspaceError: as `draw`, or the file cannot be written.
    """
    path = Path(path)
    format = path.suffix.lower().removeprefix(".")
    if format not in FORMATS:
        raise SearchspaceError(f"{path}: the suffix says the format, one of "
                               f"{', '.join('.' + f for f in FORMATS)}")
    return write(path, draw(genotype, format, level, style, only))


def write(path: Path, drawn: bytes) -> Path:
    """Write a file; raises SearchspaceError if that fails."""
    try:
        path.write_bytes(drawn)
    except OSError as error:
        raise SearchspaceError(f"{path} cannot be written: {error.strerror}") from None
    return path
