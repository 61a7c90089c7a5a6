"""Whatever a registry answers, or does not: it fails alone, is named once, on both transports."""

import gzip
import json
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from reconciler.model.registry import AssumedRole
from reconciler.model.transport import Transport
from reconciler.registry import session
from reconciler.registry.failures.errors import FailureKind
from reconciler.registry.pace import Pace
from reconciler.registry.reader import RegistryReader
from reconciler.registry.reading import Found, Wanted, read
from reconciler.registry.session import connect

from .raw_server import Sent, Then, serving_raw
from .scripted_aws import Answer, Call, ScriptedAws, ok, refusal, serving, sts_refusal

ACCOUNT, REGION = "111122223333", "us-west-2"
ROLE = "arn:aws:iam::111122223333:role/reader"
NAMES = tuple(f"team/app-{number:02}" for number in range(30))
LISTING = ok(repositories=[{"repositoryName": name} for name in NAMES])
NOWHERE = "http://127.0.0.1:1"
both = pytest.mark.parametrize("transport", list(Transport))


def answer(call: Call, _before: int) -> Answer:
    return LISTING if call.operation == "DescribeRepositories" else ok(policyText="{}")


def http(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> Sent:
    size = f"Content-Length: {len(body) if length is None else length}"
    head = "\r\n".join([f"HTTP/1.1 {status}", *headers, size, "", ""])
    return Sent(head.encode() + body, Then.NEXT if length is None else Then.TRICKLE)


def from_the_tenth_on(code: str) -> Callable[[Call, int], Answer]:
    """Answer nine calls, and refuse all others."""
    return lambda call, before: answer(call, before) if before < 9 else refusal(code, "a reason")


def always(one: Answer) -> Callable[[Call, int], Answer]:
    return lambda _call, _before: one


@dataclass(frozen=True)
class Bad:
    """What a registry's endpoint does, and what the registry is then said to have."""

    endpoint: Sent | Callable[[Call, int], Answer] | str
    kind: FailureKind
    words: str
    role: AssumedRole | None = None

    def serve(self, stack: ExitStack) -> str:
        """Serve it until the stack is closed; return the address."""
        match self.endpoint:
            case str(address):
                return address
            case Sent() as sent:
                raw = stack.enter_context(serving_raw())
                raw.always(sent)
                return raw.url
            case script:
                aws = stack.enter_context(serving())
                aws.answer = script
                return aws.url


BAD = {
    "unreachable": Bad(NOWHERE, FailureKind.CONNECTION, "no connection: .*127.0.0.1:1"),
    "no-such-host": Bad("http://no.invalid", FailureKind.CONNECTION, "no connection: .*no.invalid"),
    "hanging": Bad(Sent(b"", Then.HANG), FailureKind.UNANSWERED, "timed out"),
    "trickling": Bad(http(b"{", length=10**9), FailureKind.UNANSWERED, "timed out"),
    "expired": Bad(
        from_the_tenth_on("ExpiredTokenException"), FailureKind.CREDENTIALS, "credentials expired"
    ),
    "revoked": Bad(
        from_the_tenth_on("UnrecognizedClientException"),
        FailureKind.NOT_ACCEPTED,
        "does not accept the credentials in us-west-2",
    ),
    "not-enabled": Bad(
        always(refusal("OptInRequired", "not subscribed", 403)),
        FailureKind.NOT_ACCEPTED,
        "does not accept the credentials in us-west-2: not subscribed",
    ),
    "denied-role": Bad(
        always(sts_refusal("AccessDenied", "not authorized to perform: sts:AssumeRole")),
        FailureKind.CREDENTIALS,
        "the role could not be assumed",
        AssumedRole(ROLE),
    ),
    "page": Bad(http(b"<html>sign in</html>"), FailureKind.UNANSWERED, "not in AWS's format"),
    "gzip": Bad(
        http(gzip.compress(json.dumps({"repositories": []}).encode()), "Content-Encoding: gzip"),
        FailureKind.UNANSWERED,
        "unexpected response",
    ),
    "redirect": Bad(
        http(b"", f"Location: {NOWHERE}/", status="302 Found"), FailureKind.REJECTED, "302"
    ),
}


@pytest.fixture
def good(aws: ScriptedAws) -> RegistryReader:
    """A registry that answers as it should."""
    aws.answer = answer
    return RegistryReader(connect(ACCOUNT, REGION), Pace())


@both
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_registry_that_fails_fails_alone_and_once(
    good: RegistryReader, credentials: pytest.MonkeyPatch, bad: Bad, transport: Transport
) -> None:
    with ExitStack() as stack:
        credentials.setenv("AWS_ENDPOINT_URL", bad.serve(stack))
        credentials.setattr(session, "_READ_TIMEOUT", 0.3)
        credentials.setattr(session, "_RESPONSE_TIMEOUT", 1.0)
        own = RegistryReader(connect(ACCOUNT, REGION, bad.role, transport=transport), Pace())
        wanted = [Wanted(one, NAMES, select=tuple) for one in (own, good)]
        failed, whole = read(wanted)
    assert (whole.names, tuple(whole.repositories), whole.failure) == (NAMES, NAMES, None)
    assert failed == Found(failure=failed.failure)
    assert failed.failure is not None
    assert failed.failure.kind is bad.kind
    assert "\n" not in failed.failure.one_line
    assert re.search(bad.words, failed.failure.one_line)
