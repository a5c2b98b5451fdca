"""The present network as a file that runs elsewhere, as `searchspace export` writes it."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from searchspace import SearchspaceError
from searchspace.export import needs
from searchspace.load import loads
from viz.live.model.evaluation import Source
from viz.live.model.points import frozen

# By target: what a button says. Targets are those of `searchspace.export.command`.
LABELS = {"code": "Python source for torch alone", "onnx": "ONNX", "int8": "ONNX in 8 bits",
          "torch": "torch.export program", "timm": "Python source for timm",
          "executorch": "ExecuTorch program"}
MOST = 64_000_000       # bytes that are sent to a page


@dataclass(frozen=True, slots=True)
class Exported:
    """A written file: its name and bytes, and what was checked of it, a line each."""

    name: str
    content: bytes
    lines: tuple[str, ...]


def offered() -> dict[str, str]:
    """The targets whose packages are here, with their labels."""
    return {name: label for name, label in LABELS.items() if not needs.lacking(name)}


def absent() -> str:
    """Which targets are not offered, and what installs them; empty if all are."""
    by_command: dict[str, list[str]] = {}
    for name in LABELS:
        if needs.lacking(name):
            by_command.setdefault(needs.install(name), []).append(LABELS[name])
    return "; ".join(f"{' and '.join(names)}: {command}" for command, names in by_command.items())


def exported(source: Source, target: str, folder: Path) -> Exported:
    """The file of a target for the network, or the space's point, of a source; ``folder`` is where
    it is written meanwhile, and nothing is left there.

    Raises:
        SearchspaceError: no network, a package is missing, a file that does not compute what the
            network does, or one too large to be sent.
    """
    from searchspace.export.command import default_name, find
    from searchspace.export.job import job

    found = find(target)
    genotype = source.genotype()
    if genotype.is_space:
        genotype = loads(frozen(source), source.file)
    tempfile.tempdir = str(folder)          # of what exporters write on the way, too
    with tempfile.TemporaryDirectory() as inside:
        path = Path(inside) / default_name(genotype, found.suffix)
        said = found.write(job(genotype), path)
        if (size := path.stat().st_size) > MOST:
            raise SearchspaceError(
                f"{path.name} has {size / 1e6:.0f} MB, more than a page is sent: save the "
                f"YAML, and run python -m searchspace export FILE --to {target}")
        lines = tuple(line.replace(str(path), path.name) for line in said)
        return Exported(path.name, path.read_bytes(), (*lines, "Its weights are not trained."))
