"""The images that trainings of a search hold out, to rate networks on. No torch."""

from search.data import Data, Images
from search.seeds import derive
from searchspace.shapes import Shape


def hold_out(data: Data, share: float, seed: int) -> tuple[Images, Images]:
    """The training and the validation images. Raises DataError if a class has too few."""
    return data.split(share, derive(seed, "validation"))


def described(data: Data, shape: Shape, share: float, seed: int) -> str:
    """Data and split in the archive's key, for networks of this input."""
    digest = f" {data.digest[:12]}" if data.digest else ""
    return (f"{data.name}{digest} {'x'.join(map(str, shape))}, {share:.4g} held out by seed "
            f"{seed}")
