"""A document of the notation from bodies and blocks: the YAML that a person would write."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from searchspace.compiler.program import RESERVED
from searchspace.compiler.reserved import STRUCTURAL
from searchspace.identifiers import is_part, is_word
from searchspace.importing.blocks import Block
from searchspace.importing.body import Body, Item, Ref, X
from searchspace.importing.torch_ops.values import Step
from searchspace.load import library
from searchspace.notation.tree import Map, Scalar, Seq, Tree
from searchspace.ops import OPS, schema
from searchspace.ops.conv import Conv, Depthwise, pair
from searchspace.ops.pool import Pool
from searchspace.shapes import Shape

Line = dict[str, Any]       # a step: its key, then its parameters
TAKEN = ("x", "cin", "input", "loose", "none", "true", "false", "and", "or", "not", "if", "else")
GENERIC = ("", "Module", "Sequential", "ModuleList", "ModuleDict", "GraphModule")
PLACES = ("block", "blocks", "body", "conv", "features", "layer", "layers", "net", "path", "stage",
          "stages")       # words that name no kind of module
NAMED = ("conv", "dw", "linear", "bn", "ln", "se")      # steps called as their modules are
SE = {"act": "relu", "gate": "sigmoid"}


class Document:
    """The document of a network under construction."""

    def __init__(self, name: str, image: Shape, steps: Sequence[Step]) -> None:
        self.name, self.image, self.steps = name, image, steps
        self.everywhere = _everywhere(steps)
        self.names: set[str] = set()
        self.net: list[Line] = []

    def tree(self, blocks: Sequence[Block]) -> Map:
        """The whole document, with these blocks."""
        parts: dict[str, Any] = {"name": self.name, "input": list(self.image)}
        if self.everywhere:
            parts["everywhere"] = self.everywhere
        if blocks:
            parts["blocks"] = {b.name: self.block(b) for b in blocks}
        parts["net"] = self.net
        made = tree(parts)
        assert isinstance(made, Map)
        return made

    def block(self, b: Block) -> dict[str, Any]:
        """A block's definition."""
        names = _Names(set(b.args), self.steps, b.items, lambda: "x")
        body = [self.line(b.items, i, names) for i in range(len(b.items))]
        args = {arg: b.default(arg) for arg in b.args}
        return ({"args": args} if args else {}) | {"body": body}

    def inline(self, b: Body, path: str) -> None:
        """Steps of the net for a body that is no block, and the module that it is."""
        names = _Names(self.names, self.steps, b.items, self.previous)
        if (X, 0) in names.needed and any(
                (X, 0) in item.inputs for i, item in enumerate(b.items)
                if i or item.key == "residual" or len(item.inputs) > 1):
            names.of((X, 0))        # named before anything is written behind it
        for i, item in enumerate(b.items):
            line = self.line(b.items, i, names)
            self.net.append(line)
            key, = line
            wanted = local_name(item, self.steps) if len(b.items) > 1 else _word(path)
            if item.key not in ("split", "residual") and "as" not in line[key] and is_word(wanted) \
                    and wanted not in self.names and wanted not in TAKEN and wanted != key:
                line[key]["as"] = wanted
                self.names.add(wanted)
            if isinstance(line[key].get("as"), str):
                names.given[(i, 0)] = line[key]["as"]

    def call(self, b: Block, run: Sequence[int], path: str) -> None:
        """A step of the net that calls a block, once or several times in a row."""
        first, *rest = [b.call(use) for use in run]
        line: dict[str, Any] = dict(rest[0] if rest else first)
        if rest:
            line["repeat"] = len(run)
            if first != rest[0]:
                keys = {*first, *rest[0]}
                line["first"] = {k: first.get(k, b.default(k)) for k in b.args
                                 if k in keys and first.get(k) != rest[0].get(k)}
        wanted = unique(_word(path), self.names)
        if wanted:
            line["as"] = wanted
            self.names.add(wanted)
        self.net.append({b.name: line})

    def previous(self) -> str:
        """A name for the newest tensor of the net."""
        if not self.net:
            self.net.append({"identity": {"as": "image"}})
            self.names.add("image")
        (params,) = self.net[-1].values()
        if not isinstance(params.get("as"), str):
            params["as"] = unique("y", self.names)
            self.names.add(params["as"])
        return str(params["as"])

    def line(self, items: Sequence[Item], i: int, names: "_Names") -> Line:
        """One step."""
        item, given = items[i], dict[str, Any]()
        if item.inputs != ((i - 1, 0),) or item.key == "residual" or \
                (i > 0 and items[i - 1].key == "split"):
            sources = [names.of(ref) for ref in item.inputs]
            given["from"] = sources[0] if len(sources) == 1 else sources
        given |= self.params(item.key, item.params)
        if item.project is not None:
            given["project"] = {"conv": self.params("conv", item.project)}
        if item.key == "split":
            given["as"] = names.parts(i)
        elif (i, 0) in names.needed and i < len(items) - 1:
            given["as"] = names.of((i, 0))
        return {item.key: given}

    def params(self, key: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters that are not as usual."""
        if key in OPS:
            usual = {n: f.default for n, f in schema(OPS[key]).items() if not f.required}
        else:
            usual = SE if key == "se" else {}
        usual |= {n: v for n, v in self.everywhere.items() if n in usual}
        unused: tuple[str, ...] = () if params.get("bn", True) else ("eps", "momentum")
        if params.get("k") == 1 and params.get("pad") is None:
            unused = (*unused, "pad")       # of whatever kind, it is nothing
        return {n: list(v) if isinstance(v, tuple) else v for n, v in params.items()
                if not (n in usual and usual[n] == v) and not (n in unused and key != "bn")}


class _Names:
    """Names of the tensors of a body, made where they are needed."""

    def __init__(self, taken: set[str], steps: Sequence[Step], items: Sequence[Item],
                 x: Callable[[], str]) -> None:
        self.taken, self.steps, self.items, self.x = taken, steps, items, x
        self.given: dict[Ref, str] = {}
        self.needed = {ref for i, item in enumerate(items) for ref in item.inputs
                       if item.inputs != ((i - 1, 0),) or item.key == "residual"}
        self.first: str | None = None

    def of(self, ref: Ref) -> str:
        """The name of x or of an item's output."""
        if ref[0] == X:
            self.first = self.first or self.x()
            return self.first
        if ref not in self.given:
            item = self.items[ref[0]]
            wanted = local_name(item, self.steps)
            self.given[ref] = unique("y" if wanted in ("residual", "") else wanted, self.taken)
            self.taken.add(self.given[ref])
        return self.given[ref]

    def parts(self, i: int) -> list[str]:
        """The names of a split's parts."""
        made = []
        for part in range(len(self.items[i].nodes)):
            self.given[(i, part)] = unique("abcdefgh"[part] if part < 8 else f"part{part}",
                                           self.taken)
            self.taken.add(self.given[(i, part)])
            made.append(self.given[(i, part)])
        return made


def local_name(item: Item, steps: Sequence[Step]) -> str:
    """A name for an item's output: of the module that has its weights, or of what it does."""
    path = next((steps[n].path for n in item.nodes if steps[n].weights), "")
    words = [part for part in path.split(".") if part and not part.isdigit()]
    if item.key not in NAMED:
        words = []
    elif len(words) > 1 and (item.key == "se" or words[-1] in ("conv", "bn", "norm", "linear")):
        words.pop()
    wanted = _word(words[-1]) if words else item.key
    return wanted if is_word(wanted) and wanted not in PLACES else item.key


def unique(wanted: str, taken: set[str]) -> str:
    """A name that nothing has yet; empty if none is wanted."""
    name, n = wanted, 2
    while wanted and (name in taken or name in TAKEN):
        name, n = f"{wanted}_{n}", n + 1
    return name


def block_name(paths: Sequence[str], classes: Mapping[str, str], taken: set[str]) -> str:
    """A name for a block, after the class or the path of most modules that are uses of it."""
    found = Counter(filter(None, (_class_name(path, classes) for path in paths)))
    name = found.most_common(1)[0][0] if found else "block"
    while name in OPS or name in library().names or name in RESERVED or name in STRUCTURAL or \
            not is_part(name):
        name = f"{name}_block" if is_part(f"{name}_block") else "unit"
    return unique(name, taken)


def _class_name(path: str, classes: Mapping[str, str]) -> str:
    """The class of a module, or of the one around it where torch's own are all that it is; else
    the path's last word."""
    around = path.rpartition(".")[0]
    for at in (path, around) if around and not path.rpartition(".")[2].isdigit() else (path,):
        if (name := classes.get(at, "")) not in GENERIC:
            humps = "_".join(re.findall(r"[A-Z]*[a-z0-9]+|[A-Z]+", name)).lower()
            return re.sub(r"_(?=[a-z0-9]{1,2}(_|$))", "", humps)      # convnext, not conv_ne_xt
    words = [word for word in path.split(".") if not word.isdigit()]
    word = re.sub(r"\d+$", "", words[-1]) if words else ""
    return "" if word in PLACES or not is_word(word) else word


def _word(path: str) -> str:
    """A module's path as a name."""
    text = re.sub(r"[^A-Za-z0-9_]+", "_", path).strip("_")
    if text[:1].isdigit():
        text = f"m{text}"
    return text if is_part(text) and not text.startswith("__") else f"m_{text}" if text else ""


def _everywhere(steps: Sequence[Step]) -> dict[str, Any]:
    """Settings of batch norm and padding that all have, where they are not the usual ones."""
    made: dict[str, Any] = {}
    pads = {step.op.pad for step in steps if isinstance(step.op, Conv | Depthwise)
            and pair(step.op.k) != (1, 1)}
    if pads == {"same"} and not any(isinstance(step.op, Pool) for step in steps):
        made["pad"] = "same"
    for name, usual in (("eps", 1e-5), ("momentum", 0.1)):
        values = {getattr(s.op, name) for s in steps
                  if s.op.kind == "bn" or getattr(s.op, "bn", False)}
        if len(values) == 1 and values != {usual}:
            made[name] = values.pop()
    return made


def tree(value: Any) -> Tree:
    """Plain data as a tree of the notation."""
    if isinstance(value, Mapping):
        if not value:
            return Scalar(None)
        return Map({k: tree(v) for k, v in value.items()})
    if isinstance(value, list | tuple):
        return Seq(tuple(tree(v) for v in value))
    return Scalar(value)
