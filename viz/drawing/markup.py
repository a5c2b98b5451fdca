"""Text as Graphviz's HTML-like markup: spans with a font, tables, swatches of colours, lines.

It is left-aligned, so that a viewer's substitute font does not shift it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap

from searchspace.text import markup
from viz.drawing.style import Theme


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes in the colours of a theme."""

    theme: Theme

    def span(self, text: str, size: int, colour: str = "", *, bold: bool = False) -> str:
        """Text in the main colour, or in ``colour``."""
        return span(text, size, colour or self.theme.ink, bold=bold)

    def second(self, text: str, size: int) -> str:
        """Text in the secondary colour."""
        return self.span(text, size, self.theme.second)


def table(rows: Iterable[str], width: int = 0, fill: str = "") -> str:
    """Rows of text as a label; empty ones are left out. ``fill`` is a background that hides edges
    behind it."""
    cells = "".join(f'<TR><TD ALIGN="LEFT">{row}</TD></TR>' for row in rows if row)
    least = f' WIDTH="{width}"' if width else ""
    ground = f' BGCOLOR="{fill}"' if fill else ""
    return (f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"{least}{ground}>'
            f'{cells or "<TR><TD></TD></TR>"}</TABLE>>')


def swatches(named: Sequence[tuple[str, str, str]], ink: str, width: int) -> str:
    """A row of a legend: names on their colours of fill and line; ``width`` of each in points."""
    cells = "".join(
        f'<TD BGCOLOR="{fill}" COLOR="{line}" BORDER="1" STYLE="ROUNDED" FIXEDSIZE="TRUE" '
        f'WIDTH="{width}" HEIGHT="13">{span(name, 7, ink)}</TD>' for name, fill, line in named)
    return (f'<TABLE BORDER="0" CELLSPACING="2" CELLPADDING="0" ALIGN="LEFT" HEIGHT="17" '
            f'FIXEDSIZE="TRUE" WIDTH="{(width + 2) * len(named) + 2}"><TR>{cells}</TR></TABLE>')


def span(text: str, size: int, colour: str, *, bold: bool = False) -> str:
    """A piece of escaped text with a font."""
    if not text:
        return ""
    shown = f"<B>{escape(text)}</B>" if bold else escape(text)
    return f'<FONT POINT-SIZE="{size}" COLOR="{colour}">{shown}</FONT>'


def escape(text: str) -> str:
    r"""Escaped text: no markup, no entities, none of Graphviz's escapes (``\N``), which it expands
    after resolving entities, and nothing that a page would replace as a colour."""
    whole = "&#35;".join(map(markup, text.split("#")))
    return whole.replace("\\", "&#92;&#92;").replace("  ", "&#160; ")


def tooltip(text: str) -> str:
    """Like `escape`, but without any backslashes, since Graphviz may expand escapes repeatedly."""
    return escape(text.replace("\\", "\N{REVERSE SOLIDUS OPERATOR}"))


def broken(text: str, width: int, first: int) -> list[str]:
    """A description (``block: operation + operation ×2``) in lines of at most ``width`` letters.

    The first one has at most ``first``, and is empty where no operation has room in it.

    >>> broken("si_stage: si_transform + si_unit ×3", 34, 30)
    ['si_stage: si_transform +', 'si_unit ×3']
    >>> broken("conv 3×3 /2, relu6 + avg pool 2×2", 24, 12)
    ['', 'conv 3×3 /2, relu6 +', 'avg pool 2×2']
    """
    lines, room = [""], first
    for piece in re.split(r"(?<=:) |(?<= \+) ", text):
        whole = f"{lines[-1]} {piece}".strip()
        if len(whole) <= room:
            lines[-1] = whole
        else:
            lines += wrap(piece, width, break_on_hyphens=False)
            room = width
    return lines
