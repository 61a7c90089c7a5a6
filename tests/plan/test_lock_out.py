"""A Deny that would keep the caller from setting the policy again."""

from dataclasses import replace

import pytest

from reconciler.model.guards import Allowances, Guards
from reconciler.model.registry import RegistryScope
from reconciler.plan.checks.guards import check_guards, check_lock_out
from reconciler.plan.model import Change, Plan
from tests.plan.making import APP, desired, grant, live, only_change
from tests.policy.making import PULL, ROLE, Json, allow

USER = "arn:aws:iam::111122223333:user/ops/ci"
SESSION = "arn:aws:sts::111122223333:assumed-role/reconciler/run-1"
ROLE_ARN = "arn:aws:iam::111122223333:role/reconciler"
ROOT = "arn:aws:iam::111122223333:root"
FEDERATED = "arn:aws:sts::111122223333:federated-user/ann"

REWRITE = "ecr:SetRepositoryPolicy"


def deny(
    principal: str | Json, action: str | list[str] = "ecr:*", condition: Json | None = None
) -> Json:
    who = {"AWS": principal} if isinstance(principal, str) and principal != "*" else principal
    statement: Json = {"Effect": "Deny", "Principal": who, "Action": action}
    return {**statement, "Condition": condition} if condition else statement


def locks(statement: Json, caller: str, *before: Json) -> bool:
    change = only_change(desired(grant(), statements=[statement]), live(*before))
    asked: list[str] = []
    found = lock_outs(change, caller, asked)
    assert asked
    return bool(found)


def lock_outs(change: Change, caller: str, asked: list[str]) -> list[str]:
    """The reasons of the refusals; `asked` gets the caller whenever it is asked for."""

    def ask(_scope: RegistryScope) -> str:
        asked.append(caller)
        return caller

    refusals = list(check_lock_out([change], frozenset(), ask))
    assert [refusal.target for refusal in refusals] in ([], [APP])
    end = f" {caller} from reading, setting or deleting the policy"
    return [refusal.message.removesuffix(end) for refusal in refusals]


@pytest.mark.parametrize("caller", [USER, SESSION, ROOT, FEDERATED])
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (deny("*"), True),
        (deny("*", REWRITE), True),
        (deny("*", "ecr:setrepository*"), True),
        (deny("*", "*"), True),
        (deny("*", "ecr:PutImage"), False),
        (deny("*", "ecr:GetRepositoryPolicy"), True),
        (deny("*", "ecr:DeleteRepositoryPolicy"), True),
        (deny("*", [*PULL]), False),
        (deny(ROOT), True),
        (deny("111122223333"), True),
        (deny("arn:aws:iam::444455556666:root"), False),
        (deny("arn:aws:iam::444455556666:role/reconciler"), False),
        (deny("arn:aws:iam::111122223333:role/other"), False),
        (deny({"Service": "lambda.amazonaws.com"}), False),
        (deny("*", condition={"StringEquals": {"aws:PrincipalAccount": "111122223333"}}), True),
        (deny("*", condition={"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}), False),
        (deny("*", condition={"StringEquals": {"aws:PrincipalAccount": "444455556666"}}), False),
        (deny("*", condition={"Bool": {"aws:SecureTransport": "false"}}), False),
        (deny("*", condition={"Bool": {"aws:SecureTransport": "true"}}), True),
        (deny("*", condition={"Bool": {"aws:ViaAWSService": "false"}}), True),
        (deny("*", condition={"Bool": {"aws:ViaAWSService": "true"}}), False),
        (deny("*", condition={"Bool": {"aws:PrincipalIsAWSService": "false"}}), True),
        (deny("*", condition={"Bool": {"aws:PrincipalIsAWSService": "true"}}), False),
        (deny("*", condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}), True),
        (deny("*", condition={"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}), True),
        (deny("*", condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}), False),
    ],
)
def test_who_is_locked_out(statement: Json, expected: bool, caller: str) -> None:
    assert locks(statement, caller) is expected


@pytest.mark.parametrize(
    ("statement", "caller", "expected"),
    [
        (deny("arn:aws:iam::111122223333:role/reconciler"), SESSION, True),
        (deny("arn:aws:iam::111122223333:role/deploy/reconciler"), SESSION, True),
        (deny("arn:aws:iam::111122223333:role/reconciler/deploy"), SESSION, False),
        (deny("arn:aws:iam::111122223333:user/reconciler"), SESSION, False),
        (deny(SESSION), SESSION, True),
        (deny("arn:aws:sts::111122223333:assumed-role/reconciler/other"), SESSION, False),
        (deny(USER), USER, True),
        (deny("arn:aws:iam::111122223333:user/ci"), USER, False),
        (deny("*", condition={"ArnNotLike": {"aws:PrincipalArn": USER}}), USER, False),
        (deny("*", condition={"ArnNotLike": {"aws:PrincipalArn": USER}}), SESSION, True),
    ],
)
def test_one_caller(statement: Json, caller: str, expected: bool) -> None:
    assert locks(statement, caller) is expected


@pytest.mark.parametrize(
    ("excluded", "expected"),
    [
        ([ROOT], True),
        (["arn:aws:iam::444455556666:root"], True),
        ([ROOT, "arn:aws:iam::111122223333:role/other"], True),
    ],
)
def test_everyone_but_some(excluded: list[str], expected: bool) -> None:
    statement = {"Effect": "Deny", "NotPrincipal": {"AWS": excluded}, "Action": "ecr:*"}
    assert locks(statement, SESSION) is expected


@pytest.mark.parametrize("caller", [USER, ROLE_ARN, SESSION, FEDERATED])
@pytest.mark.parametrize("excluded", [[], ["*"]])
def test_a_permissions_boundary_may_lock_out_whom_not_principal_excludes(
    caller: str, excluded: list[str]
) -> None:
    names = excluded or [caller, ROLE_ARN, ROOT]
    statement = {"Effect": "Deny", "NotPrincipal": {"AWS": names}, "Action": REWRITE}
    change = only_change(desired(grant(), statements=[statement]), live())
    (why,) = lock_outs(change, caller, [])
    assert why == (
        "a Deny on app (us-west-2) with NotPrincipal, which always denies a user or role with a "
        "permissions boundary, may prevent"
    )
    assert lock_outs(change, ROOT, []) == []
    assert not locks({**statement, "Action": "ecr:PutImage"}, caller)


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (None, "a Deny on app (us-west-2) would prevent"),
        (
            {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
            "a Deny on app (us-west-2) may prevent",
        ),
    ],
)
def test_what_is_certain_is_told_as_certain(condition: Json | None, why: str) -> None:
    change = only_change(desired(grant(), statements=[deny("*", condition=condition)]), live())
    assert lock_outs(change, USER, []) == [why]


def test_a_deny_that_is_live_already_is_no_news() -> None:
    change = only_change(desired(grant(), statements=[deny("*")]), live(deny("*")))
    asked: list[str] = []
    assert lock_outs(change, USER, asked) == []
    assert not asked


def test_a_deny_of_more_is_news() -> None:
    assert locks(deny("*"), USER, deny("*", "ecr:PutImage"))


def test_an_old_policy_that_nobody_understands_counts() -> None:
    change = replace(only_change(desired(grant()), live()), after_text="{")
    why = "the new policy of app (us-west-2) is not understood, so it may prevent"
    assert lock_outs(change, USER, []) == [why]


def test_the_refusal_names_the_caller() -> None:
    denied = deny("*", "ecr:SetRepositoryPolicy")
    change = only_change(desired(grant(), statements=[denied]), live(allow(ROLE, PULL)))
    made = Plan(changes=(change,), live_grants=1)
    (refusal,) = check_guards(made, Guards(), Allowances(), lambda _scope: USER, {})
    assert refusal.message == (
        f"a Deny on app (us-west-2) would prevent {USER} from reading, setting or deleting the "
        "policy"
    )
    allowed = Allowances(lock_out=frozenset({"app"}))
    assert check_guards(made, Guards(), allowed, lambda _scope: USER, {}) == ()


def test_each_registry_is_asked_who_would_write_there() -> None:
    denied = deny(USER, "ecr:SetRepositoryPolicy")
    change = only_change(desired(grant(), statements=[denied]), live(allow(ROLE, PULL)))
    elsewhere = change.target._replace(scope=RegistryScope("222233334444", "us-west-2"))
    callers = {change.target.scope: ROLE, elsewhere.scope: USER}
    changes = [change, replace(change, target=elsewhere)]
    refusals = check_lock_out(changes, frozenset(), callers.__getitem__)
    assert [refusal.target for refusal in refusals] == [elsewhere]


def test_the_refusal_of_what_nobody_understands_speaks_of_no_deny() -> None:
    change = replace(only_change(desired(grant()), live()), after_text="{")
    (refusal,) = check_lock_out([change], frozenset(), lambda _scope: USER)
    assert refusal.message.startswith(
        f"the new policy of app (us-west-2) is not understood, so it may prevent {USER} from "
    )
