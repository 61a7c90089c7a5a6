"""Connections to an endpoint that are kept alive, with one TLS context for all of them."""

import socket
import ssl
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from urllib.parse import urlsplit

from reconciler.registry.http_exchange import Response, Timeouts, receive, send
from reconciler.registry.signing import Endpoint
from reconciler.registry.tasks import OverdueError, T, in_thread

_loading = threading.Lock()
"""Held while a CA bundle is loaded: the threads of several registries would all load it."""


async def within(seconds: float, call: Callable[[], T], address: str) -> T:
    """Make a blocking call in a thread; it may take so long. Raises what it does.

    Raises ReadTimeoutError after that time. boto3 has a timeout for each wait, and none for all of
    a response: one that comes byte by byte has no end.
    """
    try:
        return await in_thread(call, seconds)
    except OverdueError as error:
        from reconciler.registry.boto_errors import overdue_error

        raise overdue_error(address, error) from error


def tls_context(bundle: str) -> ssl.SSLContext:
    """Return the TLS context with a CA bundle.

    Raises OSError or ValueError for one that can't be loaded.
    """
    with _loading:
        return _loaded(bundle)


@cache
def _loaded(bundle: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    context.load_verify_locations(cafile=bundle)  # costs more than a connection
    return context


def connections_to(endpoint: Endpoint, timeouts: Timeouts) -> "Connections | None":
    """Return connections to an endpoint; None where its CA bundle can't be loaded."""
    if endpoint.bundle is None:
        return Connections(endpoint.url, None, timeouts)
    try:
        return Connections(endpoint.url, tls_context(endpoint.bundle), timeouts)
    except (OSError, ValueError):
        return None  # boto3 will say why


class Connections:
    """The connections to an endpoint, kept alive, for all threads."""

    def __init__(self, url: str, context: ssl.SSLContext | None, timeouts: Timeouts) -> None:
        self._url, self._context, self._timeouts = url, context, timeouts
        address = urlsplit(url)
        self._host = address.hostname or ""
        self._port = address.port or (80 if context is None else 443)
        self._idle: list[socket.socket] = []
        weakref.finalize(self, _close_all, self._idle)

    async def exchange(self, message: bytes) -> Response:
        """Send a request and return the response. Raises the HTTPClientErrors of botocore."""
        while (connection := self._take()) is None:
            await within(self._timeouts.response, self._connect, self._url)
        is_reusable = False
        try:
            with self._errors_of_boto():
                await send(connection, message, self._timeouts.read)
                response, is_reusable = await receive(connection, self._timeouts)
                return response
        finally:
            if is_reusable:
                self._idle.append(connection)
            else:
                connection.close()

    def _take(self) -> socket.socket | None:
        """Return an idle connection that is still open."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            connection.setblocking(False)
            if _is_silent(connection):
                return connection
            connection.close()

    def _connect(self) -> None:
        """Add an idle connection. Raises the HTTPClientErrors of botocore."""
        try:
            opened = socket.create_connection((self._host, self._port), self._timeouts.connect)
        except OSError as error:
            from reconciler.registry.boto_errors import connect_error

            raise connect_error(self._url, error) from error
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None:
            with self._errors_of_boto():  # which closes it
                opened = self._context.wrap_socket(opened, server_hostname=self._host)
        self._idle.append(opened)

    @contextmanager
    def _errors_of_boto(self) -> Iterator[None]:
        """Raise the errors that botocore's HTTP session does."""
        try:
            yield
        except OSError as error:
            from reconciler.registry.boto_errors import exchange_error

            raise exchange_error(self._url, error) from error


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
