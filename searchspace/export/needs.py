"""The packages that a target needs beside torch, and how they are installed."""

from importlib.util import find_spec

from searchspace import scripts

_ONNX = ("onnx", "onnxscript", "onnxruntime")
PACKAGES = {"onnx": _ONNX, "int8": _ONNX, "executorch": ("executorch",)}


def lacking(target: str) -> tuple[str, ...]:
    """The packages of a target that are not installed."""
    return tuple(name for name in PACKAGES.get(target, ()) if find_spec(name) is None)


def install(target: str) -> str:
    """The command that installs what a target needs."""
    return "pip install executorch" if target == "executorch" else scripts.install("export")
