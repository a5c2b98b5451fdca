"""No test, and no command that a test starts, speaks to another machine.

Python imports a module of this name by itself when it starts; `conftest.py` puts this folder on the
path of every child and imports the module into the tests' own process. An audit hook cannot be
taken back, and sees every socket that Python opens, whichever library asks for it. It does not see
those of C libraries: libpq is given URLs of servers that the tests themselves started.
"""

import ipaddress
import sys
from typing import Any

NAMES = ("localhost", "", None)


class Offline(OSError):
    """A test would have spoken to another machine."""


def _is_here(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in NAMES:
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False            # a name, for which another machine would be asked
    return address.is_loopback or address.is_unspecified


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if isinstance(address, tuple) and not _is_here(address[0]):      # a text is a file's path
            raise Offline(f"tests may not connect to {address[0]}")
    elif event == "socket.getaddrinfo" and not _is_here(arguments[0]):
        raise Offline(f"tests may not look up {arguments[0]}")


sys.addaudithook(_guard)
