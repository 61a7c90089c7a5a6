"""What a Deny takes away of a grant for certain, and what it may or may not."""

from datetime import UTC, datetime

import pytest

from reconciler.policy.meaning.callers import known_of_requests
from reconciler.policy.meaning.facts import Holder
from reconciler.policy.meaning.no_effect import Loss, compute_loss, denial_of
from tests.policy.making import (
    ACCOUNT,
    GET,
    LAMBDA,
    OTHER_ACCOUNT,
    PULL,
    PUT,
    ROLE,
    ROLE_B,
    ROOT,
    USER,
    Json,
    allow,
    deny,
    statement,
)

REGISTRY = "111122223333"
KNOWN = known_of_requests(REGISTRY, ["us-west-2"], datetime(2026, 11, 1, tzinfo=UTC))
SOURCE = f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/a/build-7"
ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
PATHS = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/ou-1/*"}}
NOT_ORG = {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}
FUNCTIONS = {"StringLike": {"aws:SourceArn": f"{SOURCE}*"}}
BUILDS = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
NOT_BUILDS = {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}
ADMINS = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/sso/*/Admin_*"}}
OFFICE = {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/40"]}}


def loss(grant: Json, denial: Json) -> Loss | None:
    allowed, denied = statement(grant), denial_of(statement(denial))
    assert denied
    (principal,) = allowed.principals
    holder = Holder(principal, "Allow", allowed.condition)
    return compute_loss(holder, allowed.actions, denied, KNOWN)


def when(operator: str, key: str, *values: object) -> Json:
    return {operator: {key: list(values)}}


IF_ANY = when("StringEqualsIfExists", "aws:SourceAccount", ACCOUNT)
ANY_PATHS = when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-*")
ANY_ROLE = when("StringLike", "aws:PrincipalArn", "*:role/a")
VIA = when("StringEquals", "aws:CalledVia", "x")
SECURE = when("Bool", "aws:SecureTransport", True)
TEAM = when("StringLike", "aws:PrincipalTag/team", "a", "b")


def source(arn: str, condition: Json) -> tuple[Json, Json]:
    """Let a service act for what a pattern of ARNs matches, under a Deny with a condition."""
    return allow(LAMBDA, when=when("StringLike", "aws:SourceArn", arn)), condition


CERTAIN = [
    # A service is in no organization and has no tags; its name and kind are known.
    (allow(LAMBDA, when=FUNCTIONS), NOT_ORG),
    (allow(LAMBDA, when=BUILDS), NOT_ORG),
    (allow(LAMBDA), when("StringNotEquals", "aws:PrincipalOrgID", "${aws:ResourceOrgID}")),
    (allow(LAMBDA), when("ForAllValues:StringNotLike", "aws:PrincipalOrgPaths", "o-1/*")),
    (allow(LAMBDA), when("Null", "aws:PrincipalOrgID", "true")),
    (allow(LAMBDA), when("StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-1")),
    (allow(LAMBDA), when("StringNotEquals", "aws:PrincipalTag/team", "a")),
    (allow(LAMBDA), when("Bool", "aws:PrincipalIsAWSService", True)),
    (allow(LAMBDA), when("StringLike", "aws:PrincipalServiceName", "lambda.*")),
    (allow("*", when=BUILDS), NOT_ORG),
    # Its account and its ARN are nobody's, whether it has them or not; it has no session either.
    (allow(LAMBDA), when("StringNotEquals", "aws:PrincipalAccount", ACCOUNT)),
    (allow(LAMBDA), when("StringNotEqualsIfExists", "aws:PrincipalAccount", ACCOUNT)),
    (allow("*", when=BUILDS), when("StringNotLike", "aws:PrincipalAccount", "4444*")),
    (allow(LAMBDA), when("ArnNotLike", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:role/*")),
    (allow(LAMBDA), when("StringNotLike", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:*")),
    (allow(LAMBDA), when("StringNotEquals", "aws:username", "alice")),
    (allow(LAMBDA), when("BoolIfExists", "aws:MultiFactorAuthPresent", False)),
    (allow(LAMBDA), when("Null", "aws:TokenIssueTime", True)),
    # A source outside of those that the Deny leaves out.
    (allow(LAMBDA, when=FUNCTIONS), when("ArnNotLike", "aws:SourceArn", "arn:aws:s3:*:*:*")),
    (allow(LAMBDA, when=FUNCTIONS), when("StringNotEquals", "aws:SourceArn", "arn:aws:s3:::b")),
    (allow(LAMBDA, when=FUNCTIONS), when("StringLike", "aws:SourceArn", "arn:aws:lambda:*")),
    (allow(LAMBDA, when=FUNCTIONS), when("ArnLike", "aws:SourceArn", "arn:aws:lambda:*:*:*")),
    (allow(LAMBDA, when=FUNCTIONS), when("Null", "aws:SourceArn", "false")),
    (allow(LAMBDA, when=BUILDS), when("StringNotEquals", "aws:SourceAccount", OTHER_ACCOUNT)),
    # Users and roles have no keys of services, and an account that is known.
    (allow(ROLE), when("StringNotEquals", "aws:SourceAccount", ACCOUNT)),
    (allow(ROLE), when("Null", "aws:SourceArn", "true")),
    (allow(ROLE), when("StringNotLike", "aws:username", "alice")),
    (allow(ROLE), when("Bool", "aws:PrincipalIsAWSService", False)),
    (allow(ROLE), when("StringNotEquals", "aws:PrincipalAccount", OTHER_ACCOUNT)),
    (allow(ROLE), when("StringNotEquals", "aws:PrincipalAccount", "${aws:ResourceAccount}")),
    (allow(ROLE), when("ArnNotEquals", "aws:PrincipalArn", ROLE_B, USER)),
    (allow(USER), when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:user/*")),
    (allow(ROOT), when("StringEquals", "aws:PrincipalAccount", ACCOUNT)),
    (allow(SESSION), when("StringNotEquals", "aws:SourceOrgID", "o-1")),
    (allow(ROOT, when=ADMINS), when("ArnNotLike", "aws:PrincipalArn", f"{ROLE}*", USER)),
    (allow(ROOT, when=ADMINS), when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/sso/*")),
    (allow("*", when=ADMINS), when("StringNotEquals", "aws:PrincipalAccount", OTHER_ACCOUNT)),
    (allow(ROLE), when("StringNotEquals", "aws:PrincipalType", "User")),
    (allow(USER), when("StringNotLike", "aws:username", "bob")),
    (allow(USER), when("Null", "aws:SourceIdentity", True)),
    # So do the members of an organization.
    (allow("*", when=ORG), when("StringNotEquals", "aws:PrincipalOrgID", "o-2")),
    (allow("*", when=ORG), when("ForAllValues:StringNotLike", "aws:PrincipalOrgPaths", "o-2/*")),
    (allow("*", when=ORG), when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/*")),
    (allow("*", when=ORG), when("StringNotEquals", "aws:SourceAccount", ACCOUNT)),
    (allow("*", when=ORG), when("Null", "aws:PrincipalOrgPaths", "false")),
    (allow("*", when=PATHS), when("StringEquals", "aws:PrincipalOrgID", "o-1", "o-2")),
    (
        allow("*", when=PATHS),
        when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/r-1/*", "o-2/*"),
    ),
    # What the grant itself demands.
    (allow(USER, when=OFFICE), when("NotIpAddress", "aws:SourceIp", "10.0.0.0/8")),
    (allow(USER, when=OFFICE), when("IpAddress", "aws:SourceIp", "203.0.0.0/16", "2001:db8::/32")),
    (allow(USER, when=OFFICE), OFFICE),
    # What every request has: the registry's account and region, and a time that has come.
    (allow(ROLE), when("StringNotEquals", "aws:ResourceAccount", ACCOUNT)),
    (allow(LAMBDA), when("StringNotEquals", "aws:RequestedRegion", "eu-west-1")),
    (allow(ROLE), when("StringEquals", "aws:RequestedRegion", "eu-west-1", "us-west-2")),
    (allow(ROLE), when("DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z")),
    (allow(ROLE), when("DateGreaterThanEquals", "aws:CurrentTime", "2026-11-01T00:00:00Z")),
    (allow(ROLE, when=SECURE), when("Null", "aws:SecureTransport", "false")),
    (allow(ROLE, when=TEAM), when("StringNotEquals", "aws:PrincipalTag/team", "c")),
]  # fmt: skip

UNCERTAIN = [
    (allow(LAMBDA), {**NOT_ORG, **when("Bool", "aws:PrincipalIsAWSService", False)}),
    (allow(LAMBDA), {**NOT_ORG, **when("IpAddress", "aws:SourceIp", "10.0.0.0/8")}),
    (allow(LAMBDA), when("StringEquals", "aws:PrincipalOrgID", "o-1")),
    (allow(LAMBDA), when("StringLike", "aws:PrincipalArn", "*")),
    (allow(LAMBDA), when("Null", "aws:PrincipalAccount", True)),
    (allow(LAMBDA), when("Null", "aws:PrincipalAccount", False)),
    (allow(LAMBDA), when("StringNotLike", "aws:userid", "AROAEXAMPLE:*")),
    (allow(LAMBDA), when("NotIpAddress", "aws:SourceIp", "10.0.0.0/8")),
    (allow(LAMBDA, when=FUNCTIONS), when("StringNotEquals", "aws:SourceAccount", ACCOUNT)),
    (allow(LAMBDA, when=FUNCTIONS), when("ArnNotLike", "aws:SourceArn", f"{SOURCE}a*")),
    (allow(LAMBDA, when=FUNCTIONS), when("StringLike", "aws:SourceArn", f"{SOURCE}a*")),
    (allow(LAMBDA, when=FUNCTIONS), when("StringEquals", "aws:SourceArn", f"{SOURCE}*")),
    (allow(LAMBDA, when=FUNCTIONS), when("StringNotEquals", "aws:SourceArn", "${aws:x}")),
    (allow(LAMBDA, when=FUNCTIONS), when("Null", "aws:SourceArn", "true")),
    (allow(LAMBDA, when=FUNCTIONS), when("Null", "aws:SourceArn", "${x}")),
    (allow(LAMBDA, when=FUNCTIONS), when("NotIpAddress", "aws:SourceArn", "10.0.0.0/8")),
    source("arn:*", when("ArnNotLike", "aws:SourceArn", "x:*:*:*:*:*")),
    source("arn:aws:s3:::*", when("ArnNotLike", "aws:SourceArn", "x:*:*:*:*:*")),
    source("arn:*:f", when("ArnLike", "aws:SourceArn", "arn:*:*:*:*:*")),
    source("arn:*:s:r:a:f", when("ArnLike", "aws:SourceArn", "arn:*:s:r:a:f")),
    (allow(LAMBDA, when=BUILDS), when("StringNotEquals", "aws:SourceAccount", ACCOUNT)),
    (allow(LAMBDA, when=IF_ANY), when("StringNotEquals", "aws:SourceAccount", "x")),
    source("${aws:x}", when("StringNotEquals", "aws:SourceArn", "1")),
    (allow(ROLE, when=VIA), when("StringNotEquals", "aws:CalledVia", "y")),
    (allow(ROLE), NOT_ORG),
    (allow(ROLE), when("StringNotEquals", "aws:PrincipalTag/team", "a")),
    (allow(ROLE), when("BoolIfExists", "aws:MultiFactorAuthPresent", False)),
    (allow(ROLE), when("DateGreaterThan", "aws:CurrentTime", "2027-01-01T00:00:00Z")),
    (allow(ROLE), when("DateLessThan", "aws:CurrentTime", "2027-01-01T00:00:00Z")),
    (allow(ROLE), when("DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z", "2030-01-01")),
    (allow(USER), when("StringNotLike", "aws:username", "alice", "bob")),
    (allow(ROLE), when("StringNotEquals", "aws:RequestedRegion", "eu-west-1", "us-west-2")),
    (allow(ROOT), when("ArnLike", "aws:PrincipalArn", ROLE)),
    (allow("*", when=ORG), NOT_ORG),
    (allow("*", when=ORG), when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/r-1/*")),
    (allow("*", when=PATHS), when("StringNotEquals", "aws:PrincipalOrgID", "o-1")),
    (allow("*", when=ANY_PATHS), when("StringNotEquals", "aws:PrincipalOrgID", "p")),
    (allow("*", when=ANY_ROLE), when("StringNotEquals", "aws:PrincipalAccount", "x")),
    (allow("*", when=OFFICE), NOT_ORG),
    (allow(USER, when=OFFICE), when("IpAddress", "aws:SourceIp", "203.0.113.0/25", "::/0")),
    (allow(USER, when=OFFICE), when("NotIpAddress", "aws:SourceIp", "203.0.113.0/25")),
    (allow(USER, when=OFFICE), when("StringNotEquals", "aws:SourceIp", "x")),
    (allow(USER, when=OFFICE), when("ArnNotLike", "aws:SourceIp", "x:*:*:*:*:*")),
    # These never apply in the first place.
    (allow(LAMBDA, when=ORG), NOT_ORG),
    (allow(LAMBDA, when=ORG), {}),
    (allow(ROLE, when=BUILDS), {}),
]  # fmt: skip


@pytest.mark.parametrize(("grant", "condition"), CERTAIN)
def test_what_a_deny_to_everyone_takes_away(grant: Json, condition: Json) -> None:
    found = loss(grant, deny("*", "ecr:*", condition))
    assert found
    assert found.whole


@pytest.mark.parametrize(("grant", "condition"), UNCERTAIN)
def test_what_it_may_leave(grant: Json, condition: Json) -> None:
    assert loss(grant, deny("*", "ecr:*", condition)) is None


def but(*names: str, **others: str) -> Json:
    excluded: Json = {"AWS": list(names)} if names else {}
    return deny(None, "ecr:*", NotPrincipal={**excluded, **others})


@pytest.mark.parametrize(
    ("grant", "denial", "certain"),
    [
        (allow(ROLE), deny(ROLE), True),
        (allow(ROLE), deny([ROLE_B, ROOT]), True),
        (allow(ROLE), deny(ROLE_B), False),
        (allow(ROLE), deny(SESSION), False),
        (allow(ROLE), deny(OTHER_ACCOUNT), False),
        (allow(ROOT), deny(ROOT), True),
        (allow(ROOT), deny([ROLE, USER]), False),
        (allow(SESSION), deny(ROOT), True),
        (allow("*", when=ORG), deny([ROLE, ROOT]), False),
        (allow("*", when=ORG), deny("*"), True),
        (allow(LAMBDA), deny(LAMBDA), True),
        (allow(LAMBDA), deny({"Service": "ecs.amazonaws.com"}), False),
        (allow(ROLE), but(OTHER_ACCOUNT, Service="lambda.amazonaws.com"), True),
        (allow(ROLE), but(ROLE, ROOT), False),
        (allow(ROLE), but(SESSION), False),
        (allow(ROLE), but(ROLE_B), False),
        (allow(ROLE), but("AROAEXAMPLEEXAMPLEID"), False),
        (allow(ROLE), but("*"), False),
        (allow(ROOT), but(ROLE), False),
        (allow("*", when=ORG), but(OTHER_ACCOUNT), False),
        (allow(LAMBDA), but(ROLE), True),
        (allow(LAMBDA), but(Service="lambda.amazonaws.com"), False),
        (allow(LAMBDA), but("*"), False),
    ],
)
def test_whom_a_deny_names(grant: Json, denial: Json, certain: bool) -> None:
    assert bool(loss(grant, denial)) == certain


@pytest.mark.parametrize(
    ("allowed", "denied", "taken", "whole"),
    [
        (PULL, PULL, set(PULL), True),
        (PULL, [*PULL, PUT], set(PULL), True),
        (PULL, [GET, PUT], {GET}, False),
        (PULL, "ecr:BatchG*", {GET}, False),
        (PULL, PUT, None, False),
        ("ecr:*", "ecr:*", {"ecr:*"}, True),
        ("ecr:*", "*", {"ecr:*"}, True),
        ("*", "ecr:*", {"ecr:*"}, True),
        ("ecr:*", PUT, {PUT}, False),
        ("ecr:*", "ecr:New*", {"ecr:new*"}, False),
        ("ecr:*Image", "ecr:Put*", {PUT}, False),
        ("ecr:NewOne", "ecr:NewOne", {"ecr:newone"}, True),
    ],
)
def test_which_actions(allowed: object, denied: object, taken: set[str], whole: bool) -> None:
    found = loss(allow(ROLE, allowed), deny("*", denied))
    assert (found and found.actions, bool(found and found.whole)) == (taken, whole)


def test_all_but_some() -> None:
    found = loss(allow(ROLE, PULL), deny("*", None, NotAction=[GET, PUT]))
    assert found
    assert (found.actions, found.whole) == (set(PULL) - {GET}, False)
    found = loss(allow(ROLE, None, NotAction=[GET]), deny("*", [GET, PUT]))
    assert found
    assert (found.actions, found.whole) == ({PUT}, False)
    found = loss(allow(ROLE, None, NotAction=[GET]), deny("*", "*"))
    assert found
    assert found.whole


@pytest.mark.parametrize(
    ("grant", "denial", "missing", "excepting"),
    [
        (allow(LAMBDA), deny("*", when=NOT_ORG), ("aws:PrincipalOrgID",), "false"),
        (allow(LAMBDA), deny(LAMBDA, when=NOT_ORG), ("aws:PrincipalOrgID",), None),
        (allow(LAMBDA), but(ROLE), (), "false"),
        (allow(LAMBDA), deny("*", when=when("Bool", "aws:PrincipalIsAWSService", True)), (), None),
        (allow(ROLE), deny("*", when=NOT_BUILDS), ("aws:SourceAccount",), "true"),
        (allow(ROLE), deny("*"), (), None),
    ],
)
def test_why_and_what_would_except_it(
    grant: Json, denial: Json, missing: tuple[str, ...], excepting: str | None
) -> None:
    found = loss(grant, denial)
    assert found
    assert (found.missing, found.excluding) == (missing, excepting)
    if excepting:
        further = when("Bool", "aws:PrincipalIsAWSService", excepting)
        condition = {**further, **NOT_ORG} if excepting == "false" else {**further, **NOT_BUILDS}
        assert loss(grant, {**denial, "Condition": condition}) is None
        assert found.remedy.endswith(f'Bool: {{"aws:PrincipalIsAWSService": "{excepting}"}}')


def test_an_allow_denies_nothing() -> None:
    assert denial_of(statement(allow(ROLE))) is None


def test_words() -> None:
    whole = loss(allow(LAMBDA), deny("*", when=NOT_ORG))
    part = loss(allow(ROLE, "ecr:*"), deny("*", None, NotAction=PULL))
    assert whole
    assert part
    assert whole.describe("pull", ["ci", "x"], "a Deny") == (
        "pull has no effect for ci, x: a Deny denies all of its actions; "
        "no request of this grant has aws:PrincipalOrgID, so the Deny applies"
    )
    told = part.describe("admin", [f"r{number}" for number in range(14)], "a Deny")
    assert " r11 and 2 more: a Deny denies ecr:BatchDeleteImage, " in told
    assert told.endswith(" and 21 more")
    assert part.remedy == "remove the grant, or exclude it from the Deny"
