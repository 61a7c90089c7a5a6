"""`never` rules: who ends up with what they never shall have, and who does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.document import NotAction
from reconciler.policy.language.principals import (
    EVERYONE,
    Principal,
    account_principal,
    service_principal,
)
from reconciler.policy.meaning.callers import iam_caller
from reconciler.policy.meaning.evaluate import evaluate
from reconciler.policy.meaning.facts import Actions, Facts, NamedPrincipal
from reconciler.policy.meaning.never import NeverRule, Outside, find_violations
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS, may_overlap, violates_tier
from tests.effort import examples
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
    URL,
    USER,
    Json,
    allow,
    condition,
    deny,
    document,
    facts,
)

CHECK = "ecr:BatchCheckLayerAvailability"
STRANGER = f"arn:aws:iam::{OTHER_ACCOUNT}:role/stranger"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/a/session"
GONE = "AROAEXAMPLEEXAMPLEID"
ORG = "o-a1b2c3d4e5"
ORG_B = "o-b1b2c3d4e5"
UNTIL = {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}


def aws(name: str, when: Condition = ()) -> NamedPrincipal:
    return NamedPrincipal(Principal("AWS", (name,)), when)


def org_is(name: str = ORG) -> Json:
    return {"StringEquals": {"aws:PrincipalOrgID": name}}


def below(path: str) -> Json:
    return {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": path}}


def arn_like(*patterns: str, operator: str = "ArnLike") -> Json:
    return {operator: {"aws:PrincipalArn": list(patterns)}}


def account_is(*accounts: str, operator: str = "StringEquals") -> Json:
    return {operator: {"aws:PrincipalAccount": list(accounts)}}


def source(operator: str, key: str, *values: str) -> Json:
    return {operator: {key: list(values)}}


A = aws(ROLE)
WHOLE_ACCOUNT = aws(ROOT)
PATTERN = aws(ROOT, condition("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:role/a*"))
ORGANIZATION = aws("*", condition("StringEquals", "aws:PrincipalOrgID", ORG))
UNIT = aws(
    "*", condition("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", f"{ORG}/r-ab12/ou-1/*")
)
FUNCTIONS = NamedPrincipal(service_principal("lambda.amazonaws.com"))
PUBLIC = NamedPrincipal(EVERYONE)
OUTSIDE = Outside(frozenset({ACCOUNT}))


def rule(
    to: NamedPrincipal | Outside, tier: str = "push", *more: NamedPrincipal | Outside
) -> NeverRule:
    return NeverRule(tier, BUILT_IN_TIERS[tier], (to, *more), "because")


def violators(given: NeverRule, held: Facts) -> list[Principal]:
    """Who breaks a rule, by principal alone."""
    return sorted({violation.subject.principal for violation in find_violations(given, held)})


def broken(given: NeverRule, *statements: Json) -> list[str]:
    """The names of the principals that break a rule."""
    return [", ".join(principal.names) for principal in violators(given, facts(*statements))]


def f(*actions: str) -> frozenset[str]:
    return frozenset(actions)


@pytest.mark.parametrize(
    ("tier", "held", "denied", "expected"),
    [
        ("push", f(PUT), f(), True),
        ("push", f(CHECK), f(), False),
        ("push", f("ecr:put*"), f(), True),
        ("push", f("ecr:batch*"), f(), False),
        ("push", f("*"), f(), True),
        ("push", f("ecr:*"), f(), True),
        ("push", f("s3:*"), f(), False),
        ("push", f("ecr:*"), BUILT_IN_TIERS["push"], False),
        ("push", f("ecr:*"), f("*"), False),
        ("push", f("ecr:*"), f("ecr:put*", "ecr:*layer*"), False),
        ("push", f("ecr:*"), f("ecr:put*"), True),
        ("push", f(PUT), f(PUT), False),
        ("push", frozenset({NotAction((PUT,))}), f(), True),
        ("push", frozenset({NotAction(("ecr:*",))}), f(), False),
        ("push", f(PUT), frozenset({NotAction(("s3:*",))}), False),
        ("push", f(PUT), frozenset({NotAction((PUT,))}), True),
        ("pull", f(*PULL), f(), True),
        ("pull", f(GET, URL), f(), False),
        ("pull", f(*PULL), f(GET), False),
        ("pull", f("ecr:get*", "ecr:batch*"), f(), True),
        ("pull", frozenset({NotAction(("ecr:put*",))}), f(), True),
        ("pull", frozenset({NotAction((URL,))}), f(), False),
        ("admin", f(PUT), f(), True),
        ("admin", f(GET), f(), False),
        ("admin", f("ecr:describe*"), f(), False),
        ("admin", f("ecr:newaction"), f(), True),
        ("admin", f("ecr:newaction"), f("ecr:new*"), False),
        ("admin", f("ecr:new*"), f(), True),
        ("admin", f("ecr:new*"), f("ecr:n*"), False),
        ("admin", f("ecr:new*"), f("ecr:*"), False),
        ("admin", frozenset({NotAction((PUT,))}), f(), True),
        ("admin", frozenset({NotAction(("*",))}), f(), False),
        ("admin", frozenset({NotAction(("ecr:*",))}), f(), False),
    ],
)
def test_what_amounts_to_a_tier(tier: str, held: Actions, denied: Actions, expected: bool) -> None:
    assert violates_tier(BUILT_IN_TIERS[tier], held, denied) is expected


@pytest.mark.parametrize(
    ("tier", "held", "expected"),
    [
        (f("ecr:describe*"), f("ecr:DescribeImages"), False),
        (f("ecr:get*"), frozenset({NotAction(("ecr:put*",))}), True),  # all of them
        (f("ecr:get*"), frozenset({NotAction((URL,))}), False),
        (f("ecr:*image"), frozenset({NotAction((PUT,))}), True),
        (f("ecr:new*"), f("ecr:newaction"), True),
        (f("ecr:new*"), f("ecr:*action"), True),
        (f("ecr:newaction"), f("ecr:newaction"), True),
        (f("ecr:newaction"), f("ecr:new*"), True),
        (f(), f("ecr:*"), False),
    ],
)
def test_own_tiers(tier: frozenset[str], held: Actions, expected: bool) -> None:
    assert violates_tier(tier, held, frozenset()) is expected


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (f(GET), False),
        (f(GET, CHECK), True),
        (f("ecr:batch*"), True),
        (frozenset({NotAction(("ecr:*",))}), False),
        (frozenset({NotAction((PUT,))}), True),
    ],
)
def test_what_has_anything_of_a_tier(held: Actions, expected: bool) -> None:
    assert may_overlap(BUILT_IN_TIERS["push"], held) is expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow(ROLE, PUT), [ROLE]),
        (allow(ROLE, PUT, UNTIL), [ROLE]),
        (allow(ROLE, GET), []),
        (allow(ROLE_B, PUT), []),
        (allow(GONE, PUT), []),
        (allow(ROOT, PUT), [ROLE]),
        (allow(SESSION, PUT), [SESSION]),
        (allow(SESSION.replace("/a/", "/b/"), PUT), []),
        (allow(f"arn:aws:iam::{OTHER_ACCOUNT}:root", PUT), []),
        (allow(ROOT, PUT, arn_like(f"arn:aws:iam::{ACCOUNT}:role/*")), [ROLE]),
        (allow(ROOT, PUT, arn_like(f"arn:aws:iam::{ACCOUNT}:role/b*")), []),
        (allow(LAMBDA, PUT), []),
        (allow("*", PUT), [ROLE]),
        (allow("*", PUT, org_is()), [ROLE]),
        (allow("*", PUT, account_is(ACCOUNT)), [ROLE]),
        (allow("*", PUT, account_is(OTHER_ACCOUNT)), []),
        (allow("*", PUT, account_is(ACCOUNT, operator="StringNotEquals")), []),
        (allow("*", PUT, account_is(OTHER_ACCOUNT, operator="StringEqualsIfExists")), []),
        (allow("*", PUT, arn_like(ROLE_B)), []),
        (allow("*", PUT, arn_like(ROLE_B, ROLE)), [ROLE]),
        (allow("*", PUT, source("StringEquals", "aws:SourceAccount", ACCOUNT)), []),
        (allow(None, PUT, NotPrincipal={"AWS": ROLE_B}), [ROLE]),
        (allow(None, PUT, NotPrincipal={"AWS": ROLE}), [ROLE]),
        (allow(None, PUT, NotPrincipal={"AWS": [ROLE, ROOT]}), []),
        (allow(None, PUT, NotPrincipal={"AWS": "*"}), []),
        (allow(None, PUT), [ROLE]),
        (allow(f"arn:aws:iam::{ACCOUNT}:role/*", PUT), [ROLE]),
        (allow({"Federated": "cognito-identity.amazonaws.com"}, PUT), []),
    ],
)
def test_a_role(statement: Json, expected: list[str]) -> None:
    assert broken(rule(A), statement) == expected


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([allow(ROLE, [GET, URL])], []),
        ([allow(ROLE, [GET, URL]), allow(ROLE, CHECK, UNTIL)], [ROLE]),
        ([allow(ROLE, [GET, URL]), allow("*", CHECK, org_is())], [ROLE]),
        ([allow(ROLE, [GET, URL]), allow(ROOT, CHECK)], [ROLE]),
        ([allow(ROLE, [GET, URL]), allow(ROLE_B, CHECK)], []),
        ([allow(ROLE, PULL), deny(ROLE, GET)], []),
        ([allow(ROLE, PULL), deny(ROOT, GET)], []),
        ([allow("*", PULL), deny("*", GET)], []),
        ([allow(ROLE, PULL), deny(ROLE_B, GET)], [ROLE]),
        ([allow(ROLE, PULL), deny(ROLE, GET, UNTIL)], [ROLE]),
        ([allow(ROLE, PULL), deny(None, GET, NotPrincipal={"AWS": ROLE_B})], [ROLE]),
        ([deny(ROLE, PULL)], []),
    ],
)
def test_what_adds_up_and_what_is_taken_away(statements: list[Json], expected: list[str]) -> None:
    assert broken(rule(A, "pull"), *statements) == expected


@pytest.mark.parametrize(
    ("to", "statement", "expected"),
    [
        (WHOLE_ACCOUNT, allow(ROOT, PUT), [ROOT]),
        (WHOLE_ACCOUNT, allow(ROLE, PUT), [ROLE]),
        (WHOLE_ACCOUNT, allow(USER, PUT), [USER]),
        (WHOLE_ACCOUNT, allow(STRANGER, PUT), []),
        (WHOLE_ACCOUNT, allow(None, PUT, NotPrincipal={"AWS": [ROOT, ROLE]}), [ROOT]),
        (WHOLE_ACCOUNT, allow(None, PUT, NotPrincipal={"AWS": "*"}), []),
        (FUNCTIONS, allow(None, PUT, NotPrincipal={"Service": "lambda.amazonaws.com"}), []),
        (WHOLE_ACCOUNT, allow(ROOT, PUT, arn_like(ROLE_B)), [ROOT]),
        (WHOLE_ACCOUNT, allow("*", PUT), [ROOT]),
        (WHOLE_ACCOUNT, allow("*", PUT, account_is(OTHER_ACCOUNT)), []),
        (PATTERN, allow(ROOT, PUT), [ROOT]),
        (PATTERN, allow(ROLE, PUT), [ROLE]),
        (PATTERN, allow(ROLE_B, PUT), []),
        (PATTERN, allow(SESSION, PUT), [SESSION]),
        (PATTERN, allow(ROOT, PUT, arn_like(f"arn:aws:iam::{ACCOUNT}:role/*")), [ROOT]),
        (PATTERN, allow(ROOT, PUT, arn_like(f"arn:aws:iam::{ACCOUNT}:role/b*")), []),
        (PATTERN, allow(SESSION, PUT, arn_like(ROLE_B)), []),
        (PATTERN, allow("*", PUT, org_is()), [ROOT]),
        (ORGANIZATION, allow("*", PUT), ["*"]),
        (ORGANIZATION, allow("*", PUT, org_is()), ["*"]),
        (ORGANIZATION, allow("*", PUT, {**org_is(), **UNTIL}), ["*"]),
        (ORGANIZATION, allow("*", PUT, org_is(ORG_B)), []),
        (ORGANIZATION, allow("*", PUT, below(f"{ORG}/*")), ["*"]),
        (ORGANIZATION, allow("*", PUT, below(f"{ORG_B}/*")), []),
        (ORGANIZATION, allow("*", PUT, below("${aws:ResourceOrgPaths}")), ["*"]),
        (ORGANIZATION, allow("*", PUT, account_is(ACCOUNT)), ["*"]),
        (ORGANIZATION, allow(ROLE, PUT), []),
        (ORGANIZATION, allow(ROLE, PUT, org_is()), [ROLE]),
        (ORGANIZATION, allow(ROLE, PUT, org_is(ORG_B)), []),
        (ORGANIZATION, allow(ROOT, PUT), []),
        (ORGANIZATION, allow(LAMBDA, PUT), []),
        (ORGANIZATION, allow("*", PUT, org_is(ORG_B) | {"StringLike": {"a:b": "c"}}), []),
        (UNIT, allow("*", PUT, below(f"{ORG}/r-ab12/ou-2/*")), []),
        (UNIT, allow("*", PUT, below(f"{ORG}/r-ab12/*")), ["*"]),
        (UNIT, allow("*", PUT, org_is()), ["*"]),
        (
            UNIT,
            allow("*", PUT, {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "x/*"}}),
            ["*"],
        ),
        (UNIT, allow("*", PUT, {"StringLike": {"aws:PrincipalOrgPaths": "x/*"}}), ["*"]),
        (UNIT, allow("*", PUT, {"StringNotLike": {"aws:PrincipalOrgPaths": "x/*"}}), ["*"]),
        (UNIT, allow("*", PUT, {"StringLikeIfExists": {"aws:PrincipalOrgID": "x"}}), ["*"]),
        (FUNCTIONS, allow(LAMBDA, PUT), ["lambda.amazonaws.com"]),
        (FUNCTIONS, allow({"Service": "codebuild.amazonaws.com"}, PUT), []),
        (FUNCTIONS, allow("*", PUT, org_is()), []),
        (FUNCTIONS, allow("*", PUT), ["lambda.amazonaws.com"]),
        (
            aws("*", condition("StringEquals", "aws:PrincipalAccount", ACCOUNT)),
            allow(ROLE, PUT),
            [ROLE],
        ),
    ],
)
def test_named_ones(to: NamedPrincipal, statement: Json, expected: list[str]) -> None:
    assert broken(rule(to), statement) == expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow(ROLE, PUT), []),
        (allow(ROOT, PUT), []),
        (allow(SESSION, PUT), []),
        (allow(STRANGER, PUT), [STRANGER]),
        (allow(STRANGER, GET), []),
        (allow(GONE, PUT), []),
        (allow("someone", PUT), ["someone"]),
        (allow(f"arn:aws:iam::{ACCOUNT}:role/*", PUT), [f"arn:aws:iam::{ACCOUNT}:role/*"]),
        (allow("*", PUT), ["*"]),
        (allow("*", PUT, org_is()), ["*"]),
        (allow("*", PUT, UNTIL), ["*"]),
        (allow("*", PUT, account_is(ACCOUNT)), []),
        (allow("*", PUT, account_is(ACCOUNT, OTHER_ACCOUNT)), ["*"]),
        (allow("*", PUT, account_is("4444*", operator="StringLike")), ["*"]),
        (allow("*", PUT, account_is("${aws:ResourceAccount}")), ["*"]),
        (allow("*", PUT, account_is(ACCOUNT, operator="StringNotEquals")), ["*"]),
        (allow("*", PUT, account_is(ACCOUNT, operator="StringEqualsIfExists")), ["*"]),
        (allow("*", PUT, account_is(ACCOUNT, operator="ForAllValues:StringEquals")), ["*"]),
        (allow("*", PUT, account_is(ACCOUNT, operator="ForAnyValue:StringEquals")), []),
        (allow("*", PUT, arn_like(f"arn:aws:iam::{ACCOUNT}:role/*")), []),
        (allow("*", PUT, arn_like(f"arn:aws:iam::{ACCOUNT}:role/*", operator="StringLike")), []),
        (allow("*", PUT, arn_like(f"arn:aws:*:{ACCOUNT}:role/*", operator="StringLike")), ["*"]),
        (allow("*", PUT, arn_like(f"arn:*:iam::{ACCOUNT}:*", operator="StringLike")), ["*"]),
        (allow("*", PUT, arn_like(f"arn:*:iam::{ACCOUNT}:*")), []),
        (allow("*", PUT, arn_like("arn:aws:iam::*:role/a")), ["*"]),
        (allow("*", PUT, arn_like("*", operator="StringLike")), ["*"]),
        (allow("*", PUT, arn_like(f"arn:${{aws:PrincipalTag/x}}:z:{ACCOUNT}:*")), ["*"]),
        (allow("*", PUT, source("StringEquals", "aws:SourceAccount", ACCOUNT)), []),
        (allow(None, PUT, NotPrincipal={"AWS": STRANGER}), [f"AWS:{STRANGER}"]),
        (allow(None, PUT, account_is(ACCOUNT), NotPrincipal={"AWS": STRANGER}), []),
        (allow(None, PUT), [""]),
        (allow(LAMBDA, PUT), ["lambda.amazonaws.com"]),
        (allow(LAMBDA, PUT, source("StringEquals", "aws:SourceAccount", ACCOUNT)), []),
        (
            allow(LAMBDA, PUT, source("StringLike", "aws:SourceArn", "arn:aws:s3:::bucket")),
            ["lambda.amazonaws.com"],
        ),
        (
            allow(LAMBDA, PUT, source("ArnLike", "aws:SourceArn", f"arn:aws:x:*:{ACCOUNT}:*")),
            [],
        ),
        (
            allow(
                LAMBDA,
                PUT,
                source("StringLike", "aws:SourceArn", f"arn:aws:lambda:*:{ACCOUNT}:function:*"),
            ),
            [],
        ),
        (
            allow(LAMBDA, PUT, source("StringLike", "aws:SourceArn", f"arn:aws:x:*:{ACCOUNT}:*")),
            ["lambda.amazonaws.com"],
        ),
        (allow(LAMBDA, PUT, account_is(ACCOUNT)), ["lambda.amazonaws.com"]),
        (allow({"Federated": "accounts.google.com"}, PUT), ["accounts.google.com"]),
        (allow({"CanonicalUser": "79a5"}, PUT), ["79a5"]),
    ],
)
def test_outside_of_an_account(statement: Json, expected: list[str]) -> None:
    assert broken(rule(OUTSIDE), statement) == expected


def test_whoever_holds_too_much_only_through_others_is_not_told_besides_them() -> None:
    shared = allow("*", PUT, org_is())
    assert broken(rule(OUTSIDE), allow(STRANGER, CHECK), shared) == ["*"]
    assert broken(rule(OUTSIDE), allow(STRANGER, PUT), shared) == ["*", STRANGER]
    assert broken(rule(OUTSIDE), allow("*", PUT, org_is()), allow("*", PUT, org_is(ORG_B))) == ["*"]


def test_what_outsiders_hold_together_with_everyone_counts() -> None:
    parts = [allow(STRANGER, [GET, URL]), allow("*", CHECK, org_is())]
    assert broken(rule(OUTSIDE, "pull"), *parts) == [STRANGER]
    bounded = allow("*", CHECK, account_is(ACCOUNT))
    assert broken(rule(OUTSIDE, "pull"), parts[0], bounded) == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow("*", PUT), ["*"]),
        (allow("*", PUT, UNTIL), ["*"]),
        (allow("*", PUT, org_is()), []),
        (allow(None, PUT, NotPrincipal={"AWS": ROLE}), [f"AWS:{ROLE}"]),
        (allow(ROLE, PUT), []),
        (allow(LAMBDA, PUT), []),
        (allow("*", GET), []),
        (allow("*", PUT, {"StringLike": {"aws:userid": "AROAEXAMPLEID:*"}}), []),
    ],
)
def test_the_public(statement: Json, expected: list[str]) -> None:
    assert broken(rule(PUBLIC), statement) == expected


def test_the_public_does_not_have_what_only_an_organization_has() -> None:
    assert broken(rule(PUBLIC, "pull"), allow("*", [GET, URL]), allow("*", CHECK, org_is())) == []
    assert broken(rule(PUBLIC, "pull"), allow("*", [GET, URL]), allow("*", CHECK, UNTIL)) == ["*"]


def test_the_public_has_what_all_statements_give_it() -> None:
    apart = [
        allow("*", PUT, {"IpAddress": {"aws:SourceIp": [f"{n}.0.0.0/8", f"{n + 2}.0.0.0/8"]}})
        for n in (1, 5)
    ]
    assert broken(rule(PUBLIC), *apart) == ["*"]
    assert broken(rule(PUBLIC), apart[0]) == []
    others = deny("*", "*", {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}})
    assert broken(rule(PUBLIC), *apart, others) == []
    assert broken(rule(PUBLIC), allow("*", PUT), others) == []


def test_what_a_service_is_denied() -> None:
    statements = [allow(LAMBDA, PULL), deny(LAMBDA, GET)]
    assert broken(rule(FUNCTIONS, "pull"), *statements) == []
    assert broken(rule(FUNCTIONS, "pull"), allow(LAMBDA, PULL), deny(ROLE, GET)) == [
        "lambda.amazonaws.com"
    ]


REPLACE = "ecr:SetRepositoryPolicy"
REMOVE = "ecr:DeleteRepositoryPolicy"


@pytest.mark.parametrize(
    ("to", "statements", "expected"),
    [
        *((A, [allow(ROLE, do)], [ROLE]) for do in (REPLACE, REMOVE, "ecr:*Policy", "ecr:Set*")),
        (A, [allow(ROLE, REPLACE, UNTIL)], [ROLE]),
        (A, [allow(ROLE, None, NotAction=[GET, "ecr:Put*", "ecr:*Layer*"])], [ROLE]),
        (A, [allow(ROLE, None, NotAction=[GET, "ecr:Put*", "ecr:*Layer*", "ecr:*Policy"])], []),
        (A, [allow(ROLE, "ecr:GetRepositoryPolicy")], []),
        (A, [allow(ROOT, REPLACE)], [ROLE]),
        (A, [allow("*", REPLACE, org_is())], [ROLE]),
        (A, [allow("*", REPLACE, account_is(OTHER_ACCOUNT))], []),
        (A, [allow(ROLE_B, REPLACE)], []),
        (A, [allow(ROLE, "ecr:*Policy"), deny(ROLE, REPLACE)], [ROLE]),
        (A, [allow(ROLE, "ecr:*Policy"), deny("*", [REPLACE, REMOVE])], []),
        (A, [allow(ROLE, REPLACE), deny(ROLE, REPLACE, UNTIL)], [ROLE]),
        (WHOLE_ACCOUNT, [allow(ROLE, REPLACE)], [ROLE]),
        (ORGANIZATION, [allow("*", REPLACE, org_is())], ["*"]),
        (OUTSIDE, [allow([STRANGER, ROLE], REPLACE)], [STRANGER]),
        (OUTSIDE, [allow(LAMBDA, REPLACE)], ["lambda.amazonaws.com"]),
        (PUBLIC, [allow("*", REPLACE)], ["*"]),
        (PUBLIC, [allow("*", REPLACE, org_is())], []),
    ],
)
def test_whoever_may_rewrite_the_policy_breaks_every_rule(
    to: NamedPrincipal | Outside, statements: list[Json], expected: list[str]
) -> None:
    for tier in ("pull", "push"):
        assert broken(rule(to, tier), *statements) == expected
        found = find_violations(rule(to, tier), facts(*statements))
        assert all(violation.by_rewriting for violation in found)


def test_whoever_holds_the_tier_is_not_told_as_who_could_take_it() -> None:
    (violation,) = find_violations(rule(A), facts(allow(ROLE, "ecr:*")))
    assert not violation.by_rewriting


def test_several_whom_a_rule_is_about() -> None:
    both = rule(A, "push", aws(ROLE_B), aws(ROLE_B))
    assert broken(both, allow([ROLE_B, ROLE], PUT), allow("*", PUT)) == [ROLE, ROLE_B]


def test_a_violation_names_subject_and_holders() -> None:
    named = NamedPrincipal(Principal("AWS", (ROLE,)), (), "ci")
    held = facts(allow(ROLE, PUT), allow(ROOT, [PUT, CHECK]), allow(ROLE_B, PUT), deny("*", CHECK))
    (violation,) = find_violations(rule(named), held)
    assert violation.subject == named
    names = {holder.principal for holder in violation.holders}
    assert names == {named.principal, account_principal(ACCOUNT, "aws")}
    assert violation.denied == {CHECK}


@pytest.mark.parametrize(
    ("patterns", "repository", "expected"),
    [
        ((), "payments/api", True),
        (("payments/api",), "payments/api", True),
        (("payments/*",), "payments/api", True),
        (("tools/*", "payments/*"), "payments/api", True),
        (("tools/*",), "payments/api", False),
        (("*/api",), "payments/*", True),
        (("tools/*",), "payments/*", False),
    ],
)
def test_which_repositories(patterns: tuple[str, ...], repository: str, expected: bool) -> None:
    assert rule(A)._replace(repositories=patterns).may_concern(repository) is expected


WHO = st.sampled_from(
    [
        ROLE,
        ROLE_B,
        ROOT,
        STRANGER,
        "*",
        f"but {ROLE}",
        f"but {ROLE} {ROOT}",
    ]
)
WHAT = st.lists(st.sampled_from([GET, URL, CHECK, PUT, "ecr:*", "ecr:Put*"]), min_size=1)
WHEN = st.sampled_from(
    [
        None,
        UNTIL,
        org_is(),
        account_is(ACCOUNT),
        account_is(OTHER_ACCOUNT),
        account_is(ACCOUNT, operator="StringNotEquals"),
        arn_like(f"arn:aws:iam::{ACCOUNT}:role/*"),
        arn_like(ROLE_B),
    ]
)


def _statement(effect: bool, who: str, do: list[str], when: Json | None) -> Json:
    write = allow if effect else deny
    if who.startswith("but "):
        return write(None, do, when, NotPrincipal={"AWS": who.split()[1:]})
    return write(who, do, when)


STATEMENTS = st.lists(
    st.builds(
        _statement,
        st.booleans(),
        WHO,
        WHAT,
        WHEN,
    ),
    min_size=1,
    max_size=5,
)


@examples(80)
@given(STATEMENTS, st.sampled_from([ROLE, ROLE_B, STRANGER]))
def test_it_never_fails_open(statements: list[Json], arn: str) -> None:
    """Whoever the evaluator may let push breaks the rule that names it, or its account."""
    verdict = evaluate(document(*statements), iam_caller(arn), PUT).verdict
    held = facts(*statements)
    if verdict != "denied":
        assert Principal("AWS", (arn,)) in violators(rule(aws(arn)), held)
        own = account_principal(arn.split(":")[4], "aws")
        assert violators(rule(NamedPrincipal(own)), held)
    if verdict == "allowed" and arn == STRANGER:
        assert violators(rule(OUTSIDE), held)
