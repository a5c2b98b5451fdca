"""Choice of a search's latency table: a named one, the study's, this machine's, or a new one."""

from collections.abc import Callable
from pathlib import Path

from search.latency.device import Device
from search.latency.measure import make_table
from search.latency.table import LatencyTable
from searchspace import Genotype
from searchspace.safety.files import file_name, own

OWN = "latency.json"            # in a study's folder: what its trials were predicted from
TABLES = "latency-tables"       # beside the studies: what was measured on this machine


def table_path(studies: Path, device: Device, space: Genotype, pixels: int) -> Path:
    """The path of the table of a space on a device of this machine."""
    return studies / TABLES / f"{file_name(f'{device.slug}-{space.name}-{pixels}px')}.json"


def find_latency_table(space: Genotype, pixels: int, device: Device, studies: Path, study: Path,
                       named: Path | None, tell: Callable[[str], None]) -> LatencyTable:
    """The table for a search of ``space`` at ``pixels``. If there is none, it is measured, which
    takes a minute or two and is reported to ``tell``, and stored for the next search.

    Raises:
        TableError: a file is no table, or cannot be written.
    """
    if named is not None:
        return LatencyTable.read(named)
    for path in (study / OWN, shared := table_path(studies, device, space, pixels)):
        if path.exists():
            return LatencyTable.read(own(path))
    table = make_table(device, [space], tell=tell)
    table.write(shared)
    return table
