"""The gallery in the documentation: ``python viz/gallery.py`` draws every bundled family again."""

import argparse
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from searchspace import Genotype, SearchspaceError, cost, load, published, spaces
from searchspace.budget import show_amount
from viz.render import draw

ROOT = Path(__file__).parents[1]
INTRODUCTION = """\
# Gallery

Every bundled family, drawn from its genotype by `python viz/gallery.py`: on the left the steps of
the network, beside them each distinct block once. `python -m searchspace NAME` prints its costs,
`python viz/render.py NAME -o net.svg` draws any variant.
"""


def families() -> tuple[str, ...]:
    """Bundled networks by family, without their variants."""
    return tuple(dict.fromkeys(name.partition("@")[0] for name in published()))


def entry(name: str, level: str = "block") -> tuple[str, Genotype]:
    """The gallery's text about a family or space, and what is drawn for it.

    A comment holds a digest of the drawing's DOT, so that a test sees a picture that is out of date
    without knowing how a version of Graphviz lays it out.
    """
    genotype = load(name)
    digest = hashlib.sha256(draw(genotype, "dot", level)).hexdigest()[:16]
    variants = [v for v in published() if v.partition("@")[0] == name]
    counts = ""
    if not genotype.is_space:
        total = cost(genotype)
        counts = f"{show_amount(total.params)} parameters, {show_amount(total.macs)} MACs. "
    others = f"Variants: {', '.join(f'`{v}`' for v in variants)}." if len(variants) > 1 else ""
    lines = [f"## {name}", "", genotype.header.source + ".", "",
             f"`{genotype.title}`: {counts}{others}".strip(), "",
             f"![{genotype.title}](gallery/{name}.svg)", f"<!-- {name}.svg {digest} -->", ""]
    return "\n".join(lines), genotype


def page() -> Iterator[tuple[str, str, Genotype | None]]:
    """The page's pieces: name, text, and what is drawn."""
    yield "", INTRODUCTION, None
    for name in (*families(), *spaces()):
        yield (name, *entry(name))


def main(arguments: list[str] | None = None) -> int:
    """The command line; 2 for a user's mistake."""
    parser = argparse.ArgumentParser(prog="python viz/gallery.py", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs", metavar="FOLDER",
                        help="where gallery.md and gallery/ are written (default: docs)")
    folder: Path = parser.parse_args(arguments).output
    try:
        pictures = folder / "gallery"
        pictures.mkdir(parents=True, exist_ok=True)
        texts = []
        for name, text, genotype in page():
            texts.append(text)
            if genotype is not None:
                (pictures / f"{name}.svg").write_bytes(draw(genotype, "svg", "block"))
        (folder / "gallery.md").write_text("\n".join(texts), encoding="utf-8")
    except SearchspaceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(folder / "gallery.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
