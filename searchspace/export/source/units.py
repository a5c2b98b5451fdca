"""Units: a convolution with its normalisation and activation, or a linear layer, as one class.

A class holds what all such units of a network have in common; the rest are its parameters.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from searchspace.export.source.format import Call, lay_out, signature
from searchspace.export.source.layers import REQUIRED, Layer

TORCH = {"stride": 1, "dilation": 1, "groups": 1, "bias": True, "eps": 1e-5, "momentum": 0.1}
_NAMES = {"conv": "Conv", "bn": "BN", "act": "Act"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A class of units: ``defaults`` are those of its parameters, ``fixed`` what all have."""

    name: str
    order: tuple[str, ...]
    defaults: dict[str, Any]
    fixed: dict[str, Any]
    may_lack_act: bool = False

    def value(self, name: str) -> str:
        """An argument inside the class, as code."""
        return name if name in self.defaults else write(self.fixed[name])


def units(layers: Iterable[Layer]) -> dict[str, Unit]:
    """The classes of a network's units by what they are called in `layers`."""
    uses: dict[str, list[dict[str, Any]]] = {}
    for layer in layers:
        if layer.callee.startswith("unit "):
            uses.setdefault(layer.callee, []).append({a.name: a.value for a in layer.args})
    made: dict[str, Unit] = {}
    for callee, found in uses.items():
        defaults: dict[str, Any] = {"cin": REQUIRED, "out": REQUIRED}
        fixed: dict[str, Any] = {}
        for name in found[0]:
            if name in defaults:
                continue
            values = {repr(use[name]): use[name] for use in found}
            if len(values) == 1:
                fixed[name] = found[0][name]
            else:
                commonest, = Counter(repr(use[name]) for use in found).most_common(1)
                defaults[name] = values[commonest[0]]
        order = tuple(callee.removeprefix("unit ").removesuffix(" padded").split("-"))
        order = tuple(p for p in order if p != "act" or "act" in defaults or fixed["act"])
        name = "Linear" if order == ("linear",) else "".join(_NAMES[p] for p in order)
        if name == "Conv":
            name = "PlainConv"
        if callee.endswith("padded"):
            name = f"Padded{name}"
        made[callee] = Unit(name, order, defaults, fixed,
                            any(use.get("act", 0) is None for use in found))
    return made


def source(unit: Unit) -> list[str]:
    """The lines of a unit's class."""
    head = ["self", *(name if default is REQUIRED else f"{name}={write(default)}"
                      for name, default in unit.defaults.items())]
    lines = [f"class {unit.name}(nn.Sequential):",
             *signature("def __init__", head, ":", 4), "        super().__init__()"]
    if unit.order == ("linear",):
        bias = unit.value("bias")
        lines.append(f"        self.linear = nn.Linear(cin, out"
                     f"{'' if bias == 'True' else f', bias={bias}'})")
        return lines + _activation(unit)
    for part in unit.order:
        if part == "conv":
            lines += _convolution(unit)
        elif part == "bn":
            first = unit.order.index("bn") < unit.order.index("conv")
            args = ["cin" if first else "out", *_keywords(unit, ("eps", "momentum"))]
            lines.append(f"        self.bn = nn.BatchNorm2d({', '.join(args)})")
        else:
            lines += _activation(unit)
    return lines


def _convolution(unit: Unit) -> list[str]:
    pad = "pad" in unit.defaults
    k, dilation = unit.value("k"), unit.value("dilation")
    usual = f"{dilation} * (k - 1) // 2" if dilation != "1" else "(k - 1) // 2"
    lines, given = [], ""
    if unit.name.startswith("Padded"):
        lines = [f"        self.pad = nn.ZeroPad2d({unit.value('pad')})"]
    elif not pad and unit.fixed["pad"] is None:
        if "k" in unit.defaults or "dilation" in unit.defaults:
            given = f"padding={usual.replace('k', k) if 'k' not in unit.defaults else usual}"
        else:
            number = unit.fixed["dilation"] * (unit.fixed["k"] - 1) // 2
            given = f"padding={number}" if number else ""
    elif not pad:
        given = f"padding={unit.value('pad')}" if unit.fixed["pad"] != 0 else ""
    else:
        usual = usual if "k" in unit.defaults else usual.replace("k", k)
        lines = ["        if pad is None:", f"            pad = {usual}"]
        given = "padding=pad"
    stride = unit.value("stride")
    args = ["cin", "out", k, *([stride] if stride != "1" else []), *([given] if given else []),
            *_keywords(unit, ("dilation", "groups", "bias"))]
    return [*lines, *lay_out(Call("nn.Conv2d", tuple(args)), 8, "self.conv = ")]


def _activation(unit: Unit) -> list[str]:
    if "act" not in unit.defaults:
        return [f"        self.act = {unit.fixed['act']}()"] if unit.fixed["act"] else []
    if not unit.may_lack_act:
        return ["        self.act = act()"]
    return ["        if act is not None:", "            self.act = act()"]


def _keywords(unit: Unit, names: tuple[str, ...]) -> list[str]:
    return [f"{name}={unit.value(name)}" for name in names
            if name in unit.defaults or unit.fixed[name] != TORCH[name]]


def write(value: Any) -> str:
    """A value as code."""
    if isinstance(value, str):
        return str(value) if value.startswith("nn.") or value in ("LeakyReLU",) else f'"{value}"'
    if isinstance(value, tuple):
        return f"({', '.join(map(write, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(write, value))}]"
    return repr(value)
