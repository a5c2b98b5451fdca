"""Generator of docs/gallery.md, which shows every bundled family and space."""

from collections.abc import Iterator

from searchspace import cost, load, published, spaces
from searchspace.text import markdown
from searchspace.units import show_amount

INTRODUCTION = """\
# Gallery

Every bundled family, drawn from its genotype by `python viz/pictures.py`: the steps of the network,
and beside them each distinct block once. `python -m searchspace NAME` prints its costs,
`python viz/render.py NAME -o net.svg` draws any variant.
"""


def families() -> tuple[str, ...]:
    """Bundled networks by family, without their variants."""
    return tuple(dict.fromkeys(name.partition("@")[0] for name in published()))


def page() -> Iterator[str]:
    """The page's pieces: its introduction, then an entry for each family and space."""
    yield INTRODUCTION
    for name in (*families(), *spaces()):
        yield entry(name)


def entry(name: str) -> str:
    """The entry of a family or space, with its picture."""
    genotype = load(name)
    variants = [v for v in published() if v.partition("@")[0] == name]
    counts = ""
    if not genotype.is_space:
        total = cost(genotype)
        counts = f"{show_amount(total.params)} parameters, {show_amount(total.macs)} MACs. "
    others = f"Variants: {', '.join(f'`{v}`' for v in variants)}." if len(variants) > 1 else ""
    return "\n".join([
        f"## {name}", "", f"{markdown(genotype.header.source)}.", "",
        f"`{genotype.title}`: {counts}{others}".strip(), "",
        f"![{genotype.title}](gallery/{name}.svg)", ""])
