"""Labels of boxes, groups and bands: names, shapes and figures."""

from collections.abc import Iterable
from textwrap import wrap

from searchspace.ops import show_shape
from searchspace.units import show_digits
from viz.drawing.elements import Box, Group, Picture
from viz.drawing.markup import Pen, broken, table
from viz.drawing.network import Opening
from viz.drawing.style import Style

NOTE = 28                                # letters in a line of a note
LETTERS = 34                             # and in a line of a stage
WIDE = 150                               # least width of a stage's text and bar, in points
CELLS = 8                                # channel groups that a convolution shows at most


class Labels:
    """Labels of the nodes of one picture, in one style."""

    def __init__(self, picture: Picture, style: Style) -> None:
        self.picture = picture
        self.style = style
        self.theme = style.palette
        self.pen = Pen(self.theme)
        self.small = picture.level == "stage"

    def box(self, box: Box) -> str:
        """An operation, the tensor at a block's end, or a stage."""
        times = f" ×{box.count}" if box.count > 1 else ""
        if box.family == "tensor":
            rows = [self.pen.second(box.title, 7 if self.small else 9) + self._mark(box),
                    self.pen.second(show_shape(box.shape), 7 if self.small else 8)]
            return table(rows)
        if box.detail:
            return self._stage(box, times)
        name = self.pen.span(f"{box.alias}  ", 9, bold=True) if box.alias else ""
        rows = [name + self.pen.span(box.title + times, 9) + self._mark(box), self._groups(box),
                self.pen.second(self._figures(box, self.style.figures(self.picture.level)), 8),
                *(self.pen.second(line, 8) for note in box.notes for line in wrap(note, NOTE)),
                *openings(box.openings, self.pen, self.small)]
        if box.taken:
            listed = "from " + ", ".join(map(str, box.taken))
            rows += [self.pen.span(line, 8, self.theme.lane(0)) for line in wrap(listed, NOTE)]
        return table(rows)

    def group(self, group: Group, fill: str = "") -> str:
        """A block's name, uses and cost; ``fill`` is a background that hides edges behind it."""
        times = f" ×{group.count}" if group.count > 1 else ""
        each, unit = " each" if times else "", "" if group.parent else " MACs"
        cost = f"   {show_digits(group.macs)}{unit}{each}" if group.macs else ""
        if not group.parent:
            rows = [self.pen.span(group.title + times, 10, bold=True) + self.pen.second(cost, 8),
                    *(self.pen.second(line, 8) for line in
                      wrap(group.detail, 50, max_lines=2, placeholder=" …"))]
        else:
            rows = [self.pen.span(group.title + times, 8, bold=True),
                    self.pen.second(f"{group.detail}{cost}".strip(), 7)]
        return table([*rows, *openings(group.openings, self.pen, self.small)], fill=fill)

    def band(self, title: str, fill: str = "") -> str:
        """The size of a band's tensors."""
        return table([self.pen.second(title, 7)], fill=fill)

    def _stage(self, box: Box, times: str) -> str:
        whole = f"{box.detail}{times}"
        lines = broken(whole, LETTERS, LETTERS - round(1.2 * len(box.title)))
        rows = [self.pen.span(box.title, 9, bold=True) + self.pen.span("  " + lines[0], 8),
                *(self.pen.span(line, 8) for line in lines[1:]),
                self.pen.second(self._figures(box, self.style.figures("stage")), 7),
                *openings(box.openings, self.pen, self.small)]
        share = self.share(box)
        if share:
            rows.append(self._bar(share, self.theme.families[box.family][1]))
        return table(rows, WIDE)

    def _figures(self, box: Box, shown: tuple[str, ...]) -> str:
        parts = [show_shape(box.shape)] if "shape" in shown else []
        share = f"{self.share(box):.1%}" if "share" in shown and self.share(box) else ""
        by_params = self.style.colour == "params"
        macs = show_digits(box.macs) if "macs" in shown and box.macs else ""
        params = show_digits(box.params) if "params" in shown and box.params else ""
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

    def _mark(self, box: Box) -> str:
        return self.pen.span(f"   {box.mark}", 8, self.theme.lane(0), bold=True) if box.mark else ""

    def _groups(self, box: Box) -> str:
        """A grouped convolution's channel groups as a strip in their colours."""
        n = min(box.groups, CELLS)
        if n < 2:
            return ""
        cells = "".join(f'<TD FIXEDSIZE="TRUE" WIDTH="7" HEIGHT="3" '
                        f'BGCOLOR="{self.theme.lane(i)}"></TD>' for i in range(n))
        return (f'<TABLE BORDER="0" CELLSPACING="1" CELLPADDING="0" ALIGN="LEFT" FIXEDSIZE="TRUE" '
                f'WIDTH="{8 * n + 1}" HEIGHT="5"><TR>{cells}</TR></TABLE>')

    def _bar(self, share: float, colour: str) -> str:
        whole = WIDE - 2            # beside the padding of its row
        filled = min(max(round(share * whole), 1), whole - 1)
        widths = ((filled, colour), (whole - filled, self.theme.track))
        cells = "".join(f'<TD FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="3" BGCOLOR="{fill}"></TD>'
                        for width, fill in widths)
        return ('<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="0" FIXEDSIZE="TRUE" HEIGHT="3" '
                f'ALIGN="LEFT" WIDTH="{whole}"><TR>{cells}</TR></TABLE>')


def openings(holes: Iterable[Opening], pen: Pen, small: bool) -> list[str]:
    """Holes: name, options, and the one that the drawing shows in bold; of many options the first,
    the last and the shown."""
    rows, colour = [], pen.theme.open
    size = 7 if small else 9
    for hole in holes:
        taken = set(hole.taken)
        shown = list(hole.options)
        if len(shown) > (6 if small else 8):
            keep = [o for o in shown[2:-1] if o in taken][:2]
            shown = [*shown[:2], "…", *(o for k in keep for o in (k, "…")), shown[-1]]
        options = pen.span(", ", size, colour).join(
            pen.span(o, size, colour, bold=o in taken) for o in shown)
        rows.append(pen.span(f"? {hole.name}: ", size, colour) + options)
    return rows
