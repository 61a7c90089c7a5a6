"""A threaded HTTP server on loopback for a WSGI application."""

import socket
import threading
from wsgiref.types import WSGIEnvironment

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from reconciler.errors import ReconcileError
from reconciler.sandbox.wsgi import EmbeddedEcr

_HOST = "127.0.0.1"
_STOP_CHECK = 0.05  # seconds


class _Handler(MotoRequestHandler):
    """moto's handler, which can end a connection without an answer.

    It writes no line on stderr for each request; errors are still told.
    """

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""

    def connection_dropped(
        self, _error: BaseException, _environ: WSGIEnvironment | None = None
    ) -> None:
        """End the connection, whichever side dropped it; werkzeug calls this for any such error.

        Without this, one that the application cuts would stay open for the next request.
        """
        self.close_connection = True


class Serving:
    """An application that is served on 127.0.0.1, in a thread of its own, until stopped.

    `port` 0 takes a free one. Raises ReconcileError where the port cannot be had.
    """

    def __init__(self, app: EmbeddedEcr, port: int) -> None:
        self._server = _listening(app, port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_STOP_CHECK,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://{_HOST}:{self._server.port}"

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._thread.join()


def _listening(app: EmbeddedEcr, port: int) -> BaseWSGIServer:
    # Left to bind by itself, werkzeug ends the whole process where it cannot.
    try:
        bound = socket.create_server((_HOST, port), backlog=128)
    except OSError as error:
        raise ReconcileError(
            f"cannot listen on {_HOST}:{port}: {error.strerror}", hint="choose another port"
        ) from error
    with bound:
        return make_server(
            _HOST, port, app, threaded=True, request_handler=_Handler, fd=bound.fileno()
        )
