"""Tests, and the commands that they start, reach no other machine."""

import socket
import subprocess
import sys

import pytest

ELSEWHERE = ["192.0.2.1", "2001:db8::1"]        # set aside for documentation: RFC 5737, RFC 3849
CONNECT = "import socket; socket.create_connection(({!r}, 9), timeout=1)"


@pytest.mark.parametrize("host", [*ELSEWHERE, "example.invalid"])
def test_no_test_connects_elsewhere(host: str) -> None:
    with pytest.raises(OSError, match="tests may not"):
        socket.create_connection((host, 9), timeout=1)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_no_datagram_leaves(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as datagrams, \
            pytest.raises(OSError, match="tests may not connect"):
        datagrams.sendto(b"", (host, 9))


def test_no_command_connects_elsewhere() -> None:
    done = subprocess.run([sys.executable, "-c", CONNECT.format(ELSEWHERE[0])],
                          capture_output=True, text=True, check=False)
    assert "Offline: tests may not" in done.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_answers(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, \
            socket.create_connection((host, server.getsockname()[1]), timeout=5) as client:
        assert client.getpeername()[0] == "127.0.0.1"
