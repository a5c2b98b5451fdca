"""What a genotype says about itself: source, published figures, how far they are met."""

from dataclasses import dataclass

from searchspace.errors import GenotypeError, nearest
from searchspace.names import check_name
from searchspace.notation.schema import _number, _text, check_keys, mapping
from searchspace.notation.tree import Map, Scalar, Tree

VARIANT_KEYS = ("args", "fill", "input", "steps", "published", "exact", "status", "note")
RULES = ("macs", "conv", "bias", "henet", "hcgnet", "condensenet")      # in `zoo/counting_rules.py`
STATUSES = ("calibrated", "unsettled")
_PUBLISHED = ("params", "macs", "rule", "top1", "table", "of")
_EXACT = ("params", "macs", "of")


@dataclass(frozen=True, slots=True)
class Published:
    """A paper's figures as printed (``3.0M``), and the rule by which it counted."""

    params: str | None = None
    macs: str | None = None
    rule: str = "macs"
    top1: float | None = None      # accuracy in percent, on the data set of the genotype
    table: str | None = None
    of: str | None = None          # the paper, where it is not the genotype's source


@dataclass(frozen=True, slots=True)
class Exact:
    """Counts of a public implementation, or of the paper's own layer table."""

    params: int
    macs: int
    of: str


@dataclass(frozen=True, slots=True)
class Header:
    """The descriptive part of a genotype, for one variant."""

    source: str = ""
    note: str = ""
    status: str | None = None
    published: Published | None = None
    exact: Exact | None = None


def read_name(document: Map) -> str:
    """The name of a genotype; GenotypeError where it has none."""
    name = document.get("name")
    if not (isinstance(name, Scalar) and isinstance(name.value, str)):
        raise GenotypeError("a genotype needs a name", (name or document).place)
    check_name(name.value, name.place)
    return name.value


def read_header(document: Map, variant: str | None) -> Header:
    """The header of one variant; what it does not say itself, the genotype says.

    Raises:
        GenotypeError: an unknown key, or a value of the wrong kind.
    """
    variants = mapping(document.get("variants"), "variants")
    own = mapping(variants.get(variant), "variant") if variant is not None else Map({})
    both = {k: own.get(k) or document.get(k) for k in ("published", "exact", "status", "note")}
    status = _text(written := both["status"])
    if written is not None and status not in (None, *STATUSES):
        raise GenotypeError(f"status is one of {', '.join(STATUSES)}, not {status!r}",
                            written.place)
    return Header(_text(document.get("source")) or "", _text(both["note"]) or "", status,
                  _published(both["published"]), _exact(both["exact"]))


def _published(tree: Tree | None) -> Published | None:
    if tree is None:
        return None
    given = mapping(tree, "published")
    check_keys(given, _PUBLISHED, "published")
    rule = _text(given.get("rule")) or "macs"
    if rule not in RULES:
        raise GenotypeError(f"no counting rule {rule!r}{nearest(rule, RULES)}", given["rule"].place)
    return Published(_text(given.get("params")), _text(given.get("macs")), rule,
                     _number(given.get("top1")), _text(given.get("table")), _text(given.get("of")))


def _exact(tree: Tree | None) -> Exact | None:
    if tree is None:
        return None
    given = mapping(tree, "exact")
    check_keys(given, _EXACT, "exact")
    counts = [_number(given.get(k)) for k in ("params", "macs")]
    whole = [int(n) for n in counts if n is not None and n == int(n)]
    if len(whole) < len(counts):
        raise GenotypeError("exact takes whole numbers for params and macs", tree.place)
    return Exact(whole[0], whole[1], _text(given.get("of")) or "")




