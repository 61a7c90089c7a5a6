"""A threaded HTTP server on loopback for a WSGI application."""

import socket

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from reconciler.errors import ReconcileError
from reconciler.sandbox.wsgi import EmbeddedEcr

HOST = "127.0.0.1"


class _QuietHandler(MotoRequestHandler):
    """moto's handler without a line on stderr for each request; errors are still told."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


def listening(app: EmbeddedEcr, port: int) -> BaseWSGIServer:
    """Return a server bound to `port` of 127.0.0.1, 0 for a free one, not serving yet.

    Raises ReconcileError where the port cannot be had.
    """
    # Left to bind by itself, werkzeug ends the whole process where it cannot.
    try:
        bound = socket.create_server((HOST, port), backlog=128)
    except OSError as error:
        raise ReconcileError(
            f"cannot listen on {HOST}:{port}: {error.strerror}", hint="choose another port"
        ) from error
    with bound:
        return make_server(
            HOST, port, app, threaded=True, request_handler=_QuietHandler, fd=bound.fileno()
        )
