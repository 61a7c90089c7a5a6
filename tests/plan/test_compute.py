"""What a plan says of one repository, and of several."""

import json

import pytest

from reconciler.model.registry import ReadFailure, RegistryScope, Target
from reconciler.model.rules import RuleId
from reconciler.plan.compute import compute_plan, without_expired
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Plan, PlanError, unread_error
from reconciler.policy.language.document import Document, Unreadable
from reconciler.policy.language.principals import EVERYONE, Principal
from reconciler.policy.meaning.keep import lambda_rule
from tests.plan.making import (
    APP,
    LAMBDA,
    ROLE_A,
    SCOPE,
    B,
    desired,
    grant,
    live,
    only_change,
    only_error,
    plan,
    registry,
    rules,
)
from tests.policy.making import (
    ACCOUNT,
    GET,
    PULL,
    REPOSITORY_ARN,
    ROLE,
    ROOT,
    URL,
    USER,
    Json,
    allow,
    condition,
    deny,
    doc,
)

FROM_ACCOUNT = {"StringLike": {"aws:sourceArn": f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:*"}}
LAMBDAS = allow(
    {"Service": "lambda.amazonaws.com"},
    [GET, URL],
    FROM_ACCOUNT,
    Sid="LambdaECRImageRetrievalPolicy",
)
KEEP_LAMBDA = rules(lambda_rule([ACCOUNT]))
KEEP_ALL = rules(default_keep=True)


def sids(policy_text: str | None) -> list[str]:
    assert policy_text is not None
    return [statement["Sid"] for statement in json.loads(policy_text)["Statement"]]


@pytest.mark.parametrize(
    "found",
    [
        [allow(ROLE, PULL)],
        [allow([ROLE], PULL[::-1], Sid="Mine"), allow(ROLE, PULL)],
        [allow(ROLE, GET), allow(ROLE, PULL, Resource="*")],
        [allow(ROLE, PULL, Resource=REPOSITORY_ARN)],
        [allow(ROLE, PULL, {})],
    ],
)
def test_what_means_the_same_is_in_sync(found: list[Json]) -> None:
    assert plan(desired(grant()), live(*found)) == Plan(in_sync=1, live_grants=1)


def test_nothing_wanted_and_nothing_there_is_in_sync() -> None:
    assert plan(desired(), live()) == Plan(in_sync=1)


def test_a_policy_to_set() -> None:
    change = only_change(desired(grant()), live(allow(USER, PULL)))
    assert change.change == "set"
    assert change.target == APP
    assert change.before_text == doc(allow(USER, PULL))
    assert isinstance(change.before, Document)
    assert sids(change.after_text) == ["EcrAccessPull"]
    assert [(c.principal.names, c.kind) for c in change.access] == [
        ((ROLE,), "granted"),
        ((USER,), "revoked"),
    ]
    assert (change.granted, change.revoked, change.lasting) == (1, 1, change.access)
    assert change.risks == ()


def test_a_first_policy() -> None:
    change = only_change(desired(grant()), live())
    assert (change.change, change.before_text, change.granted) == ("set", None, 1)
    assert [risk.name for risk in change.risks] == ["new-account"]


def test_a_policy_to_delete() -> None:
    change = only_change(desired(), live(allow(USER, PULL)))
    assert (change.change, change.after_text) == ("delete", None)
    assert (change.granted, change.revoked) == (0, 1)


def test_a_deny_alone_is_taken_away_too() -> None:
    made = plan(desired(), live(deny()))
    assert made.changes[0].change == "delete"
    assert (made.changes[0].granted, made.live_grants) == (1, 0)


def test_raw_statements_are_carried() -> None:
    raw = deny("*", "ecr:DeleteRepository", Sid="Guard")
    change = only_change(desired(grant(), statements=[raw]), live(allow(ROLE, PULL)))
    assert sids(change.after_text) == ["EcrAccessPull", "Guard"]
    assert plan(desired(grant(), statements=[raw]), live(raw, allow(ROLE, PULL))).in_sync == 1


def test_a_raw_statement_that_is_not_understood() -> None:
    error = only_error(desired(statements=[allow(do="nope")]), live())
    assert error.rule == "bad-statement"
    assert error.message.startswith("$.Statement[0].Action: ")


def test_a_repository_that_does_not_exist() -> None:
    error = only_error(desired(grant()), registry())
    assert error == PlanError(APP, "missing-repository", error.message)


def test_a_repository_that_could_not_be_read() -> None:
    error = only_error(desired(grant()), registry(app=ReadFailure("throttled", "Rate exceeded")))
    assert error == PlanError(APP, "throttled", "Rate exceeded")


def test_an_error_on_one_leaves_the_others_planned() -> None:
    found = registry(
        a=ReadFailure("read-failed", "no"), b=doc(allow(ROLE, PULL)), c=None, d=None, e=None
    )
    wanted = [desired(grant(), repository=name) for name in "dcbax"]
    made = compute_plan(wanted, found, PlanInputs())
    assert [change.target.repository for change in made.changes] == ["c", "d"]
    assert [error.target.repository for error in made.errors] == ["a", "x"]
    assert made.in_sync == 1
    assert made.unmanaged == (Target("e", SCOPE),)


def test_what_is_listed_and_not_wanted_is_unmanaged() -> None:
    made = compute_plan([], registry(_z=None, _a=None), PlanInputs())
    assert made == Plan(unmanaged=(Target("a", SCOPE), Target("z", SCOPE)))


def test_a_live_policy_that_is_not_understood_is_replaced() -> None:
    text = doc(allow(do="nope"))
    change = only_change(desired(grant()), registry(app=text))
    assert isinstance(change.before, Unreadable)
    assert (change.before_text, change.change) == (text, "set")
    assert without_expired(Plan(changes=(change,))).changes == (change,)
    emptied = only_change(desired(), registry(app=text))
    assert (emptied.change, emptied.access) == ("delete", ())
    (finding,) = plan(desired(grant()), registry(app=text)).findings
    assert finding.rule == "unreadable-policy"
    assert "$.Statement[0].Action" in finding.message


def test_a_live_policy_that_is_not_understood_under_keep() -> None:
    error = only_error(desired(grant()), registry(app="{"), KEEP_ALL)
    assert error.rule == "unreadable-policy"


def test_others_statements_are_taken_away() -> None:
    change = only_change(desired(grant()), live(allow(ROLE, PULL), LAMBDAS))
    assert sids(change.after_text) == ["EcrAccessPull"]
    assert (change.revoked, change.kept) == (1, ())


def test_lambdas_own_statement_stays() -> None:
    found = live(allow(ROLE, PULL), LAMBDAS)
    assert plan(desired(grant()), found, KEEP_LAMBDA).in_sync == 1
    change = only_change(desired(grant(B)), found, KEEP_LAMBDA)
    assert sids(change.after_text) == ["EcrAccessPull", "LambdaECRImageRetrievalPolicy"]
    assert change.kept == ("LambdaECRImageRetrievalPolicy",)
    emptied = only_change(desired(), found, KEEP_LAMBDA)
    assert (emptied.change, sids(emptied.after_text)) == ("set", list(change.kept))


def test_a_kept_statement_that_the_file_asks_for_too() -> None:
    when = condition("StringLike", "aws:SourceArn", FROM_ACCOUNT["StringLike"]["aws:sourceArn"])
    wanted = desired(grant(LAMBDA, "lambda", when))
    assert plan(wanted, live(LAMBDAS), KEEP_LAMBDA).in_sync == 1


def test_under_keep_others_statements_stay() -> None:
    theirs, ours = allow(USER, PULL, Sid="Theirs"), allow(ROOT, PULL, Sid="EcrAccessPull")
    change = only_change(desired(grant()), live(theirs, ours, allow(USER, "ecr:*")), KEEP_ALL)
    assert change.kept == ("", "Theirs")
    assert [(c.principal.names, c.kind) for c in change.access] == [
        ((ROLE,), "granted"),
        ((ROOT,), "revoked"),
    ]


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_a_kept_statement_that_would_mean_something_else(version: str | None) -> None:
    theirs = allow(USER, when={"StringLike": {"aws:userid": "${x}"}}, Sid="Theirs")
    error = only_error(desired(grant()), live(theirs, version=version), KEEP_ALL)
    assert error.rule == "kept-statement"
    assert "'Theirs'" in error.message
    assert only_change(desired(grant()), live(theirs), KEEP_ALL).kept == ("Theirs",)
    assert only_change(desired(grant()), live(theirs, version=version)).change == "set"


def many_users(number: int) -> Json:
    return allow([f"{USER}{n:04}" for n in range(number)], PULL, Sid="Theirs")


def test_a_policy_that_is_too_large() -> None:
    users = [Principal("AWS", (f"{USER}{n:04}",)) for n in range(300)]
    error = only_error(desired(*map(grant, users)), live())
    assert error.rule == "policy-too-large"
    assert "0 kept statements" in error.message


def test_a_policy_that_what_is_kept_makes_too_large() -> None:
    found = live(many_users(240))
    assert only_change(desired(grant()), found).change == "set"
    error = only_error(desired(grant()), found, KEEP_ALL)
    assert error.rule == "policy-too-large"
    assert "1 kept statements" in error.message
    assert only_change(desired(grant()), live(many_users(200)), KEEP_ALL).kept == ("Theirs",)


def test_the_limit_to_the_character() -> None:
    def sized(length: int) -> Plan:
        return plan(desired(statements=[deny("*", Sid="x" * length)]), live())

    shortest = sized(1).changes[0].after_text
    assert shortest is not None
    longest = 10_240 - len(shortest) + 1
    assert len(sized(longest).changes) == 1
    assert [error.rule for error in sized(longest + 1).errors] == ["policy-too-large"]


def test_live_grants_are_counted_by_holder() -> None:
    org = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    found = live(allow([ROLE, USER], PULL), allow("*", PULL, org), deny("*", GET))
    assert plan(desired(grant()), found).live_grants == 3


def test_a_policy_is_read_in_its_own_partition() -> None:
    scope = RegistryScope("111122223333", "cn-north-1")
    china = Principal("AWS", (f"arn:aws-cn:iam::{ACCOUNT}:root",))
    found = registry(scope, app=doc(allow(ACCOUNT, PULL)))
    assert plan(desired(grant(china)), found).in_sync == 1


def test_the_names_of_a_target() -> None:
    assert APP.arn == REPOSITORY_ARN
    china = Target("team/app", RegistryScope("111122223333", "cn-north-1"))
    assert china.arn == "arn:aws-cn:ecr:cn-north-1:111122223333:repository/team/app"


def test_granting_to_everyone_in_an_organization() -> None:
    org = condition("StringEquals", "aws:PrincipalOrgID", "o-1")
    change = only_change(desired(grant(EVERYONE, "pull", org), grant(ROLE_A)), live())
    assert [risk.name for risk in change.risks] == ["new-account"]
    assert change.granted == 2


def test_a_registry_that_was_not_read_is_one_error_about_all_of_it() -> None:
    failure = ReadFailure(RuleId.READ_FAILED, "no connection")
    expected = PlanError(Target("*", SCOPE), RuleId.READ_FAILED, "no connection")
    assert unread_error(SCOPE, failure) == expected
