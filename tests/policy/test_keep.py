"""Whose statement is it: Lambda's own, by its whole shape; others', by rule or by default."""

from typing import Literal

import pytest

from reconciler.policy.language.principals import EVERYONE, Principal, service_principal
from reconciler.policy.meaning.keep import (
    LAMBDA_SID,
    KeepRule,
    Ownership,
    changes_meaning,
    keep_mismatches,
    keeps_as_much,
    kept_registry_statements,
    kept_statements,
    lambda_rule,
    registry_changes_meaning,
    registry_statement_key,
)
from tests.policy.making import (
    ACCOUNT,
    GET,
    LAMBDA,
    OTHER_ACCOUNT,
    PUT,
    ROLE,
    URL,
    Json,
    allow,
    condition,
    deny,
    document,
)
from tests.policy.random_registries import ALL, PREFIX, at, read_registry

FUNCTION = f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:*"
REGISTRY_FUNCTION = "arn:aws:lambda:us-west-2:111122223333:function:app"
POLICY_ACTIONS = [
    "ecr:SetRepositoryPolicy",
    "ecr:DeleteRepositoryPolicy",
    "ecr:GetRepositoryPolicy",
]
RULE = lambda_rule(["111122223333", ACCOUNT])


def from_arns(*values: str, operator: str = "StringLike", key: str = "aws:sourceArn") -> Json:
    return {operator: {key: list(values)}}


FROM_FUNCTION = from_arns(FUNCTION)


def lambdas(
    who: object = LAMBDA,
    do: object = (GET, URL),
    when: object = FROM_FUNCTION,
    **elements: object,
) -> Json:
    return allow(who, do, when, **{"Sid": LAMBDA_SID, **elements})


def kept(raw: Json, *rules: KeepRule) -> bool:
    return bool(kept_statements(document(raw).statements, Ownership(rules=rules or (RULE,))))


@pytest.mark.parametrize(
    "raw",
    [
        lambdas(),
        lambdas(do=GET),
        lambdas(do=[GET, URL, *POLICY_ACTIONS]),
        lambdas(when=from_arns(FUNCTION, REGISTRY_FUNCTION)),
        lambdas(when=from_arns(FUNCTION, operator="ArnLike")),
        lambdas(when=from_arns(FUNCTION, key="AWS:SOURCEARN")),
        lambdas(when=from_arns(FUNCTION.replace("us-west-2", "*"))),
        lambdas(when=from_arns(f"arn:aws:lambda:*:{ACCOUNT}:*", operator="ArnLike")),
        lambdas(when=from_arns(f"arn:aws:lambda:us-west-2:{ACCOUNT}:*")),
        lambdas(when={**from_arns(FUNCTION), "Bool": {"aws:SecureTransport": True}}),
    ],
)
def test_lambdas_own_statement_is_kept(raw: Json) -> None:
    assert kept(raw)


@pytest.mark.parametrize(
    "raw",
    [
        lambdas(Sid="LambdaECRImageRetrievalPolicy2"),
        lambdas(Sid="lambdaecrimageretrievalpolicy"),
        {key: value for key, value in lambdas().items() if key != "Sid"},
        lambdas(Effect="Deny"),
        lambdas({"Service": "edgelambda.amazonaws.com"}),
        lambdas({**LAMBDA, "AWS": ROLE}),
        lambdas({"Service": ["lambda.amazonaws.com", "ecs.amazonaws.com"]}),
        lambdas("*"),
        lambdas(None, NotPrincipal=LAMBDA),
        lambdas(do=[GET, URL, PUT]),
        lambdas(do="ecr:*"),
        lambdas(do="ecr:BatchGet*"),
        lambdas(do=None, NotAction=PUT),
        lambdas(when=None),
        lambdas(when={}),
        lambdas(when=from_arns("*")),
        lambdas(when=from_arns("arn:aws:lambda:us-west-2:*:function:*")),
        lambdas(when=from_arns(FUNCTION.replace(ACCOUNT, OTHER_ACCOUNT))),
        lambdas(when=from_arns(FUNCTION, FUNCTION.replace(ACCOUNT, OTHER_ACCOUNT))),
        lambdas(when=from_arns(FUNCTION.replace(ACCOUNT, ACCOUNT + "*"))),
        lambdas(when=from_arns(f"arn:aws:lambda:us-west-2:{ACCOUNT}")),
        lambdas(when=from_arns(f"arn:aws:lambda:*:{ACCOUNT}:*")),
        lambdas(when=from_arns(f"*:*:*:*:{ACCOUNT}:*")),
        lambdas(when=from_arns(f"arn:*:{ACCOUNT}:*")),
        lambdas(when=from_arns(f"${{aws:SourceArn,'a:b:c:{ACCOUNT}:d'}}")),
        lambdas(when=from_arns(FUNCTION.replace("us-west-2", "?"))),
        lambdas(when=from_arns("arn:aws:s3:::bucket")),
        lambdas(when=from_arns(FUNCTION, operator="StringEquals")),
        lambdas(when=from_arns(FUNCTION, operator="StringNotLike")),
        lambdas(when=from_arns(FUNCTION, operator="ArnNotLike")),
        lambdas(when=from_arns(FUNCTION, operator="StringLikeIfExists")),
        lambdas(when=from_arns(FUNCTION, operator="ForAllValues:StringLike")),
        lambdas(when=from_arns(FUNCTION, key="aws:PrincipalArn")),
        lambdas(when={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
    ],
)
def test_whatever_deviates_is_not(raw: Json) -> None:
    assert not kept(raw)


def test_a_rule_of_the_files_own() -> None:
    codebuild = {"Service": "codebuild.amazonaws.com"}
    rule = KeepRule("Builds", service_principal("codebuild.amazonaws.com"))
    assert kept(allow(codebuild, "ecr:*", Sid="Builds"), RULE, rule)
    assert not kept(deny(codebuild, "ecr:*", Sid="Builds"), RULE, rule)
    assert not kept(allow(LAMBDA, "ecr:*", Sid="Builds"), RULE, rule)


def test_a_rule_on_a_principal_with_a_condition_asks_for_it() -> None:
    """A role pattern is its account under a condition: the account alone is somebody else."""
    pattern = condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/sso/*")
    root = Principal("AWS", ("arn:aws:iam::444455556666:root",))
    rule = KeepRule("Admins", root, condition=pattern)
    bounded = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/sso/*"}}
    more = {**bounded, "Bool": {"aws:SecureTransport": "true"}}
    assert kept(allow("444455556666", GET, bounded, Sid="Admins"), rule)
    assert kept(allow("444455556666", GET, more, Sid="Admins"), rule)
    assert not kept(allow("444455556666", GET, Sid="Admins"), rule)


def test_what_is_public_is_never_kept_by_rule() -> None:
    rule = KeepRule("Everyone", EVERYONE)
    org = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    assert kept(allow("*", GET, org, Sid="Everyone"), rule)
    assert not kept(allow("*", GET, Sid="Everyone"), rule)


def why(raw: Json, *rules: KeepRule, default: Literal["remove", "keep"] = "remove") -> list[str]:
    (statement,) = document(raw).statements
    return [o.reason for o in keep_mismatches(statement, Ownership(default, (RULE, *rules)))]


OTHERS = FUNCTION.replace(ACCOUNT, OTHER_ACCOUNT)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (lambdas(), []),
        (lambdas(Sid="Other", when=None), []),
        (lambdas(when=None), ["it has no source account"]),
        (
            lambdas(when={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
            ["it has no source account in a StringLike or ArnLike of aws:SourceArn"],
        ),
        (
            lambdas(when=from_arns(FUNCTION, operator="StringEquals")),
            ["it has no source account in a StringLike or ArnLike of aws:SourceArn"],
        ),
        (
            lambdas(when=from_arns(FUNCTION, OTHERS)),
            ["its source account 777788889999 is not under accounts"],
        ),
        (
            lambdas(when=from_arns(OTHERS, OTHERS.replace("*", "app"))),
            ["its source account 777788889999 is not under accounts"],
        ),
        (lambdas(when=from_arns("*")), ["the account of its source * is unknown"]),
        (
            lambdas(when={**from_arns(OTHERS), **from_arns(FUNCTION, operator="ArnLike")}),
            [],
        ),
        (
            lambdas(do=[GET, PUT], when=None),
            ["it also allows ecr:PutImage", "it has no source account"],
        ),
        (
            lambdas({**LAMBDA, "AWS": ROLE}),
            [
                f"its principal is {ROLE}, lambda.amazonaws.com; "
                "the rule is only for lambda.amazonaws.com"
            ],
        ),
        (lambdas(Effect="Deny"), ["its Effect is Deny, and rules keep only an Allow"]),
        (
            lambdas("*", do=GET, when=None),
            [
                "its principal is everyone; the rule is only for lambda.amazonaws.com",
                "it is public",
                "it has no source account",
            ],
        ),
    ],
)
def test_why_it_is_not(raw: Json, expected: list[str]) -> None:
    assert sorted(why(raw)) == sorted(expected)


def test_of_several_rules_the_one_that_comes_closest_says_why() -> None:
    pattern = condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/sso/*")
    root = Principal("AWS", ("arn:aws:iam::444455556666:root",))
    given = KeepRule("Admins", EVERYONE), KeepRule("Admins", root, condition=pattern)
    assert why(allow(ACCOUNT, GET, Sid="Admins"), *given) == [
        "its condition lacks the rule's ArnLike aws:PrincipalArn"
    ]
    kept_now = KeepRule("Admins", root)
    assert why(allow(ACCOUNT, GET, Sid="Admins"), *given, kept_now) == []


def test_why_one_under_our_own_sid_is_not() -> None:
    rule = KeepRule("EcrAccessPull", Principal("AWS", (ROLE,)))
    assert why(allow(Sid="EcrAccessPull"), rule) == []
    assert why(allow(Sid="EcrAccessPull"), rule, default="keep") == [
        "with default: keep, a Sid that starts with EcrAccess belongs to the file"
    ]


def test_by_default_nothing_is_kept_and_the_order_stays() -> None:
    live = document(lambdas(), allow(Sid="Mine"), lambdas(do=GET))
    assert kept_statements(live.statements, Ownership()) == ()
    by_rule = kept_statements(live.statements, Ownership(rules=(RULE,)))
    assert by_rule == (live.statements[0], live.statements[2])


def test_under_keep_only_ours_are_not() -> None:
    live = document(
        allow(Sid="EcrAccessPull"),
        allow(Sid="EcrAccess"),
        allow(Sid="ecraccess"),
        allow(),
        deny(Sid="Theirs"),
    )
    others = kept_statements(live.statements, Ownership(default="keep"))
    assert [statement.sid for statement in others] == ["ecraccess", None, "Theirs"]


@pytest.mark.parametrize(
    ("version", "value", "changes"),
    [
        ("2008-10-17", "${aws:username}", True),
        (None, "${aws:username}", True),
        ("2012-10-17", "${aws:username}", False),
        ("2008-10-17", "$aws", False),
    ],
)
def test_what_another_version_would_change(version: str | None, value: str, changes: bool) -> None:
    live = document(allow(when={"StringLike": {"aws:userid": value}}), version=version)
    assert changes_meaning(live, live.statements[0]) is changes


def test_without_a_condition_no_version_changes_anything() -> None:
    live = document(allow(), version=None)
    assert not changes_meaning(live, live.statements[0])


def test_statements_of_a_registry_are_kept_as_those_of_a_repository() -> None:
    found = read_registry(
        [allow(Sid="EcrAccessPull", Resource="*"), allow(Sid="Other", Resource="*")]
    )
    ours, theirs = found.statements
    assert kept_registry_statements([ours, theirs], Ownership("keep")) == (theirs,)
    assert kept_registry_statements([ours, theirs], Ownership("remove")) == ()


def test_the_repositories_are_a_part_of_a_registrys_statement() -> None:
    names = ["*", ALL, at("a"), [at("a"), "*"]]
    found = read_registry([allow(Sid="Other", Resource=name) for name in names])
    every, same, one, both = (registry_statement_key(s, PREFIX) for s in found.statements)
    assert every == same
    assert len({every, one, both}) == 3
    other = read_registry([allow(Sid="Another", Resource="*")]).statements[0]
    assert registry_statement_key(other, PREFIX) != every


@pytest.mark.parametrize(
    ("version", "raw", "changes"),
    [
        (None, allow(Resource="*"), False),
        (None, allow(Resource=at("${aws:PrincipalTag/team}")), True),
        ("2012-10-17", allow(Resource=at("${aws:PrincipalTag/team}")), False),
        (
            "2008-10-17",
            allow(when={"StringLike": {"aws:PrincipalArn": "${x}"}}, Resource="*"),
            True,
        ),
        (
            "2012-10-17",
            allow(when={"StringLike": {"aws:PrincipalArn": "${x}"}}, Resource="*"),
            False,
        ),
    ],
)
def test_a_version_may_change_what_a_registrys_statement_means(
    version: str | None, raw: Json, changes: bool
) -> None:
    live = read_registry([raw], version)
    assert registry_changes_meaning(live, live.statements[0]) is changes


OTHERS = KeepRule("theirs", service_principal("lambda.amazonaws.com"))
FEWER = lambda_rule(["111122223333"])


@pytest.mark.parametrize(
    ("ownership", "other", "as_much"),
    [
        (Ownership(), Ownership(), True),
        (Ownership(), Ownership("keep"), False),
        (Ownership("keep"), Ownership("remove", (RULE,)), True),
        (Ownership("remove", (RULE,)), Ownership("remove", (FEWER,)), True),
        (Ownership("remove", (FEWER,)), Ownership("remove", (RULE,)), False),
        (Ownership("remove", (RULE,)), Ownership("remove", (RULE, OTHERS)), False),
        (Ownership("remove", (OTHERS, RULE)), Ownership("remove", (RULE, OTHERS)), True),
        (Ownership("remove", (OTHERS,)), Ownership("remove", (OTHERS._replace(sid="x"),)), False),
        (
            Ownership("remove", (RULE._replace(source_accounts=None),)),
            Ownership("remove", (RULE,)),
            True,
        ),
        (
            Ownership("remove", (RULE,)),
            Ownership("remove", (RULE._replace(source_accounts=None),)),
            False,
        ),
    ],
)
def test_which_ownership_keeps_as_much_as_another(
    ownership: Ownership, other: Ownership, as_much: bool
) -> None:
    assert keeps_as_much(ownership, other) is as_much
