"""Local response normalisation against the paper's formula."""

import torch

from searchspace.ops.normalization import LocalResponseNorm


def test_each_channel_is_divided_by_its_neighbours_squares() -> None:
    x = 5 * torch.randn(2, 7, 3, 4)
    expected = torch.empty_like(x)
    for i in range(7):                        # Krizhevsky et al. 2012, Sec. 3.3
        squares = x[:, max(0, i - 2):min(6, i + 2) + 1].square().sum(1)
        expected[:, i] = x[:, i] / (2 + 1e-2 * squares) ** 0.75
    op = LocalResponseNorm(n=5, alpha=1e-2)
    torch.testing.assert_close(op.module((7, 3, 4))(x), expected)
