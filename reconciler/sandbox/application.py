"""The embedded ECR as a WSGI application: ECR as the service behaves, all else by moto."""

import io
import time
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TypeAlias
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.faults import Clock, Faults
from reconciler.sandbox.operations import Operations
from reconciler.sandbox.protocol import (
    AwsRequest,
    Call,
    ServiceError,
    error_response,
    parse_request,
)

Hook: TypeAlias = Callable[[Call], None]


class EmbeddedEcr:
    """A WSGI application: moto in process, with ECR corrected. Safe for several threads.

    `account` owns the access keys that moto's IAM does not know; throttling uses `clock`.
    `before` and `after` are called with each ECR call whose operation runs, in the serving
    thread. Raises ConnectionCutError where the server must close a connection.
    """

    def __init__(self, behaviour: Behaviour, account: str, clock: Clock = time.monotonic) -> None:
        self.faults = Faults(behaviour, clock)
        self.operations = Operations(behaviour)
        self.before: list[Hook] = []
        self.after: list[Hook] = []
        self._account = account
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._calls: list[Call] = []
        self._ecr_calls = 0
        self._log_lock = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to one HTTP request."""
        http = Request(environ)
        environ["wsgi.input"] = io.BytesIO(http.get_data())  # moto reads it again
        request = parse_request(http, self._account)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = request.account
        return self._respond(request, environ)(environ, start_response)

    def calls(self) -> tuple[Call, ...]:
        """Return the calls of all services so far, in the order of arrival."""
        with self._log_lock:
            return tuple(self._calls)

    def _respond(self, request: AwsRequest, environ: WSGIEnvironment) -> Response:
        number = self._log(request)
        try:
            self.faults.before_operation(request, number)
            if not request.is_ecr:
                return self._by_moto(environ)
            response = self._run(request, environ)
            self.faults.after_operation(number)
        except ServiceError as error:
            return error_response(error, request)
        return response

    def _log(self, request: AwsRequest) -> int:
        """Log a call; return the number of ECR calls so far."""
        with self._log_lock:
            self._calls.append(request.call)
            self._ecr_calls += request.is_ecr
            return self._ecr_calls

    def _run(self, request: AwsRequest, environ: WSGIEnvironment) -> Response:
        for hook in tuple(self.before):
            hook(request.call)
        try:
            with self.operations.lock:
                response = self.operations.respond(request, lambda: self._by_moto(environ))
        except ServiceError as error:
            response = error_response(error, request)
        for hook in tuple(self.after):
            hook(request.call)
        return response

    def _by_moto(self, environ: WSGIEnvironment) -> Response:
        return Response.from_app(self._moto, environ, buffered=True)
