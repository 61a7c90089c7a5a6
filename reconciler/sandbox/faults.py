"""What befalls each n-th call on its way: a cut connection, a failure, a late answer."""

import time
from http import HTTPStatus

from reconciler.printable import quoted
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.calls import ServiceError
from reconciler.sandbox.prepare import known_regions


class ConnectionCutError(ConnectionError):
    """The connection is to end here, without an answer; the listener ends it."""


def on_its_way(region: str, behaviour: Behaviour) -> None:
    """Raise ConnectionCutError where a call is to a region from which nothing comes back."""
    if region == behaviour.dead_region:
        raise ConnectionCutError


def require_region(region: str) -> None:
    """Raise ServiceError for a region without ECR; AWS has no host for it that could answer."""
    if region not in known_regions():
        raise ServiceError("UnknownRegion", f"the sandbox knows no region {quoted(region)}")


def before_work(number: int, behaviour: Behaviour) -> None:
    """Raise what befalls the `number`-th ECR call, counted from 1, before its work is done.

    ConnectionCutError or ServiceError; nothing where the call goes on.
    """
    if _befalls(number, behaviour.cut_before_every):
        raise ConnectionCutError
    if _befalls(number, behaviour.fail_every):
        raise _server_error()


def after_work(number: int, behaviour: Behaviour) -> None:
    """Delay the answer to the `number`-th ECR call, or raise what befalls it in its place.

    ConnectionCutError or ServiceError; nothing where the answer goes out.
    """
    if _befalls(number, behaviour.slow_every):
        time.sleep(behaviour.slow_seconds)
    if _befalls(number, behaviour.fail_after_every):
        raise _server_error()
    if _befalls(number, behaviour.cut_after_every):
        raise ConnectionCutError


def _befalls(number: int, every: int) -> bool:
    return every > 0 and number % every == 0


def _server_error() -> ServiceError:
    return ServiceError(
        "ServerException",
        "A server-side issue kept the call from its answer",
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )
