"""The calls that read repositories and set their policies, without the work of boto3 in each.

The parameters and responses are JSON as in the protocol `json` of botocore (`JSONSerializer`,
`JSONParser`). Times stay numbers, and fields that botocore does not know are kept.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from reconciler.registry.failures.errors import ServiceError, UnreadableResponseError
from reconciler.registry.http.connections import Connections, connections_to
from reconciler.registry.http.exchange import Response, Timeouts, phrase_of
from reconciler.registry.http.signing import Credentials, Endpoint, RequestForm, request_form
from reconciler.registry.tasks import in_thread
from reconciler.registry.transport.calls import Calls

CONTENT_TYPE = "application/x-amz-json-1.1"
TARGET = "AmazonEC2ContainerRegistry_V20150921"
"""The version of ECR's API, in the header that names the operation."""

_DIRECT = frozenset(
    {
        "DeleteRepositoryPolicy",
        "DescribeRepositories",
        "GetAccountSetting",
        "GetRegistryPolicy",
        "GetRepositoryPolicy",
        "ListImages",
        "SetRepositoryPolicy",
    }
)
"""The operations: those that read, and the writes that a run makes most. That of creation templates
is left to boto3: what it does not know of a template must not be kept, because an update, which
boto3 makes, sends all that is kept."""

_CONNECTIONS = 64
"""Calls at once."""

WRITES_AT_ONCE = 32
"""Reads with the write that follows, at once."""

_FIRST_ERROR = 300  # HTTP status
_FIRST_SERVER_ERROR = 500  # HTTP status
_QUERY_ERROR = re.compile("([^;]+);[^;]*")  # a code and its type, in a header
_NAME_LENGTHS = range(2, 257)  # characters of a repository's name (ECR API, "DescribeRepositories")


class Access(Protocol):
    """Says where calls go, and who makes them. Its methods block, and raise CallError."""

    def endpoint(self) -> Endpoint | None:
        """Return the endpoint; None where boto3 has to make the calls. Asked once."""

    def has_to_renew(self) -> bool:
        """Whether `credentials` may make calls or run a program."""

    def credentials(self) -> Credentials | None:
        """Return the credentials for a call; None where boto3 has to make it."""


class _Form(NamedTuple):
    """The form of requests with these credentials, in one second of the Unix time."""

    credentials: Credentials
    second: int
    form: RequestForm


class DirectCalls:
    """Makes the calls over connections of its own; safe to share among threads.

    `by_boto` makes those that are unusual. Making one makes no call.
    """

    def __init__(self, access: Access, by_boto: Callable[[], Calls], timeouts: Timeouts) -> None:
        self._access, self._by_boto, self._timeouts = access, by_boto, timeouts
        self._preparing = threading.Lock()
        self._is_prepared = False
        self._route: tuple[Endpoint, Connections] | None = None
        self._forms: dict[str, _Form] = {}

    async def prepare(self) -> None:
        """Find out where the calls go, unless that is known."""
        if not self._is_prepared:
            await in_thread(self._prepare)

    def _prepare(self) -> None:
        with self._preparing:
            if self._is_prepared:
                return
            endpoint = self._access.endpoint()
            connections = connections_to(endpoint, self._timeouts) if endpoint else None
            if endpoint is not None and connections is not None:
                self._route = endpoint, connections
            self._is_prepared = True

    @property
    def at_once(self) -> int:
        """How many calls to make at once, once `prepare` is done."""
        is_by_boto = self._is_prepared and self._route is None
        return self._by_boto().at_once if is_by_boto else _CONNECTIONS

    @property
    def writes_at_once(self) -> int:
        """How many policies to read and write again at once, once `prepare` is done."""
        return WRITES_AT_ONCE if self._route else self._by_boto().writes_at_once

    async def call(self, operation: str, **parameters: object) -> Mapping[str, object]:
        """Make a call and return the response. Raises what `Calls` says."""
        await self.prepare()
        is_direct = operation in _DIRECT and _is_usual(parameters)
        credentials = await self._credentials() if self._route and is_direct else None
        if self._route is None or credentials is None:
            return await self._by_boto().call(operation, **parameters)
        endpoint, connections = self._route
        form = self._form(operation, endpoint, credentials)
        message = form.request(json.dumps(parameters).encode())
        return _content(operation, await connections.exchange(message))

    def _form(self, operation: str, endpoint: Endpoint, credentials: Credentials) -> RequestForm:
        """Return the form of an operation's requests in this second, made once."""
        second = int(time.time())
        known = self._forms.get(operation)
        if known is None or known.second != second or known.credentials != credentials:
            headers = {"content-type": CONTENT_TYPE, "x-amz-target": f"{TARGET}.{operation}"}
            form = request_form(endpoint, headers, credentials, datetime.fromtimestamp(second, UTC))
            known = self._forms[operation] = _Form(credentials, second, form)
        return known.form

    async def _credentials(self) -> Credentials | None:
        find = self._access.credentials
        return await in_thread(find) if self._access.has_to_renew() else find()


def _is_usual(parameters: Mapping[str, object]) -> bool:
    """Whether boto3 would send the call: it refuses names that are too short or too long."""
    listed = parameters.get("repositoryNames", [])
    names = [*listed] if isinstance(listed, list) else []
    if "repositoryName" in parameters:
        names.append(parameters["repositoryName"])
    return all(len(str(name)) in _NAME_LENGTHS for name in names)


def _content(operation: str, response: Response) -> Mapping[str, object]:
    """Return what a response says. Raises ServiceError, UnreadableResponseError or ValueError."""
    if response.status >= _FIRST_ERROR:
        raise _error(operation, response)
    return _object(response.body)


def _object(body: bytes) -> Mapping[str, object]:
    """Return the fields of a body; one that is no JSON is a message. Raises ValueError."""
    text = body.decode() or "{}"
    try:
        parsed = _JSON.decode(text)
    except ValueError:
        return {"message": text}
    if not isinstance(parsed, dict):
        raise UnreadableResponseError("the response is no JSON object")
    return parsed


def _without_nulls(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


_JSON = json.JSONDecoder(object_hook=_without_nulls)


def _error(operation: str, response: Response) -> ServiceError:
    """Return the error of a response, as botocore's parser reads it."""
    status, body = response.status, response.body.strip()
    if status == _FIRST_ERROR:  # for botocore it is none, and then it is one without a code
        return ServiceError(operation, "", "", status)
    if status >= _FIRST_SERVER_ERROR and (not body or body.startswith(b"<html>")):
        return ServiceError(operation, str(status), phrase_of(status), status)
    fields = _object(response.body)
    code, message = fields.get("__type", str(status)), fields.get("message", fields.get("Message"))
    if not isinstance(code, str) or not isinstance(message or "", str):
        raise UnreadableResponseError("the error has no code")
    name = code.partition(":")[0].rpartition("#")[2]
    queried = _QUERY_ERROR.fullmatch(response.headers.get("x-amzn-query-error", ""))
    return ServiceError(operation, queried[1] if queried else name, str(message or ""), status)
