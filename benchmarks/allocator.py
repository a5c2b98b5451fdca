"""The C library's allocator, kept from returning memory to the system between two tensors.

By default glibc unmaps every large tensor when it is freed and faults its pages in again for the
next one: about half of a MobileNetV2 forward pass on a CPU. How many pages depends on the moment
at which each tensor is freed, and differs between two copies of one network by a third. That is
no property of the networks compared here.
"""

import ctypes
import sys

# mallopt's parameters, from glibc's malloc.h
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4


def keep_memory() -> bool:
    """Keep freed memory for the rest of this process; whether the C library can (glibc)."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_MAX, 0)) and \
        bool(mallopt(_TRIM_THRESHOLD, 2**31 - 1))
