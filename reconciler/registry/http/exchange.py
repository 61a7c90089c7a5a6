"""A request and its response over a socket; a response of an unusual form is read in a thread."""

import io
import re
import socket
import ssl
import time
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple, cast

from reconciler.registry.tasks import READ, WRITE, in_thread, until_ready

_PART = 2**16  # bytes that are read at once


class Timeouts(NamedTuple):
    """Seconds to connect, to wait for the next bytes, and for a whole response."""

    connect: float
    read: float
    response: float


class Response(NamedTuple):
    """A response; the names of the headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def phrase_of(status: int) -> str:
    """Return the words of an HTTP status; none for an unknown one."""
    from http.client import responses

    return responses.get(status, "")


async def send(connection: socket.socket, message: bytes, seconds: float) -> None:
    """Send all of a message; raises TimeoutError where nothing can be sent for so long."""
    while message:
        try:
            message = message[connection.send(message) :]
        except (BlockingIOError, ssl.SSLWantWriteError):
            await until_ready(connection, WRITE, seconds)
        except ssl.SSLWantReadError:
            await until_ready(connection, READ, seconds)


async def receive(connection: socket.socket, timeouts: Timeouts) -> tuple[Response, bool]:
    """Return a response, and whether the connection can be used again."""
    deadline = time.monotonic() + timeouts.response
    received = bytearray()
    head: _Head | None = None
    await until_ready(connection, READ, timeouts.read)
    while True:
        try:
            part = connection.recv(_PART)
        except (BlockingIOError, ssl.SSLWantReadError):
            wait = min(timeouts.read, deadline - time.monotonic())
            await until_ready(connection, READ, wait)
            continue
        except ssl.SSLWantWriteError:
            await until_ready(connection, WRITE, timeouts.read)
            continue
        received += part
        if time.monotonic() > deadline:
            raise TimeoutError("the response took too long")
        if head is None and (b"\r\n\r\n" in received or len(received) > _PART or not part):
            head = _plain_head(received)
            if head is None:
                rest = _Rest(bytes(received), connection, deadline, timeouts.read)
                return await in_thread(rest.response)
        if head is not None and (len(received) >= head.end or not part):
            body = bytes(received[head.begin : head.end])
            # Like botocore, it takes a body that ends before its Content-Length.
            is_clean = len(received) == head.end and not head.will_close
            return Response(head.status, head.headers, body), is_clean


class _Head(NamedTuple):
    """The head of a response whose body begins and ends at these bytes."""

    status: int
    headers: Mapping[str, str]
    begin: int
    end: int
    will_close: bool


_LINES = re.compile(
    r"HTTP/1\.1 (?P<status>[2-5][0-9][0-9]) [^\r\n]*\r\n"
    r"(?P<fields>(?:[!#-'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*\r\n)*)"
)
_LENGTH = re.compile(r"[0-9]{1,18}")
_BODILESS = (204, 304)  # HTTP status
_MAX_HEADERS = 100  # as of http.client


def _plain_head(received: bytearray) -> _Head | None:
    """Read the head of a response with a Content-Length; None where it is of any other form."""
    end = received.find(b"\r\n\r\n") + 2
    lines = _LINES.fullmatch(received[:end].decode("iso-8859-1"))
    if lines is None:
        return None
    status, fields = int(lines["status"]), lines["fields"].split("\r\n")[:-1]
    parts = [field.partition(":") for field in fields]
    headers = {name.lower(): value.strip(" \t") for name, _, value in parts}
    length = headers.get("content-length", "")
    is_plain = (
        len(headers) == len(fields) <= _MAX_HEADERS
        and _LENGTH.fullmatch(length)
        and "transfer-encoding" not in headers
        and status not in _BODILESS
    )
    if not is_plain:
        return None
    will_close = headers.get("connection", "keep-alive").lower() != "keep-alive"
    return _Head(status, headers, end + 2, end + 2 + int(length), will_close)


class _Rest(io.RawIOBase):
    """The bytes of a response, some of them received before.

    With a timeout in seconds for each wait, and a deadline for all of them.
    """

    def __init__(
        self, received: bytes, connection: socket.socket, deadline: float, longest_wait: float
    ) -> None:
        self._received, self._connection = received, connection
        self._deadline, self._longest_wait = deadline, longest_wait

    def response(self) -> tuple[Response, bool]:
        """Return the response, whatever its form, and whether the connection can be used again.

        Raises OSError.
        """
        from http.client import HTTPException, HTTPResponse  # few responses need it

        response = HTTPResponse(cast("socket.socket", self), method="POST")
        try:
            with response:
                response.begin()
                body = b"".join(iter(partial(response.read, _PART), b""))
        except HTTPException as error:
            raise ConnectionError(str(error)) from error
        self._connection.setblocking(False)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Response(response.status, headers, body), not response.will_close

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return itself as the file that HTTPResponse reads from."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read what there is. Raises TimeoutError."""
        if self._received:
            part, self._received = self._received[: len(buffer)], self._received[len(buffer) :]
            buffer[: len(part)] = part
            return len(part)
        left = self._deadline - time.monotonic()
        if left <= 0.0:
            raise TimeoutError("the response took too long")
        self._connection.settimeout(min(left, self._longest_wait))
        return self._connection.recv_into(buffer)
