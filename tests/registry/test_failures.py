import re
from pathlib import Path

import pytest
from botocore import exceptions as boto

from reconciler.errors import ReconcileError
from reconciler.registry.failures.errors import CallError, FailureKind, UnreadableResponseError
from reconciler.registry.failures.kinds import explain, failure_kind, quoted
from reconciler.registry.pace import Pace
from reconciler.registry.reader import RegistryReader
from reconciler.registry.session import caller_identity, connect

from .scripted_aws import CUT, Answer, ScriptedAws, ok, page, refusal

ACCOUNT, REGION = "111122223333", "us-west-2"
CALLER = "arn:aws:sts::111122223333:assumed-role/ci/build"
DENIED = (
    f"User: {CALLER} is not authorized to perform: ecr:GetRepositoryPolicy on resource: "
    "arn:aws:ecr:us-west-2:111122223333:repository/team/api "
)
PARAMETER = "Invalid parameter at 'PolicyText' failed to satisfy constraint: "


def failed_read(pace: Pace) -> CallError:
    """What a person is told of a read that boto3 really made."""
    with pytest.raises(CallError) as caught:
        RegistryReader(connect(ACCOUNT, REGION), pace).read_policy("team/api")
    error = caught.value
    assert isinstance(error, ReconcileError)
    assert error.exit_code == 1
    assert all(line is None or line.isprintable() for line in (error.message, error.hint))
    return error


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            refusal("AccessDeniedException", DENIED + "because no identity-based policy allows it"),
            FailureKind.DENIED,
            [CALLER, "ecr:GetRepositoryPolicy", "team/api", "no identity-based policy"],
        ),
        (
            refusal("AccessDeniedException", "no"),
            FailureKind.DENIED,
            ["ecr:GetRepositoryPolicy", "no"],
        ),
        (
            refusal("ThrottlingException", "Rate exceeded"),
            FailureKind.THROTTLED,
            ["on every attempt"],
        ),
        (
            refusal("TooManyRequestsException", "slower"),
            FailureKind.THROTTLED,
            ["on every attempt"],
        ),
        (refusal("Whatever", "Rate exceeded"), FailureKind.THROTTLED, ["on every attempt"]),
        (Answer(429, b""), FailureKind.THROTTLED, ["on every attempt"]),
        (refusal("LimitExceededException", "too many"), FailureKind.REJECTED, ["too many"]),
        (refusal("RepositoryNotFoundException", "gone"), FailureKind.REPOSITORY_MISSING, ["gone"]),
        (
            refusal("InvalidParameterException", PARAMETER + "'Principal not found'"),
            FailureKind.PRINCIPAL_NOT_FOUND,
            ["Principal not found"],
        ),
        (
            refusal(
                "InvalidParameterException", PARAMETER + "'Invalid repository policy provided'"
            ),
            FailureKind.INVALID_POLICY,
            ["Invalid repository policy provided"],
        ),
        (
            refusal("InvalidParameterException", "a name"),
            FailureKind.REJECTED,
            ["a name", "Invalid"],
        ),
        (refusal("ExpiredTokenException", "old"), FailureKind.CREDENTIALS, ["expired"]),
        (refusal("UnrecognizedClientException", "bad"), FailureKind.NOT_ACCEPTED, ["bad", REGION]),
        (refusal("InvalidSignatureException", "off"), FailureKind.CREDENTIALS, ["signature"]),
        (refusal("ServerException", "oops", 500), FailureKind.SERVICE, ["oops", "ServerException"]),
        (page(502, "<html>"), FailureKind.SERVICE, ["502"]),
        (page(413, "<html>"), FailureKind.REJECTED, ["413"]),
        (page(200, "<html>sign in</html>"), FailureKind.UNANSWERED, ["not in AWS's format"]),
        (ok(), FailureKind.UNANSWERED, ["not in AWS's format"]),
        (Answer(200, b"[1]"), FailureKind.UNANSWERED, ["not in AWS's format"]),
        (Answer(400, b"null"), FailureKind.UNANSWERED, ["not in AWS's format"]),
        (CUT, FailureKind.UNANSWERED, ["closed"]),
        (
            refusal("Odd\x1b[31m", "red\x1b[2J\r\n\u202e"),
            FailureKind.REJECTED,
            [r"red\x1b[2J\x0d\x0a\u202e"],
        ),
    ],
)
def test_answers(
    aws: ScriptedAws, pace: Pace, answer: Answer, kind: FailureKind, words: list[str]
) -> None:
    aws.always(answer)
    error = failed_read(pace)
    assert error.kind is kind
    for word in words:
        assert word in error.message


def test_a_denial_says_what_to_allow(aws: ScriptedAws, pace: Pace) -> None:
    reason = "because no policy allows the ecr:GetRepositoryPolicy action"
    aws.always(refusal("AccessDeniedException", DENIED + reason))
    error = failed_read(pace)
    assert error.message == (
        f"ecr:GetRepositoryPolicy on team/api: not allowed for {CALLER}: no policy allows it"
    )
    assert error.hint == "allow it in the identity policy of the caller"


@pytest.mark.parametrize(
    "reason",
    ["with an explicit deny", "with an explicit deny in a service control policy",
     "because of an explicit deny"],
)  # fmt: skip
def test_an_explicit_deny_is_not_answered_by_an_allow(
    aws: ScriptedAws, pace: Pace, reason: str
) -> None:
    aws.always(refusal("AccessDeniedException", DENIED + reason))
    error = failed_read(pace)
    assert "explicit deny" in error.message
    assert (error.hint or "").startswith("a Deny")


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("address", "kind", "word"),
    [
        ("http://127.0.0.1:1", FailureKind.CONNECTION, "127.0.0.1:1"),
        ("http://me:secret@127.0.0.1:1", FailureKind.CONNECTION, "127.0.0.1:1"),
        ("nonsense", FailureKind.SETTINGS, "nonsense"),
        ("http://", FailureKind.SETTINGS, "http://"),
        ("ftp://127.0.0.1", FailureKind.SETTINGS, "ftp://127.0.0.1"),
        ("http://127.0.0.1:99999", FailureKind.SETTINGS, "http://127.0.0.1:99999"),
        ("http://127.0.0.1:x", FailureKind.SETTINGS, "http://127.0.0.1:x"),
        ("http://[::1", FailureKind.SETTINGS, "http://[::1"),
        ("http://me:secret@[::1", FailureKind.SETTINGS, "[::1"),
    ],
)
def test_endpoints(
    monkeypatch: pytest.MonkeyPatch, pace: Pace, address: str, kind: FailureKind, word: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    error = failed_read(pace)
    assert error.kind is kind
    assert word in error.message
    assert "secret" not in error.message
    assert "AWS_ENDPOINT_URL" in (error.hint or "")


@pytest.mark.parametrize(
    ("address", "variables"),
    [
        ("api.ecr-fips.eu-west-1.amazonaws.com", ["AWS_USE_FIPS_ENDPOINT"]),
        ("ecr.eu-west-1.api.aws", ["AWS_USE_DUALSTACK_ENDPOINT"]),
        ("ecr-fips.x.api.aws", ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"]),
        ("api.ecr.eu-west-1.amazonaws.com", []),
    ],
)
def test_an_endpoint_that_may_not_exist(address: str, variables: list[str]) -> None:
    error = boto.EndpointConnectionError(endpoint_url=f"https://{address}/")
    hint = explain(error, operation="GetRepositoryPolicy", repository=None).hint or ""
    assert re.findall(r"AWS_USE_\w+", hint) == variables


@pytest.mark.usefixtures("credentials")
def test_an_endpoint_that_botocore_knows_not(monkeypatch: pytest.MonkeyPatch, pace: Pace) -> None:
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", "true")
    with pytest.raises(CallError) as caught:
        RegistryReader(connect(ACCOUNT, "eu-isoe-west-1"), pace)
    assert caught.value.kind is FailureKind.SETTINGS
    assert "unset AWS_USE_DUALSTACK_ENDPOINT" in (caught.value.hint or "")


@pytest.mark.parametrize(("region", "opt_in"), [("eu-south-1", True), ("us-gov-west-1", False)])
@pytest.mark.parametrize("code", ["UnrecognizedClientException", "InvalidClientTokenId"])
def test_a_region_that_may_not_be_enabled(
    aws: ScriptedAws, pace: Pace, code: str, region: str, opt_in: bool
) -> None:
    aws.always(refusal(code, "The security token included in the request is invalid"))
    with pytest.raises(CallError) as caught:
        RegistryReader(connect(ACCOUNT, region), pace).read_policy("team/api")
    assert f"AWS does not accept the credentials in {region}: " in caught.value.message
    assert (f"get-region-opt-status --region-name {region}" in (caught.value.hint or "")) is opt_in


def test_tls(aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch, pace: Pace) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url.replace("http:", "https:"))
    error = failed_read(pace)
    assert error.kind is FailureKind.TLS
    assert "AWS_CA_BUNDLE" in (error.hint or "")


def test_no_credentials(pace: Pace) -> None:
    error = failed_read(pace)
    assert (error.kind, error.message) == (FailureKind.CREDENTIALS, "no AWS credentials found")


def test_a_file_of_credentials_that_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pace: Pace
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")
    assert failed_read(pace).message == (
        f"no AWS credentials found; AWS_CONFIG_FILE names {tmp_path}, which is not a file; "
        "AWS_SHARED_CREDENTIALS_FILE names /nowhere/credentials, which is not a file"
    )


def test_half_the_credentials(monkeypatch: pytest.MonkeyPatch, pace: Pace) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    error = failed_read(pace)
    assert error.kind is FailureKind.CREDENTIALS
    assert "AWS_SECRET_ACCESS_KEY" in error.message


def test_an_unknown_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CallError, match="nobody") as caught:
        connect(ACCOUNT, REGION)
    assert caught.value.kind is FailureKind.SETTINGS


def test_an_impossible_region() -> None:
    with pytest.raises(CallError, match="us west"):
        caller_identity(connect(ACCOUNT, "us west"))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (boto.NoRegionError(), FailureKind.SETTINGS),
        (boto.ConnectTimeoutError(endpoint_url="https://x"), FailureKind.CONNECTION),
        (boto.ProxyConnectionError(proxy_url="http://me:secret@proxy"), FailureKind.CONNECTION),
        (boto.ReadTimeoutError(endpoint_url="https://x"), FailureKind.UNANSWERED),
        (boto.UnauthorizedSSOTokenError(), FailureKind.CREDENTIALS),
        (boto.TokenRetrievalError(provider="sso", error_msg="x"), FailureKind.CREDENTIALS),
        (boto.ParamValidationError(report="too short"), FailureKind.REJECTED),
        (UnreadableResponseError("x"), FailureKind.UNANSWERED),
    ],
)
def test_errors_that_are_hard_to_provoke(error: Exception, kind: FailureKind) -> None:
    assert failure_kind(error) is kind
    told = explain(error, operation="GetRepositoryPolicy", repository="a/\x1bb")
    assert told.kind is kind
    assert told.message.isprintable()


def test_no_password_of_a_proxy_is_told() -> None:
    error = boto.ProxyConnectionError(proxy_url="http://me:secret@proxy:8080")
    told = explain(error, operation="GetRepositoryPolicy", repository=None)
    assert "proxy:8080" in told.message
    assert "secret" not in told.message


def test_a_credential_with_a_line_break_is_not_quoted() -> None:
    error = boto.HTTPClientError(error=ValueError("Invalid header value b'SECRET\\n'"))
    told = explain(error, operation="GetCallerIdentity", repository=None)
    assert told.kind is FailureKind.CREDENTIALS
    assert "SECRET" not in told.message + (told.hint or "")
    assert "a credential holds a line break" in told.message


def test_an_explained_error_stays_as_it_is() -> None:
    error = CallError("x", kind=FailureKind.TLS)
    assert explain(error, operation="connect", repository=None) is error


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("grün", "grün"),
        ("a\nb\tc", r"a\x0ab\x09c"),
        ("\x1b]0;x\x07", r"\x1b]0;x\x07"),
        ("\u202e\U000e0041\ud800", r"\u202e\U000e0041\ud800"),
        ("x" * 501, "x" * 500 + "…"),
    ],
)
def test_quoted(text: str, shown: str) -> None:
    assert quoted(text) == shown
