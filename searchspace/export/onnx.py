"""Target ``onnx``: torch's exporter, checked by onnx and run in onnxruntime."""

from pathlib import Path

import torch

from searchspace.export.job import Job, compare, quietly
from searchspace.export.needs import install
from searchspace.export.targets import needed, target
from searchspace.safety.files import replacing

TOLERANCE = 1e-4


@target("onnx", ".onnx", "ONNX for any batch, run in onnxruntime")
def write_onnx(job: Job, path: Path) -> list[str]:
    """Write an ONNX file with the input ``x`` and the output ``y``."""
    with replacing(path) as fresh:
        export_onnx(job, fresh)
        theirs = run_onnx(fresh, x := job.example(BATCH + 1))
    return [f"{path}: input x of n×{job.shape()}, output y.",
            compare(job.outputs(x), theirs, TOLERANCE, "onnxruntime", job.rounding(x))]


BATCH = 2           # while exporting; the file is run with another


def export_onnx(job: Job, path: Path) -> None:
    """Write the file and let onnx check it. Raises ExportError where a package is missing."""
    try:
        import onnx
        import onnxscript  # noqa: F401 - torch's exporter imports it late
    except ImportError as error:
        raise needed(error, install("onnx")) from None
    with quietly():
        torch.onnx.export(job.network, (job.example(BATCH),), path, dynamo=True, verbose=False,
                          input_names=["x"], output_names=["y"], external_data=False,
                          dynamic_shapes=({0: torch.export.Dim("n")},))
    onnx.checker.check_model(str(path), full_check=True)


def run_onnx(path: Path, x: torch.Tensor) -> torch.Tensor:
    """The output of a file in onnxruntime, on the processor."""
    try:
        import onnxruntime
    except ImportError as error:
        raise needed(error, install("onnx")) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path.read_bytes(), options,
                                           providers=["CPUExecutionProvider"])
    y, = session.run(None, {"x": x.numpy()})
    return torch.from_numpy(y)
