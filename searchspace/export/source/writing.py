"""The text of a file: header, helpers, units, a class for each block, and the network."""

import re
import textwrap

from searchspace.export.source.constructors import Constructor, is_plain
from searchspace.export.source.format import WIDTH, folded
from searchspace.export.source.forwards import Forward
from searchspace.export.source.helpers import HELPERS
from searchspace.export.source.layers import Function, Layer
from searchspace.export.source.merging import Class, classes
from searchspace.export.source.parameters import Code, Parameter
from searchspace.export.source.statements import Body, Repeats, bodies, is_chain, read
from searchspace.export.source.units import Unit, source, units
from searchspace.expansion import Expansion


def network_source(expansion: Expansion, name: str, docstring: str) -> str:
    """The source of a network's classes; ``name`` is that of the network's own.

    Raises GenotypeError for an operation that is none of the project's own.
    """
    root = read(expansion, name)
    layers = [s.what for body in bodies(root) for s in body.statements
              if isinstance(s.what, Layer)]
    kinds = {s.what.kind for body in bodies(root) for s in body.statements
             if isinstance(s.what, Function)}
    made = units(layers)
    found = classes(root)
    _free_classes(found[-1], root)
    _name(found, made, name)
    parts = ["\n".join(source(unit)) for unit in made.values()]
    parts += ["\n".join(class_source(cls, made, docstring if cls is found[-1] else ""))
              for cls in found]
    text = "\n\n\n".join(parts)
    needed = [n for n in HELPERS if re.search(rf"\b{n}\b", text) and (n != "shift" or
                                                                       "shift" in kinds)]
    return "\n\n\n".join([*(HELPERS[n].rstrip() for n in needed), text]) + "\n"


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
                (isinstance(what, Body) and what.made.outputs > 1):
            return False
        before = (line.label, 0)
    return cls.results == (before,) and cls.inputs == 1 and len(cls.lines) > 0


def _free_classes(cls: Class, root: Body) -> None:
    """The network's last linear layer gives as many values as its caller says."""
    last = root.statements[-1] if root.statements else None
    if last is None or not isinstance(last.what, Layer) or last.what.callee != "unit linear":
        return
    out = cls.parameters.values[last.label, "out"]
    cls.parameters.listed.append(Parameter("classes", "classes", (out,), out))
    cls.parameters.values[last.label, "out"] = Code("classes")


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


def wrapped(text: str, width: int = WIDTH) -> str:
    """Running text with line ends."""
    return "\n".join(textwrap.wrap(text, width, break_on_hyphens=False))
