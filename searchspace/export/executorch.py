"""Target ``executorch``: a program for phones, by ExecuTorch with XNNPACK."""

from pathlib import Path

import torch

from searchspace.export.job import Job, compare, quietly
from searchspace.export.needs import install
from searchspace.export.targets import needed, target
from searchspace.safety.files import replacing

TOLERANCE = 1e-4


@target("executorch", ".pte", "ExecuTorch with XNNPACK, for phones")
def write_executorch(job: Job, path: Path) -> list[str]:
    """Write the program for one image, and run it in ExecuTorch's Python runtime."""
    try:
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower
        from executorch.runtime import Runtime
    except ImportError as error:
        raise needed(error, install("executorch")) from None
    x = job.example(1)
    with replacing(path) as fresh, quietly():
        lowered = to_edge_transform_and_lower(torch.export.export(job.network, (x,)),
                                              partitioner=[XnnpackPartitioner()])
        fresh.write_bytes(lowered.to_executorch().buffer)
        program = Runtime.get().load_program(fresh)     # has to outlive its method
        theirs, = program.load_method("forward").execute([x])
    return [f"{path}: input of 1×{job.shape()}.",
            compare(job.outputs(x), theirs, TOLERANCE, "ExecuTorch", job.rounding(x))]
