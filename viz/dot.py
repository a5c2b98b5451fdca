"""Pictures as DOT. All text is left-aligned, so that a viewer's other font moves nothing."""

import html
from collections.abc import Iterable
from textwrap import wrap

import graphviz

from searchspace.ops import show_shape

from .picture import Box, Group, Picture
from .subject import Opening

# Fill and line of each family. The fills are light enough for INK in print and by WCAG AA.
COLOURS = {
    "conv": ("#dce9f7", "#33628f"), "depthwise": ("#ddf0dc", "#3d7a3a"),
    "pool": ("#fde6d2", "#a85c14"), "join": ("#ececec", "#5c5c5c"),
    "channels": ("#fdf3c7", "#857000"), "linear": ("#e8e1f4", "#66489c"),
    "attention": ("#fbdfe8", "#a3345c"), "other": ("#ffffff", "#757575"),
    "block": ("#f5f7fa", "#3f5068"), "tensor": ("#ffffff", "#757575"),
}
INK, SECOND, OPEN = "#1c1c1c", "#4a4a4a", "#8a3b00"
GROUPS = ("#fafbfc", "#f1f4f7")          # fills by depth, alternating
LINE = "#97a3b0"
FONT = "Helvetica"
COLUMNS = 6                              # steps beside each other in the list of holes
SWATCH = 56                              # width of a family in the legend, in points
NOTE = 28                                # letters in a line of a note
WIDE = 240                               # least width of a stage's text and bar, in points


def digraph(picture: Picture, direction: str = "TB") -> graphviz.Digraph:
    """The DOT of a picture. ``direction`` is TB (top-down) or LR (left to right)."""
    graph = graphviz.Digraph("network")
    graph.attr(rankdir=direction, label=_table(_heading(picture)), labelloc="t", labeljust="l",
               fontname=FONT, fontcolor=INK, bgcolor="white", pad="0.25", ranksep="0.28",
               nodesep="0.22", newrank="true")
    graph.attr("node", shape="box", style="rounded,filled", fontname=FONT, fontsize="10",
               fontcolor=INK, margin="0.07,0.035", height="0.2", width="0.4", penwidth="0.9")
    graph.attr("edge", color="#566270", penwidth="0.9", arrowsize="0.55")
    names = {box.key: f"n{i}" for i, box in enumerate(picture.boxes)}
    clusters = {group.key: f"cluster_{i}" for i, group in enumerate(picture.groups)}
    children: dict[str, list[Box | Group]] = {}
    for box in picture.boxes:
        children.setdefault(box.group, []).append(box)
    for group in picture.groups:
        children.setdefault(group.parent, []).append(group)

    def emit(into: graphviz.Digraph, owner: str, depth: int) -> None:
        for child in children.get(owner, ()):
            if isinstance(child, Box):
                text = _table(_box(child, picture), WIDE if child.detail else 0)
                into.node(names[child.key], text, **_style(child))
                continue
            with into.subgraph(name=clusters[child.key]) as cluster:
                cluster.attr(label=_table(_group(child)), labeljust="l", margin="7",
                             style="rounded,filled" + (",dashed" if child.open else ""),
                             fillcolor=GROUPS[depth % 2], color=OPEN if child.open else LINE,
                             penwidth="0.8", tooltip=_tooltip(child.key))
                emit(cluster, child.key, depth + 1)

    emit(graph, "", 0)
    follows = dict(zip(names, list(names)[1:], strict=False))
    for edge in picture.edges:
        spine = {"weight": "20"} if follows.get(edge.source) == edge.target else {}
        graph.edge(names[edge.source], names[edge.target], **spine)
    return graph


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


def _heading(picture: Picture) -> list[str]:
    remark = f"   {picture.remark}" if picture.remark else ""
    rows = [_text(picture.title, 15, bold=True) + _text(remark, 11, OPEN),
            _text(f"{amount(picture.macs, 5)} MACs   {amount(picture.params, 5)} parameters", 11,
                  SECOND)]
    if picture.level == "block":
        rows.append(_text("each distinct block once, with the shapes, groups and costs of its "
                          "first use", 9, SECOND))
    if picture.level != "stage":
        rows.append(_text("in each box: output channels × height × width, MACs", 9, SECOND))
    rows += [_text(note, 8, SECOND) for note in picture.notes]
    families = [f for f in COLOURS if f not in ("block", "tensor")
                and any(box.family == f for box in picture.boxes)]
    if picture.level != "stage":
        cells = "".join(
            f'<TD BGCOLOR="{COLOURS[f][0]}" COLOR="{COLOURS[f][1]}" BORDER="1" STYLE="ROUNDED" '
            f'FIXEDSIZE="TRUE" WIDTH="{SWATCH}" HEIGHT="15">{_text(f, 8)}</TD>' for f in families)
        rows.append(f'<TABLE BORDER="0" CELLSPACING="3" CELLPADDING="0" ALIGN="LEFT" HEIGHT="21" '
                    f'FIXEDSIZE="TRUE" WIDTH="{(SWATCH + 3) * len(families) + 3}">'
                    f'<TR>{cells}</TR></TABLE>')
    return [*rows, *_legend(picture.openings), _text(" ", 4)]


def _box(box: Box, picture: Picture) -> list[str]:
    times = f" ×{box.count}" if box.count > 1 else ""
    if box.family == "tensor":
        return [_text(box.title, 9, SECOND), _text(show_shape(box.shape), 8, SECOND)]
    if not box.detail:
        cost = f"   {amount(box.macs)}" if box.macs else ""
        return [_text(box.title + times, 10), _text(show_shape(box.shape) + cost, 8, SECOND),
                *(_text(line, 8, SECOND) for note in box.notes for line in wrap(note, NOTE)),
                *_openings(box.openings)]
    share = box.macs / picture.macs if picture.macs else 0.0
    costs = f"   {amount(box.macs)} MACs ({share:.1%})" if box.macs else ""
    costs += f"   {amount(box.params)} params" if box.params else ""
    rows = [_text(box.title, 11, bold=True) + _text(f"  {box.detail}{times}", 10),
            _text(show_shape(box.shape), 9) + _text(costs, 9, SECOND), *_openings(box.openings)]
    return [*rows, _bar(share, COLOURS[box.family][1])] if box.macs else rows


def _group(group: Group) -> list[str]:
    """Short lines: where edges enter a group in its middle, they pass to the right of them."""
    times = f" ×{group.count}" if group.count > 1 else ""
    each = " each" if times else ""
    unit = "" if group.parent else " MACs"
    rows = [_text(group.title + times, 9, bold=True), _text(group.detail, 8, SECOND),
            _text(f"{amount(group.macs)}{unit}{each}", 8, SECOND) if group.macs else ""]
    return [*rows, *_openings(group.openings)]


def _openings(openings: Iterable[Opening]) -> list[str]:
    """Holes: name, options, and the one that the drawing shows in bold."""
    rows = []
    for opening in openings:
        taken = set(opening.taken)
        shown = list(opening.options)
        if len(shown) > 8:
            keep = [o for o in shown[2:-1] if o in taken][:2]
            shown = [*shown[:2], "…", *(o for k in keep for o in (k, "…")), shown[-1]]
        options = _text(", ", 9, OPEN).join(_text(o, 9, OPEN, bold=o in taken) for o in shown)
        rows.append(_text(f"? {opening.name}: ", 9, OPEN) + options)
    return rows


def _legend(openings: tuple[Opening, ...]) -> list[str]:
    """Holes in columns, one for each step or block in which they are written."""
    owners = list(dict.fromkeys(o.owner for o in openings))
    columns = [[_text(owner or "network", 9, bold=True),
                *_openings(o for o in openings if o.owner == owner)] for owner in owners]
    cells = [f'<TD ALIGN="LEFT" BALIGN="LEFT" VALIGN="TOP" BORDER="1" STYLE="ROUNDED,DASHED" '
             f'COLOR="{OPEN}">{"<BR/>".join(column)}</TD>' for column in columns]
    lines = "".join(f"<TR>{''.join(cells[i:i + COLUMNS])}</TR>"
                    for i in range(0, len(cells), COLUMNS))
    return [_text("open; drawn with the options in bold", 9, OPEN),
            f'<TABLE BORDER="0" CELLSPACING="4" CELLPADDING="5">{lines}</TABLE>'] if cells else []


def _style(box: Box) -> dict[str, str]:
    fill, line = COLOURS[box.family]
    if box.family == "tensor":
        return {"shape": "plain", "style": "", "tooltip": _tooltip(box.key)}
    style = {"fillcolor": fill, "color": line,
             "tooltip": _tooltip(f"{box.key}: {box.params:,} params")}
    if box.open:
        style |= {"style": "rounded,filled,dashed", "color": OPEN}
    return style


def _bar(share: float, colour: str) -> str:
    filled = min(max(round(share * WIDE), 1), WIDE - 1)
    cells = "".join(f'<TD FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="4" BGCOLOR="{fill}"></TD>'
                    for width, fill in ((filled, colour), (WIDE - filled, "#dfe4ea")))
    return ('<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="0" FIXEDSIZE="TRUE" HEIGHT="4" '
            f'ALIGN="LEFT" WIDTH="{WIDE}"><TR>{cells}</TR></TABLE>')


def _table(rows: list[str], width: int = 0) -> str:
    cells = "".join(f'<TR><TD ALIGN="LEFT">{row}</TD></TR>' for row in rows if row)
    least = f' WIDTH="{width}"' if width else ""
    return (f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"{least}>'
            f'{cells}</TABLE>>')


def _text(text: str, size: int, colour: str = INK, *, bold: bool = False) -> str:
    if not text:
        return ""
    shown = f"<B>{_escape(text)}</B>" if bold else _escape(text)
    return f'<FONT POINT-SIZE="{size}" COLOR="{colour}">{shown}</FONT>'


def _escape(text: str) -> str:
    r"""Text that stays text: no markup, no entities, and none of Graphviz's escapes (``\N``), which
    it looks for after it has resolved entities."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    escaped: str = html.escape(shown)
    return escaped.replace("\\", "&#92;&#92;").replace("  ", "&#160; ")


def _tooltip(text: str) -> str:
    """Like `_escape`; how often Graphviz resolves escapes here is its secret, so there are none."""
    return _escape(text.replace("\\", "\N{REVERSE SOLIDUS OPERATOR}"))
