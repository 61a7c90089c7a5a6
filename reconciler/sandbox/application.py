"""The embedded ECR as a WSGI application: faults, ECR as the service behaves, all else by moto."""

import io
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from http import HTTPStatus
from threading import Event, Lock
from typing import TypeAlias
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from reconciler.printable import quoted
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.operations import Operations
from reconciler.sandbox.requests.protocol import (
    AwsRequest,
    Call,
    ServiceError,
    error_response,
    parse_request,
)
from reconciler.sandbox.role_trust import check_trust
from reconciler.sandbox.state import known_regions, reset_moto

Clock: TypeAlias = Callable[[], float]  # seconds since any start, never decreasing

_EXPIRED = "The security token included in the request is expired"
_UNKNOWN = "The security token included in the request is invalid"
_CREDENTIAL_ERRORS = {
    "ecr": ("UnrecognizedClientException", "ExpiredTokenException", HTTPStatus.BAD_REQUEST),
    "sts": ("InvalidClientTokenId", "ExpiredToken", HTTPStatus.FORBIDDEN),
}
"""Of each service that checks credentials: the codes for unknown and expired, and the status."""

Hook: TypeAlias = Callable[[Call], None]


class ConnectionCutError(ConnectionError):
    """The server must close the connection here, without a response."""


class Faults:
    """The faults of `Behaviour`, in its order. Safe for several threads.

    A call's `number` is the number of ECR calls so far, an ECR call itself included.
    """

    def __init__(self, behaviour: Behaviour, clock: Clock) -> None:
        self._behaviour = behaviour
        self._renewed = Event()
        self._buckets = defaultdict[str, TokenBucket](
            lambda: TokenBucket(behaviour.throttle_rate, behaviour.throttle_burst, clock)
        )
        self._buckets_lock = Lock()

    def renew_credentials(self) -> None:
        """Make the credentials valid from now on."""
        self._renewed.set()

    def before_operation(self, request: AwsRequest, number: int) -> None:
        """Delay a request, or raise ConnectionCutError or ServiceError to end it."""
        region = request.region
        if region == self._behaviour.dead_region:
            raise ConnectionCutError
        if region not in known_regions():  # AWS has no host for it
            raise ServiceError("UnknownRegion", f"the sandbox knows no region {quoted(region)}")
        if request.is_ecr:
            time.sleep(self._behaviour.latency)
        self._check_credentials(request, number)
        if request.is_ecr:
            self._check_rate(request.account)
            if _is_due(number, self._behaviour.cut_before_every):
                raise ConnectionCutError
            if _is_due(number, self._behaviour.fail_every):
                raise _server_error()

    def after_operation(self, number: int) -> None:
        """Delay the response to an ECR call, or raise ConnectionCutError or ServiceError."""
        if _is_due(number, self._behaviour.slow_every):
            time.sleep(self._behaviour.slow_seconds)
        if _is_due(number, self._behaviour.fail_after_every):
            raise _server_error()
        if _is_due(number, self._behaviour.cut_after_every):
            raise ConnectionCutError

    def _check_credentials(self, request: AwsRequest, number: int) -> None:
        if request.service not in _CREDENTIAL_ERRORS:
            return
        unknown, expired, status = _CREDENTIAL_ERRORS[request.service]
        if request.region == self._behaviour.disabled_region:
            raise ServiceError(unknown, _UNKNOWN, status)
        earlier_calls = number - request.is_ecr
        if 0 < self._behaviour.expire_after <= earlier_calls and not self._renewed.is_set():
            raise ServiceError(expired, _EXPIRED, status)

    def _check_rate(self, account: str) -> None:
        if not self._behaviour.throttle_rate:
            return
        with self._buckets_lock:
            allowed = self._buckets[account].take()
        if not allowed:
            raise ServiceError("ThrottlingException", "Rate exceeded")


class TokenBucket:
    """A rate limit: `rate` calls per second, more than 0, and `burst` calls at once.

    A burst of less than one call counts as one. Not safe for several threads.
    """

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        self._rate = rate
        self._size = max(1, burst)
        self._clock = clock
        self._tokens = float(self._size)
        self._filled_at = clock()

    def take(self) -> bool:
        """Take the token of one call; return whether there was one."""
        now = self._clock()
        self._tokens = min(self._size, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def _is_due(number: int, every: int) -> bool:
    return every > 0 and number % every == 0


def _server_error() -> ServiceError:
    return ServiceError(
        "ServerException",
        "A server-side issue kept the call from its answer",
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )


class EmbeddedEcr:
    """A WSGI application: moto in process, with ECR corrected. Safe for several threads.

    `account` owns the access keys that moto's IAM does not know; throttling uses `clock`.
    `before` and `after` are called with each ECR call whose operation runs, in the serving
    thread. Raises ConnectionCutError where the server must close a connection.
    """

    def __init__(self, behaviour: Behaviour, account: str, clock: Clock = time.monotonic) -> None:
        self.faults = Faults(behaviour, clock)
        self.operations = Operations(behaviour)
        self._behaviour = behaviour
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
        return self._respond(request, environ)(environ, start_response)

    def empty(self) -> None:
        """Delete everything that moto and ECR hold, in all accounts."""
        reset_moto()
        self.operations = Operations(self._behaviour)

    def calls(self) -> tuple[Call, ...]:
        """Return the calls of all services so far, in the order of arrival."""
        with self._log_lock:
            return tuple(self._calls)

    def _respond(self, request: AwsRequest, environ: WSGIEnvironment) -> Response:
        number = self._log(request)
        try:
            self.faults.before_operation(request, number)
            if request.operation == "AssumeRole":
                check_trust(request)
            if not request.is_ecr:
                return self._by_moto(environ, request.account)
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
                response = self.operations.respond(
                    request, lambda account: self._by_moto(environ, account)
                )
        except ServiceError as error:
            response = error_response(error, request)
        for hook in tuple(self.after):
            hook(request.call)
        return response

    def _by_moto(self, environ: WSGIEnvironment, account: str) -> Response:
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        return Response.from_app(self._moto, environ, buffered=True)
