"""Edge bundling: in densely connected pictures, edges are numbered instead of drawn.

Hundreds of edges between thirty boxes are unreadable, and take Graphviz a minute. In such a picture
a box with many inputs lists the distant ones by number, and their sources show these numbers. The
edges stay in the picture, but hidden.
"""

from collections import Counter
from dataclasses import replace

from viz.drawing.elements import Edge, Picture

# A picture with fewer such edges is unchanged: NASNet's cells are, Log-DenseNet's are not.
LEAST = 40
# Least number of uses of a tensor, and of inputs of a box, for a numbered edge.
MANY = 4


def bundle(picture: Picture) -> Picture:
    """The picture with its distant edges hidden, if there are many; else the picture itself."""
    # tensors from outside come before everything inside
    place = {box.key: (box.family != "tensor", i) for i, box in enumerate(picture.boxes)}
    leaving = Counter(edge.source for edge in picture.edges)
    arriving = Counter(edge.target for edge in picture.edges)
    nearest: dict[str, Edge] = {}
    for edge in picture.edges:
        known = nearest.get(edge.target)
        if known is None or place[edge.source] > place[known.source]:
            nearest[edge.target] = edge
    hidden = {edge for edge in picture.edges
              if leaving[edge.source] >= MANY and arriving[edge.target] >= MANY
              and edge != nearest[edge.target]}
    if len(hidden) < LEAST:
        return picture
    sources = sorted({edge.source for edge in hidden}, key=lambda key: place[key])
    numbers = {key: n for n, key in enumerate(sources, 1)}
    taken: dict[str, list[int]] = {}
    for edge in picture.edges:
        if edge in hidden:
            taken.setdefault(edge.target, []).append(numbers[edge.source])
    return replace(
        picture,
        boxes=tuple(replace(box, mark=numbers.get(box.key, 0),
                            taken=tuple(sorted(taken.get(box.key, ())))) for box in picture.boxes),
        edges=tuple(replace(edge, hidden=edge in hidden) for edge in picture.edges))
