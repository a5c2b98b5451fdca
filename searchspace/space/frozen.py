"""Self-contained text of a space, and the comparison of two such texts.

In the document of a genotype its base, its `use` files, its variant and its arguments are resolved
already. The bundled blocks that it calls are stored separately, since a block may override the
bundled one of its name, and call that.
"""

from dataclasses import dataclass, replace

from searchspace.compiler.blocks import Blocks
from searchspace.genotype import Genotype, to_yaml
from searchspace.notation.hole_names import name_holes
from searchspace.notation.metadata import read_header, read_name
from searchspace.notation.reader import parse
from searchspace.notation.schema import mapping
from searchspace.notation.tree import Map, Scalar, Tree
from searchspace.notation.version import check_version
from searchspace.notation.writer import document_text
from searchspace.space.changes import first_change
from searchspace.space.known_networks import stated

_BESIDE = ("version", "name", "source", "status", "note", "published", "accuracies", "exact",
           "table", "default", "variants")


@dataclass(frozen=True, slots=True)
class Frozen:
    """``space``: text of a genotype file, including its known networks; ``blocks``: text of a file
    with the bundled blocks that it calls."""

    space: str
    blocks: str


def freeze(genotype: Genotype) -> Frozen:
    """The text of a space, inverse of `thaw`.

    Raises:
        SearchspaceError: the space is invalid; see `load`.
    """
    outer = Blocks(genotype.outer.trees)
    replace(genotype, outer=outer).program  # noqa: B018 - now the blocks know which were called
    called = {name: tree for name, tree in outer.trees.items() if name in outer.called}
    known: dict[str, Tree] = {
        found.name: Map({"fill": Map({k: Scalar(v) for k, v in found.decisions.items()})})
        for found in stated(genotype)}
    document = genotype.document.but(variants=Map(known), default=Scalar(None)) if known \
        else genotype.document
    return Frozen(to_yaml(genotype.replace(document)), document_text(Map({"blocks": Map(called)})))


def thaw(frozen: Frozen, file: str) -> Genotype:
    """The space of a text; messages name it ``file``. It is not compiled, so its holes are
    available even without its operations.

    Raises:
        GenotypeError: the text is no space.
    """
    document, outer = parse(frozen.space, file), parse(frozen.blocks, file)
    check_version(document)
    return Genotype(
        read_name(document), None, file, read_header(document),
        name_holes(document.but(default=None, variants=None)),
        Blocks(mapping(outer.get("blocks"), "blocks").items),
        mapping(document.get("variants"), "variants"))


def change(was: Frozen, now: Frozen) -> str | None:
    """The first change of a space that affects its networks, in a sentence; None if there is none.

    Comments, layout, headers and known networks are ignored.

    Raises:
        GenotypeError: a text is no space.
    """
    for what, before, after in (("its space has", was.space, now.space),
                                ("the bundled blocks of its space have", was.blocks, now.blocks)):
        if found := first_change(_lines(before), _lines(after)):
            return f"{what} changed: {found}"
    return None


def _lines(text: str) -> list[str]:
    """The parts that determine the networks of a space, in this version's format."""
    document = parse(text).but(**dict.fromkeys(_BESIDE))
    blocks = {name: tree.but(about=None) if isinstance(tree, Map) else tree
              for name, tree in mapping(document.get("blocks"), "blocks").items.items()}
    return document_text(document.but(blocks=Map(blocks) if blocks else None)).splitlines()
