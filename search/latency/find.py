"""Where latency tables are: a study's own, and those measured on this machine."""

from collections.abc import Callable
from pathlib import Path

from search.latency.device import Device
from search.latency.measure import make_table
from search.latency.table import LatencyTable
from searchspace import Genotype
from searchspace.safety.files import file_name, own
from searchspace.shapes import Size, short

OWN = "latency.json"            # in a study's folder: what its trials were predicted from
TABLES = "latency-tables"       # beside the studies: what was measured on this machine


def table_path(studies: Path, device: Device, space: Genotype, size: Size) -> Path:
    """The path of the table of a space on a device of this machine."""
    return studies / TABLES / f"{file_name(f'{device.slug}-{space.name}-{short(size)}px')}.json"


def shared_table(space: Genotype, size: Size, device: Device, studies: Path,
                 tell: Callable[[str], None]) -> LatencyTable:
    """This machine's table for searches of ``space`` at ``size``. If there is none, it is
    measured, which takes minutes and is reported to ``tell``, and stored.

    Raises:
        TableError: the file is no table, or cannot be written.
    """
    path = table_path(studies, device, space, size)
    if path.exists():
        return LatencyTable.read(own(path))
    table = make_table(device, [space], tell=tell)
    table.write(path)
    return table
