"""Metadata of a genotype: source, published figures, and how far they are met."""

import re
from dataclasses import dataclass

from searchspace.errors import GenotypeError, nearest
from searchspace.identifiers import check_name
from searchspace.notation.schema import check_keys, mapping, number, text
from searchspace.notation.tree import Map, Scalar, Seq, Tree, describe

VARIANT_KEYS = ("args", "fill", "input", "steps", "published", "accuracies", "exact", "status",
                "note")
CHANGES = ("args", "fill", "input", "steps")       # what makes of a variant a network of its own
FIGURES = ("published", "exact", "accuracies")     # what is said of one network, and of no other
RULES = ("macs", "conv", "bias", "henet", "hcgnet", "condensenet")      # in `zoo/counting_rules.py`
STATUSES = ("calibrated", "unsettled")
_PUBLISHED = ("params", "macs", "rule", "top1", "unchecked", "table", "of")
_ACCURACY = ("data", "top1", "recipe", "size", "of")
_EXACT = ("params", "macs", "of")
HOLE = re.compile(r"\{([^{}]*)\}")     # in the text of a table's name: the hole that stands there


@dataclass(frozen=True, slots=True)
class Published:
    """A paper's figures as printed (``3.0M``), and the rule by which it counted."""

    params: str | None = None
    macs: str | None = None
    rule: str = "macs"
    top1: float | None = None      # accuracy in percent, on the data set of the genotype
    unchecked: bool = False        # no source that can be read confirms the accuracy
    table: str | None = None
    of: str | None = None          # the paper, where it is not the genotype's source


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Accuracy of trained weights of a network, beside the paper's own figure."""

    data: str                      # the data set: imagenet
    top1: float                    # in percent
    recipe: str                    # how it was trained, or the name of the weights
    size: int                      # of the images, in pixels
    of: str                        # where it stands


@dataclass(frozen=True, slots=True)
class Exact:
    """Counts of a public implementation, or of the paper's own layer table."""

    params: int
    macs: int
    of: str


@dataclass(frozen=True, slots=True)
class TableName:
    """How tables of results name the networks of a space: in the column ``column``, by a text in
    which ``{hole}`` stands for the decision about that hole."""

    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Header:
    """The descriptive part of a genotype, for one variant."""

    source: str = ""
    note: str = ""
    status: str | None = None
    published: Published | None = None
    accuracies: tuple[Accuracy, ...] = ()
    exact: Exact | None = None
    table: TableName | None = None


def read_name(document: Map) -> str:
    """The name of a genotype; GenotypeError where it has none."""
    name = document.get("name")
    if not (isinstance(name, Scalar) and isinstance(name.value, str)):
        raise GenotypeError("a genotype needs a name", (name or document).place)
    check_name(name.value, name.place)
    return name.value


def with_header(document: Map, variant: Map) -> Map:
    """The document with what a variant says of itself; what it does not say, the genotype says.

    But accuracies are those of one network: a variant that is another has only its own.
    """
    own = {key: variant[key] for key in ("published", "exact", "status", "note")
           if variant.get(key)}
    if "accuracies" in variant:
        own["accuracies"] = variant["accuracies"]
    elif any(key in variant for key in CHANGES):
        document = document.but(accuracies=None)
    return document.but(**own)


def read_header(document: Map) -> Header:
    """The header of a document as it stands, without its variants.

    Raises:
        GenotypeError: an unknown key, or a value of the wrong kind.
    """
    status = text(written := document.get("status"))
    if written is not None and status not in (None, *STATUSES):
        raise GenotypeError(f"status is one of {', '.join(STATUSES)}, not {status!r}",
                            written.place)
    return Header(text(document.get("source")) or "", text(document.get("note")) or "", status,
                  _published(document.get("published")), _accuracies(document.get("accuracies")),
                  _exact(document.get("exact")), _table(document.get("table")))


def _published(tree: Tree | None) -> Published | None:
    if tree is None:
        return None
    given = mapping(tree, "published")
    check_keys(given, _PUBLISHED, "published")
    rule = text(given.get("rule")) or "macs"
    if rule not in RULES:
        raise GenotypeError(f"no counting rule {rule!r}{nearest(rule, RULES)}", given["rule"].place)
    top1 = _percent(given.get("top1"), "published")
    unchecked = _flag(given.get("unchecked"))
    if unchecked and top1 is None:
        raise GenotypeError("unchecked has no effect without top1", given["unchecked"].place)
    return Published(text(given.get("params")), text(given.get("macs")), rule, top1, unchecked,
                     text(given.get("table")), text(given.get("of")))


def _accuracies(tree: Tree | None) -> tuple[Accuracy, ...]:
    if tree is None or (isinstance(tree, Scalar) and tree.value is None):
        return ()
    if not isinstance(tree, Seq):
        raise GenotypeError(f"accuracies is a list, not {describe(tree)}", tree.place)
    found: dict[tuple[str, str, int], Accuracy] = {}
    for item in tree:
        made = _accuracy(item)
        if (same := (made.data, made.recipe, made.size)) in found:
            raise GenotypeError(f"accuracies: {made.data} by {made.recipe} at {made.size} pixels "
                                "stands here twice", item.place)
        found[same] = made
    return tuple(found.values())


def _accuracy(tree: Tree) -> Accuracy:
    given = mapping(tree, "an accuracy")
    check_keys(given, _ACCURACY, "an accuracy")
    for key in _ACCURACY:
        if given.get(key) in (None, Scalar(None), Scalar("")):
            raise GenotypeError(f"an accuracy needs {key}", tree.place)
    data, recipe, of = (text(given[key]) or "" for key in ("data", "recipe", "of"))
    for key, name in (("data", data), ("recipe", recipe)):
        check_name(name, given[key].place)
    top1, size = _percent(given["top1"], "an accuracy"), number(given["size"])
    assert top1 is not None and size is not None
    if size != int(size) or size < 1:
        raise GenotypeError(f"size is a whole number of pixels, not {size:g}", given["size"].place)
    return Accuracy(data, top1, recipe, int(size), of)


def _percent(tree: Tree | None, owner: str) -> float | None:
    percent = number(tree)
    if tree and percent is not None and not 0 < percent < 100:
        raise GenotypeError(f"{owner}: top1 is in percent, between 0 and 100, not {percent:g}",
                            tree.place)
    return percent


def _flag(tree: Tree | None) -> bool:
    if tree is None:
        return False
    if not (isinstance(tree, Scalar) and isinstance(tree.value, bool)):
        raise GenotypeError(f"true or false was expected, not {describe(tree)}", tree.place)
    return tree.value


def _table(tree: Tree | None) -> TableName | None:
    if tree is None:
        return None
    given = mapping(tree, "table")
    if len(given) != 1:
        raise GenotypeError("table names one column, and how a network is written in it",
                            tree.place)
    (column, written), = given.items.items()
    pattern = text(written)
    if not pattern or not HOLE.search(pattern):
        raise GenotypeError(f"table: in the column {column!r} a {{hole}} stands for each decision",
                            written.place)
    return TableName(column, pattern)


def _exact(tree: Tree | None) -> Exact | None:
    if tree is None:
        return None
    given = mapping(tree, "exact")
    check_keys(given, _EXACT, "exact")
    counts = [number(given.get(k)) for k in ("params", "macs")]
    whole = [int(n) for n in counts if n is not None and n == int(n)]
    if len(whole) < len(counts):
        raise GenotypeError("exact takes whole numbers for params and macs", tree.place)
    return Exact(whole[0], whole[1], text(given.get("of")) or "")
