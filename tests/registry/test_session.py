from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path

import pytest

from reconciler.errors import RefusedError
from reconciler.model.registry import AssumedRole
from reconciler.model.transport import Transport
from reconciler.registry import session
from reconciler.registry.failures.errors import CallError, FailureKind
from reconciler.registry.pace import Pace
from reconciler.registry.reader import RegistryReader
from reconciler.registry.reading import Wanted, read
from reconciler.registry.session import (
    caller_identity,
    connect,
    default_region,
    new_source,
    require_account,
)
from reconciler.registry.settings import sts as sts_module
from reconciler.registry.tasks import run_alone
from reconciler.registry.transport.boto_session import BotoSession
from reconciler.registry.writer import RegistryWriter

from .scripted_aws import CUT, Answer, Call, ScriptedAws, ok, page, sts, sts_refusal

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "us-west-2"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reconciler"
both = pytest.mark.parametrize("transport", list(Transport))


def identity(account: str) -> Answer:
    arn = f"<Arn>arn:aws:iam::{account}:user/ci</Arn>"
    return sts("GetCallerIdentity", f"<Account>{account}</Account>{arn}")


def role_credentials(key: str, expiration: str) -> Answer:
    fields = {
        "AccessKeyId": key,
        "SecretAccessKey": "secret",
        "SessionToken": "token",
        "Expiration": expiration,
    }
    xml = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return sts("AssumeRole", f"<Credentials>{xml}</Credentials>")


def test_connecting_calls_nobody(aws: ScriptedAws, pace: Pace) -> None:
    RegistryReader(connect(ACCOUNT, REGION, AssumedRole(ROLE)), pace)
    assert aws.calls == []


@both
def test_who_calls(aws: ScriptedAws, transport: Transport) -> None:
    aws.always(identity(OTHER))
    caller = caller_identity(connect(ACCOUNT, REGION, transport=transport))
    assert (caller.account, caller.arn) == (OTHER, f"arn:aws:iam::{OTHER}:user/ci")


def test_the_right_account_passes(aws: ScriptedAws) -> None:
    aws.always(identity(ACCOUNT))
    require_account(connect(ACCOUNT, REGION))
    assert aws.operations() == ["GetCallerIdentity"]


def test_a_wrong_account_is_refused(aws: ScriptedAws) -> None:
    aws.always(identity(OTHER))
    with pytest.raises(RefusedError) as caught:
        require_account(connect(ACCOUNT, REGION))
    assert ACCOUNT in caught.value.message
    assert OTHER in caught.value.message
    assert caught.value.exit_code == 5


UNKNOWN_CALLER: dict[str, Answer] = {
    "refused": sts_refusal("AccessDenied", "no"),
    "expired": sts_refusal("ExpiredToken", "old"),
    "unknown": sts_refusal("InvalidClientTokenId", "The security token is invalid"),
    "not-signed-well": sts_refusal("SignatureDoesNotMatch", "no"),
    "throttled": sts_refusal("Throttling", "Rate exceeded", 400),
    "failing": sts_refusal("InternalFailure", "oops", 500),
    "busy": page(503, "<html>busy</html>"),
    "a-page": page(200, "<html></html>"),
    "no-xml": page(200, "hello"),
    "cut": CUT,
}


@pytest.mark.parametrize("answer", UNKNOWN_CALLER.values(), ids=UNKNOWN_CALLER)
def test_an_unknown_caller_is_told_alike_with_and_without_boto3(
    aws: ScriptedAws, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "Pace", partial(Pace, sleep=no_pause))
    monkeypatch.setattr(sts_module, "Pace", partial(Pace, sleep=no_pause))
    aws.always(answer)
    told = []
    for transport in Transport:
        with pytest.raises(CallError) as caught:
            caller_identity(connect(ACCOUNT, REGION, transport=transport))
        told.append((caught.value.kind, caught.value.message, caught.value.hint))
    assert told[0] == told[1]


async def no_pause(_seconds: float) -> None:
    """Wait for nothing."""


@pytest.mark.parametrize("answer", [page(200, "<html></html>"), sts("GetCallerIdentity", "")])
def test_no_account_is_no_right_account(aws: ScriptedAws, answer: Answer) -> None:
    aws.always(answer)
    with pytest.raises(CallError) as caught:
        require_account(connect(ACCOUNT, REGION))
    assert caught.value.kind is FailureKind.UNANSWERED


def assuming(aws: ScriptedAws, expiration: str) -> None:
    def answer(call: Call, before: int) -> Answer:
        if call.operation == "AssumeRole":
            return role_credentials(f"AKIAROLE{before}", expiration)
        return ok(policyText="{}")

    aws.answer = answer


@both
def test_a_role_is_assumed_once_at_the_first_call(
    aws: ScriptedAws, pace: Pace, transport: Transport
) -> None:
    assuming(aws, "2999-01-01T00:00:00Z")
    reader = RegistryReader(connect(ACCOUNT, REGION, AssumedRole(ROLE), transport=transport), pace)
    names = [f"team/app-{number}" for number in range(20)]
    read([Wanted(reader, names, lists=False)])
    assert aws.operations() == ["AssumeRole"] + ["GetRepositoryPolicy"] * 20
    assert aws.calls[0].parameters["RoleArn"] == ROLE
    assert all("AKIAROLE0" in call.authorization for call in aws.calls[1:])
    assert "AKIAEXAMPLE" in aws.calls[0].authorization


@both
def test_a_role_is_assumed_before_any_thread_calls(
    aws: ScriptedAws, pace: Pace, transport: Transport
) -> None:
    assuming(aws, "2999-01-01T00:00:00Z")
    connection = connect(ACCOUNT, REGION, AssumedRole(ROLE), transport=transport)
    run_alone(RegistryReader(connection, pace).prepare())
    assert aws.operations() == ["AssumeRole"]


@both
def test_a_role_that_is_refused_ends_it_all(
    aws: ScriptedAws, pace: Pace, transport: Transport
) -> None:
    aws.always(sts_refusal("AccessDenied", f"User: x is not authorized on resource: {ROLE}"))
    reader = RegistryReader(connect(ACCOUNT, REGION, AssumedRole(ROLE), transport=transport), pace)
    wanted = Wanted(reader, ["a/a", "b/b"], lists=False)
    (found,) = read([wanted])
    assert aws.operations() == ["AssumeRole"]
    assert found.failure is not None
    assert found.failure.kind is FailureKind.CREDENTIALS
    assert "could not be assumed" in found.failure.message
    assert ROLE in found.failure.message
    assert "trust policy" in (found.failure.hint or "")


@both
def test_the_parameters_of_a_role(aws: ScriptedAws, pace: Pace, transport: Transport) -> None:
    assuming(aws, "2999-01-01T00:00:00Z")
    role = AssumedRole(ROLE, "an id=&+ß", "a-session")
    RegistryReader(connect(ACCOUNT, REGION, role, transport=transport), pace).read_policy("a/a")
    assert aws.calls[0].parameters == {
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": "a-session",
        "ExternalId": "an id=&+ß",
    }


@both
@pytest.mark.parametrize("minutes", [-1, 5])
def test_a_role_is_assumed_again_before_its_credentials_expire(
    aws: ScriptedAws, pace: Pace, transport: Transport, minutes: int
) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=minutes)
    assuming(aws, soon.isoformat())
    reader = RegistryReader(connect(ACCOUNT, REGION, AssumedRole(ROLE), transport=transport), pace)
    if minutes < 0:
        with pytest.raises(CallError, match="expired") as caught:
            reader.read_policy("a/a")
        assert caught.value.kind is FailureKind.CREDENTIALS
        assert set(aws.operations()) == {"AssumeRole"}
    else:
        for _ in range(2):
            reader.read_policy("a/a")
        assert aws.operations().count("AssumeRole") >= 2


REFUSALS = {
    "denied": sts_refusal("AccessDenied", "User: x is not authorized &lt;é&gt; &amp; so on"),
    "expired": sts_refusal("ExpiredToken", "The security token included is expired", 400),
    "unknown key": sts_refusal("InvalidClientTokenId", "The security token is invalid", 403),
    "signature": sts_refusal("SignatureDoesNotMatch", "Signature expired", 403),
    "no region": sts_refusal("RegionDisabledException", "STS is not activated", 403),
    "invalid": sts_refusal("ValidationError", "1 validation error", 400),
    "a namespace": Answer(
        403,
        b'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>'
        b"<Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>",
        "text/xml",
    ),
}


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
def test_a_role_that_is_refused_is_explained_alike(
    aws: ScriptedAws, pace: Pace, answer: Answer
) -> None:
    aws.always(answer)
    told = set()
    for transport in Transport:
        connection = connect(ACCOUNT, REGION, AssumedRole(ROLE), transport=transport)
        with pytest.raises(CallError) as caught:
            RegistryReader(connection, pace).read_policy("a/a")
        told.add((caught.value.kind, caught.value.message, caught.value.hint))
    assert len(told) == 1
    assert aws.operations() == ["AssumeRole"] * 2


@both
@pytest.mark.parametrize("answer", [page(200, "<html></html>"), page(200, "{"), Answer(200, b"")])
def test_what_gives_no_credentials(
    aws: ScriptedAws, pace: Pace, answer: Answer, transport: Transport
) -> None:
    aws.always(answer)
    connection = connect(ACCOUNT, REGION, AssumedRole(ROLE), transport=transport)
    with pytest.raises(CallError, match="AssumeRole: unexpected response: not in AWS's format"):
        RegistryReader(connection, pace).read_policy("a/a")
    assert set(aws.operations()) == {"AssumeRole"}


@pytest.mark.parametrize("expiration", ["", "soon", "2999-01-01T00:00:00"])
def test_an_expiration_that_is_none(aws: ScriptedAws, pace: Pace, expiration: str) -> None:
    aws.always(role_credentials("AKIAROLE", expiration))
    with pytest.raises(CallError, match="AssumeRole: unexpected response"):
        RegistryReader(connect(ACCOUNT, REGION, AssumedRole(ROLE)), pace).read_policy("a/a")


def test_sts_that_fails_once(aws: ScriptedAws, pace: Pace) -> None:
    given = role_credentials("AKIAROLE", "2999-01-01T00:00:00Z")
    aws.always(page(503, "<html>"), page(500, ""), given, ok(policyText="{}"))
    reader = RegistryReader(connect(ACCOUNT, REGION, AssumedRole(ROLE)), pace)
    assert reader.read_policy("a/a") == "{}"
    assert aws.operations() == ["AssumeRole"] * 3 + ["GetRepositoryPolicy"]


def test_roles_of_one_profile_share_what_assumes_them(aws: ScriptedAws, pace: Pace) -> None:
    assuming(aws, "2999-01-01T00:00:00Z")
    made: list[str] = []

    def source(region: str, profile: str | None) -> BotoSession:
        made.append(region)
        return new_source(region, profile)

    shared = cache(source)
    roles = [AssumedRole(f"arn:aws:iam::{ACCOUNT}:role/{number}") for number in range(8)]
    connections = [
        connect(ACCOUNT, REGION, role, transport=Transport.BOTO3, sources=shared) for role in roles
    ]
    readers = [RegistryReader(one, pace) for one in connections]
    found = read([Wanted(reader, ["a/a"], lists=False) for reader in readers])
    assert [one.failure for one in found] == [None] * 8
    assert made == [REGION]
    assumed = {call.parameters.get("RoleArn") for call in aws.calls}
    assert assumed - {None} == {role.arn for role in roles}
    used = {
        call.authorization.split("/")[0] for call in aws.calls if "registryId" in call.parameters
    }
    assert len(used) == 8


def test_a_role_without_credentials_to_assume_it_with(pace: Pace) -> None:
    reader = RegistryReader(connect(ACCOUNT, REGION, AssumedRole(ROLE)), pace)
    with pytest.raises(CallError, match="no AWS credentials"):
        reader.read_policy("a/a")


def test_a_connection_prints_no_session() -> None:
    assert "Session" not in repr(connect(ACCOUNT, REGION, AssumedRole(ROLE)))


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("the access key id", "AWS_ACCESS_KEY_ID"),
        ("the secret access key", "AWS_SECRET_ACCESS_KEY"),
        ("the session token", "AWS_SESSION_TOKEN"),
    ],
)
def test_a_credential_with_white_space_is_not_used(
    aws: ScriptedAws, credentials: pytest.MonkeyPatch, name: str, variable: str
) -> None:
    for value, where in (
        ("abcdefgh\n", "ends with"),
        (" abcdefgh", "begins with"),
        ("\u00a0abcdefgh\t\r\n", "begins and ends with"),
        ("abcd\u00a0efgh", "contains"),
    ):
        credentials.setenv(variable, value)
        with pytest.raises(CallError) as caught:
            caller_identity(connect(ACCOUNT, REGION))
        assert caught.value.kind is FailureKind.CREDENTIALS
        expected = f"{name} {where} white space; it comes from the environment"
        assert caught.value.message == expected
    assert aws.calls == []


def test_a_letter_that_no_credential_has(aws: ScriptedAws, credentials: pytest.MonkeyPatch) -> None:
    credentials.setenv("AWS_SESSION_TOKEN", "abcdefghé")
    with pytest.raises(CallError, match="ends with a character that no credential has"):
        caller_identity(connect(ACCOUNT, REGION))
    assert aws.calls == []


@both
@pytest.mark.parametrize("field", ["secret", "token"])
def test_what_a_role_gives_is_looked_at_too(
    aws: ScriptedAws, pace: Pace, field: str, transport: Transport
) -> None:
    given = role_credentials("AKIAROLE", "2999-01-01T00:00:00Z")
    spoilt = given.body.replace(f">{field}<".encode(), f">{field}&#10;<".encode())
    aws.always(Answer(200, spoilt, "text/xml"))
    connection = connect(ACCOUNT, REGION, AssumedRole(ROLE), transport=transport)
    with pytest.raises(CallError, match="ends with white space; it comes from assume-role"):
        RegistryReader(connection, pace).read_policy("a/a")
    assert aws.operations() == ["AssumeRole"]


def test_a_write_that_was_not_sent_is_certain(
    aws: ScriptedAws, credentials: pytest.MonkeyPatch, pace: Pace
) -> None:
    credentials.setenv("AWS_SESSION_TOKEN", "abcdefgh\n")
    connection = connect(ACCOUNT, REGION)
    writer = RegistryWriter(connection, pace, RegistryReader(connection, pace))
    with pytest.raises(CallError, match="white space"):
        writer.set_policy("a/a", "{}")
    assert aws.calls == []


def test_a_profile_goes_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = "aws_access_key_id = of-the-profile\naws_secret_access_key = x\n"
    (tmp_path / "config").write_text(f"[profile central]\n{keys}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "another")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    found = connect(ACCOUNT, REGION, profile="central").boto().session.get_credentials()
    assert found is not None
    assert found.access_key == "of-the-profile"


def test_the_region_of_the_settings(clean_environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert default_region(None) is None
    (tmp_path / "config").write_text("[default]\nregion = eu-west-1\n")
    clean_environment.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert default_region(None) == "eu-west-1"
    clean_environment.setenv("AWS_REGION", "us-west-2")
    assert default_region(None) == "us-west-2"
    with pytest.raises(CallError):
        default_region("none-such")
