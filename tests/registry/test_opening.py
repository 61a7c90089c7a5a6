"""Opening connections: which of a host's addresses, and when they are looked up again."""

import socket
from collections.abc import Iterator

import pytest
from botocore.exceptions import EndpointConnectionError

from reconciler.registry.http.connections import Connections
from reconciler.registry.http.exchange import Timeouts
from reconciler.registry.http.opening import Address, open_tcp
from reconciler.registry.tasks import run_alone

from .raw_server import RawServer, Sent, serving_raw

TIMEOUTS = Timeouts(5, 5, 5)
HOST = "registry.example"
ANSWER = Sent(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
REQUEST = b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture
def raw() -> Iterator[RawServer]:
    with serving_raw() as server:
        server.always(ANSWER)
        yield server


def port_of(server: RawServer) -> int:
    return int(server.url.rpartition(":")[2])


def address(port: int) -> Address:
    return socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)


@pytest.fixture
def refusing() -> Iterator[Address]:
    """An address that accepts no connection."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield address(bound.getsockname()[1])


def test_the_first_address_that_accepts(raw: RawServer, refusing: Address) -> None:
    accepting = address(port_of(raw))
    with run_alone(open_tcp([refusing, accepting, refusing], 5.0)) as opened:
        assert opened.getpeername() == accepting[4]
        assert not opened.getblocking()


def test_no_address_that_accepts(refusing: Address) -> None:
    with pytest.raises(ConnectionRefusedError):
        run_alone(open_tcp([refusing, refusing], 5.0))
    with pytest.raises(OSError, match="no address"):
        run_alone(open_tcp([], 5.0))


def test_addresses_are_looked_up_once_and_after_a_failure(
    raw: RawServer, refusing: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [[refusing], [address(port_of(raw))]]
    asked: list[object] = []

    def look_up(host: str, *_more: object, **_kind: object) -> list[Address]:
        asked.append(host)
        return found[len(asked) - 1]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    raw.always(Sent(ANSWER.data.replace(b"Content", b"Connection: close\r\nContent")))
    connections = Connections(f"http://{HOST}", None, TIMEOUTS)
    with pytest.raises(EndpointConnectionError):
        run_alone(connections.exchange(REQUEST))
    for _ in range(2):  # over a connection of its own
        assert run_alone(connections.exchange(REQUEST)).body == b"{}"
    assert asked == [HOST, HOST]
    assert raw.connections == 2
