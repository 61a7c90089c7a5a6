"""The two calls that a run makes most, without most of the work of boto3 in each.

boto3 makes one request, which is caught before it is sent. The requests of DescribeRepositories
and GetRepositoryPolicy are then made like it: with botocore's serializer, parser and credentials,
but signed here and sent over connections of our own, which share one TLS context. The caught
request is signed here, too: where the signature or anything else is not as expected, boto3 makes
the calls.
"""

import hashlib
import hmac
import io
import os
import re
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPException, HTTPResponse
from typing import NamedTuple, Protocol, cast
from urllib.parse import urlsplit

import botocore.session
from botocore import exceptions as boto
from botocore.awsrequest import AWSPreparedRequest
from botocore.client import BaseClient
from botocore.credentials import ReadOnlyCredentials
from botocore.model import Shape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from botocore.utils import get_environ_proxies

from reconciler.registry.credentials import has_to_renew, usable_credentials
from reconciler.registry.endpoint import tls_context
from reconciler.registry.tasks import READ, WRITE, OverdueError, T, in_thread, is_ready

_FIRST_ERROR = 300  # HTTP status
_PART = 2**16  # bytes that are read at once
_STATIC = {"content-type", "user-agent", "x-amz-target"}
_SIGNING = {"authorization", "x-amz-date", "x-amz-security-token"}
_LEFT_OUT = {"amz-sdk-invocation-id", "amz-sdk-request", "content-length"}
"""Headers of boto3's request: the first two are about its retries, of which there are none."""
_LEARNT_FROM = "DescribeRepositories"
_PLUGINS = "BOTOCORE_EXPERIMENTAL__PLUGINS"
_ALGORITHM = "AWS4-HMAC-SHA256"
_SIGNED = re.compile(
    rf"{_ALGORITHM} Credential=[^/]+/(?P<day>\d{{8}})/(?P<region>[^/]+)/(?P<service>[^/]+)"
    r"/aws4_request, SignedHeaders=(?P<names>[a-z0-9;-]+), Signature=[0-9a-f]{64}"
)

_THREADS = 16
"""Calls of boto3 at once, each in a thread: more of them only wait for each other."""

_CONNECTIONS = 64
"""Calls at once over connections of our own."""

_Call = Callable[..., Mapping[str, object]]


class ReadingCalls(Protocol):
    """The two calls, with the parameters, responses and errors of boto3."""

    @property
    def at_once(self) -> int:
        """How many calls to make at once, once `prepare` is done."""

    async def prepare(self) -> None:
        """Do what is done once before the first call. Raises what a call does."""

    async def describe_repositories(self, **parameters: object) -> Mapping[str, object]:
        """Return the response of DescribeRepositories."""

    async def get_repository_policy(self, **parameters: object) -> Mapping[str, object]:
        """Return the response of GetRepositoryPolicy."""


class Timeouts(NamedTuple):
    """Seconds to connect, to wait for the next bytes, and for a whole response."""

    connect: float
    read: float
    response: float


async def within(seconds: float, call: Callable[[], T], address: str) -> T:
    """Make a blocking call in a thread; it may take so long. Raises what it does.

    Raises ReadTimeoutError after that time. boto3 has a timeout for each wait, and none for all of
    a response: one that comes byte by byte has no end.
    """
    try:
        return await in_thread(call, seconds)
    except OverdueError as error:
        raise boto.ReadTimeoutError(endpoint_url=address, error=error) from error


class _Client(Protocol):
    describe_repositories: _Call
    get_repository_policy: _Call


class BotoReads:
    """Makes the two calls with a boto3 client, each in a thread of its own."""

    at_once = _THREADS

    def __init__(
        self, client: BaseClient, session: botocore.session.Session, timeouts: Timeouts
    ) -> None:
        self._client, self._session = cast("_Client", client), session
        self._seconds, self._address = timeouts.response, client.meta.endpoint_url

    async def prepare(self) -> None:
        """Find credentials, since each thread would look for them. Raises CallError."""
        await in_thread(partial(usable_credentials, self._session))

    async def describe_repositories(self, **parameters: object) -> Mapping[str, object]:
        """Return the response of DescribeRepositories. Raises what boto3 does."""
        return await self._call(self._client.describe_repositories, parameters)

    async def get_repository_policy(self, **parameters: object) -> Mapping[str, object]:
        """Return the response of GetRepositoryPolicy. Raises what boto3 does."""
        return await self._call(self._client.get_repository_policy, parameters)

    async def _call(self, call: _Call, parameters: Mapping[str, object]) -> Mapping[str, object]:
        return await within(self._seconds, partial(call, **parameters), self._address)


class FastReads:
    """Makes the two calls, with the settings of a client; safe to share among threads.

    They take the parameters, return the responses and raise the errors of boto3. Making one makes
    no call.
    """

    def __init__(
        self, client: BaseClient, session: botocore.session.Session, timeouts: Timeouts
    ) -> None:
        self._client, self._session, self._timeouts = client, session, timeouts
        self._by_boto = BotoReads(client, session, timeouts)
        self._model = client.meta.service_model
        protocol = self._model.metadata["protocol"]
        self._serializer, self._parser = create_serializer(protocol), create_parser(protocol)
        self._key: _SigningKey | None = None
        self._learning = threading.Lock()
        self._learner: int | None = None
        self._learned: tuple[_Form, _Connections] | None = None
        self._is_unusual = False
        client.meta.events.register("before-send", self._catch)

    async def prepare(self) -> None:
        """Learn how boto3 makes a request, if that is not known."""
        if self._learned is None and not self._is_unusual:
            await in_thread(self._learn)

    @property
    def at_once(self) -> int:
        """How many calls to make at once."""
        return _CONNECTIONS if self._learned else self._by_boto.at_once

    async def describe_repositories(self, **parameters: object) -> Mapping[str, object]:
        """Return the response of DescribeRepositories. Raises what boto3 does."""
        return await self._call("DescribeRepositories", parameters) or (
            await self._by_boto.describe_repositories(**parameters)
        )

    async def get_repository_policy(self, **parameters: object) -> Mapping[str, object]:
        """Return the response of GetRepositoryPolicy. Raises what boto3 does."""
        return await self._call("GetRepositoryPolicy", parameters) or (
            await self._by_boto.get_repository_policy(**parameters)
        )

    async def _call(
        self, operation: str, parameters: Mapping[str, object]
    ) -> Mapping[str, object] | None:
        """Return the response; None where boto3 has to make the call."""
        await self.prepare()
        if self._learned is None:
            return None
        form, connections = self._learned
        headers, body = self._serialized(operation, parameters)
        credentials = await self._credentials()
        if credentials is None:
            return None
        key = self._key = _signing_key(credentials, form, datetime.now(UTC), self._key)
        answer = await connections.exchange(_message(form, headers, body, key))
        return self._parsed(operation, answer)

    async def _credentials(self) -> ReadOnlyCredentials | None:
        known = self._key.credentials if self._key else None
        find = partial(usable_credentials, self._session, known)
        return await in_thread(find) if has_to_renew(self._session) else find()

    def _serialized(
        self, operation: str, parameters: Mapping[str, object]
    ) -> tuple[dict[str, str], bytes]:
        """Return the headers of a request, in lower case, and its body.

        Raises ParamValidationError.
        """
        model = self._model.operation_model(operation)
        request = self._serializer.serialize_to_request(parameters, model)
        return {name.lower(): value for name, value in request["headers"].items()}, request["body"]

    def _parsed(self, operation: str, answer: "_Answer") -> Mapping[str, object]:
        response = {
            "headers": answer.headers,
            "status_code": answer.status,
            "body": answer.body,
            "context": {"operation_name": operation},
        }
        shape = cast("Shape", self._model.operation_model(operation).output_shape)
        parsed = self._parser.parse(response, shape)
        if answer.status >= _FIRST_ERROR:
            raise boto.ClientError(parsed, operation)
        return cast("Mapping[str, object]", parsed)

    def _learn(self) -> None:
        """Learn from boto3 how a request is made, unless boto3 has to make them."""
        with self._learning:
            if self._learned is None and not self._is_unusual:
                credentials = usable_credentials(self._session)
                request = self._request_of_boto()
                _, body = self._serialized(_LEARNT_FROM, {})
                form = _form_of(request, body, credentials) if request else None
                if form is None:
                    self._is_unusual = True
                else:
                    context = tls_context(self._session) if form.is_tls else None
                    self._learned = form, _Connections(form, context, self._timeouts)

    def _request_of_boto(self) -> AWSPreparedRequest | None:
        """Return the request that boto3 would send, signed; None where a handler answers it."""
        self._learner = threading.get_ident()
        try:
            cast("_Client", self._client).describe_repositories()
        except _CaughtError as caught:
            request = caught.request
        else:
            return None
        finally:
            self._learner = None
        event = f"before-send.{self._model.service_id.hyphenize()}.{_LEARNT_FROM}"
        answers = self._client.meta.events.emit(event, request=request)
        return request if all(answer is None for _, answer in answers) else None

    def _catch(self, request: AWSPreparedRequest, **_event: object) -> None:
        if self._learner == threading.get_ident():
            raise _CaughtError(request)


class _CaughtError(Exception):
    """A request that is not to be sent."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__()
        self.request = request


@dataclass(frozen=True, slots=True)
class _Form:
    """What is the same in all requests to an endpoint; `headers` have names in lower case."""

    url: str
    path: str
    headers: Mapping[str, str]
    region: str
    service: str

    @property
    def is_tls(self) -> bool:
        return urlsplit(self.url).scheme == "https"


def _form_of(
    request: AWSPreparedRequest, body: bytes, credentials: ReadOnlyCredentials | None
) -> _Form | None:
    """Return the form of a request of boto3; None where there is anything unusual about it."""
    url = urlsplit(request.url)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    signed = _SIGNED.fullmatch(headers.get("authorization", ""))
    if (
        signed is None
        or credentials is None
        or request.body != body
        or headers.keys() - _STATIC - _SIGNING - _LEFT_OUT
        or url.query
        or os.environ.get(_PLUGINS)
        or url.scheme in get_environ_proxies(request.url)
    ):
        return None
    default_port = {"http": 80, "https": 443}.get(url.scheme)
    host = url.netloc if url.port != default_port else url.netloc.rpartition(":")[0]
    headers["host"] = host.lower()
    path = url.path or "/"
    static = {name: headers[name] for name in ("host", *_STATIC) if name in headers}
    form = _Form(request.url, path, static, signed["region"], signed["service"])
    when = datetime.strptime(headers["x-amz-date"], _TIME).replace(tzinfo=UTC)
    to_sign = {name: headers[name] for name in signed["names"].split(";")}
    ours = _authorization(form, to_sign, body, _signing_key(credentials, form, when, None))
    return form if ours == headers["authorization"] else None


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


_TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class _SigningKey:
    """The key of Signature Version 4 for one day, and the time of a request."""

    credentials: ReadOnlyCredentials = field(repr=False)
    time: str
    key: bytes = field(repr=False)

    @property
    def day(self) -> str:
        return self.time[:8]


def _signing_key(
    credentials: ReadOnlyCredentials, form: _Form, now: datetime, known: _SigningKey | None
) -> _SigningKey:
    """Return the key for a request at `now`; `known` is of the same form, from a call before."""
    at = now.strftime(_TIME)
    if known is not None and known.day == at[:8] and known.credentials == credentials:
        return _SigningKey(credentials, at, known.key)
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (at[:8], form.region, form.service, "aws4_request"):
        key = _digest(key, part)
    return _SigningKey(credentials, at, key)


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _authorization(form: _Form, headers: Mapping[str, str], body: bytes, key: _SigningKey) -> str:
    """Return the Authorization header ("Create a signed AWS API request", IAM User Guide)."""
    names = sorted(headers)
    signed = ";".join(names)
    lines = [f"{name}:{headers[name]}" for name in names]
    hashed = hashlib.sha256(body).hexdigest()
    canonical = "\n".join(["POST", form.path, "", *lines, "", signed, hashed])
    scope = f"{key.day}/{form.region}/{form.service}/aws4_request"
    request = hashlib.sha256(canonical.encode()).hexdigest()
    signature = _digest(key.key, f"{_ALGORITHM}\n{key.time}\n{scope}\n{request}").hex()
    credential = f"{key.credentials.access_key}/{scope}"
    return f"{_ALGORITHM} Credential={credential}, SignedHeaders={signed}, Signature={signature}"


def _message(form: _Form, headers: Mapping[str, str], body: bytes, key: _SigningKey) -> bytes:
    """Return a request as it is sent; `headers` are those of the call."""
    token = key.credentials.token
    secret = {"x-amz-security-token": token} if token else {}
    sent = {**form.headers, **headers, **secret, "x-amz-date": key.time}
    to_sign = {name: value for name, value in sent.items() if name != "user-agent"}
    sent["authorization"] = _authorization(form, to_sign, body, key)
    sent["content-length"] = str(len(body))
    lines = [f"{name}: {value}\r\n" for name, value in sent.items()]
    return "".join([f"POST {form.path} HTTP/1.1\r\n", *lines, "\r\n"]).encode() + body


class _Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class _Connections:
    """The connections to an endpoint, kept alive, for all threads."""

    def __init__(self, form: _Form, context: ssl.SSLContext | None, timeouts: Timeouts) -> None:
        self._url, self._context, self._timeouts = form.url, context, timeouts
        address = urlsplit(form.url)
        self._host = address.hostname or ""
        self._port = address.port or (80 if context is None else 443)
        self._idle: list[socket.socket] = []
        weakref.finalize(self, _close_all, self._idle)

    async def exchange(self, message: bytes) -> _Answer:
        """Send a request and return the response. Raises the HTTPClientErrors of botocore."""
        while (connection := self._take()) is None:
            await within(self._timeouts.response, self._connect, self._url)
        is_reusable = False
        try:
            with self._errors_of_boto():
                await _send(connection, message, self._timeouts.read)
                answer, is_reusable = await _receive(connection, self._timeouts)
                return answer
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
        except TimeoutError as error:
            raise boto.ConnectTimeoutError(endpoint_url=self._url, error=error) from error
        except OSError as error:
            raise boto.EndpointConnectionError(endpoint_url=self._url, error=error) from error
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
        except TimeoutError as error:
            raise boto.ReadTimeoutError(endpoint_url=self._url, error=error) from error
        except ssl.SSLError as error:
            raise boto.SSLError(endpoint_url=self._url, error=error) from error
        except (OSError, HTTPException) as error:
            raise boto.ConnectionClosedError(
                endpoint_url=self._url, error=error, request=None
            ) from error


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


async def _send(connection: socket.socket, message: bytes, seconds: float) -> None:
    """Send all of a message; raises TimeoutError where nothing can be sent for so long."""
    left = memoryview(message)
    while left:
        try:
            left = left[connection.send(left) :]
        except (BlockingIOError, ssl.SSLWantWriteError):
            await _require(connection, WRITE, seconds)
        except ssl.SSLWantReadError:
            await _require(connection, READ, seconds)


async def _require(connection: socket.socket, event: int, seconds: float) -> None:
    if not await is_ready(connection, event, seconds):
        raise TimeoutError


async def _receive(connection: socket.socket, timeouts: Timeouts) -> tuple[_Answer, bool]:
    """Return a response, and whether the connection can be used again."""
    deadline = time.monotonic() + timeouts.response
    received = bytearray()
    head: _Head | None = None
    await _require(connection, READ, timeouts.read)
    while True:
        try:
            part = connection.recv(_PART)
        except (BlockingIOError, ssl.SSLWantReadError):
            wait = min(timeouts.read, deadline - time.monotonic())
            await _require(connection, READ, wait)
            continue
        except ssl.SSLWantWriteError:
            await _require(connection, WRITE, timeouts.read)
            continue
        received += part
        if time.monotonic() > deadline:
            raise TimeoutError("the response took too long")
        if head is None and (b"\r\n\r\n" in received or len(received) > _PART or not part):
            head = _plain_head(received)
            if head is None:
                rest = _Rest(bytes(received), connection, deadline, timeouts.read)
                return await in_thread(rest.response)
        if head is not None and (len(received) >= head.end or not part):
            body = bytes(received[head.begin : head.end])
            # Like botocore, it takes a body that ends before its Content-Length.
            is_clean = len(received) == head.end and not head.will_close
            return _Answer(head.status, head.headers, body), is_clean


class _Head(NamedTuple):
    """The head of a response whose body begins and ends at these bytes."""

    status: int
    headers: Mapping[str, str]
    begin: int
    end: int
    will_close: bool


_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([2-5]\d\d) [^\r\n]*\r\n")
_HEADER = re.compile(rb"([!#-'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*?)[ \t]*\r\n")
_BODILESS = (204, 304)  # HTTP status
_MAX_HEADERS = 100  # as of http.client


def _plain_head(received: bytearray) -> _Head | None:
    """Read the head of a response with a Content-Length; None where it is of any other form."""
    status = _STATUS_LINE.match(received)
    end = received.find(b"\r\n\r\n") + 2
    if status is None or end < status.end():
        return None
    at, headers = status.end(), dict[str, str]()
    while at < end:
        field_ = _HEADER.match(received, at)
        name = field_[1].decode("ascii").lower() if field_ else ""
        if field_ is None or name in headers or len(headers) >= _MAX_HEADERS:
            return None
        headers[name] = field_[2].decode("iso-8859-1")
        at = field_.end()
    length = headers.get("content-length", "")
    is_plain = _LENGTH.fullmatch(length) and "transfer-encoding" not in headers
    if not is_plain or int(status[1]) in _BODILESS:
        return None
    will_close = headers.get("connection", "keep-alive").lower() != "keep-alive"
    return _Head(int(status[1]), headers, end + 2, end + 2 + int(length), will_close)


_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)


class _Rest(io.RawIOBase):
    """The bytes of a response, some of them received before.

    With a timeout in seconds for each wait, and a deadline for all of them.
    """

    def __init__(
        self, received: bytes, connection: socket.socket, deadline: float, longest_wait: float
    ) -> None:
        self._received, self._connection = received, connection
        self._deadline, self._longest_wait = deadline, longest_wait

    def response(self) -> tuple[_Answer, bool]:
        """Return the response, whatever its form, and whether the connection can be used again."""
        response = HTTPResponse(cast("socket.socket", self), method="POST")
        with response:
            response.begin()
            body = b"".join(iter(partial(response.read, _PART), b""))
        headers = {name.lower(): value for name, value in response.headers.items()}
        return _Answer(response.status, headers, body), not response.will_close

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return itself as the file that HTTPResponse reads from."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read what there is. Raises TimeoutError."""
        if self._received:
            part, self._received = self._received[: len(buffer)], self._received[len(buffer) :]
            buffer[: len(part)] = part
            return len(part)
        left = self._deadline - time.monotonic()
        if left <= 0.0:
            raise TimeoutError("the response took too long")
        self._connection.settimeout(min(left, self._longest_wait))
        return self._connection.recv_into(buffer)
