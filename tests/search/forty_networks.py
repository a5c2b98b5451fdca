"""A space of forty tiny networks, and how a table of them names each."""

from searchspace.notation.holes import Decisions

SPACE = """
name: own
table: {net: "{width}x{blocks.dw.repeat}"}
args: {width: !choice [8, 16, 24, 32]}
input: [3, 16, 16]
net:
  - conv: {out: =width, stride: 2}
  - dw: {k: 3, repeat: !int [1, 10], as: blocks}
  - gap:
  - linear: {out: 10}
"""
ALL = [(width, depth) for width in (8, 16, 24, 32) for depth in range(1, 11)]


def size(network: Decisions) -> tuple[int, int]:
    """Its width and depth."""
    width, depth = network["width"], network["blocks.dw.repeat"]
    assert isinstance(width, int) and isinstance(depth, int)
    return width, depth
