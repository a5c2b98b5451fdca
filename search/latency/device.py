"""Timing on a device: the median of repeats, after a warm-up.

On a CPU the number of threads is fixed, and torch's benchmark timer chooses the number of runs by
the resolution of its clock. With one thread the clock is the process's CPU time, which excludes
the time of other processes on the core. On a GPU, events on the stream are used, so that kernel
launches and other work of the host count only as far as the stream waits for them.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from search.environment import processor
from searchspace import SearchspaceError

WARM_UP = 3
EVENTS = 30         # timed runs on a GPU


class DeviceError(SearchspaceError):
    """This machine does not have the device."""


@dataclass(frozen=True, slots=True)
class Device:
    """``kind``: cpu or cuda, with a number if there are several. ``threads``: torch's, on a CPU.
    ``batch``: images at a time. ``machine``: name of the processor."""

    kind: str = "cpu"
    threads: int = 1
    batch: int = 1
    machine: str = ""

    @classmethod
    def here(cls, kind: str = "cpu", threads: int = 1, batch: int = 1) -> "Device":
        """A device of this machine.

        Raises:
            DeviceError: there is none of this kind, or the number of threads is invalid.
        """
        import torch

        if threads < 1 or batch < 1:
            raise DeviceError("a latency is measured with 1 thread and 1 image or more, not with "
                              f"{threads} and {batch}")
        if kind == "cpu":
            return cls(kind, threads, batch, processor())
        try:
            name = torch.cuda.get_device_name(kind)
        except (RuntimeError, AssertionError, ValueError) as error:
            words = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DeviceError(f"no device {kind!r} here: {words}; there is cpu"
                              f"{_cuda_devices()}") from None
        return cls(kind, 1, batch, name)

    @property
    def name(self) -> str:
        """Human-readable name: ``Xeon …, 1 thread, batch 1``."""
        threads = f", {self.threads} thread{'s' * (self.threads > 1)}" if self.kind == "cpu" else ""
        return f"{self.machine}{threads}, batch {self.batch}"

    @property
    def slug(self) -> str:
        """The name in the form of a file name."""
        words = "".join(c if c.isalnum() else " " for c in self.machine).lower().split()
        threads = [f"{self.threads}t"] if self.kind == "cpu" else []
        return "-".join([*words, *threads, f"b{self.batch}"])

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Context without gradients and with this number of threads."""
        import torch

        threads = torch.get_num_threads()
        torch.set_num_threads(self.threads if self.kind == "cpu" else threads)
        try:
            with torch.inference_mode():
                yield
        finally:
            torch.set_num_threads(threads)

    def seconds(self, run: Callable[..., Any], inputs: Sequence[Any], at_least: float) -> float:
        """The median time of ``run(*inputs)`` in seconds, over about ``at_least`` seconds."""
        import torch
        from torch.utils.benchmark import Timer

        for _ in range(WARM_UP):
            run(*inputs)
        if self.kind == "cpu":
            clock = time.process_time if self.threads == 1 else time.perf_counter
            timer = Timer("run(*inputs)", globals={"run": run, "inputs": inputs}, timer=clock,
                          num_threads=self.threads)
            return float(timer.blocked_autorange(min_run_time=at_least).median)
        taken = []
        with torch.cuda.device(self.kind):
            for _ in range(EVENTS):
                event: Any = torch.cuda.Event
                begin, end = event(enable_timing=True), event(enable_timing=True)
                begin.record()
                run(*inputs)
                end.record()
                end.synchronize()
                taken.append(float(begin.elapsed_time(end)) / 1000)
        return statistics.median(taken)


def _cuda_devices() -> str:
    import torch

    return "".join(f", cuda:{i}" for i in range(torch.cuda.device_count()))
