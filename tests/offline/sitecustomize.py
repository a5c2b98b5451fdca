"""No test, and no command that a test starts, speaks to another machine.

Python imports a module of this name by itself when it starts; `conftest.py` puts this folder on the
path of every child and imports the module into the tests' own process. An audit hook cannot be
taken back, and sees every socket that Python opens, whichever library asks for it. It does not see
those of C libraries: libpq is given URLs of servers that the tests themselves started.
"""

import ipaddress
import socket
import sys
from functools import cache
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
    return address.is_loopback or address.is_unspecified or _is_own(str(address))


@cache
def _is_own(address: str) -> bool:
    """Whether it is this machine's: nobody can listen at another's. A Ray cluster speaks to its
    nodes so, all of which are here."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                           socket.SOCK_DGRAM) as made:
            made.bind((address, 0))
    except OSError:
        return False
    return True


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if isinstance(address, tuple) and not _is_here(address[0]):      # a text is a file's path
            raise Offline(f"tests may not connect to {address[0]}")
    elif event == "socket.getaddrinfo" and not _is_here(arguments[0]):
        raise Offline(f"tests may not look up {arguments[0]}")


sys.addaudithook(_guard)
