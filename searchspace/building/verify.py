"""Verification of shapes and costs of the built network by torch and fvcore."""

import warnings
from dataclasses import dataclass
from typing import Any

from searchspace.building.builder import TracedNetwork, build
from searchspace.building.capacity import VERIFIED, check_layers
from searchspace.errors import GenotypeError
from searchspace.expansion import trace
from searchspace.genotype import Genotype
from searchspace.notation.holes import Decisions
from searchspace.ops import show_shape
from searchspace.shapes import Shape


@dataclass(frozen=True, slots=True)
class Check:
    """A quantity counted by us, and by the tool ``by``."""

    what: str
    by: str
    ours: int
    theirs: int
    remark: str = ""      # the first node that differs

    @property
    def agrees(self) -> bool:
        """Whether both counts are the same, to the last digit."""
        return self.ours == self.theirs and not self.remark


def verify(genotype: Genotype, decisions: Decisions | None = None,
           numbers: bool = True) -> tuple[Check, ...]:
    """Build a network and compare it with its expansion.

    Compared are the output shape of every node, the parameters, and the MACs as fvcore and torch's
    FlopCounterMode count them. Everything is one image through the network in evaluation mode;
    without ``numbers`` torch infers shapes only, which takes no memory, and fvcore is left out.

    Raises:
        GenotypeError: an open hole, steps that do not fit each other, or more layers than
            `VERIFIED`.
    """
    import torch

    expansion = trace(genotype, decisions)
    check_layers(expansion, VERIFIED)
    shapes = node_shapes(genotype, decisions)
    wrong = [f"{node.name}: {show_shape(node.shape)} here, {show_shape(shape)} in torch"
             for node, shape in zip(expansion.nodes, shapes, strict=True) if node.shape != shape]
    cost = expansion.cost()
    with torch.device("cpu" if numbers else "meta"):
        network = build(genotype, decisions).eval()
        image = torch.zeros(1, *expansion.input)
    checks = [
        Check("output shapes", "torch", len(shapes), len(shapes) - len(wrong), "".join(wrong[:1])),
        Check("parameters", "torch", cost.params, sum(p.numel() for p in network.parameters())),
        Check("MACs", "FlopCounterMode / 2, convolution + (add)mm", cost.macs,
              torch_macs(network, image)),
    ]
    if numbers:
        checks.append(Check("MACs", "fvcore, conv + linear", cost.macs,
                            fvcore_macs(network, image)))
    return tuple(checks)


def node_shapes(genotype: Genotype, decisions: Decisions | None = None) -> tuple[Shape, ...]:
    """The output shapes (C, H, W) of each node in torch, in the order of `trace`."""
    import torch

    expansion = trace(genotype, decisions)
    shapes: list[Shape] = []

    class Recorder(TracedNetwork):
        def apply_node(self, *args: Any) -> Any:
            y, flat = super().apply_node(*args)
            if not isinstance(y, torch.Tensor):
                raise GenotypeError(f"{expansion.nodes[len(shapes)].op.kind}: its module gave "
                                    f"{type(y).__name__}, not a tensor")
            c, h, w = (y.shape[1], 1, 1) if flat else y.shape[1:]
            shapes.append((c, h, w))
            return y, flat

    with torch.device("meta"), torch.no_grad():       # shapes need no numbers
        Recorder(expansion).eval()(torch.zeros(1, *expansion.input))
    return tuple(shapes)


def fvcore_macs(network: Any, *inputs: Any) -> int:
    """MACs of convolutions and linear layers by fvcore, which calls them flops.

    It traces with torch.jit, which needs numbers: give it no ``meta`` tensors.
    """
    import torch

    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")               # fvcore uses torch.jit, which is deprecated
        from fvcore.nn import FlopCountAnalysis

        analysis = FlopCountAnalysis(network, inputs)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        counts = analysis.tracer_warnings("none").by_operator()
    return int(counts["conv"] + counts["linear"])


def torch_macs(network: Any, *inputs: Any) -> int:
    """MACs of convolutions and linear layers by torch's FlopCounterMode, which counts 2 each."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    aten = torch.ops.aten
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(*inputs)
    counts = counter.get_flop_counts().get("Global", {})
    return int(sum(counts.get(op, 0) for op in (aten.convolution, aten.mm, aten.addmm))) // 2
