"""Several accounts in one sandbox: keys and profiles of each, and who may assume a role there."""

import stat
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from reconciler.errors import ReconcileError, UsageError
from reconciler.sandbox.server import Sandbox

from .clients import client, keys_of, refused, statement, text

HOME, OTHER, THIRD = "111122223333", "444455556666", "777788889999"
ROLE = f"arn:aws:iam::{OTHER}:role/ecr/reconciler"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(account=HOME, other_accounts=[OTHER, THIRD, HOME]) as running:
        yield running


def trusting(who: str = f"arn:aws:iam::{HOME}:root", **elements: object) -> str:
    """A trust policy that lets somebody assume the role."""
    allowing = {"Principal": {"AWS": who}, "Action": "sts:AssumeRole"}
    return text(statement(**(allowing | elements)))


WITH_ID = trusting(Condition={"StringEquals": {"sts:ExternalId": "contract-17"}})
DENYING = [statement(Effect="Deny", Action="sts:*"), statement(Action="sts:AssumeRole")]
REFUSING = {
    "another account": trusting(f"arn:aws:iam::{THIRD}:root"),
    "another user": trusting(f"arn:aws:iam::{HOME}:user/alice"),
    "another action": trusting(Action="sts:TagSession"),
    "not an action": text(statement(NotAction="sts:TagSession", Action=None)),
    "denied": text(*DENYING),
    "of an unknown address": trusting(Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}),
    "not understood": trusting(Condition={"StringNope": {"sts:ExternalId": "x"}}),
    "not json": "{",
}
ALLOWING = {
    "the account": trusting(),
    "the user": trusting(f"arn:aws:iam::{HOME}:user/sandbox"),
    "everyone": text(statement(Action="sts:Assume*")),
    "the session's name": trusting(Condition={"StringLike": {"sts:RoleSessionName": "bui*"}}),
    "no external id": trusting(Condition={"Null": {"sts:ExternalId": "true"}}),
    "none": "{}",
}


def test_each_account_has_a_profile(sandbox: Sandbox, tmp_path: Path, monkeypatch) -> None:
    sandbox.create_repository("tools")
    sandbox.create_repository("theirs", account=OTHER)
    written = sandbox.write_profiles(tmp_path / "aws")
    for name, value in {**sandbox.environment(), **written}.items():
        monkeypatch.setenv(name, value)
    held = {}
    for account in (HOME, OTHER, THIRD):
        session = boto3.Session(profile_name=f"sandbox-{account}")
        assert session.region_name == "us-west-2"
        identity = session.client("sts").get_caller_identity()
        assert identity["Arn"] == f"arn:aws:iam::{account}:user/sandbox"
        listed = session.client("ecr").describe_repositories()["repositories"]
        held[account] = [one["repositoryName"] for one in listed]
    assert held == {HOME: ["tools"], OTHER: ["theirs"], THIRD: []}


def test_files_of_profiles_are_private_and_replace_their_own_alone(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    written = sandbox.write_profiles(tmp_path)
    modes = {stat.S_IMODE(Path(path).stat().st_mode) for path in written.values()}
    assert modes == {0o600}
    first = {path: Path(path).read_text() for path in written.values()}
    for path, own in first.items():
        Path(path).write_text(own + "# of an earlier sandbox\n")
    assert sandbox.write_profiles(tmp_path) == written
    assert {path: Path(path).read_text() for path in first} == first
    (tmp_path / "config").write_text("[profile own]\n")
    with pytest.raises(ReconcileError, match="config already exists; not overwritten"):
        sandbox.write_profiles(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ReconcileError, match="file can't be made"):
        sandbox.write_profiles(tmp_path / "file")
    (tmp_path / "other" / "credentials").mkdir(parents=True)
    with pytest.raises(ReconcileError, match="credentials already exists"):
        sandbox.write_profiles(tmp_path / "other")


@pytest.mark.parametrize(
    ("region", "hint"),
    [
        ("us-wset-2", "did you mean us-west-2?"),
        ("us-west-9", "give one that has ECR, such as us-west-2"),
    ],
)
def test_a_region_without_ecr_is_refused(region: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f'no region "{region}"') as refused:
        Sandbox(other_regions=["eu-west-1", region]).start()
    assert refused.value.hint == hint


@pytest.mark.parametrize("trust", ALLOWING.values(), ids=ALLOWING)
def test_a_role_is_assumed_where_its_trust_policy_allows_it(sandbox: Sandbox, trust: str) -> None:
    role = sandbox.create_role(OTHER, "reconciler", "/ecr/", trust)
    with client(sandbox, "sts", keys=keys_of(sandbox, role)) as sts:
        identity = sts.get_caller_identity()
    assert role == ROLE
    assert identity["Account"] == OTHER
    assert identity["Arn"] == f"arn:aws:sts::{OTHER}:assumed-role/reconciler/build"


@pytest.mark.parametrize("trust", REFUSING.values(), ids=REFUSING)
def test_a_role_is_refused_where_its_trust_policy_allows_nothing(
    sandbox: Sandbox, trust: str
) -> None:
    role = sandbox.create_role(OTHER, "reconciler", "/ecr/", trust)
    message = (
        f"User: arn:aws:iam::{HOME}:user/sandbox is not authorized to perform: sts:AssumeRole on "
        f"resource: {ROLE}"
    )
    with refused("AccessDenied", message, status=403):
        keys_of(sandbox, role)


def test_a_role_with_an_external_id_wants_that_one(sandbox: Sandbox) -> None:
    role = sandbox.create_role(OTHER, "reconciler", "/ecr/", WITH_ID)
    asked = {"RoleArn": role, "RoleSessionName": "nightly"}
    with client(sandbox, "sts") as sts:
        with refused("AccessDenied", status=403):
            sts.assume_role(**asked)
        with refused("AccessDenied", status=403):
            sts.assume_role(**asked, ExternalId="contract-18")
        given = sts.assume_role(**asked, ExternalId="contract-17")
    assert given["AssumedRoleUser"]["Arn"].endswith(":assumed-role/reconciler/nightly")


def test_a_session_can_assume_the_next_role(sandbox: Sandbox) -> None:
    first = sandbox.create_role(OTHER, "first", trust_policy=trusting())
    second = sandbox.create_role(THIRD, "second", trust_policy=trusting(first))
    with refused("AccessDenied", status=403):
        keys_of(sandbox, second)
    with client(sandbox, "sts", keys=keys_of(sandbox, first)) as sts:
        given = sts.assume_role(RoleArn=second, RoleSessionName="next")
    assert given["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{THIRD}:assumed-role/second/next"
