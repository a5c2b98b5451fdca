"""Target ``int8``: static quantisation by onnxruntime, per channel, as QDQ nodes."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from searchspace.export.job import ExportError, Job, quietly
from searchspace.export.needs import install
from searchspace.export.onnx import export_onnx, run_onnx
from searchspace.export.targets import needed, target
from searchspace.safety.files import replacing

CALIBRATION, CHUNK = 128, 32            # images, and images at once
LEAST = 0.8                             # of the cosine between outputs, else nothing is left


@target("int8", "-int8.onnx", "ONNX in 8 bits, calibrated on --data")
def write_int8(job: Job, path: Path) -> list[str]:
    """Write a quantised ONNX file; with data, the accuracy before and after is measured."""
    seen = job.example(CALIBRATION) if job.images is None else \
        job.images.training[:CALIBRATION]
    with tempfile.TemporaryDirectory() as folder, replacing(path) as fresh:
        whole, prepared = Path(folder) / "float.onnx", Path(folder) / "prepared.onnx"
        export_onnx(job, whole)
        _quantize(whole, prepared, fresh, seen)
        sizes = whole.stat().st_size, fresh.stat().st_size
        lines = [_compared(job, fresh, seen[:CHUNK])]
        if job.images is not None:
            lines.append(_accuracies(job, fresh))
    how = "random images, since no --data is given: for use, calibrate on real ones" \
        if job.images is None else f"training images of {job.images.name}"
    return [f"{path}: {sizes[1] / sizes[0]:.0%} of the size in float32; calibrated on {len(seen)} "
            f"{how}.", *lines]


def _quantize(whole: Path, prepared: Path, path: Path, seen: Tensor) -> None:
    try:
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ImportError as error:
        raise needed(error, install("onnx")) from None

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.batches = iter(torch.split(seen, CHUNK))

        def get_next(self) -> dict[str, Any] | None:
            batch = next(self.batches, None)
            return None if batch is None else {"x": batch.numpy()}

    with quietly():
        # symbolic shapes are for transformers, and stop at norms (its `_infer_ReduceMean`)
        quant_pre_process(whole, prepared, skip_symbolic_shape=True)
        quantization.quantize_static(
            prepared, path, Reader(), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
            activation_type=quantization.QuantType.QInt8, weight_type=quantization.QuantType.QInt8)


def _compared(job: Job, path: Path, x: Tensor) -> str:
    ours, theirs = job.outputs(x).flatten(1), run_onnx(path, x).flatten(1)
    cosine = float(torch.cosine_similarity(ours, theirs).mean())
    if ours.shape != theirs.shape or not cosine >= LEAST:
        raise ExportError(f"nothing of the network is left in 8 bits: the cosine between its "
                          f"outputs and the file's is {cosine:.3f}, below {LEAST}")
    same = float((ours.argmax(1) == theirs.argmax(1)).float().mean())
    return (f"Checked: on {len(x)} of these images the cosine between the network's outputs and "
            f"the file's is {cosine:.4f} (at least {LEAST}); the largest output is the same in "
            f"{same:.0%}.")


def _accuracies(job: Job, path: Path) -> str:
    assert job.images is not None
    test, labels = job.images.test, job.images.labels
    right = [0, 0]
    for x, y in zip(torch.split(test, CHUNK), torch.split(labels, CHUNK), strict=True):
        for i, outputs in enumerate((job.outputs(x), run_onnx(path, x))):
            right[i] += int((outputs.argmax(1) == y).sum())
    before, after = (100 * n / len(labels) for n in right)
    return (f"Top-1 on the {len(labels)} test images of {job.images.name}: {before:.2f} % in "
            f"float32, {after:.2f} % in 8 bits.")
