"""Images of a data set as tensors, for the package below: the entry point `searchspace.images`."""

import torch
from torch import Tensor

from search.data import Images, open_data
from search.training.batches import Batches, moments
from searchspace.shapes import Shape

CALIBRATION, BATCH = 512, 64        # training images at most, and images decoded at once


def images(name: str, shape: Shape) -> tuple[str, Tensor, Tensor, Tensor]:
    """The name of a data set, some training images, and the test images with their labels.

    Images are (n, C, H, W), standardised as for a training, in the size of a network's input.

    Raises:
        DataError: an unknown name, files that are damaged, or images that do not fit.
    """
    data = open_data(name)
    standard = moments(data.train)

    def read(some: Images, most: int | None = None) -> tuple[Tensor, Tensor]:
        order = torch.randperm(len(some), generator=torch.Generator().manual_seed(0)).tolist()
        batches = list(Batches(some, shape, torch.device("cpu"), standard)(order[:most], BATCH))
        return torch.cat([x for x, _ in batches]), torch.cat([y for _, y in batches])

    return data.name, read(data.train, CALIBRATION)[0], *read(data.test)
