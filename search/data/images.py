"""Safe opening of untrusted images; the only place where images are opened.

By default Pillow reads some forty formats, whatever a file's suffix, and passes PostScript to
Ghostscript, which executes it. Here only a few formats are accepted, by content, and images that
would take much memory or time are refused by their headers.
"""

import io
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from search.data.errors import DataError
from searchspace.safety.reading import read_bytes

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("BMP", "JPEG", "PNG", "PPM", "WEBP")
MAX_BYTES = 2**26
MAX_EDGE = 2**16
MAX_PIXELS = 2**26
MAX_WORK = 2**34        # pixels times scans: a progressive JPEG is decoded once per scan


def open_image(path: Path) -> "Image.Image":
    """An image of one of the `FORMATS`, not decoded yet.

    Raises:
        DataError: it cannot be read, has another format, or is too large.
    """
    from PIL import Image

    _prepare()
    try:
        content = read_bytes(path, MAX_BYTES)
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path) from None
    except OSError as error:
        reason = error.strerror or f"it is damaged, or no image of {', '.join(FORMATS)}"
        raise DataError(f"cannot read {path}: {reason}") from None
    except Exception as error:          # Pillow fails in many ways on damaged bytes
        raise DataError(f"{path} is damaged, cut off or no image: {error}") from None
    pixels = image.width * image.height
    if pixels > MAX_PIXELS or max(image.size) > MAX_EDGE:
        raise _too_large(path)
    if image.mode == "F":       # a portable float map, whose range is anybody's guess
        raise DataError(f"cannot read {path}: its pixels are real numbers, not whole ones")
    if content.startswith(b"\xff\xd8") and pixels * content.count(b"\xff\xda") > MAX_WORK:
        raise DataError(f"cannot read {path}: so many scans of so many pixels take too long")
    return image


def eight_bits(image: "Image.Image") -> "Image.Image":
    """An image whose samples have eight bits. Pillow has only grey images of sixteen, and takes
    all of them above 255 for white."""
    from PIL import Image

    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).clip(0, 2**16 - 1) >> 8).astype(np.uint8))


@cache
def _prepare() -> None:
    """Import the one format that Pillow would otherwise find only by importing all, PostScript
    included; and turn off Pillow's warning of sizes that are refused here anyway."""
    from PIL import Image, WebPImagePlugin  # noqa: F401

    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def _too_large(path: Path) -> DataError:
    return DataError(f"cannot read {path}: it has more than the {MAX_PIXELS:,} pixels that are "
                     f"read, or than {MAX_EDGE:,} in a row or column")
