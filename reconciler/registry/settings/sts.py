"""Calls of STS without boto3.

STS speaks the protocol `query` of botocore: a form, answered by XML (AWS Security Token Service API
Reference, "AssumeRole", "GetCallerIdentity").
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode
from xml.etree import ElementTree as Xml

from reconciler.registry.failures.errors import Retry, ServiceError, UnreadableResponseError
from reconciler.registry.failures.kinds import explain, retry_after
from reconciler.registry.http.connections import Connections, connections_to
from reconciler.registry.http.exchange import Response, Timeouts, phrase_of
from reconciler.registry.http.signing import Credentials, Endpoint, request_form
from reconciler.registry.pace import Pace
from reconciler.registry.tasks import T, run_alone

_VERSION = "2011-06-15"  # of the API
_CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
_FIRST_ERROR = 300  # HTTP status
_FIRST_SERVER_ERROR = 500  # HTTP status

Fields = Callable[[str], str]
"""Returns a field of a response by its name. Raises UnreadableResponseError where it is missing."""


class Sts(NamedTuple):
    """STS at an endpoint, called with `keys`."""

    endpoint: Endpoint
    connections: Connections
    keys: Credentials

    def ask(
        self,
        operation: str,
        parameters: Mapping[str, str],
        read: Callable[[Fields], T],
        pace: Pace,
    ) -> T:
        """Make a call, and return what `read` makes of the response. Raises CallError."""
        headers = {"content-type": _CONTENT_TYPE}
        body = urlencode({"Action": operation, "Version": _VERSION, **parameters}).encode()

        async def attempt() -> T:
            form = request_form(self.endpoint, headers, self.keys, datetime.now(UTC))
            message = form.request(body)
            return read(_fields(operation, await self.connections.exchange(message)))

        try:
            return run_alone(pace.paced(attempt, _retry_after))
        except Exception as error:
            raise explain(error, operation, region=self.endpoint.region) from error


def sts_at(endpoint: Endpoint, keys: Credentials, timeouts: Timeouts) -> Sts | None:
    """Return STS at an endpoint; None where its CA bundle can't be loaded."""
    connections = connections_to(endpoint, timeouts)
    return None if connections is None else Sts(endpoint, connections, keys)


def _retry_after(error: Exception) -> Retry:
    """Return what `retry_after` does; a failure of STS itself may pass, too."""
    is_of_sts = isinstance(error, ServiceError) and error.status >= _FIRST_SERVER_ERROR
    return Retry.TRANSIENT if is_of_sts else retry_after(error)


def _fields(operation: str, response: Response) -> Fields:
    """Read a response. Raises ServiceError, or an error of the parser."""
    status, body = response.status, response.body.strip()
    if status >= _FIRST_SERVER_ERROR and (not body or body.startswith(b"<html>")):
        raise ServiceError(operation, str(status), phrase_of(status), status)
    root = Xml.fromstring(body)  # noqa: S314 - of STS, and botocore reads it with the same parser

    def text(name: str) -> str | None:
        return root.findtext(f".//{{*}}{name}")

    def required(name: str) -> str:
        found = text(name)
        if found is None:
            raise UnreadableResponseError(f"the response has no {name}")
        return found

    if status >= _FIRST_ERROR:
        raise ServiceError(operation, text("Code") or "", text("Message") or "", status)
    return required
