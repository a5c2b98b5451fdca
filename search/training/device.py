"""Device, precision, determinism and memory of a training."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from search.errors import RecipeError, TrainingError


def choose_device(wanted: str = "auto", worker: int = 0) -> torch.device:
    """The device of a name: ``cpu``, ``cuda:1``, or ``auto``, which prefers a GPU.

    The workers of a search share several GPUs in turn: worker 0 takes the first, worker 1 the
    second, and so on from the beginning; more workers than GPUs train side by side on one.

    Raises:
        RecipeError: there is no such device.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "auto":
        wanted = f"cuda:{worker % count}" if count else "cpu"
    elif wanted == "cuda" and count:
        wanted = f"cuda:{worker % count}"
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise RecipeError(f"no device {wanted!r}: cpu, cuda, cuda:0 … or auto") from None
    if device.type not in ("cpu", "cuda"):
        raise RecipeError(f"no training on {wanted!r}: cpu, cuda, cuda:0 … or auto")
    if device.type == "cuda" and (device.index or 0) >= count:
        raise RecipeError(f"there is no {wanted}: this torch sees {count} GPUs")
    return device


def half(device: torch.device) -> torch.dtype | None:
    """The type of mixed precision: bfloat16, else float16, on a GPU; None on a CPU."""
    if device.type != "cuda":
        return None
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def autocast(device: torch.device) -> torch.autocast:
    """Context in which networks compute in mixed precision where there is one."""
    kind = half(device)
    return torch.autocast(device.type, kind, enabled=kind is not None)


def gradient_scaler(device: torch.device) -> torch.amp.GradScaler:
    """Scales gradients where mixed precision would lose small ones; else it does nothing."""
    return torch.amp.GradScaler(device.type, enabled=half(device) is torch.float16)


@contextmanager
def computing(device: torch.device, batch: int) -> Iterator[None]:
    """Context in which networks compute on batches of so many images; what torch or an operation
    raises is one sentence.

    Raises:
        TrainingError: memory ran out, or the network cannot compute.
    """
    try:
        yield
    except (RuntimeError, MemoryError, ValueError, TypeError, LookupError, ArithmeticError,
            AttributeError, AssertionError) as error:
        if not _out_of_memory(error):
            raise TrainingError(f"{type(error).__name__}: {error}") from error
        if device.type == "cuda":
            torch.cuda.empty_cache()
        raise TrainingError(f"out of memory on {device} with batches of {batch} images") from None


@contextmanager
def repeatable(device: torch.device) -> Iterator[None]:
    """Context with deterministic algorithms on a GPU, at some cost in speed; a CPU is deterministic
    for the same number of threads. The caller's random state is restored."""
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        if not gpus:
            yield
            return
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        cudnn = torch.backends.cudnn
        before = (cudnn.deterministic, cudnn.benchmark,
                  torch.are_deterministic_algorithms_enabled(),
                  torch.is_deterministic_algorithms_warn_only_enabled())
        cudnn.deterministic, cudnn.benchmark = True, False
        # Some operations have no deterministic form on a GPU: torch warns of them.
        torch.use_deterministic_algorithms(True, warn_only=True)
        try:
            yield
        finally:
            cudnn.deterministic, cudnn.benchmark = before[:2]
            torch.use_deterministic_algorithms(before[2], warn_only=before[3])


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or \
        "DefaultCPUAllocator" in str(error)
