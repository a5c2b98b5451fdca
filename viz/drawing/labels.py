"""Text of drawings as Graphviz's HTML-like tables.

It is left-aligned, so that a viewer's substitute font does not shift it.
"""

from collections.abc import Iterable
from textwrap import wrap

from searchspace.ops import show_shape
from searchspace.text import markup
from viz.drawing.elements import Box, Group, Picture
from viz.drawing.network import Opening
from viz.drawing.style import STEPS, Style

COLUMNS = 6                              # steps beside each other in the list of holes
SWATCH = 50                              # width of a colour in the legend, in points
NOTE = 28                                # letters in a line of a note
TITLE = 27                               # and of a stage picture's title, in a paper's column
LINE = 52                                # and of the notes under it
LETTERS = 34                             # and in a line of a stage
WIDE = 150                               # least width of a stage's text and bar, in points
CELLS = 8                                # channel groups that a convolution shows at most
UNITS = {"shape": "channels × height × width", "macs": "MACs", "params": "parameters",
         "share": "share of the network's"}


def amount(n: int, digits: int = 3) -> str:
    """A count with so many significant digits: 300774272 is ``301 M``, with five 300.77 M.

    >>> amount(300774272), amount(3504872, 5), amount(999999), amount(12)
    ('301 M', '3.5049 M', '1.00 M', '12')
    """
    if n < 1000:
        return str(n)
    for letter, scale in (("k", 10**3), ("M", 10**6), ("G", 10**9), ("T", 10**12)):
        value = n / scale
        for decimals in range(digits - 1, max(digits - 4, -1), -1):
            if round(value, decimals) < 10 ** (digits - decimals):
                return f"{value:.{decimals}f} {letter}"
    return f"{value:,.0f} T"


class Labels:
    """Labels of the nodes of one picture, in one style."""

    def __init__(self, picture: Picture, style: Style) -> None:
        self.picture = picture
        self.style = style
        self.theme = style.palette

    def heading(self) -> str:
        """Title, costs, legend, and the holes that belong to no single box."""
        picture, theme = self.picture, self.theme
        large, small = (11, 8) if picture.level == "stage" else (15, 11)
        stage = picture.level == "stage"
        long = len(picture.title) > TITLE
        lines = wrap(picture.title, 2 * TITLE) if stage and long else [picture.title]
        rows = [self._text(line, small if stage and long else large, bold=True) for line in lines]
        if stage and len(lines[-1]) + len(picture.remark) > TITLE:
            rows.append(self._text(picture.remark, small, theme.open))
        elif picture.remark:
            rows[-1] += self._text(f"   {picture.remark}", small, theme.open)
        rows += [self._text(f"{amount(picture.macs, 5)} MACs   {amount(picture.params, 5)} "
                            "parameters", small, theme.second)]
        if picture.level == "block":
            rows.append(self._second("each distinct block once, with the shapes, groups and costs "
                                     "of its first use", 9))
        rows.append(self._second(self._units(), 7 if stage else 9))
        rows += [self._second(line, 7 if stage else 8) for note in picture.notes
                 for line in wrap(note, LINE if stage else 2 * LINE)]
        return self._table([*rows, *self._colours(), *self._holes(picture.openings)])

    def box(self, box: Box) -> str:
        """An operation, the tensor at a block's end, or a stage."""
        times = f" ×{box.count}" if box.count > 1 else ""
        if box.family == "tensor":
            small = self.picture.level == "stage"
            rows = [self._second(box.title, 7 if small else 9) + self._mark(box),
                    self._second(show_shape(box.shape), 7 if small else 8)]
            return self._table(rows)
        if box.detail:
            return self._stage(box, times)
        name = self._text(f"{box.alias}  ", 9, bold=True) if box.alias else ""
        rows = [name + self._text(box.title + times, 9) + self._mark(box), self._groups(box),
                self._second(self._figures(box, self.style.figures(self.picture.level)), 8),
                *(self._second(line, 8) for note in box.notes for line in wrap(note, NOTE)),
                *self._openings(box.openings)]
        if box.taken:
            listed = "from " + ", ".join(map(str, box.taken))
            rows += [self._text(line, 8, self.theme.lane(0)) for line in wrap(listed, NOTE)]
        return self._table(rows)

    def group(self, group: Group, fill: str = "") -> str:
        """A block's name, uses and cost; ``fill`` is a background that hides edges behind it."""
        times = f" ×{group.count}" if group.count > 1 else ""
        each, unit = " each" if times else "", "" if group.parent else " MACs"
        cost = f"   {amount(group.macs)}{unit}{each}" if group.macs else ""
        if not group.parent:
            rows = [self._text(group.title + times, 10, bold=True) + self._second(cost, 8),
                    *(self._second(line, 8) for line in
                      wrap(group.detail, 50, max_lines=2, placeholder=" …"))]
        else:
            rows = [self._text(group.title + times, 8, bold=True),
                    self._second(f"{group.detail}{cost}".strip(), 7)]
        return self._table([*rows, *self._openings(group.openings)], fill=fill)

    def band(self, title: str, fill: str = "") -> str:
        """The size of a band's tensors."""
        return self._table([self._second(title, 7)], fill=fill)

    def _stage(self, box: Box, times: str) -> str:
        whole = f"{box.detail}{times}"
        first = LETTERS - round(1.2 * len(box.title))
        lines = [whole] if len(whole) <= first else \
            wrap(whole, LETTERS, initial_indent=" " * max(min(len(box.title) + 2, LETTERS // 2), 0))
        rows = [self._text(box.title, 9, bold=True) + self._text("  " + lines[0].strip(), 8),
                *(self._text(line, 8) for line in lines[1:]),
                self._second(self._figures(box, self.style.figures("stage")), 7),
                *self._openings(box.openings)]
        share = self.share(box)
        if share:
            rows.append(self._bar(share, self.theme.families[box.family][1]))
        return self._table(rows, WIDE)

    def _figures(self, box: Box, shown: tuple[str, ...]) -> str:
        parts = [show_shape(box.shape)] if "shape" in shown else []
        share = f"{self.share(box):.1%}" if "share" in shown and self.share(box) else ""
        by_params = self.style.colour == "params"
        macs = amount(box.macs) if "macs" in shown and box.macs else ""
        params = amount(box.params) if "params" in shown and box.params else ""
        if share and by_params:
            params = f"{params} ({share})" if params else share
        elif share:
            macs = f"{macs} ({share})" if macs else share
        return "   ".join([*parts, *filter(None, (macs, params))])

    def share(self, box: Box) -> float:
        """The box's share of the network's MACs, or of its parameters if they give the colour."""
        one, whole = (box.params, self.picture.params) if self.style.colour == "params" else \
            (box.macs, self.picture.macs)
        return one / whole if whole else 0.0

    def _units(self) -> str:
        shown = self.style.figures(self.picture.level)
        of = "parameters" if self.style.colour == "params" else "MACs"
        names = [UNITS[f] + (f" {of}" if f == "share" else "") for f in shown]
        if self.picture.level == "stage" and len(names) == len(UNITS):
            return "channels × height × width, " + (
                "MACs, parameters (share)" if of == "parameters" else "MACs (share), parameters")
        return f"in each box: {', '.join(names)}" if names else ""

    def _mark(self, box: Box) -> str:
        return self._text(f"   {box.mark}", 8, self.theme.lane(0), bold=True) if box.mark else ""

    def _groups(self, box: Box) -> str:
        """A grouped convolution's channel groups as a strip in their colours."""
        n = min(box.groups, CELLS)
        if n < 2:
            return ""
        cells = "".join(f'<TD FIXEDSIZE="TRUE" WIDTH="7" HEIGHT="3" '
                        f'BGCOLOR="{self.theme.lane(i)}"></TD>' for i in range(n))
        return (f'<TABLE BORDER="0" CELLSPACING="1" CELLPADDING="0" ALIGN="LEFT" FIXEDSIZE="TRUE" '
                f'WIDTH="{8 * n + 1}" HEIGHT="5"><TR>{cells}</TR></TABLE>')

    def _colours(self) -> list[str]:
        """The legend."""
        picture, theme = self.picture, self.theme
        if self.style.colour == "op":
            used = {box.family for box in picture.boxes}
            swatches = [(name, *theme.families[name]) for name in theme.families
                        if name in used and name not in ("block", "tensor")]
        else:
            ends = [*(f"< {step:.3g}" for step in (100 * s for s in STEPS[1:])),
                    f"≥ {100 * STEPS[-1]:.3g}"]
            swatches = [(f"{end} %", fill, theme.border)
                        for end, fill in zip(ends, theme.scale, strict=True)]
        lanes = sorted({edge.lane for edge in picture.edges if edge.lane is not None})
        if lanes:
            swatches += [(f"group {lane + 1}", theme.background, theme.lane(lane))
                         for lane in lanes]
        if any(edge.exchange for edge in picture.edges):
            swatches.append(("exchange ⇢", theme.background, theme.ink))
        across = 4 if picture.level == "stage" else 8
        rows = []
        for start in range(0, len(swatches), across):
            row = swatches[start:start + across]
            cells = "".join(
                f'<TD BGCOLOR="{fill}" COLOR="{line}" BORDER="1" STYLE="ROUNDED" FIXEDSIZE="TRUE" '
                f'WIDTH="{SWATCH}" HEIGHT="13">{self._text(name, 7)}</TD>'
                for name, fill, line in row)
            rows.append(f'<TABLE BORDER="0" CELLSPACING="2" CELLPADDING="0" ALIGN="LEFT" '
                        f'HEIGHT="17" FIXEDSIZE="TRUE" WIDTH="{(SWATCH + 2) * len(row) + 2}">'
                        f'<TR>{cells}</TR></TABLE>')
        if rows and self.style.colour != "op":
            of = "parameters" if self.style.colour == "params" else "MACs"
            rows.insert(0, self._second(f"colour: share of the network's {of}", 7))
        return rows

    def _openings(self, openings: Iterable[Opening]) -> list[str]:
        """Holes: name, options, and the one that the drawing shows in bold."""
        rows, colour = [], self.theme.open
        size = 7 if self.picture.level == "stage" else 9
        for opening in openings:
            taken = set(opening.taken)
            shown = list(opening.options)
            if len(shown) > (6 if self.picture.level == "stage" else 8):
                keep = [o for o in shown[2:-1] if o in taken][:2]
                shown = [*shown[:2], "…", *(o for k in keep for o in (k, "…")), shown[-1]]
            options = self._text(", ", size, colour).join(
                self._text(o, size, colour, bold=o in taken) for o in shown)
            rows.append(self._text(f"? {opening.name}: ", size, colour) + options)
        return rows

    def _holes(self, openings: tuple[Opening, ...]) -> list[str]:
        """Holes in columns, one for each step or block in which they are written."""
        inside = any(box.openings for box in self.picture.boxes) or any(
            group.openings for group in self.picture.groups)
        if not openings and not inside:
            return []
        owners = list(dict.fromkeys(o.owner for o in openings))
        columns = [[self._text(owner or "network", 9, bold=True),
                    *self._openings(o for o in openings if o.owner == owner)] for owner in owners]
        cells = [f'<TD ALIGN="LEFT" BALIGN="LEFT" VALIGN="TOP" BORDER="1" STYLE="ROUNDED,DASHED" '
                 f'COLOR="{self.theme.open}">{"<BR/>".join(column)}</TD>' for column in columns]
        across = 1 if self.picture.level == "stage" else COLUMNS
        lines = "".join(f"<TR>{''.join(cells[i:i + across])}</TR>"
                        for i in range(0, len(cells), across))
        table = f'<TABLE BORDER="0" CELLSPACING="4" CELLPADDING="5">{lines}</TABLE>'
        size = 7 if self.picture.level == "stage" else 9
        return [self._text("? open; drawn with the options in bold", size, self.theme.open),
                *([table] if cells else [])]

    def _bar(self, share: float, colour: str) -> str:
        filled = min(max(round(share * WIDE), 1), WIDE - 1)
        widths = ((filled, colour), (WIDE - filled, self.theme.track))
        cells = "".join(f'<TD FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="3" BGCOLOR="{fill}"></TD>'
                        for width, fill in widths)
        return ('<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="0" FIXEDSIZE="TRUE" HEIGHT="3" '
                f'ALIGN="LEFT" WIDTH="{WIDE}"><TR>{cells}</TR></TABLE>')

    def _second(self, text: str, size: int) -> str:
        return self._text(text, size, self.theme.second)

    def _text(self, text: str, size: int, colour: str = "", *, bold: bool = False) -> str:
        return span(text, size, colour or self.theme.ink, bold=bold)

    def _table(self, rows: list[str], width: int = 0, fill: str = "") -> str:
        return table(rows, width, fill)


def table(rows: Iterable[str], width: int = 0, fill: str = "") -> str:
    """Rows of text as a label; empty ones are left out."""
    cells = "".join(f'<TR><TD ALIGN="LEFT">{row}</TD></TR>' for row in rows if row)
    least = f' WIDTH="{width}"' if width else ""
    ground = f' BGCOLOR="{fill}"' if fill else ""
    return (f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"{least}{ground}>'
            f'{cells or "<TR><TD></TD></TR>"}</TABLE>>')


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
