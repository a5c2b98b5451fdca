"""Operations of the notation that are several of torch's, recognised by the shape of their graph.

A pattern is a nested tuple: an operation's name, then its arguments, each a pattern, a constant, or
a word. A word stands for any tensor, the same wherever it is repeated; one in capitals for a
number. Sums and products match in either order.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from torch import fx, nn

from searchspace.importing.torch_ops.values import Image, Parameter, Value
from searchspace.ops.activation import Act
from searchspace.ops.attention import Attend
from searchspace.ops.modules import NeighbourNorm
from searchspace.ops.normalization import GlobalResponseNorm, LocalResponseNorm

if TYPE_CHECKING:
    from searchspace.importing.torch_ops.translation import Translator

Pattern = Any
Bound = dict[str, Any]

_LENGTH = ("sqrt", ("sum", ("square", "x"), [2, 3], True))
_LENGTHS = (_LENGTH, ("linalg_vector_norm", "x", 2, [2, 3], True),
            ("linalg_vector_norm", "x", 2, [1, 2], True))
_CHANNELS = ([1], [1], [-1])


def _responses() -> Iterator[Pattern]:
    """Global response normalisation: of Woo et al. 2023 in the orders that are in use."""
    for length, dims in zip(_LENGTHS, _CHANNELS, strict=True):
        share = ("mul", "x", ("div", length, ("add", ("mean", length, dims, True), "EPS")))
        yield ("add", ("add", "x", ("mul", "w", share)), "b")
        yield ("add", ("add", ("mul", "w", share), "b"), "x")


_LOGITS = ("conv2d", "x", "w", "b")
_SPREAD = ("mul", "x", ("reshape", ("softmax", ("flatten", _LOGITS, 1), 1), "SHAPE"))
ATTENTION = (
    ("unsqueeze", ("sum", ("mul", ("flatten", "x", 2),
                           ("softmax", ("flatten", _LOGITS, 2), 2)), [2], True), 3),
    ("sum", _SPREAD, [2, 3], True),
    ("mul", ("mul", ("adaptive_avg_pool2d", _SPREAD, [1, 1]), "H"), "W"),
)
RESPONSE = tuple(_responses())
HARD_SIGMOID = (("div", ("hardtanh", ("add", "x", 3), 0, 6), 6),
                ("div", ("relu6", ("add", "x", 3)), 6))


def recognised(node: fx.Node, values: Mapping[fx.Node, Value],
               translator: "Translator") -> Value:
    """What a whole pattern that ends in this node is, or None."""
    if (norm := _response_norm(node, values, translator)) is not None:
        return norm
    if (bound := _first(ATTENTION, node)) is not None:
        x, w, b = (values[bound[name]] for name in "xwb")
        shape = getattr(values.get(node), "shape", None) or tuple(node.meta["val"].shape[1:])
        if isinstance(x, Image) and isinstance(w, Parameter) and \
                w.shape == (1, x.shape[0], 1, 1) and _covers(bound, x):
            assert shape
            return translator.step(Attend(), [x], logits__weight=w, logits__bias=b)
    if (bound := _first(RESPONSE, node)) is not None:
        x, w, b = (values[bound[name]] for name in "xwb")
        if isinstance(x, Image) and isinstance(w, Parameter):
            return translator.step(GlobalResponseNorm(float(bound["EPS"])), [x], x.form,
                                   weight=w, bias=b)
    if (bound := _first(HARD_SIGMOID, node)) is not None and \
            isinstance(x := values[bound["x"]], Image):
        return translator.elementwise(Act("hsigmoid"), x)
    return None


def _covers(bound: Bound, x: Image) -> bool:
    """Whether a mean was multiplied back to a sum over all positions."""
    return "H" not in bound or bound["H"] * bound["W"] == x.shape[1] * x.shape[2]


def _response_norm(node: fx.Node, values: Mapping[fx.Node, Value],
                   translator: "Translator") -> Value:
    """Local response normalisation, a module of torch or of `build` that is many operations."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    if not stack or not str(stack[-1][1]).endswith(("LocalResponseNorm", "NeighbourNorm")):
        return None
    path = str(stack[-1][0])
    if path not in translator.whole:
        norm = translator.module.get_submodule(path)
        x = values[node.all_input_nodes[0]]
        assert isinstance(norm, nn.LocalResponseNorm | NeighbourNorm) and isinstance(x, Image)
        n, alpha = (norm.n, norm.alpha) if isinstance(norm, NeighbourNorm) else \
            (norm.size, norm.alpha / norm.size)
        op = LocalResponseNorm(n, alpha, norm.beta, norm.k)
        translator.whole[path] = translator.step(op, [x])
    return translator.whole[path]


def _first(patterns: tuple[Pattern, ...], node: fx.Node) -> Bound | None:
    return next((bound for pattern in patterns for bound in _matches(pattern, node, {})), None)


def _matches(pattern: Pattern, node: Any, bound: Bound) -> Iterator[Bound]:
    """All ways to read a node as a pattern."""
    if isinstance(pattern, str):
        if pattern.isupper():
            if not isinstance(node, fx.Node):
                yield bound | {pattern: node}
        elif isinstance(node, fx.Node) and bound.get(pattern, node) is node:
            yield bound | {pattern: node}
        return
    if not isinstance(pattern, tuple):
        if not isinstance(node, fx.Node) and _plain(node) == _plain(pattern):
            yield bound
        return
    if not isinstance(node, fx.Node) or node.op != "call_function":
        return
    name, *arguments = pattern
    if getattr(node.target, "__name__", "").partition(".")[0].rstrip("_") not in SAME.get(
            name, (name,)):
        return
    orders = [arguments, arguments[::-1]] if name in ("add", "mul") else [arguments]
    for order in orders:
        yield from _all(order, list(node.args), bound)


def _all(patterns: list[Pattern], nodes: list[Any], bound: Bound) -> Iterator[Bound]:
    if not patterns:
        yield bound
    elif nodes:
        for found in _matches(patterns[0], nodes[0], bound):
            yield from _all(patterns[1:], nodes[1:], found)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


SAME = {"reshape": ("reshape", "view"), "flatten": ("flatten", "reshape", "view"),
        "square": ("square", "pow")}
