"""Batches of standardised images on a device, from images in memory or from files."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from search.data.base import Images, Stored
from search.data.errors import DataError
from search.data.folder import read_image
from search.seeds import derive

# The usual ones of ImageNet, for images that are not all in memory.
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
LUMA = 0.299, 0.587, 0.114      # of red, green and blue, where a network takes grey (BT.601)
NEAR = 8 / 7        # images up to so much larger than the network's input are cropped, not resized
_AHEAD = 3          # batches that are decoded ahead

Moments = tuple[tuple[float, ...], tuple[float, ...]]


def moments(images: Images) -> Moments:
    """Mean and standard deviation per channel over all images and pixels, for values in 0 to 1."""
    if not isinstance(images, Stored):
        return IMAGENET
    pixels = images.pixels.astype(np.float64) / 255
    return (tuple(float(m) for m in pixels.mean((0, 2, 3))),
            tuple(float(s) for s in np.maximum(pixels.std((0, 2, 3)), 1e-6)))


class Cut(NamedTuple):
    """What is left of larger images, for recipes that crop: of files a random share of the area
    (``scale``); with ``whole`` stored images that are slightly larger stay as they are."""

    scale: tuple[float, float] | None = None
    whole: bool = False


class Batches:
    """Images as batches of ``shape`` (channels, height, width) each, float32 and standardised;
    larger where ``cut`` says so."""

    def __init__(self, images: Images, shape: tuple[int, int, int], device: torch.device,
                 standard: Moments, cut: Cut | None = None) -> None:
        self.images, self.device, self.cut = images, device, cut or Cut()
        self.channels, *edges = shape
        self.height, self.width = edges
        held = images.pixels.shape[1] if isinstance(images, Stored) else 3
        if held not in (1, self.channels) and (held, self.channels) != (3, 1):
            raise DataError(f"the images have {held} channels, and the network takes "
                            f"{self.channels}")
        self.labels = torch.from_numpy(images.labels).to(device)
        self.mean, self.deviation = (
            torch.tensor(m, device=device).view(1, -1, 1, 1) for m in standard)

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def stored(self) -> Tensor:
        """All images on the device, uint8."""
        assert isinstance(self.images, Stored)
        return torch.from_numpy(self.images.pixels).to(self.device)

    def __call__(self, order: Sequence[int], batch: int,
                 crop_seed: int | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches of images and labels in this order; with ``crop_seed`` files are cropped at
        random. One image that is left over joins the batch before it: alone it has no statistics
        for a normalisation."""
        parts = [list(order[i:i + batch]) for i in range(0, len(order), batch)]
        if batch > 1 and len(parts) > 1 and len(parts[-1]) == 1:
            parts[-2:] = [parts[-2] + parts[-1]]
        pixels = (self.stored[part] for part in parts) if isinstance(self.images, Stored) \
            else self._decoded(parts, crop_seed)
        for part, x in zip(parts, pixels, strict=True):
            yield self._standardised(x), self.labels[part]

    def _standardised(self, pixels: Tensor) -> Tensor:
        x = (pixels.float() / 255 - self.mean) / self.deviation
        height, width = self.height, self.width
        over = x.shape[-2] / height, x.shape[-1] / width
        if over[0] != over[1] or not 1 <= over[0] <= NEAR:
            x = F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False,
                              antialias=max(over) > 1)
        elif over[0] > 1 and not self.cut.whole:
            top, left = (x.shape[-2] - height) // 2, (x.shape[-1] - width) // 2
            x = x[..., top:top + height, left:left + width]
        if x.shape[1] > self.channels:
            x = (x * x.new_tensor(LUMA).view(1, -1, 1, 1)).sum(1, keepdim=True)
        x = x.expand(-1, self.channels, -1, -1)
        layout = torch.channels_last if self.device.type == "cuda" else torch.contiguous_format
        return x.contiguous(memory_format=layout)

    def _decoded(self, parts: list[list[int]], crop_seed: int | None) -> Iterator[Tensor]:
        """Files, decoded by threads some batches ahead; crops depend on the image and the seed
        only, not on the number of threads."""
        assert not isinstance(self.images, Stored)
        paths, scale = self.images.paths, self.cut.scale

        def one(i: int) -> np.ndarray:
            if crop_seed is None or scale is None:
                return read_image(paths[i], (self.height, self.width))
            return read_image(paths[i], (self.height, self.width), derive(crop_seed, i), scale)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            waiting = [[pool.submit(one, i) for i in part] for part in parts[:_AHEAD]]
            for number in range(len(parts)):
                ready = np.stack([f.result() for f in waiting.pop(0)])
                if number + _AHEAD < len(parts):
                    waiting.append([pool.submit(one, i) for i in parts[number + _AHEAD]])
                yield torch.from_numpy(ready).to(self.device, non_blocking=True)
