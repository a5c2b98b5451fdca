"""scikit-learn's digits: 1,797 grey images of 8×8 pixels.

They are the test part of the UCI set "Optical Recognition of Handwritten Digits". Here 900 of them,
a fixed stratified half, are the test images.
"""

from pathlib import Path

import numpy as np

from search.data.base import Data, Stored

TEST = 900


def load_digits(folder: Path) -> Data:
    """The data set; ``folder`` is ignored."""
    from sklearn.datasets import load_digits as bundled
    from sklearn.model_selection import train_test_split

    found = bundled()
    # 0 … 16 scaled to the range of a byte: 17 distinct levels
    pixels = np.rint(found.images * (255 / 16)).astype(np.uint8)[:, None]
    everything = Stored(pixels, found.target.astype(np.int64))
    train, test = train_test_split(range(len(everything)), test_size=TEST,
                                   stratify=everything.labels, random_state=0)
    return Data("digits", tuple(map(str, range(10))), 1, 32, everything.take(sorted(train)),
                everything.take(sorted(test)))
