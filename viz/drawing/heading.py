"""Heading of a drawing: title, costs, legend of the colours, and the open holes."""

from collections.abc import Sequence
from textwrap import wrap

from searchspace.units import show_digits
from viz.drawing.elements import Picture
from viz.drawing.labels import openings
from viz.drawing.markup import Pen, swatches, table
from viz.drawing.network import Opening
from viz.drawing.style import STEPS, Style

COLUMNS = 6                              # steps beside each other in the list of holes
SWATCH = 50                              # width of a colour in the legend, in points
TITLE = 27                               # letters of a stage picture's title, in a paper's column
LINE = 52                                # and of the notes under it
UNITS = {"shape": "channels × height × width", "macs": "MACs", "params": "parameters",
         "share": "share of the network's"}


def heading(picture: Picture, style: Style) -> str:
    """Title, costs, legend, and the holes that belong to no single box."""
    pen = Pen(style.palette)
    stage = picture.level == "stage"
    large, small = (11, 8) if stage else (15, 11)
    long = len(picture.title) > TITLE
    lines = wrap(picture.title, 2 * TITLE) if stage and long else [picture.title]
    rows = [pen.span(line, small if stage and long else large, bold=True) for line in lines]
    if stage and len(lines[-1]) + len(picture.remark) > TITLE:
        rows.append(pen.span(picture.remark, small, pen.theme.open))
    elif picture.remark:
        rows[-1] += pen.span(f"   {picture.remark}", small, pen.theme.open)
    rows.append(pen.second(f"{show_digits(picture.macs, 5)} MACs   "
                           f"{show_digits(picture.params, 5)} parameters", small))
    if picture.level == "block":
        rows.append(pen.second("each distinct block once, with the shapes, groups and costs of its "
                               "first use", 9))
    rows.append(pen.second(_units(picture, style), 7 if stage else 9))
    rows += [pen.second(line, 7 if stage else 8) for note in picture.notes
             for line in wrap(note, LINE if stage else 2 * LINE)]
    return table([*rows, *_legend(picture, style, pen), *_holes(picture, pen)])


def _units(picture: Picture, style: Style) -> str:
    """Names of the figures in the boxes."""
    shown = style.figures(picture.level)
    of = "parameters" if style.colour == "params" else "MACs"
    names = [UNITS[f] + (f" {of}" if f == "share" else "") for f in shown]
    if picture.level == "stage" and len(names) == len(UNITS):
        return "channels × height × width, " + (
            "MACs, parameters (share)" if of == "parameters" else "MACs (share), parameters")
    return f"in each box: {', '.join(names)}" if names else ""


def _legend(picture: Picture, style: Style, pen: Pen) -> list[str]:
    """The colours in rows of swatches, under a line that says what they are a share of."""
    colours = _families(picture, style) if style.colour == "op" else _shares(style)
    lanes = sorted({edge.lane for edge in picture.edges if edge.lane is not None})
    colours += [(f"group {lane + 1}", pen.theme.background, pen.theme.lane(lane)) for lane in lanes]
    if any(edge.exchange for edge in picture.edges):
        colours.append(("exchange ⇢", pen.theme.background, pen.theme.ink))
    across = 4 if picture.level == "stage" else 8
    rows = [swatches(colours[i:i + across], pen.theme.ink, SWATCH)
            for i in range(0, len(colours), across)]
    if rows and style.colour != "op":
        of = "parameters" if style.colour == "params" else "MACs"
        rows.insert(0, pen.second(f"colour: share of the network's {of}", 7))
    return rows


def _families(picture: Picture, style: Style) -> list[tuple[str, str, str]]:
    """The kinds of boxes that the picture has, with their colours of fill and line."""
    families = style.palette.families
    used = {box.family for box in picture.boxes} - {"tensor"}
    return [(name, *families[name]) for name in families if name in used]


def _shares(style: Style) -> list[tuple[str, str, str]]:
    """The steps of the shares, with their colours of fill and line."""
    ends = [*(f"< {100 * step:.3g} %" for step in STEPS[1:]), f"≥ {100 * STEPS[-1]:.3g} %"]
    return [(end, fill, style.palette.border)
            for end, fill in zip(ends, style.palette.scale, strict=True)]


def _holes(picture: Picture, pen: Pen) -> list[str]:
    """Holes in columns, one for each step or block in which they are written."""
    inside = any(box.openings for box in picture.boxes) or any(
        group.openings for group in picture.groups)
    if not picture.openings and not inside:
        return []
    stage = picture.level == "stage"
    note = pen.span("? open; drawn with the options in bold", 7 if stage else 9, pen.theme.open)
    if not picture.openings:
        return [note]
    return [note, _columns(picture.openings, 1 if stage else COLUMNS, pen, stage)]


def _columns(holes: Sequence[Opening], across: int, pen: Pen, small: bool) -> str:
    owners = list(dict.fromkeys(o.owner for o in holes))
    columns = [[pen.span(owner or "network", 9, bold=True),
                *openings((o for o in holes if o.owner == owner), pen, small)] for owner in owners]
    cells = [f'<TD ALIGN="LEFT" BALIGN="LEFT" VALIGN="TOP" BORDER="1" STYLE="ROUNDED,DASHED" '
             f'COLOR="{pen.theme.open}">{"<BR/>".join(column)}</TD>' for column in columns]
    lines = "".join(f"<TR>{''.join(cells[i:i + across])}</TR>"
                    for i in range(0, len(cells), across))
    return f'<TABLE BORDER="0" CELLSPACING="4" CELLPADDING="5">{lines}</TABLE>'
