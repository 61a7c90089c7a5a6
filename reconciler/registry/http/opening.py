"""Opening a connection: the addresses of a host, TCP, and TLS."""

import os
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from functools import cache

from reconciler.registry.http.exchange import Timeouts
from reconciler.registry.tasks import READ, WRITE, until_ready

Address = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]
"""What `socket.getaddrinfo` returns for each address of a host."""

_loading = threading.Lock()
"""Held while a CA bundle is loaded: the threads of several registries would all load it."""


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


async def open_tcp(addresses: Sequence[Address], seconds: float) -> socket.socket:
    """Return a connection to the first address that accepts one, with so many seconds for each.

    Raises OSError, that of the last address.
    """
    failure = OSError("the host has no address")
    for address in addresses:
        try:
            return await _open_at(address, seconds)
        except OSError as error:
            failure = error
    raise failure


async def _open_at(address: Address, seconds: float) -> socket.socket:
    family, kind, protocol, _, place = address
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            opened.connect(place)
        except BlockingIOError:
            await until_ready(opened, WRITE, seconds)
            if failed := opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(failed, os.strerror(failed)) from None
    except BaseException:
        opened.close()
        raise
    return opened


async def open_tls(
    connection: socket.socket, context: ssl.SSLContext, host: str, timeouts: Timeouts
) -> ssl.SSLSocket:
    """Return a connection with TLS, in place of one without. Raises OSError."""
    deadline = time.monotonic() + timeouts.response
    secured = context.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False)
    try:
        while True:
            try:
                secured.do_handshake()
            except ssl.SSLWantReadError:
                event = READ
            except ssl.SSLWantWriteError:
                event = WRITE
            else:
                return secured
            await until_ready(secured, event, min(timeouts.connect, deadline - time.monotonic()))
    except BaseException:
        secured.close()
        raise
