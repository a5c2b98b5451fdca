"""Peak activation memory: by hand, and as torch holds it when each tensor is dropped after use."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import bundled
import pytest
import torch
from bundled import expanded
from hypothesis import given
from hypothesis import strategies as st
from test_ops import each_example, tensors

from searchspace import Genotype, load, peak_memory, spaces
from searchspace.__main__ import main
from searchspace.building.builder import TracedNetwork
from searchspace.cost import Peak, peak
from searchspace.expansion import Expansion, trace
from searchspace.ops import OPS
from searchspace.space.point import point

PLANE = 4 * 16 * 16     # bytes of one channel at 16×16 pixels; the networks here get 8 of them


def held_by_torch(expansion: Expansion) -> Peak:
    """The bytes of all tensors that are alive while a network runs, by torch's own account.

    The operations run one by one; a tensor is dropped when nobody will read it any more. What
    shares memory is found out from torch, so that this knows nothing of views.
    """
    network = TracedNetwork(expansion).eval()
    reads = Counter(j for node in expansion.nodes for j in node.inputs)
    reads[expansion.output] += 1
    alive: dict[int, Any] = {-1: (torch.zeros(1, *expansion.input), False)}
    most, step = expansion.input[0] * expansion.input[1] * expansion.input[2] * 4, "input"
    with torch.inference_mode():
        for i, (node, layer) in enumerate(zip(network.nodes, network.layers, strict=True)):
            alive[i] = network.apply_node(node, layer, [alive[j] for j in node.inputs])
            storages = [t.untyped_storage() for t, _ in alive.values()]
            held = sum({s.data_ptr(): s.nbytes() for s in storages}.values())
            if held > most:
                most, step = held, node.name
            for j in node.inputs:
                reads[j] -= 1
                if not reads[j]:
                    del alive[j]
    return Peak(most, step)


@each_example
def test_a_view_is_what_shares_memory_in_torch(kind: str, params: dict[str, Any],
                                               shapes: tuple[Any, ...]) -> None:
    op = OPS[kind](**params)
    layer, inputs = op.module(*shapes), tensors(shapes)
    if isinstance(layer, torch.nn.Module):
        layer.eval()
    output = layer(*(torch.flatten(x, 1) if kind == "linear" else x for x in inputs))
    shared = {x.untyped_storage().data_ptr() for x in inputs}
    assert op.is_view() == (output.untyped_storage().data_ptr() in shared)


@pytest.mark.parametrize("kind, params", [("act", {"fn": "none"}), ("act", {"fn": "hswish"})])
def test_an_activation_is_a_view_where_it_does_nothing(kind: str, params: dict) -> None:
    test_a_view_is_what_shares_memory_in_torch(kind, params, ((8, 5, 5),))


SMALL = [[name for name in names
          if expanded(name).input[1] <= 64 and peak(expanded(name)).bytes < 10**7]
         for names in bundled.FAMILIES.values()]


# The cheapest small network of each family every day, the others among the slow tests.
@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.slow if i else ()) for names in SMALL
    for i, name in enumerate(sorted(names, key=lambda n: bundled.costs()[n].macs))])
def test_a_published_network_holds_what_torch_holds(name: str) -> None:
    expansion = expanded(name)
    assert len(expansion.nodes) > 5
    assert peak(expansion) == held_by_torch(expansion)


@pytest.mark.parametrize("name", spaces())
def test_networks_of_every_space_hold_what_torch_holds(name: str) -> None:
    space, rng = load(name), random.Random(11)
    space = space if name == "digits" else space.with_input(64)
    narrow = {hole.name: hole.labels[0] for hole in space.holes if hole.kind == "solve"}
    for _ in range(4):
        drawn = point(space, lambda _, hole: rng.choice(hole.labels), narrow)
        assert drawn.memory == held_by_torch(trace(space, drawn.decisions)).bytes
        assert peak_memory(space, drawn.decisions) == peak(trace(space, drawn.decisions))


@pytest.mark.parametrize("steps, planes, step", [
    # in and out of the widest operation
    ("- conv: {out: 4, as: a}\n- conv: {out: 20, as: b}\n- conv: {out: 2, as: c}", 24, "b"),
    # a shortcut lives until the sum has run: 8 held, 30 of the branch, then 8 + 8 + 8
    ("- conv: {out: 8, as: a}\n- conv: {out: 30, as: b}\n- conv: {out: 8, as: c}\n"
     "- add: {from: [a, c]}", 8 + 30 + 8, "c"),
    # a tensor that is read twice by one operation counts once
    ("- conv: {out: 10, as: a}\n- add: {from: [a, a], as: b}", 20, "b"),
    # the image is held while somebody will still read it
    ("- identity: {as: x}\n- conv: {out: 3, as: a}\n- conv: {out: 5, as: b}\n"
     "- concat: {from: [x, b], as: c}", 8 + 5 + 13, "c"),
    # a slice takes nothing, but keeps the whole tensor
    ("- conv: {out: 12, as: a}\n- slice: {start: 0, length: 2, as: s}\n- conv: {out: 1, as: b}\n"
     "- conv: {out: 9, as: c}\n- concat: {from: [s, c], as: d}", 12 + 9 + 11, "d"),
    # dropout and an activation that does nothing are nothing
    ("- conv: {out: 12, as: a}\n- dropout:\n- act: {fn: none}\n- conv: {out: 1, as: b}", 20, "a"),
    # smaller images are smaller
    ("- conv: {out: 16, stride: 2, as: a}\n- conv: {out: 64, as: b}", 20, "b"),
])
def test_peaks_by_hand(steps: str, planes: int, step: str,
                       genotype: Callable[..., Genotype]) -> None:
    network = genotype(steps)
    assert trace(network).input == (8, 16, 16)
    assert peak_memory(network) == (planes * PLANE, step)
    assert held_by_torch(trace(network)).bytes == planes * PLANE


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """Steps that read any tensors made before, of widths and kinds that fit each other."""
    steps, names, wide = ["- conv: {out: 6, as: t0}"], ["t0"], {"t0": 6}
    for i in range(1, draw(st.integers(2, 9))):
        a, b = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        kind = draw(st.sampled_from(["conv", "dw", "slice", "concat", "add", "dropout", "mul"]))
        name, c = f"t{i}", wide[a]
        if kind == "conv":
            c = draw(st.integers(1, 12))
            steps.append(f"- conv: {{from: {a}, out: {c}, as: {name}}}")
        elif kind == "slice":
            length = draw(st.integers(1, c))
            steps.append(f"- slice: {{from: {a}, start: {draw(st.integers(0, c - length))}, "
                         f"length: {length}, as: {name}}}")
            c = length
        elif kind == "concat":
            steps.append(f"- concat: {{from: [{a}, {b}], as: {name}}}")
            c += wide[b]
        elif kind in ("add", "mul") and wide[a] == wide[b]:
            steps.append(f"- {kind}: {{from: [{a}, {b}], as: {name}}}")
        else:
            steps.append(f"- {'dw' if kind == 'dw' else 'dropout'}: {{from: {a}, as: {name}}}")
        names.append(name)
        wide[name] = c
    return "\n".join(steps)


@given(bodies())
def test_any_graph_holds_what_torch_holds(genotype: Callable[..., Genotype], text: str) -> None:
    expansion = trace(genotype(text))
    assert peak(expansion) == held_by_torch(expansion)


def test_the_table_of_a_network_says_its_peak(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mobilenet-v2"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Peak activations: 6.02 MB (one image, float32), in stage2.0.dw." in shown
