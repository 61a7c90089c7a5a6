"""All ways to make a call give the same for every answer and every fault."""

import gzip
import json
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum, auto
from functools import partial
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from reconciler import __version__
from reconciler.model.transport import Transport
from reconciler.registry import session
from reconciler.registry.failures.errors import (
    CallError,
    FailureKind,
    ServiceError,
    WriteOutcomeUnknownError,
)
from reconciler.registry.failures.kinds import explain, failure_kind
from reconciler.registry.http.exchange import Timeouts
from reconciler.registry.pace import Pace
from reconciler.registry.reader import RegistryReader
from reconciler.registry.reading import Wanted, read
from reconciler.registry.session import Connection, connect, ecr_calls, new_client
from reconciler.registry.tasks import run_alone
from reconciler.registry.transport.boto_calls import BotoCalls
from reconciler.registry.transport.calls import Calls
from reconciler.registry.transport.direct_calls import DirectCalls
from reconciler.registry.transport.learnt_access import LearntAccess
from reconciler.registry.writer import RegistryWriter
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.server import Sandbox

from .raw_server import RawServer, Sent, Then, certificate, serving_raw
from .scripted_aws import ScriptedAws

ACCOUNT, REGION, NAME = "111122223333", "us-west-2", "team/api"
POLICY = {"registryId": ACCOUNT, "repositoryName": NAME, "policyText": '{"é": 1}'}
BODY = json.dumps(POLICY).encode()
REFUSED = json.dumps({"__type": "AccessDeniedException", "message": "no"}).encode()


class Way(Enum):
    """What makes the calls, and where it has the settings from."""

    PLAIN = auto()  # the fast transport, from the environment
    LEARNT = auto()  # the same, from boto3
    BOTO3 = auto()


every = pytest.mark.parametrize("way", list(Way))

Outcome = tuple[str, object]
"""`response` and its fields, or the kind of an error and its message."""


@pytest.fixture
def raw(credentials: pytest.MonkeyPatch) -> Iterator[RawServer]:
    with serving_raw() as server:
        credentials.setenv("AWS_ENDPOINT_URL", server.url)
        yield server


def connection_by(way: Way) -> Connection:
    transport = Transport.BOTO3 if way is Way.BOTO3 else Transport.FAST
    connection = connect(ACCOUNT, REGION, transport=transport)
    if way is Way.PLAIN:
        assert connection.plain is not None
        return connection
    calls = partial(ecr_calls, connection.boto, None, transport)
    return replace(connection, plain=None, calls=calls)


def calls_by(way: Way) -> Calls:
    return connection_by(way).calls()


READ, SET, DELETE = "GetRepositoryPolicy", "SetRepositoryPolicy", "DeleteRepositoryPolicy"
_MORE: Mapping[str, Mapping[str, object]] = {
    READ: {},
    SET: {"policyText": '{"é": 1}'},
    DELETE: {},
}
"""The parameters of each beside the registry and the name. All return the same."""

reading_and_writing = pytest.mark.parametrize("operation", _MORE)


def policy_by(calls: Calls, name: str = NAME, operation: str = READ) -> Outcome:
    return outcome(calls, operation, repositoryName=name, **_MORE[operation])


def outcome(calls: Calls, operation: str, **parameters: object) -> Outcome:
    try:
        response = dict(run_alone(calls.call(operation, registryId=ACCOUNT, **parameters)))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
        told = explain(error, operation, NAME, REGION)
        return failure_kind(error).name, (told.message, told.hint, refusal_of(error))
    response.pop("ResponseMetadata", None)  # of boto3, which drops what it does not know
    response.pop("more", None)
    return "response", response


def refusal_of(error: Exception) -> tuple[str, str] | None:
    """The code and the message of the service."""
    if isinstance(error, ServiceError):
        return error.code, str(error)
    if isinstance(error, ClientError):
        own = error.response.get("Error", {})
        return own.get("Code", ""), own.get("Message", "")
    return None


def by_boto3(request: bytes) -> bool:
    return b"amz-sdk-invocation-id" in request.lower()


def http(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", "x-amzn-RequestId: 1a2b", *headers]
    lines += [f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    parts = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + parts + end


def refused(code: str, message: str = "a reason", status: int = 400, **more: str) -> bytes:
    body = json.dumps({"__type": code, "message": message, **more}).encode()
    return http(body, status=f"{status} no")


HUGE = json.dumps({**POLICY, "policyText": "x" * 3_000_000}).encode()
RESPONSES = {
    "plain": Sent(http(BODY)),
    "closing": Sent(http(BODY, "Connection: close"), Then.CLOSE),
    "until-closed": Sent(b"HTTP/1.1 200 OK\r\n\r\n" + BODY, Then.CLOSE),
    "http-1.0": Sent(b"HTTP/1.0 200 OK\r\n\r\n" + BODY, Then.CLOSE),
    "continue": Sent(b"HTTP/1.1 100 Continue\r\n\r\n" + http(BODY)),
    "chunked": Sent(chunked(BODY[:10], BODY[10:])),
    "huge": Sent(http(HUGE)),
    "more-than-it-says": Sent(http(BODY + b"  HTTP/1.1 500 no", length=len(BODY))),
    "less-than-it-says": Sent(http(BODY, length=9999), Then.CLOSE),
    "unknown-field": Sent(http(json.dumps({**POLICY, "more": [1]}).encode())),
}
CODES = [
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidParameterException",
    "InvalidSignatureException",
    "LimitExceededException",
    "OptInRequired",
    "RepositoryNotFoundException",
    "RepositoryPolicyNotFoundException",
    "ThrottlingException",
    "UnrecognizedClientException",
    "com.amazonaws.ecr#RepositoryNotFoundException",
    "RepositoryNotFoundException:http://internal.amazon.com/",
]
FAILURES = {
    **{code: Sent(refused(code)) for code in CODES},
    "server-error": Sent(refused("ServerException", status=500)),
    "throttled-429": Sent(http(b"", status="429 Too Many Requests")),
    "throttled-by-words": Sent(refused("Odd", "Rate exceeded")),
    "unavailable": Sent(http(b"<html>", status="503 Unavailable")),
    "capital-message": Sent(http(b'{"__type": "X", "Message": "big"}', status="400 no")),
    "query-code": Sent(http(REFUSED, "x-amzn-query-error: Other;Sender", status="400 no")),
    "no-body": Sent(http(b"", status="400 no")),
    "null": Sent(http(b"null", status="400 no")),
    "no-type": Sent(http(b'{"message": "m"}', status="400 no")),
    "refusal-cut": Sent(http(REFUSED, length=9999, status="400 no"), Then.CLOSE),
    "gzip-refusal": Sent(http(gzip.compress(REFUSED), "Content-Encoding: gzip", status="400 no")),
    "list": Sent(http(b"[1]")),
    "not-utf-8": Sent(http(b"\xff\xfe{}")),
    "gzip": Sent(http(gzip.compress(BODY), "Content-Encoding: gzip")),
    **{
        f"redirect-{status}": Sent(
            http(b"", "Location: http://127.0.0.1:1/", status=f"{status} there")
        )
        for status in (300, 301, 302, 307, 308)
    },
    "closed": Sent(b"", Then.CLOSE),
    "cut-in-status": Sent(b"HTTP/1.", Then.CLOSE),
    "cut-in-chunk": Sent(chunked(BODY, end=b"ff\r\nabc"), Then.CLOSE),
    "bad-chunk": Sent(chunked(BODY, end=b"zz\r\n"), Then.CLOSE),
    "no-http": Sent(b"SSH-2.0-OpenSSH_9.6\r\n", Then.CLOSE),
    "bad-status": Sent(b"HTTP/1.1 abc\r\n\r\n", Then.CLOSE),
    "endless-header": Sent(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 70_000, Then.CLOSE),
    "too-many-headers": Sent(b"HTTP/1.1 200 OK\r\n" + b"x: 1\r\n" * 200, Then.CLOSE),
}


def kinds_of_all(raw: RawServer, answer: Sent) -> set[str]:
    """The kinds of the outcomes, which are the same of each way; each did make each call, once."""
    found: list[dict[str, Outcome]] = []
    for way in Way:
        connection = connection_by(way)  # its settings are read once
        outcomes = {}
        for operation in _MORE:
            raw.requests.clear()
            raw.always(answer)
            outcomes[operation] = policy_by(connection.calls(), operation=operation)
            assert [by_boto3(r) for r in raw.requests] == [way is Way.BOTO3]
        found.append(outcomes)
    plain, learnt, by_boto = found
    assert plain == by_boto
    assert learnt == by_boto
    return {kind for kind, _ in plain.values()}


@pytest.mark.parametrize("answer", RESPONSES.values(), ids=RESPONSES)
def test_the_same_responses(raw: RawServer, answer: Sent) -> None:
    assert kinds_of_all(raw, answer) == {"response"}


@pytest.mark.parametrize("answer", FAILURES.values(), ids=FAILURES)
def test_the_same_failures(raw: RawServer, answer: Sent) -> None:
    assert "response" not in kinds_of_all(raw, answer)


CUT_IN_TEXT = {
    "policy-cut": Sent(http(BODY[:40], length=9999), Then.CLOSE),
    "page": Sent(http(b"<html>sign in</html>", "Content-Type: text/html")),
    "empty": Sent(http(b"")),
    "cut-in-headers": Sent(b"HTTP/1.1 200 OK\r\nContent-Le", Then.CLOSE),
}


@pytest.mark.parametrize("answer", CUT_IN_TEXT.values(), ids=CUT_IN_TEXT)
def test_what_lacks_its_fields_is_no_policy(raw: RawServer, pace: Pace, answer: Sent) -> None:
    raw.always(answer)
    messages = set()
    for way in Way:
        with pytest.raises(CallError, match="unexpected response") as caught:
            RegistryReader(connection_by(way), pace).read_policy(NAME)
        assert caught.value.kind is FailureKind.UNANSWERED
        messages.add(caught.value.message)
    assert len(messages) == 1


@pytest.mark.parametrize("answer", [*CUT_IN_TEXT.values(), Sent(http(b"{}"))])
def test_what_lacks_its_fields_may_have_been_written(
    raw: RawServer, pace: Pace, answer: Sent
) -> None:
    messages = set()
    for way in Way:
        raw.requests.clear()
        raw.always(answer)
        connection = connection_by(way)
        writer = RegistryWriter(connection, pace, RegistryReader(connection, pace))
        with pytest.raises(WriteOutcomeUnknownError, match="may or may not") as caught:
            writer.set_policy(NAME, "{}")
        messages.add(caught.value.message)
        assert len(raw.requests) == 1
    assert len(messages) == 1


@every
@reading_and_writing
def test_silence_has_an_end(
    raw: RawServer, way: Way, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_READ_TIMEOUT", 0.1)
    raw.always(Sent(http(BODY, length=9999), Then.HANG))
    kind, told = policy_by(calls_by(way), operation=operation)
    assert kind == "UNANSWERED"
    assert "timed out" in str(told)
    assert len(raw.requests) == 1


@every
@reading_and_writing
def test_a_trickle_has_an_end(
    raw: RawServer, way: Way, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_RESPONSE_TIMEOUT", 0.1)
    raw.always(Sent(http(b"", length=10**12), Then.TRICKLE))
    kind, told = policy_by(calls_by(way), operation=operation)
    assert kind == "UNANSWERED"
    assert "timed out" in str(told)


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1", "https://127.0.0.1:1", "http://no-such-host.invalid"]
)
@reading_and_writing
def test_no_connection(monkeypatch: pytest.MonkeyPatch, address: str, operation: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    plain, learnt, by_boto = (policy_by(calls_by(way), operation=operation) for way in Way)
    assert plain == learnt == by_boto
    assert plain[0] == "CONNECTION"


@every
def test_tls_with_what_speaks_none(
    aws: ScriptedAws, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url.replace("http:", "https:"))
    assert policy_by(calls_by(way))[0] == "TLS"


@every
def test_tls_without_an_answer(raw: RawServer, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_CONNECT_TIMEOUT", 0.1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", raw.url.replace("http:", "https:"))
    kind, told = policy_by(calls_by(way))
    assert kind == "UNANSWERED"
    assert "timed out" in str(told)


@every
@pytest.mark.parametrize(
    ("host", "kind"), [("127.0.0.1", "response"), ("127.0.0.2", "TLS"), ("other.example", "TLS")]
)
def test_whose_certificate(
    credentials: pytest.MonkeyPatch, tmp_path: Path, way: Way, host: str, kind: str
) -> None:
    pem, context = certificate(tmp_path, host)
    with serving_raw(context) as server:
        server.always(Sent(http(BODY)))
        credentials.setenv("AWS_ENDPOINT_URL", server.url)
        assert policy_by(calls_by(way))[0] == "TLS"  # of no CA that is known
        credentials.setenv("AWS_CA_BUNDLE", str(pem))
        assert policy_by(calls_by(way))[0] == kind
        credentials.delenv("AWS_CA_BUNDLE")
        credentials.setenv("REQUESTS_CA_BUNDLE", str(pem))
        assert policy_by(calls_by(way))[0] == kind
        assert len(server.requests) == 2 * (kind == "response")


def test_session_tickets_do_not_end_a_connection(
    credentials: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pem, context = certificate(tmp_path, "127.0.0.1")
    credentials.setenv("AWS_CA_BUNDLE", str(pem))
    with serving_raw(context) as server:
        server.always(Sent(http(BODY)))
        credentials.setenv("AWS_ENDPOINT_URL", server.url)
        reader = RegistryReader(connect(ACCOUNT, REGION), Pace())
        names = [f"team/{number}" for number in range(150)]
        (found,) = read([Wanted(reader, names, lists=False)])
        assert len(found.repositories) == len(names)
        assert server.connections <= reader.at_once


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        ("no certificate", "it holds no certificate in PEM format"),
        ("", "it holds no certificate in PEM format"),
    ],
)
def test_a_bundle_that_is_none(
    credentials: pytest.MonkeyPatch,
    tmp_path: Path,
    variable: str,
    content: str | None,
    reason: str,
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    credentials.setenv(variable, str(bundle))
    credentials.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:9")
    for way in Way:
        with pytest.raises(CallError) as caught:
            run_alone(calls_by(way).call("DescribeRepositories"))
        assert caught.value.kind is FailureKind.SETTINGS
        assert caught.value.message == f"the CA bundle '{bundle}' can't be used: {reason}"
        assert caught.value.hint == f"check {variable}, which names it"


def test_a_bundle_of_the_profile_that_is_none(
    credentials: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nca_bundle = /nowhere/bundle.pem\n")
    credentials.setenv("AWS_CONFIG_FILE", str(config))
    with pytest.raises(CallError, match="/nowhere/bundle") as caught:
        run_alone(calls_by(Way.LEARNT).prepare())
    assert "ca_bundle of the profile" in (caught.value.hint or "")


@pytest.mark.parametrize("way", Way)
def test_a_bundle_is_for_tls_alone(
    raw: RawServer, credentials: pytest.MonkeyPatch, way: Way
) -> None:
    credentials.setenv("AWS_CA_BUNDLE", "/nowhere/bundle.pem")
    raw.always(Sent(http(BODY)))
    assert policy_by(calls_by(way))[0] == "response"


@pytest.mark.parametrize("way", [Way.PLAIN, Way.LEARNT])
def test_connections_are_used_again(raw: RawServer, way: Way) -> None:
    raw.always(Sent(http(BODY)))
    calls = calls_by(way)
    for _ in range(3):
        policy_by(calls)
    assert (raw.connections, len(raw.requests)) == (1, 3)


@every
def test_a_connection_with_tls_is_used_again(
    credentials: pytest.MonkeyPatch, tmp_path: Path, way: Way
) -> None:
    """Session tickets that arrive after the handshake are no reason to connect anew."""
    pem, context = certificate(tmp_path, "127.0.0.1")
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 5
    with serving_raw(context) as server:
        server.always(Sent(http(BODY)))
        credentials.setenv("AWS_ENDPOINT_URL", server.url)
        credentials.setenv("AWS_CA_BUNDLE", str(pem))
        calls = calls_by(way)
        assert [policy_by(calls)[0] for _ in range(5)] == ["response"] * 5
        assert server.connections == 1


@every
@pytest.mark.parametrize("first", ["closing", "less-than-it-says"])
def test_a_connection_that_is_not_clean_is_not_used_again(
    raw: RawServer, way: Way, first: str
) -> None:
    raw.always(RESPONSES[first], Sent(refused("RepositoryPolicyNotFoundException")))
    calls = calls_by(way)
    kinds = [policy_by(calls)[0] for _ in range(2)]
    assert kinds == ["response", "POLICY_MISSING"]
    assert raw.connections == 2


@every
@reading_and_writing
def test_an_idle_connection_that_was_closed(raw: RawServer, way: Way, operation: str) -> None:
    raw.always(Sent(http(BODY), Then.CLOSE))  # without saying so
    calls = calls_by(way)
    assert policy_by(calls)[0] == "response"
    assert raw.closed.wait(10)
    assert policy_by(calls, operation=operation)[0] == "response"
    assert len(raw.requests) == 2


@every
@reading_and_writing
@pytest.mark.parametrize("name", ["", "x"])
def test_a_name_that_is_refused_here(raw: RawServer, way: Way, operation: str, name: str) -> None:
    raw.always(Sent(http(BODY)))
    calls = calls_by(way)
    policy_by(calls)
    kind, told = policy_by(calls, name, operation)
    assert (kind, len(raw.requests)) == ("REJECTED", 1)
    assert "Invalid length" in str(told)


def fields_of(request: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    return {n.lower(): v for n, v in (line.split(": ", 1) for line in lines)}, body


@pytest.mark.parametrize("token", [None, "a-token+/="])
@pytest.mark.parametrize(
    ("way", "path"), [(Way.PLAIN, ""), (Way.LEARNT, ""), (Way.LEARNT, "/a/prefix")]
)
@reading_and_writing
def test_what_is_sent(
    raw: RawServer,
    credentials: pytest.MonkeyPatch,
    *,
    token: str | None,
    way: Way,
    path: str,
    operation: str,
) -> None:
    credentials.setenv("AWS_ENDPOINT_URL", raw.url + path)
    if token:
        credentials.setenv("AWS_SESSION_TOKEN", token)
    raw.always(Sent(http(BODY)))
    for one in (way, Way.BOTO3):
        policy_by(calls_by(one), operation=operation)
    (fast, body), (slow, same_body) = (fields_of(request) for request in raw.requests)
    assert raw.requests[0].split(b"\r\n")[0] == raw.requests[1].split(b"\r\n")[0]
    assert body == same_body
    own = {"authorization", "x-amz-date"}
    used = Credentials("AKIAEXAMPLE", "example", token)
    optional = {"accept-encoding", "amz-sdk-invocation-id", "amz-sdk-request"}
    if way is Way.PLAIN:  # it says that there is no boto3
        assert fast["user-agent"] == f"ecr-reconcile/{__version__}"
        own.add("user-agent")
    assert {n: v for n, v in fast.items() if n not in own} == {
        n: v for n, v in slow.items() if n not in own | optional
    }
    assert fast["authorization"] == signed_by_botocore(raw.url + (path or "/"), fast, body, used)


def signed_by_botocore(url: str, fields: dict[str, str], body: bytes, used: Credentials) -> str:
    names = re.findall(r"SignedHeaders=([^,]+)", fields["authorization"])[0].split(";")
    request = AWSRequest("POST", url, {name: fields[name] for name in names}, body)
    request.context["timestamp"] = fields["x-amz-date"]
    auth = SigV4Auth(used, "ecr", REGION)
    to_sign = auth.string_to_sign(request, auth.canonical_request(request))
    signature = auth.signature(to_sign, request)
    scope = f"{fields['x-amz-date'][:8]}/{REGION}/ecr/aws4_request"
    signed = f"SignedHeaders={';'.join(names)}, Signature={signature}"
    return f"AWS4-HMAC-SHA256 Credential={used.access_key}/{scope}, {signed}"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BOTOCORE_EXPERIMENTAL__PLUGINS", "x=json"),
        ("HTTP_PROXY", "{url}"),
        ("http_proxy", "{url}"),
    ],
)
def test_boto3_makes_the_calls_where_something_is_unusual(
    raw: RawServer, credentials: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    credentials.setenv(variable, value.format(url=raw.url))
    raw.always(Sent(http(BODY)))
    calls = connect(ACCOUNT, REGION).calls()
    for _ in range(2):
        assert policy_by(calls)[0] == "response"
    assert [by_boto3(request) for request in raw.requests] == [True, True]


def test_a_proxy_that_is_not_for_this_host(raw: RawServer, credentials: pytest.MonkeyPatch) -> None:
    credentials.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    credentials.setenv("NO_PROXY", "127.0.0.1")
    raw.always(Sent(http(BODY)))
    assert policy_by(connect(ACCOUNT, REGION).calls())[0] == "response"
    assert not by_boto3(raw.requests[0])


def test_a_user_in_the_address(raw: RawServer, credentials: pytest.MonkeyPatch) -> None:
    credentials.setenv("AWS_ENDPOINT_URL", raw.url.replace("//", "//me:secret@"))
    raw.always(Sent(http(BODY)))
    policy_by(connect(ACCOUNT, REGION).calls())
    assert [by_boto3(request) for request in raw.requests] == [True]


def learnt_calls() -> tuple[Calls, BaseClient]:
    """Calls like those of the client."""
    connection = connection_by(Way.LEARNT)
    client = new_client(connection, "ecr")
    timeouts = Timeouts(5, 20, 30)
    core = connection.boto().core
    access = LearntAccess(client, core)
    return DirectCalls(access, lambda: BotoCalls(client, core, timeouts), timeouts), client


def test_a_handler_that_changes_requests_is_heeded(raw: RawServer) -> None:
    def add(request: AWSRequest, **_event: object) -> None:
        request.headers["x-own"] = "1"

    raw.always(Sent(http(BODY)))
    calls, client = learnt_calls()
    client.meta.events.register("before-sign.ecr", add)
    policy_by(calls)
    assert b"x-own" in raw.requests[0].lower()


def test_a_handler_that_answers_requests_is_heeded(raw: RawServer) -> None:
    class Content:
        def stream(self) -> Iterator[bytes]:
            yield BODY

    def answer(request: AWSRequest, **_event: object) -> AWSResponse:
        return AWSResponse(request.url or "", 200, HTTPHeaders(), Content())

    calls, client = learnt_calls()
    client.meta.events.register("before-send.ecr", answer)  # type: ignore[arg-type]
    assert policy_by(calls)[0] == "response"
    assert raw.requests == []


@pytest.mark.parametrize("way", [Way.LEARNT, Way.BOTO3])
def test_no_credentials(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert policy_by(calls_by(way))[0] == "CREDENTIALS"


def test_new_credentials_are_used(raw: RawServer) -> None:
    raw.always(Sent(http(BODY)))
    connection = connection_by(Way.LEARNT)
    calls = connection.calls()
    policy_by(calls)
    connection.boto().core.set_credentials("AKIANEW", "another", "a-token")
    policy_by(calls)
    fields, body = fields_of(raw.requests[1])
    used = Credentials("AKIANEW", "another", "a-token")
    assert fields["authorization"] == signed_by_botocore(raw.url + "/", fields, body, used)


def test_each_request_is_signed_for_its_second(
    raw: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw.always(Sent(http(BODY)))
    calls = calls_by(Way.PLAIN)
    dates = []
    for second in (1_800_000_000.2, 1_800_000_000.9, 1_800_000_001.0, 1_800_086_400.0):
        monkeypatch.setattr(time, "time", lambda at=second: at)
        policy_by(calls)
        fields, body = fields_of(raw.requests[-1])
        used = Credentials("AKIAEXAMPLE", "example")
        assert fields["authorization"] == signed_by_botocore(raw.url + "/", fields, body, used)
        dates.append(fields["x-amz-date"])
    assert dates == ["20270115T080000Z"] * 2 + ["20270115T080001Z", "20270116T080000Z"]


FAULTS = {
    "calm": Behaviour(),
    "throttled": Behaviour(throttle_rate=1, throttle_burst=1),
    "expired": Behaviour(expire_after=1),
    "failing": Behaviour(fail_every=1),
    "failing-after": Behaviour(fail_after_every=1),
    "cut": Behaviour(cut_before_every=1),
    "cut-after": Behaviour(cut_after_every=1),
    "dead": Behaviour(dead_region=REGION),
    "disabled": Behaviour(disabled_region=REGION),
}


@pytest.mark.parametrize("behaviour", FAULTS.values(), ids=FAULTS)
def test_the_embedded_ecr(clean_environment: pytest.MonkeyPatch, behaviour: Behaviour) -> None:
    def outcomes(way: Way) -> list[Outcome]:
        with Sandbox(behaviour) as ecr:
            for name, value in ecr.environment().items():
                clean_environment.setenv(name, value)
            ecr.create_repository(NAME)
            calls = calls_by(way)
            listing = outcome(calls, "DescribeRepositories", repositoryNames=[NAME])
            missing = policy_by(calls, "no/such")
            return [_without_times(listing), policy_by(calls), missing]

    by_boto = outcomes(Way.BOTO3)
    assert outcomes(Way.PLAIN) == by_boto
    assert outcomes(Way.LEARNT) == by_boto


def _without_times(found: Outcome) -> Outcome:
    """A listing without what differs between two sandboxes."""
    kind, value = found
    time = r"'createdAt': (?:datetime\.datetime\(.*?\)\)|[0-9.]+)"
    text = re.sub(rf"{time}|'[0-9a-f-]{{36}}'|127\.0\.0\.1:\d+", "", str(value))
    return kind, text
