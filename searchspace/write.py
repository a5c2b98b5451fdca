"""Writing a genotype back to YAML text that loads to the same graph."""

import re

from .genotype import Genotype
from .holes import Hole
from .program import RESERVED
from .tree import Map, Scalar, Seq, Tagged, Tree, parse

WIDTH = 96

_PLAIN = re.compile(r"[A-Za-z_=][A-Za-z0-9_=+*/. ()<>@-]*\Z")
_BLOCK_KEYS = ("blocks", "variants", "net", "body", "args", "in", "out", "steps", "published",
               "exact")

Written = Tree | Hole


def to_yaml(genotype: Genotype, comment: str = "") -> str:
    """The genotype's document as text; ``comment`` goes on top, line by line.

    The text is self-contained: blocks of `use` files are written into it, bundled ones are not.
    """
    lines = [f"# {line}" for line in comment.splitlines()]
    document = genotype.document
    blocks = _used_blocks(genotype)
    if blocks:
        document = document.but(blocks=Map(blocks))
    order = ("name", "source", "status", "note", "args", "input", "blocks", "net")
    for key in sorted(document, key=lambda k: order.index(k) if k in order else -1):
        lines += _entry(key, document[key], 0)
    return "\n".join(lines) + "\n"


def _used_blocks(genotype: Genotype) -> dict[str, Tree]:
    """Local blocks, and those of `use` files and bases that the bundled library lacks."""
    from .genotype import library, mapping

    blocks = dict(mapping(genotype.document.get("blocks"), "blocks").items)
    outer = genotype.outer
    while outer is not None and outer is not library():
        for name in sorted(outer.called):
            blocks.setdefault(name, outer.trees[name])
        outer = outer.outer  # type: ignore[assignment]
    return blocks


def _entry(key: str, tree: Written, depth: int) -> list[str]:
    """``key: value`` on one line where it fits, else indented below."""
    pad = "  " * depth
    line = f"{pad}{_word(key)}: {_flow(tree)}".rstrip()
    nested = key in _BLOCK_KEYS and isinstance(tree, Map | Seq) and key not in ("args", "in", "out")
    if not nested and (len(line) <= WIDTH or not isinstance(tree, Map | Seq)):
        return [line]
    head = f"{pad}{_word(key)}:"
    if isinstance(tree, Map):
        return [head, *(out for k, t in tree.items.items() for out in _entry(k, t, depth + 1))]
    assert isinstance(tree, Seq)
    return [head, *(out for t in tree for out in _item(t, depth + 1))]


def _item(tree: Written, depth: int) -> list[str]:
    pad = "  " * depth
    line = f"{pad}- {_step(tree)}"
    if len(line) <= WIDTH:
        return [line]
    if isinstance(tree, Map) and len(tree) == 1:
        (key, params), = tree.items.items()
        if isinstance(params, Map):
            return [f"{pad}- {_word(key)}:",
                    *(out for k, t in params.items.items() for out in _entry(k, t, depth + 2))]
    if isinstance(tree, Hole) and tree.trees:
        tag = f"{pad}- !{tree.kind}"
        entries = _hole_entries(tree)
        return [tag, *(out for k, t in entries.items() for out in _entry(k, t, depth + 1))]
    return [line]


def _step(tree: Written) -> str:
    """A step as ``key: {params}``: the braces around the outer mapping are left out."""
    if isinstance(tree, Map) and len(tree) == 1:
        (key, params), = tree.items.items()
        return f"{_word(key)}: {_flow(params)}".rstrip()
    return _flow(tree)


def _flow(tree: Written) -> str:
    if isinstance(tree, Scalar):
        return _scalar(tree)
    if isinstance(tree, Seq):
        return "[" + ", ".join(_flow(t) or "null" for t in tree) + "]"
    if isinstance(tree, Map):
        return "{" + ", ".join(f"{_word(k)}: {_flow(t)}" for k, t in tree.items.items()) \
            + "}"
    if isinstance(tree, Tagged):
        return f"!{tree.tag} {_flow(tree.body)}"
    return _flow_hole(tree)


def _flow_hole(hole: Hole) -> str:
    if hole.kind in ("int", "solve"):
        values = [v for v in hole.labels if isinstance(v, int | float)]
        step = _step_of(values)
        return f"!{hole.kind} [{values[0]}, {values[-1]}, {step}]"
    if hole.kind == "graph":
        return f"!graph {_flow(hole.common.but(seeds=Scalar(len(hole.labels))))}"
    if hole.common or any(not isinstance(t, Scalar) or t.value != label
                          for label, t in zip(hole.labels, hole.trees, strict=True)):
        return f"!choice {_flow(Map(_hole_entries(hole)))}"  # type: ignore[arg-type]
    return "!choice [" + ", ".join(_flow(t) for t in hole.trees) + "]"


def _hole_entries(hole: Hole) -> dict[str, Written]:
    labelled = {str(label): t for label, t in zip(hole.labels, hole.trees, strict=True)}
    return {**hole.common.items, **labelled}


def _step_of(values: list[int | float]) -> int | float:
    from .formula import exact

    if len(values) < 2:
        return 1
    step = exact(values[1]) - exact(values[0])
    return int(step) if step.denominator == 1 else float(step)


def _scalar(tree: Scalar) -> str:
    value = tree.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return _word(value)


def _word(text: str) -> str:
    """Text plain where it reads back as itself, else quoted."""
    if _PLAIN.match(text) and not text.endswith(" ") and text not in RESERVED_WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 65536
                      else f"\\U{ord(c):08x}" for c in escaped)
    return f'"{escaped}"'


RESERVED_WORDS = ("null", "true", "false")

__all__ = ["RESERVED", "parse", "to_yaml"]
