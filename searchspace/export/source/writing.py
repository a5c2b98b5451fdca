"""The text of a file: header, helpers, units, a class for each block, and the network."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from searchspace.expansion import Expansion
from searchspace.export.source.constructors import Constructor, is_plain
from searchspace.export.source.format import folded
from searchspace.export.source.forwards import Forward
from searchspace.export.source.helpers import HELPERS
from searchspace.export.source.layers import Function, Layer
from searchspace.export.source.merging import Class, classes
from searchspace.export.source.parameters import Code, Parameter
from searchspace.export.source.statements import Body, Repeats, bodies, is_chain, read
from searchspace.export.source.units import Unit, source, units


@dataclass(frozen=True, slots=True)
class Source:
    """A network's classes as text, and the last of them, its own; ``classifier``: the label of the
    layer whose outputs are as many as the caller says, else empty."""

    text: str
    root: Class
    units: dict[str, Unit]
    classifier: str


def network_source(expansion: Expansion, name: str, docstring: str,
                   more: Callable[[Source], Sequence[str]] = lambda _: ()) -> Source:
    """The source of a network's classes; ``name`` is that of the network's own, and ``more`` gives
    further lines of it.

    Raises GenotypeError for an operation that is none of the project's own.
    """
    body = read(expansion, name)
    layers = [s.what for inner in bodies(body) for s in inner.statements
              if isinstance(s.what, Layer)]
    made = units(layers)
    found = classes(body)
    root = found[-1]
    classifier = _free_classes(root, body, expansion.nodes[-1].shape[0] if expansion.nodes else 0)
    _name(found, made, name)
    parts = ["\n".join(source(unit)) for unit in made.values()]
    parts += ["\n".join(class_source(cls, made)) for cls in found[:-1]]
    lines = class_source(root, made, docstring)
    parts.append("\n".join([*lines, *more(Source("\n".join(lines), root, made, classifier))]))
    text = "\n\n\n".join(parts)
    needed = [n for n in HELPERS if re.search(rf"\b{n}\(" if n == "shift" else rf"\b{n}\b", text)]
    text = "\n\n\n".join([*(HELPERS[n].rstrip() for n in needed), text]) + "\n"
    return Source(text, root, made, classifier)


def class_source(cls: Class, made: dict[str, Unit], docstring: str = "") -> list[str]:
    """The lines of one class."""
    chain = not docstring and _is_chain(cls)
    plain = all(is_plain(line.label) for line in cls.lines
                if not isinstance(line.sample.what, Function))
    base = "nn.Sequential" if chain else "nn.Module" if plain else "nn.ModuleDict"
    lines = [f"class {cls.name}({base}):"]
    if docstring:
        lines += [f'    """{docstring}"""', ""]
    lines += Constructor(cls, made).lines(chain)
    if not chain:
        lines += ["", *Forward(cls).lines()]
    return [line for text in lines for line in folded(text)]


def _is_chain(cls: Class) -> bool:
    """Whether a class runs its modules one after the other, and nothing else."""
    before = ("", 0)
    for line in cls.lines:
        what = line.sample.what
        if isinstance(what, Function) or line.inputs != (before,) or line.sample.outputs != 1 or \
                any(line.sample.fits) or not is_plain(line.label) or \
                (isinstance(what, Repeats) and not is_chain(what)) or \
                (isinstance(what, Body) and (what.made.outputs, what.made.inputs) != (1, 1)):
            return False
        before = (line.label, 0)
    return cls.results == (before,) and cls.inputs == 1 and len(cls.lines) > 0


def _free_classes(cls: Class, root: Body, classes: int) -> str:
    """Let the caller say how many values the network's last linear layer or convolution gives; its
    label, empty where it has none."""
    for statement in reversed(root.statements):
        if isinstance(statement.what, Layer) and statement.what.callee.startswith("unit "):
            out = cls.parameters.values[statement.label, "out"]
            if out != classes:
                break
            cls.parameters.listed.append(Parameter("classes", "classes", (out,), out))
            cls.parameters.values[statement.label, "out"] = Code("classes")
            return statement.label
        if not isinstance(statement.what, Function) and not (
                isinstance(statement.what, Layer) and "Pool" in statement.what.callee):
            break
    return ""


def _name(found: list[Class], made: dict[str, Unit], name: str) -> None:
    """Give every class a name of its own."""
    taken = {"OrderedDict", *HELPERS, *(unit.name for unit in made.values())}
    found[-1].name = own = _fresh(camel(name), taken)
    taken.add(own)
    for cls in found[:-1]:
        cls.name = _fresh(camel(cls.hint), taken)
        taken.add(cls.name)


def _fresh(name: str, taken: set[str]) -> str:
    stem = f"{name}Variant" if name[-1].isdigit() else name
    return next(n for n in (name, *(f"{stem}{i}" for i in range(2, 100_000))) if n not in taken)


def camel(name: str) -> str:
    """A name of the notation as that of a class."""
    words = re.findall("[A-Za-z0-9]+", name)
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return joined if joined.isidentifier() and joined not in ("None", "True", "False") else \
        f"Block{joined}"
