"""Torch's state of a whole process, fixed where a result must not depend on what its caller set."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

_BUILDING = threading.RLock()


@contextmanager
def usual() -> Iterator[None]:
    """Context in which torch is as when it was imported: single precision, on the processor,
    gradients recorded, no autocast. What the caller has set holds again afterwards."""
    import torch

    precision, cpu = torch.get_default_dtype(), torch.device("cpu")
    # a device's context stands between each call of torch and torch
    placed = nullcontext() if torch.get_default_device() == cpu else cpu
    with torch.inference_mode(False), torch.enable_grad(), placed, \
            torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(precision)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Context in which torch's generator begins at ``seed``; its state is restored.

    The generator belongs to the process, so that threads take turns here. One that draws from it
    without this context, such as a caller's own, changes what is drawn here.
    """
    import torch

    with _BUILDING, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
