"""Modules and functions that torch lacks, as source for the files that need them.

They compute what `searchspace.ops.modules` does, with the same names of weights.
"""

HELPERS = {
    "shift": '''\
def shift(x, k, dilation):
    """Moves k² groups of channels, each to its own place of a k×k window."""
    share, edge = x.shape[1] // k**2, k // 2 * dilation
    h, w = x.shape[2:]
    framed = nn.functional.pad(x, (edge, edge, edge, edge))
    pieces, start = [], 0
    for i in range(k**2):
        count = share + (x.shape[1] % k**2 if i == k**2 // 2 else 0)
        top, left = i // k * dilation, i % k * dilation
        pieces.append(framed[:, start : start + count, top : top + h, left : left + w])
        start += count
    return torch.cat(pieces, 1)
''',
    "LeakyReLU": '''\
class LeakyReLU(nn.LeakyReLU):
    def __init__(self):
        super().__init__(0.1)
''',
    "AttentionPool": '''\
class AttentionPool(nn.Module):
    """Mean over positions, weighted by a softmax of a 1×1 convolution."""

    def __init__(self, channels):
        super().__init__()
        self.logits = nn.Conv2d(channels, 1, 1)

    def forward(self, x):
        weights = self.logits(x).flatten(2).softmax(2)
        return (x.flatten(2) * weights).sum(2, keepdim=True).unsqueeze(3)
''',
    "Gather": '''\
class Gather(nn.Module):
    """The channels that the buffer `index` lists; evenly spread at first."""

    def __init__(self, cin, out):
        super().__init__()
        self.register_buffer("index", torch.arange(out) * cin // out)

    def forward(self, x):
        return x.index_select(1, self.index)
''',
    "SigmoidWeightedSum": '''\
class SigmoidWeightedSum(nn.Module):
    """Sum of n tensors, each weighted by the sigmoid of a learned number."""

    def __init__(self, n):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n))

    def forward(self, *xs):
        return sum(x * w for x, w in zip(xs, self.weight.sigmoid()))
''',
    "ChannelScale": '''\
class ChannelScale(nn.Module):
    """A learned factor for each channel, and with `bias` a learned summand."""

    def __init__(self, channels, init=1.0, bias=False):
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels, 1, 1), init))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1)) if bias else None

    def forward(self, x):
        return x * self.weight if self.bias is None else x * self.weight + self.bias
''',
    "ChannelNorm": '''\
class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels, at each position."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
''',
    "ResponseNorm": '''\
class ResponseNorm(nn.Module):
    """Each channel by its length, relative to the mean over the channels."""

    def __init__(self, channels, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))
        self.eps = eps

    def forward(self, x):
        length = x.square().sum((2, 3), keepdim=True).sqrt()
        share = length / (length.mean(1, keepdim=True) + self.eps)
        return x + self.weight * (x * share) + self.bias
''',
}
