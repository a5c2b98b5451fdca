"""Batches of real images for scores that look at a network's activations."""

from functools import lru_cache

import torch
import torch.nn.functional as F


def digits(batch: int, size: tuple[int, int, int], seed: int) -> torch.Tensor:
    """Handwritten digits as network input: a new float32 tensor of shape (batch, *size).

    The images are scikit-learn's digits (1797 distinct grey images of 8x8 pixels, a copy of the
    test part of the UCI "Optical Recognition of Handwritten Digits" data). `batch` of them are
    drawn without replacement by a generator seeded with `seed`, so the same arguments give the
    same tensor, and a smaller batch is the beginning of a larger one. Pixels are standardised
    with one mean and one deviation over the whole data set (unitless), brought to height x width
    by bilinear interpolation, and repeated over the channels.

    `size` is (channels, height, width), the last two in pixels. ValueError is raised for a size
    with an entry below 1 and for a batch outside 1..1797.
    """
    channels, height, width = size
    if min(size) < 1:
        raise ValueError(
            f"an image size needs channels, height and width of at least 1, not {size}"
        )
    data = _standardised_digits()[0][_chosen(batch, seed)]
    grey = F.interpolate(data, size=(height, width), mode="bilinear", align_corners=False)
    return grey.repeat(1, channels, 1, 1)


def digit_labels(batch: int, seed: int) -> torch.Tensor:
    """Labels of the images of `digits`, 0 to 9: int64 of shape (batch,)."""
    return _standardised_digits()[1][_chosen(batch, seed)]


def _chosen(batch: int, seed: int) -> torch.Tensor:
    count = len(_standardised_digits()[0])
    if not 1 <= batch <= count:
        raise ValueError(f"a batch of digits holds 1 to {count} images, not {batch}")
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))[:batch]


@lru_cache(maxsize=1)
def _standardised_digits() -> tuple[torch.Tensor, torch.Tensor]:
    """All digits, float32 of shape (1797, 1, 8, 8), with mean 0 and deviation 1 over all pixels;
    and their labels."""
    # scikit-learn takes longer to import than the rest of this package.
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels = torch.from_numpy(data.images)
    images = ((pixels - pixels.mean()) / pixels.std(correction=0)).float().unsqueeze(1)
    return images, torch.from_numpy(data.target)
