"""What is not kept: what Lambda loses by it, and why."""

import pytest

from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Plan
from reconciler.policy.language.principals import service_principal
from reconciler.policy.meaning.keep import LAMBDA_SID, KeepRule, lambda_rule
from tests.plan.making import (
    LAMBDA,
    OVER,
    ROLE_A,
    UNTIL,
    B,
    desired,
    grant,
    live,
    plan,
    registry,
    rules,
)
from tests.policy.making import (
    ACCOUNT,
    GET,
    PUT,
    ROLE,
    ROLE_B,
    URL,
    Json,
    allow,
    condition,
    deny,
)

SERVICE = {"Service": "lambda.amazonaws.com"}
FUNCTION = f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:*"
BUILT_IN = rules(lambda_rule(["111122223333", ACCOUNT]))
SOURCE = {"StringLike": {"aws:SourceArn": FUNCTION}}
SOURCES = condition("StringLike", "aws:SourceArn", FUNCTION)
EVERY = f"unmanaged: {{statements: {{keep: [{{sid: {LAMBDA_SID}, service: lambda.amazonaws.com"


def lambdas(
    do: object = (GET, URL), when: object = None, who: object = SERVICE, sid: str = LAMBDA_SID
) -> Json:
    return allow(who, do, when, Sid=sid)


def is_marked(made: Plan) -> bool:
    (change,) = made.changes
    plans, drifts = (
        [risk for risk in risks if risk.name == "lambda-loses-access"]
        for risks in (change.risks, change.live_risks)
    )
    assert plans == drifts
    return bool(plans)


def not_kept(made: Plan) -> list[str]:
    return [f.message for f in made.findings if f.rule == "not-kept"]


@pytest.mark.parametrize(
    "statement",
    [
        lambdas(),
        lambdas(GET),
        lambdas("ecr:BatchGet*"),
        lambdas("ecr:*"),
        lambdas("*", SOURCE),
        lambdas(when=SOURCE, sid="Other"),
        lambdas(when=SOURCE, sid="EcrAccessLambda"),
        lambdas(when=SOURCE, sid=""),
        lambdas(who={**SERVICE, "AWS": ACCOUNT}, when=SOURCE),
        allow(SERVICE, None, NotAction=PUT),
        {k: v for k, v in lambdas().items() if k != "Sid"},
        # Everyone, for a resource, is Lambda as well.
        lambdas(who="*", when=SOURCE),
        lambdas(who="*", when={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        allow(None, GET, SOURCE, NotPrincipal={"AWS": ACCOUNT}),
    ],
)
def test_what_lambda_loses_is_marked(statement: Json) -> None:
    assert is_marked(plan(desired(grant(ROLE_A)), live(statement), BUILT_IN))


@pytest.mark.parametrize(
    "statement",
    [
        lambdas(when=SOURCE),  # kept
        lambdas("ecr:DescribeImages"),
        lambdas(who={"Service": "codebuild.amazonaws.com"}),
        deny(SERVICE, GET, Sid=LAMBDA_SID),
        lambdas(who="*", when={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
        lambdas(who="*", when={"ArnLike": {"aws:SourceArn": "arn:aws:codebuild:*:*:project/p"}}),
        allow(None, GET, SOURCE, NotPrincipal=SERVICE),
        allow(SERVICE, None, NotAction="ecr:*"),
    ],
)
def test_nothing_else_is(statement: Json) -> None:
    assert not is_marked(plan(desired(grant(ROLE_A)), live(statement), BUILT_IN))


def test_what_the_file_gives_is_not_lost() -> None:
    given = desired(grant(ROLE_A), grant(LAMBDA, "lambda", SOURCES))
    assert not is_marked(plan(given, live(lambdas("ecr:*", SOURCE, sid="Other")), BUILT_IN))
    made = plan(given, live(lambdas([GET, URL, PUT], SOURCE)), BUILT_IN)
    assert not is_marked(made)
    assert len(not_kept(made)) == 1  # of the third action
    free = desired(grant(LAMBDA, "lambda"), grant(ROLE_A))
    made = plan(free, live(lambdas(when=SOURCE, sid="Other"), lambdas()), BUILT_IN)
    assert (is_marked(made), not_kept(made)) == (False, [])
    assert is_marked(plan(given, live(lambdas(sid="Other")), BUILT_IN))


@pytest.mark.parametrize(
    ("when", "marked"),
    [
        ({"ArnLike": {"aws:SourceArn": FUNCTION}}, False),
        ({"StringEquals": {"aws:sourceArn": FUNCTION.replace("*", "f")}}, False),
        ({**SOURCE, "Bool": {"aws:SecureTransport": "true"}}, False),
        ({"StringLike": {"aws:SourceArn": [FUNCTION, FUNCTION.replace(ACCOUNT, "7" * 12)]}}, True),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, True),
    ],
)
def test_what_the_file_gives_under_another_condition(when: Json, marked: bool) -> None:
    given = desired(grant(ROLE_A), grant(LAMBDA, "lambda", SOURCES))
    for who in (SERVICE, "*"):
        statement = lambdas(who=who, when=when, sid="Other")
        assert is_marked(plan(given, live(statement), BUILT_IN)) == marked


def test_what_lambda_may_lack_gives_it_nothing_for_certain() -> None:
    named = (*SOURCES, *condition("Null", "aws:PrincipalArn", "false"))
    given = desired(grant(ROLE_A), grant(LAMBDA, "lambda", named))
    assert is_marked(plan(given, live(lambdas(when=SOURCE, sid="Other")), BUILT_IN))


MEMBERS = {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}
ROLES = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}
NO_SERVICE = {"Bool": {"aws:PrincipalIsAWSService": "false"}}


@pytest.mark.parametrize(
    ("denial", "marked"),
    [
        (deny("*", "ecr:*", MEMBERS), True),
        (deny("*", GET, ROLES), True),
        (deny("*", "ecr:*", {**MEMBERS, **NO_SERVICE}), False),
        (deny("*", PUT), False),
    ],
)
def test_a_new_deny_takes_it_from_lambda(denial: Json, marked: bool) -> None:
    given = desired(grant(ROLE_A), statements=[denial])
    made = plan(given, live(lambdas(when=SOURCE)), BUILT_IN)
    told = [risk.why for risk in made.changes[0].risks if risk.name == "lambda-loses-access"]
    assert is_marked(made) == marked
    assert all("a new Deny denies" in why for why in told)
    assert not is_marked(plan(given, live(lambdas(when=SOURCE), denial), BUILT_IN))
    nothing = desired(grant(B), statements=[denial])
    assert is_marked(plan(nothing, live(lambdas(when=SOURCE, sid="Other")), BUILT_IN))


def test_a_grant_that_is_over_is_no_loss() -> None:
    until = {"DateLessThan": {"aws:CurrentTime": "2026-01-31T00:00:00Z"}}
    ended = grant(LAMBDA, "lambda", OVER, until=UNTIL)
    made = plan(desired(grant(ROLE_A), expired=[ended]), live(lambdas(when=until)), BUILT_IN)
    assert (is_marked(made), not_kept(made)) == (False, [])


def test_of_what_is_not_understood_nothing_is_said() -> None:
    made = plan(desired(grant(ROLE_A)), registry(app='{"Statement": 1}'), BUILT_IN)
    assert (is_marked(made), not_kept(made)) == (False, [])


@pytest.mark.parametrize(
    ("statement", "remedy"),
    [
        (lambdas(), f"to keep it as it is, write {EVERY}, as_is: true}}]}}}}"),
        (
            lambdas(when={"StringLike": {"aws:SourceArn": FUNCTION.replace(ACCOUNT, "7" * 12)}}),
            f'to keep it, write accounts: {{NAME: "{"7" * 12}"}}',
        ),
        (
            lambdas(
                [GET, PUT], {"StringLike": {"aws:SourceArn": FUNCTION.replace(ACCOUNT, "7" * 12)}}
            ),
            f"to keep it as it is, write {EVERY}, as_is: true}}]}}}}",
        ),
        (
            lambdas(sid="Mine"),
            "to keep it as it is, write "
            "unmanaged: {statements: {keep: [{sid: Mine, service: lambda.amazonaws.com}]}}",
        ),
        (
            lambdas(sid="true"),
            "to keep it as it is, write "
            'unmanaged: {statements: {keep: [{sid: "true", service: lambda.amazonaws.com}]}}',
        ),
        (
            lambdas(sid=""),
            "to allow it, name the service under principals and grant it the tier lambda",
        ),
    ],
)
def test_what_would_keep_it(statement: Json, remedy: str) -> None:
    made = plan(desired(grant(ROLE_A)), live(statement), BUILT_IN)
    (message,) = not_kept(made)
    assert message.endswith(f"; {remedy}")
    assert message in {risk.why for risk in made.changes[0].risks}


def test_as_is_keeps_it() -> None:
    as_is: PlanInputs = rules(*BUILT_IN.ownership.rules, KeepRule(LAMBDA_SID, LAMBDA))
    for statement in (lambdas(), lambdas("ecr:*"), lambdas([GET, PUT], SOURCE)):
        made = plan(desired(grant(ROLE_A)), live(statement), as_is)
        assert (is_marked(made), not_kept(made)) == (False, [])
        assert made.changes[0].kept == (LAMBDA_SID,)
    for statement in (allow("*", GET, Sid=LAMBDA_SID), lambdas(who={**SERVICE, "AWS": "*"})):
        made = plan(desired(grant(ROLE_A)), live(statement), as_is)
        assert (made.changes[0].kept, len(not_kept(made))) == ((), 1)


def test_a_rule_on_somebody_else_is_told() -> None:
    backup = rules(KeepRule("Backup", service_principal("backup.amazonaws.com")))
    made = plan(desired(grant(B)), live(allow(Sid="Backup"), allow(ACCOUNT)), backup)
    assert not_kept(made) == [
        "the statement 'Backup' is not kept: its principal is arn:aws:iam::444455556666:role/a; "
        "the rule is only for backup.amazonaws.com"
    ]


SET = "ecr:SetRepositoryPolicy"
OWN = "111122223333"


@pytest.mark.parametrize(
    ("statements", "names"),
    [
        ([allow(ROLE, SET)], [ROLE]),
        ([allow(ROLE_B, "ecr:*"), allow(ROLE, "ecr:Del*Policy")], [ROLE, "b"]),
        ([allow(ROLE, None, NotAction=PUT)], [ROLE]),
        ([lambdas([GET, URL, SET], SOURCE)], ["lambda.amazonaws.com"]),
        ([allow(f"arn:aws:iam::{OWN}:role/x", SET)], [f"arn:aws:iam::{OWN}:role/x"]),
        ([allow(ROLE, SET), allow(ROLE, "ecr:*", SOURCE)], [ROLE]),
        ([allow(ROLE, SET), deny(ROLE, PUT)], [ROLE]),
        ([allow(ROLE, SET, SOURCE), deny(ROLE, SET, SOURCE)], [ROLE]),
        # Nobody: the registry's own account, who is gone, who is denied it, who gets less.
        ([allow(OWN, "ecr:*")], []),
        ([allow("AROAEXAMPLEEXAMPLEID", SET)], []),
        ([allow(ROLE, SET), deny("*", SET)], []),
        ([allow(ROLE, PUT), deny(ROLE, SET)], []),
        # The file's own is marked where it changes, and goes where the file has it no longer.
        ([allow(ROLE, "ecr:*", Sid="EcrAccessAdmin")], []),
    ],
)
def test_who_may_rewrite_by_what_stays(statements: list[Json], names: list[str]) -> None:
    given = rules(default_keep=True, names={"b": B})
    made = plan(desired(grant(ROLE_A)), live(*statements), given)
    told = [f.message for f in made.findings if f.rule == "can-rewrite"]
    assert told == [
        f"an unchanged statement allows {name} to rewrite the policy and so give itself any access"
        for name in names
    ]


def test_what_is_taken_away_is_no_statement_that_stays() -> None:
    made = plan(desired(grant(ROLE_A)), live(allow(ROLE_B, SET)))
    assert made.findings == ()
