"""Who gets which answer: effects, principals, actions, and what a verdict rests on."""

import pytest

from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.document import Document
from reconciler.policy.language.principals import Principal
from reconciler.policy.language.request_context import (
    Answer,
    Caller,
    all_of,
    any_of,
    negated,
)
from reconciler.policy.meaning.callers import iam_caller
from reconciler.policy.meaning.evaluate import (
    Decision,
    Reason,
    Verdict,
    clause_holds,
    concerns,
    evaluate,
)
from tests.policy.making import (
    ACCOUNT,
    GET,
    LAMBDA,
    OTHER_ACCOUNT,
    PUT,
    ROLE,
    ROLE_B,
    ROOT,
    USER,
    Json,
    allow,
    condition,
    deny,
    document,
    service,
    statement,
)

SESSION_ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/a/build-7"
FEDERATED_ARN = f"arn:aws:sts::{ACCOUNT}:federated-user/ann"
SESSION = Caller(tuple(Principal("AWS", (name,)) for name in (SESSION_ARN, ROLE, ROOT)))
STRANGER = iam_caller(f"arn:aws:iam::{OTHER_ACCOUNT}:role/x")
LAMBDA_SERVICE = service("lambda.amazonaws.com")
ANONYMOUS = Caller(())
VPC = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
AGENT = {"StringEquals": {"aws:UserAgent": "docker"}}


def ask(*statements: Json, caller: Caller | None = None, action: str = GET) -> Verdict:
    return decide(*statements, caller=caller, action=action).verdict


def decide(*statements: Json, caller: Caller | None = None, action: str = GET) -> Decision:
    return evaluate(document(*statements), caller or iam_caller(ROLE), action)


@pytest.mark.parametrize(
    ("who", "caller", "verdict"),
    [
        (ROLE, iam_caller(ROLE), "allowed"),
        (ROLE, iam_caller(ROLE_B), "denied"),
        ([ROLE, ROLE_B], iam_caller(ROLE_B), "allowed"),
        (USER, iam_caller(USER), "allowed"),
        (ROOT, iam_caller(ROLE), "allowed"),
        (ACCOUNT, iam_caller(ROLE), "allowed"),
        (ROOT, iam_caller(ROOT), "allowed"),
        (ROOT, STRANGER, "denied"),
        ("AROAEXAMPLEID", iam_caller(ROLE), "denied"),
        (ROLE, SESSION, "allowed"),
        (SESSION_ARN, SESSION, "allowed"),
        (SESSION_ARN, iam_caller(ROLE), "denied"),
        ("*", iam_caller(ROLE), "allowed"),
        ({"AWS": "*"}, STRANGER, "allowed"),
        ("*", LAMBDA_SERVICE, "allowed"),
        ("*", ANONYMOUS, "allowed"),
        (ROLE, ANONYMOUS, "denied"),
        (LAMBDA, LAMBDA_SERVICE, "allowed"),
        (LAMBDA, service("ecs.amazonaws.com"), "denied"),
        (LAMBDA, iam_caller(ROLE), "denied"),
        ({"Service": "*"}, LAMBDA_SERVICE, "depends"),
        (f"arn:aws:iam::{ACCOUNT}:role/*", iam_caller(ROLE), "depends"),
        (None, iam_caller(ROLE), "depends"),
    ],
)
def test_principals(who: object, caller: Caller, verdict: str) -> None:
    assert ask(allow(who), caller=caller) == verdict


@pytest.mark.parametrize(
    ("excluded", "caller", "applies"),
    [
        ({"AWS": ROLE}, iam_caller(ROLE), None),
        ({"AWS": ROOT}, iam_caller(ROLE), None),
        ({"AWS": [ROLE, ROOT]}, SESSION, None),
        ({"AWS": [ROLE, ROOT]}, STRANGER, True),
        ({"AWS": [ROLE, ROOT]}, iam_caller(ROLE_B), None),
        (LAMBDA, LAMBDA_SERVICE, False),
        (LAMBDA, STRANGER, True),
        ({"AWS": ROOT}, iam_caller(ROOT), False),
        ("*", iam_caller(ROOT), False),
        ("*", LAMBDA_SERVICE, False),
        ("*", ANONYMOUS, False),
        ({"Service": "*"}, STRANGER, None),
        ({"AWS": [ROLE, ROOT]}, ANONYMOUS, True),
    ],
)
def test_not_principal(excluded: object, caller: Caller, applies: Answer) -> None:
    everyone = allow("*")
    shut_out = {True: "denied", False: "allowed", None: "depends"}
    let_in = {True: "allowed", False: "denied", None: "depends"}
    denied = ask(everyone, deny(None, NotPrincipal=excluded), caller=caller)
    assert denied == shut_out[applies]
    allowed = ask(allow(None, NotPrincipal=excluded), caller=caller)
    assert allowed == let_in[applies]


@pytest.mark.parametrize(
    ("excluded", "caller"),
    [
        ({"AWS": [ROLE, ROOT]}, iam_caller(ROLE)),
        ({"AWS": [SESSION_ARN, ROLE, ROOT]}, SESSION),
        ({"AWS": [SESSION_ARN, ROOT]}, iam_caller(SESSION_ARN)),
        ({"AWS": [USER, ROOT]}, iam_caller(USER)),
        ({"AWS": [FEDERATED_ARN, ROOT]}, iam_caller(FEDERATED_ARN)),
        ({"AWS": "*"}, STRANGER),
        ("*", STRANGER),
    ],
)
def test_a_permissions_boundary_makes_not_principal_deny_whom_it_excludes(
    excluded: object, caller: Caller
) -> None:
    shut_out = deny(None, NotPrincipal=excluded)
    assert ask(allow("*"), shut_out, caller=caller) == "depends"
    assert concerns(0, statement(shut_out), caller) == Reason(0, None, "Deny", False)
    assert ask(allow(None, NotPrincipal=excluded), caller=caller) == "denied"
    elsewhere = deny(None, PUT, NotPrincipal=excluded)
    assert ask(allow("*"), elsewhere, caller=caller) == "allowed"


@pytest.mark.parametrize(
    ("elements", "action", "verdict"),
    [
        ({"Action": GET}, GET, "allowed"),
        ({"Action": "ECR:batchgetIMAGE"}, "ecr:BATCHGETIMAGE", "allowed"),
        ({"Action": GET}, PUT, "denied"),
        ({"Action": [GET, PUT]}, PUT, "allowed"),
        ({"Action": "ecr:Put*"}, PUT, "allowed"),
        ({"Action": "ecr:PutImag?"}, PUT, "allowed"),
        ({"Action": "ecr:PutImag?"}, "ecr:PutImages", "denied"),
        ({"Action": "*"}, "ecr:BrandNew", "allowed"),
        ({"Action": "s3:*"}, GET, "denied"),
        ({"NotAction": GET}, GET, "denied"),
        ({"NotAction": GET}, PUT, "allowed"),
        ({"NotAction": ["ecr:Put*", GET]}, PUT, "denied"),
        ({"NotAction": "ecr:Put*"}, "ecr:BrandNew", "allowed"),
        ({"Action": "*"}, "ecr:GetAuthorizationToken", "denied"),
        ({"Action": "ecr:*"}, "ECR:putregistrypolicy", "denied"),
        ({"Action": "ecr:PutRegistryPolicy"}, "ecr:PutRegistryPolicy", "denied"),
        ({"Action": "ecr:*PullThroughCacheRule*"}, "ecr:DescribePullThroughCacheRules", "denied"),
        ({"NotAction": GET}, "ecr:DescribeRegistry", "denied"),
        ({"Action": "*"}, "ecr:BatchImportUpstreamImage", "allowed"),
        ({"Action": "*"}, "s3:GetObject", "denied"),
        ({"Action": "*"}, "ecr-public:PutImage", "denied"),
    ],
)
def test_actions(elements: Json, action: str, verdict: str) -> None:
    assert ask(allow(do=None, **elements), action=action) == verdict


def test_a_pattern_is_no_question() -> None:
    with pytest.raises(ValueError, match=r"ecr:\*"):
        ask(allow(), action="ecr:*")


ON_VPC = condition("StringEquals", "aws:SourceVpc", "vpc-1")
ON_AGENT = condition("StringEquals", "aws:UserAgent", "docker")


@pytest.mark.parametrize(
    ("statements", "verdict", "reasons"),
    [
        ([], "denied", []),
        ([deny(ROLE_B), allow(ROLE, PUT)], "denied", []),
        ([allow(ROLE, PUT), allow(), allow()], "allowed", [(1, ()), (2, ())]),
        ([allow(), deny()], "denied", [(1, ())]),
        ([deny(when=VPC), allow(), deny()], "denied", [(2, ())]),
        ([deny(when=VPC)], "denied", []),
        ([allow(when=VPC)], "depends", [(0, ON_VPC)]),
        ([allow(when=VPC), allow()], "allowed", [(1, ())]),
        ([allow(when=VPC), allow(when=AGENT)], "depends", [(0, ON_VPC), (1, ON_AGENT)]),
        ([allow(), allow(when=AGENT), deny(when=VPC)], "depends", [(2, ON_VPC), (0, ())]),
        ([allow(when=AGENT), deny(when=VPC)], "depends", [(1, ON_VPC), (0, ON_AGENT)]),
        ([allow(), deny(None, NotPrincipal={"AWS": ROLE})], "depends", [(1, ()), (0, ())]),
        ([allow(), deny(None, PUT, NotPrincipal={"AWS": ROLE_B})], "allowed", [(0, ())]),
    ],
)
def test_effects_together(
    statements: list[Json], verdict: Verdict, reasons: list[tuple[int, Condition]]
) -> None:
    read = document(*statements) if statements else Document(None, ())
    decision = evaluate(read, iam_caller(ROLE), GET)
    assert decision.verdict == verdict
    assert [(found.position, found.depends_on) for found in decision.reasons] == reasons


def test_a_reason_names_its_statement() -> None:
    decision = decide(allow(), deny(Sid="no push", when=VPC))
    assert decision.reasons == (
        Reason(1, "no push", "Deny", False, ON_VPC),
        Reason(0, None, "Allow", True),
    )


def test_all_clauses_must_hold() -> None:
    both = allow(when={"StringEquals": {"aws:SourceVpc": "vpc-1", "aws:UserAgent": "docker"}})
    met = {"aws:sourcevpc": ("vpc-1",), "aws:useragent": ("docker",)}
    assert ask(both, caller=iam_caller(ROLE, met)) == "allowed"
    unmet = {**met, "aws:useragent": ("podman",)}
    assert ask(both, caller=iam_caller(ROLE, unmet)) == "denied"
    partly = iam_caller(ROLE, {"aws:sourcevpc": ("vpc-1",)})
    assert ask(both, caller=partly) == "depends"
    unknown = (c for c in statement(both).condition if clause_holds(c, partly) is None)
    assert tuple(unknown) == condition("StringEquals", "aws:UserAgent", "docker")


def test_what_an_arn_says_of_the_request() -> None:
    caller = iam_caller(ROLE)
    assert caller.values_of("aws:principalarn") == (ROLE,)
    assert caller.values_of("aws:principalaccount") == (ACCOUNT,)
    assert caller.values_of("aws:sourcearn") == ()
    assert caller.values_of("aws:sourceip") is None
    assert iam_caller(SESSION_ARN).values_of("aws:principalarn") is None
    assert iam_caller(ROOT).principals == (Principal("AWS", (ROOT,)),)


def test_what_is_given_wins_over_what_the_arn_says() -> None:
    caller = iam_caller(ROLE, {"aws:sourcearn": ("x",)}, frozenset({"aws:principalarn"}))
    assert caller.values_of("aws:sourcearn") == ("x",)
    assert caller.values_of("aws:principalarn") == ()
    assert caller.values_of("aws:sourceaccount") == ()


def test_no_caller_without_an_arn() -> None:
    with pytest.raises(ValueError, match="somebody"):
        iam_caller("somebody")


@pytest.mark.parametrize(
    ("answers", "every", "some"),
    [
        ([], True, False),
        ([True, True], True, True),
        ([True, None], None, True),
        ([False, None], False, None),
        ([True, False, None], False, True),
        ([None], None, None),
    ],
)
def test_three_valued_logic(answers: list[Answer], every: Answer, some: Answer) -> None:
    assert (all_of(answers), any_of(answers)) == (every, some)
    assert [negated(negated(answer)) for answer in answers] == answers
