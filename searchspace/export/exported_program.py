"""Target ``torch``: the program that torch.export makes, which torch loads without this project."""

from pathlib import Path

import torch

from searchspace.export.job import Job, compare, quietly
from searchspace.export.targets import target
from searchspace.safety.files import replacing

TOLERANCE = 1e-5


@target("torch", ".pt2", "torch.export's program, for torch.export.load")
def write_program(job: Job, path: Path) -> list[str]:
    """Write the program for any batch."""
    with replacing(path) as fresh, quietly():
        with open(fresh, "wb") as file:
            torch.export.save(program(job), file)
        with open(fresh, "rb") as file:
            loaded = torch.export.load(file).module()
    x = job.example(3)
    with torch.no_grad():
        theirs = loaded(x)
    return [f"{path}: for torch.export.load, input of n×{job.shape()}.",
            compare(job.outputs(x), theirs, TOLERANCE, "the loaded program")]


def program(job: Job) -> torch.export.ExportedProgram:
    """The network as an exported program."""
    return torch.export.export(job.network, (job.example(),),
                               dynamic_shapes=({0: torch.export.Dim("n")},))
