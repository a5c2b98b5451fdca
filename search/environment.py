"""Environment of the process: folder of studies, machine, versions of packages."""

import os
import platform
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

STUDIES = Path("studies")       # in the current folder


@cache
def machine() -> str:
    """Host, processor and cores; and the GPU, if torch is loaded and uses one."""
    parts = [platform.node(), processor(), f"{os.cpu_count()} cores", *_gpu()]
    return ", ".join(filter(None, parts))


def processor() -> str:
    """The model of the processor; Python's own platform module often knows only its family."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def _gpu() -> list[str]:
    """The GPU's name, if torch is loaded; torch is not imported for it."""
    torch = sys.modules.get("torch")
    return [torch.cuda.get_device_name()] if torch and torch.cuda.is_available() else []


@cache
def versions() -> dict[str, str]:
    """Versions of the packages that evaluations depend on, by name."""
    return {"python": platform.python_version(),
            **{name: metadata.version(name) for name in ("searchspace", "torch")}}
