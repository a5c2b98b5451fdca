"""Shapes of tensors without the batch: (C, H, W)."""


Shape = tuple[int, int, int]


def show_shape(shape: Shape) -> str:
    """(24, 56, 56) as 24×56×56."""
    return "×".join(str(n) for n in shape)
