"""Target ``code``: one readable Python file that depends on torch alone."""

import re
from pathlib import Path
from typing import Any

from searchspace.export.job import Job, compare
from searchspace.export.source.writing import network_source
from searchspace.export.targets import target
from searchspace.genotype import to_yaml
from searchspace.notation.sources import GENOTYPES
from searchspace.safety.files import write_file
from searchspace.text import printable

TOLERANCE = 1e-5


@target("code", ".py", "one readable Python file that needs torch alone")
def write_code(job: Job, path: Path) -> list[str]:
    """Write the source of a network, and run it with the network's weights."""
    text, name = source(job)
    write_file(path, text)
    return [f"{path}: class {name}, {len(text.splitlines())} lines.",
            compare_code(job, text, name)]


def source(job: Job) -> tuple[str, str]:
    """The text of the file, and the name of the network's class."""
    made = network_source(job.expansion, class_name(job.genotype.name), summary(job))
    return file_text(job, made.text, ["from torch import nn"]), made.root.name


def class_name(name: str) -> str:
    """What the network's class is named after: the genotype's name, or a plain word where that is a
    study's with a number, which says nothing of the network.

    >>> class_name("sinet-resnet-34"), class_name("mine-best"), class_name("mine-front-002")
    ('sinet-resnet-34', 'network', 'network')
    """
    numbered = re.fullmatch(r".*-(best|front-\d{3,}|\d+)", name)
    bundled = {path.stem for path in GENOTYPES.glob("*.yaml")}
    return "network" if numbered and name not in bundled else name


def file_text(job: Job, body: str, imports: list[str]) -> str:
    """A file with its header and imports."""
    if re.search(r"(?<![.\w])torch\.", body):
        imports = ["import torch", *imports]
    return "\n".join([*header(job), "", *imports, "", "", body])


def summary(job: Job) -> str:
    """One line about the network."""
    cost = job.expansion.cost()
    return (f"{job.genotype.title}: {job.shape()}, {cost.params:,} parameters, "
            f"{cost.macs:,} MACs.")


def header(job: Job) -> list[str]:
    """Comments: what the file is, where the network comes from, and its genotype."""
    lines = [summary(job)]
    if job.genotype.header.source:
        lines.append(f"Source: {job.genotype.header.source}")
    lines += ["Written by `python -m searchspace export`; the genotype:", "",
              *(f"    {line}" for line in to_yaml(job.genotype).splitlines())]
    return [f"# {printable(line)}".rstrip() for line in lines]


def compare_code(job: Job, text: str, name: str) -> str:
    """A line about the code's outputs with the network's weights, strictly loaded."""
    scope: dict[str, Any] = {"__name__": name}
    exec(compile(text, f"<{name}>", "exec"), scope)     # written here, from names that are words
    network = scope[name]().eval()
    network.load_state_dict(job.network.state_dict(), strict=True)
    x = job.example()
    return compare(job.outputs(x), Job.outputs(Job(job.genotype, job.expansion, network), x),
                   TOLERANCE, f"{name}()")
