"""Connections to an endpoint that are kept alive, with one TLS context for all of them."""

import socket
import ssl
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from reconciler.registry.http.exchange import Response, Timeouts, receive, send
from reconciler.registry.http.opening import Address, open_tcp, open_tls, tls_context
from reconciler.registry.http.signing import Endpoint
from reconciler.registry.tasks import OverdueError, T, in_thread

_FRESH = 30.0
"""Seconds for which the addresses of a host are used again."""


async def within(seconds: float, call: Callable[[], T], address: str) -> T:
    """Make a blocking call in a thread; it may take so long. Raises what it does.

    Raises ReadTimeoutError after that time. boto3 has a timeout for each wait, and none for all of
    a response: one that comes byte by byte has no end.
    """
    try:
        return await in_thread(call, seconds)
    except OverdueError as error:
        from reconciler.registry.failures.boto_errors import overdue_error

        raise overdue_error(address, error) from error


def connections_to(endpoint: Endpoint, timeouts: Timeouts) -> "Connections | None":
    """Return connections to an endpoint; None where its CA bundle can't be loaded."""
    if endpoint.bundle is None:
        return Connections(endpoint.url, None, timeouts)
    try:
        return Connections(endpoint.url, tls_context(endpoint.bundle), timeouts)
    except (OSError, ValueError):
        return None  # boto3 will say why


class _Found(NamedTuple):
    """The addresses of a host, and the time of the monotonic clock until which they are used."""

    addresses: Sequence[Address]
    until: float


class Connections:
    """The connections to an endpoint, kept alive, for all threads."""

    def __init__(self, url: str, context: ssl.SSLContext | None, timeouts: Timeouts) -> None:
        self._url, self._context, self._timeouts = url, context, timeouts
        address = urlsplit(url)
        self._host = address.hostname or ""
        self._port = address.port or (80 if context is None else 443)
        self._found = _Found((), 0.0)
        self._idle: list[socket.socket] = []
        weakref.finalize(self, _close_all, self._idle)

    async def exchange(self, message: bytes) -> Response:
        """Send a request and return the response. Raises the HTTPClientErrors of botocore."""
        connection = self._take() or await self._open()
        is_reusable = False
        try:
            await send(connection, message, self._timeouts.read)
            response, is_reusable = await receive(connection, self._timeouts)
        except OSError as error:
            raise self._exchange_error(error) from error
        finally:
            if is_reusable:
                self._idle.append(connection)
            else:
                connection.close()
        return response

    def _take(self) -> socket.socket | None:
        """Return an idle connection that is still open."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread has taken it
                return None
            if _is_silent(connection):
                return connection
            connection.close()
        return None

    async def _open(self) -> socket.socket:
        """Return a new connection. Raises the HTTPClientErrors of botocore."""
        try:
            opened = await open_tcp(await self._addresses(), self._timeouts.connect)
        except OSError as error:
            from reconciler.registry.failures.boto_errors import connect_error

            self._found = _Found((), 0.0)  # they may have changed
            raise connect_error(self._url, error) from error
        if self._context is None:
            return opened
        try:
            return await open_tls(opened, self._context, self._host, self._timeouts)
        except OSError as error:
            raise self._exchange_error(error) from error

    async def _addresses(self) -> Sequence[Address]:
        """Return the addresses of the host. Raises OSError."""
        if time.monotonic() >= self._found.until:
            find = partial(socket.getaddrinfo, self._host, self._port, type=socket.SOCK_STREAM)
            found = await within(self._timeouts.response, find, self._url)
            self._found = _Found(found, time.monotonic() + _FRESH)
        return self._found.addresses

    def _exchange_error(self, error: OSError) -> Exception:
        """Return the error that botocore's HTTP session raises."""
        from reconciler.registry.failures.boto_errors import exchange_error

        return exchange_error(self._url, error)


def _is_silent(connection: socket.socket) -> bool:
    """Whether nothing was received: neither the end of the connection nor an unwanted response.

    What TLS 1.3 sends after a handshake, the session tickets, is no data.
    """
    try:
        connection.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    return False


def _close_all(connections: Iterable[socket.socket]) -> None:
    for connection in connections:
        connection.close()
