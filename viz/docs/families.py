"""Generator of the site's pages of bundled networks: one a family, and their index."""

from collections import Counter
from collections.abc import Iterator
from importlib.resources import files

from searchspace import load, published, spaces
from searchspace.expansion import trace
from searchspace.genotype import Genotype
from searchspace.notation.holes import Hole
from searchspace.text import markdown
from searchspace.units import show_amount
from searchspace.zoo.figures import comparisons, standing
from viz.docs.gallery import families

FOLDER = "families"
MOST = 12           # options of a hole that are written out
HEADER = ("| network | input | params | MACs | paper: params | paper: MACs | top-1 | counts | "
          "exact counts of |\n|---|---|---|---|---|---|---|---|---|")
LEGEND = """\
*paper*: as published, by that paper's counting rule ([counting](../counting.md)); ✓ where ours,
rounded or cut off, is what the paper prints. *exact*: the counts of a public implementation or of
the paper's layer table, to the last digit. *calibrated*: the paper leaves something open that is
fitted to its figures. *unsettled*: a difference that nothing explains. ? beside a top-1: no source
that can be read confirms it.
"""


def pages() -> Iterator[tuple[str, str]]:
    """Paths below docs/ and texts of the pages: the index, then every family and space."""
    yield f"{FOLDER}/index.md", _index()
    for name in families():
        yield f"{FOLDER}/{name}.md", family(name)
    for name in spaces():
        yield f"{FOLDER}/{name}.md", space(name)


def family(name: str) -> str:
    """The page of a family: its drawing, its variants beside the paper's figures, what differs from
    public code, and its file."""
    variants = [v for v in published() if v.partition("@")[0] == name]
    loaded = [load(v) for v in variants]
    notes = dict[str, list[str]]()
    for variant, genotype in zip(variants, loaded, strict=True):
        if genotype.header.note:
            notes.setdefault(genotype.header.note.strip(), []).append(variant)
    said = [text if len(of) == len(variants) else
            f"{', '.join(f'`{v}`' for v in of)}: {text}" for text, of in notes.items()]
    return "\n\n".join([
        f"# {name}", f"{markdown(loaded[0].header.source)}.", _picture(name),
        "## Networks", "\n".join([HEADER, *map(_row, variants, loaded)]), LEGEND,
        *(["## Notes", *said] if said else []), *_file(f"genotypes/{name}.yaml", name)]) + "\n"


def space(name: str) -> str:
    """The page of a space: its drawing, its holes, and its file."""
    of = load(name)
    holes = "\n".join(f"| `{hole.name}` | {hole.kind} | {_options(hole)} |" for hole in of.holes)
    return "\n\n".join([
        f"# {name} (space)", f"{markdown(of.header.source)}.", _picture(name),
        f"## Holes\n\n{len(of.holes)} decisions are left open.",
        f"| hole | kind | options |\n|---|---|---|\n{holes}",
        *_file(f"genotypes/spaces/{name}.yaml", name)]) + "\n"


def _index() -> str:
    variants = Counter(name.partition("@")[0] for name in published())
    entries = "\n".join(f"| [{name}]({name}.md) | {variants[name]} | "
                        f"{markdown(load(name).header.source)} |" for name in families())
    open_ones = "\n".join(f"| [{name}]({name}.md) | {len(load(name).holes)} |" for name in spaces())
    return ("# Families and spaces\n\nMade from the bundled genotypes; the "
            "[gallery](../gallery.md) has all drawings on one page.\n\n"
            f"| family | networks | source |\n|---|---|---|\n{entries}\n\n"
            f"## Spaces\n\n| space | holes |\n|---|---|\n{open_ones}\n")


def _row(name: str, genotype: Genotype) -> str:
    header, expansion = genotype.header, trace(genotype)
    cost, figures = expansion.cost(), header.published
    compared = {c.what: f"{c.printed}{' ✓' if c.met else ''}"
                for c in comparisons(header, expansion)}
    top1 = "" if figures is None or figures.top1 is None else \
        f"{figures.top1:g} %{' ?' if figures.unchecked else ''}"
    shape = "×".join(str(n) for n in expansion.input)
    cells = [f"`{name}`", shape, show_amount(cost.params), show_amount(cost.macs),
             compared.get("params", ""), compared.get("MACs", ""), top1, standing(header, cost),
             header.exact.of if header.exact else ""]
    return f"| {' | '.join(cells)} |"


def _picture(name: str) -> str:
    return f"![{name}, drawn from its genotype](../gallery/{name}.svg)"


def _options(hole: Hole) -> str:
    labels = [str(label) for label in hole.labels]
    shown = labels if len(labels) <= MOST else [*labels[:MOST - 2], "…", labels[-1]]
    return markdown(", ".join(shown)).replace("|", "\\|")


def _file(path: str, name: str) -> tuple[str, str, str]:
    text = files("searchspace").joinpath(path).read_text(encoding="utf-8")
    return ("## Genotype", f"`searchspace/{path}`; `python -m searchspace {name}` prints its costs "
            "stage by stage.", f"```yaml\n{text.rstrip()}\n```")
