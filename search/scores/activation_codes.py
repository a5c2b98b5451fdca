"""Binary activation codes of images: which inputs of a network's non-linearities are above zero.

One bit for each activation: the sign of a non-linearity's *input*. For ReLU this is whether it is
active; for functions whose output has one sign (sigmoid) or no exact zero (SiLU, GELU) it is still
defined. All functions named in `instrumentation.NONLINEAR` count, however they are written. Not
coded:

- softmax: its weights compare activations with each other, so that no gate sits at zero;
- pooling, clamping and maxima, which choose among values for other purposes too;
- GLU and fused recurrent kernels (LSTM, GRU), whose inputs are not plain pre-activations.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from search.errors import ScoreError
from search.scores.instrumentation import NONLINEAR, Watch, batch_statistics, channels_last


def code(net: nn.Module, images: Tensor, visit: Callable[[Tensor], None]) -> None:
    """Run ``net`` once and call ``visit`` with the input of each coded non-linearity, as a matrix
    of shape (N, activations); where it is above zero, the bit is 1. The order of the columns is
    unspecified, but the same for all N images.

    One forward pass without gradients or autocast. Batch and instance norms use the statistics of
    this batch, all other modules run in evaluation mode (no dropout), so that the result depends
    on the weights and the images alone; only randomness fixed into a traced graph, as F.dropout
    with a constant training=True, escapes this. Training flags and buffers (running statistics)
    are as before when the function returns or raises. For images of shape (N, C, H, W), ``net`` is
    converted to channels-last memory format and stays so; a copy of the images is converted, too.

    Raises ScoreError if there are fewer than two images, if ``net`` has no coded non-linearity,
    and if a coded non-linearity does not have the N images along its first axis. Non-linearities
    of parameters (a learned gate) carry no image and are skipped.
    """
    if images.dim() < 2 or len(images) < 2:
        raise ScoreError(
            f"a batch needs at least 2 images of 1 axis or more, not shape {tuple(images.shape)}"
        )
    bits = 0

    def before(name: str, x: Tensor) -> None:
        nonlocal bits
        if isinstance(x, nn.Parameter):
            return
        if x.dim() == 0 or len(x) != len(images):
            raise ScoreError(
                f"the input of a {name} does not have the {len(images)} images along its first "
                f"axis: its shape is {tuple(x.shape)}"
            )
        # The order of bits is free as long as all images share it: in memory order, flattening
        # copies nothing, whatever the layout.
        order = sorted(range(1, x.dim()), key=x.stride, reverse=True)
        flat = x.permute(0, *order).reshape(len(images), -1)
        bits += flat.shape[1]
        visit(flat)

    # A copy in any case: a network may begin with an operation in place.
    if images.dim() == 4:
        net = channels_last(net)
        batch = images.detach().clone(memory_format=torch.channels_last)
    else:
        batch = images.detach().clone()
    with torch.no_grad(), batch_statistics(net), Watch(NONLINEAR, before=before):
        net(batch)
    if bits == 0:
        raise ScoreError("the network has no non-linearity that is coded, such as a ReLU")


def check_distinct(images: Tensor) -> None:
    """Raise ScoreError if two images of a batch are equal: no network can distinguish them."""
    if len(torch.unique(images.flatten(1), dim=0)) < len(images):
        raise ScoreError("the batch holds the same image twice, which no network tells apart")
