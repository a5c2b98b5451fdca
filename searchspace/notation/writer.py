"""Writing a genotype back to YAML text that loads to the same graph."""

import re

from yaml import ScalarNode
from yaml.representer import SafeRepresenter
from yaml.resolver import Resolver

from searchspace.notation.tree import Map, Scalar, Seq, Tagged, Tree
from searchspace.text import printable

WIDTH = 96

_PLAIN = re.compile(r"[A-Za-z_=][A-Za-z0-9_=+*/. ()<>@-]*\Z")
_TEXT = "tag:yaml.org,2002:str"
_resolver, _representer = Resolver(), SafeRepresenter()
_BLOCK_KEYS = ("blocks", "variants", "net", "body", "args", "in", "out", "steps", "published",
               "accuracies", "exact", "table")


def document_text(document: Map, comment: str = "") -> str:
    """A document as written, without named holes, as text; see `to_yaml`."""
    lines = [f"# {printable(line)}" for line in comment.splitlines()]
    order = ("version", "name", "source", "status", "note", "published", "accuracies", "exact",
             "table", "args", "input", "default", "variants", "everywhere", "blocks", "net")
    for key in sorted(document, key=lambda k: order.index(k) if k in order else -1):
        lines += _entry(key, document[key], 0)
    return "\n".join(lines) + "\n"


def _entry(key: str, tree: Tree, depth: int) -> list[str]:
    """``key: value`` on one line where it fits, else indented below."""
    pad = "  " * depth
    line = f"{pad}{_word(key)}: {_flow(tree)}".rstrip()
    nested = (key in _BLOCK_KEYS and isinstance(tree, Map | Seq) and len(tree) > 0
              and key not in ("args", "in", "out"))
    if not nested and (len(line) <= WIDTH or not isinstance(tree, Map | Seq)):
        return [line]
    head = f"{pad}{_word(key)}:"
    if isinstance(tree, Map):
        return [head, *(out for k, t in tree.items.items() for out in _entry(k, t, depth + 1))]
    assert isinstance(tree, Seq)
    return [head, *(out for t in tree for out in _item(t, depth + 1))]


def _item(tree: Tree, depth: int) -> list[str]:
    pad = "  " * depth
    line = f"{pad}- {_step(tree)}"
    if len(line) <= WIDTH:
        return [line]
    if isinstance(tree, Map) and len(tree) == 1:
        (key, params), = tree.items.items()
        if isinstance(params, Map):
            return [f"{pad}- {_word(key)}:",
                    *(out for k, t in params.items.items() for out in _entry(k, t, depth + 2))]
    if isinstance(tree, Tagged) and isinstance(tree.body, Map):
        entries = tree.body.items.items()
        below = (out for k, t in entries for out in _entry(k, t, depth + 1))
        return [f"{pad}- !{tree.tag}", *below]
    return [line]


def _step(tree: Tree) -> str:
    """A step as ``key: {params}``: the braces around the outer mapping are left out."""
    if isinstance(tree, Map) and len(tree) == 1:
        (key, params), = tree.items.items()
        return f"{_word(key)}: {_flow(params)}".rstrip()
    return _flow(tree)


def _flow(tree: Tree) -> str:
    if isinstance(tree, Scalar):
        return _scalar(tree)
    if isinstance(tree, Seq):
        return "[" + ", ".join(_flow(t) or "null" for t in tree) + "]"
    if isinstance(tree, Map):
        return "{" + ", ".join(f"{_word(k)}: {_flow(t)}" for k, t in tree.items.items()) \
            + "}"
    assert isinstance(tree, Tagged)     # a document as written has no named holes
    return f"!{tree.tag} {_flow(tree.body)}"


def _scalar(tree: Scalar) -> str:
    value = tree.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(_representer.represent_float(value).value)
    return repr(value) if isinstance(value, int) else _word(value)


def _word(text: str) -> str:
    """Text plain where all readers, of YAML 1.1 too, give it back as itself, else quoted."""
    if _PLAIN.match(text) and not text.endswith(" ") and _is_word(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    escaped = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 65536
                      else f"\\U{ord(c):08x}" for c in escaped)
    return f'"{escaped}"'


def _is_word(text: str) -> bool:
    kind = _resolver.resolve(ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return bool(kind == _TEXT)
