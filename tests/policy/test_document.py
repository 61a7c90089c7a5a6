"""Reading a document: its parts, and the place of what is not understood."""

import json

import pytest

from reconciler.policy.language.conditions import Clause
from reconciler.policy.language.document import (
    NO_POLICY,
    Document,
    NotAction,
    Unreadable,
    parse_document,
    parse_statement,
    read_policy,
)
from reconciler.policy.language.json_text import MalformedError, json_place
from reconciler.policy.language.principals import MISSING, Principal
from tests.policy.making import (
    ACCOUNT,
    GET,
    LAMBDA,
    PUT,
    REPOSITORY_ARN,
    ROLE,
    ROOT,
    allow,
    deny,
    doc,
    read,
)


def test_no_text_is_no_policy() -> None:
    assert read_policy(None) == NO_POLICY == Document(None, ())


def test_the_parts_of_a_statement() -> None:
    raw = allow({"AWS": [ACCOUNT, ROLE, ROOT], **LAMBDA}, [PUT, "ECR:Get*"], Sid="One")
    raw["Condition"] = {"Bool": {"aws:SecureTransport": True}}
    statement = parse_statement(raw)
    assert statement.sid == "One"
    assert statement.effect == "Allow"
    assert statement.principals == (
        Principal("AWS", (ROOT,)),
        Principal("AWS", (ROLE,)),
        Principal("Service", ("lambda.amazonaws.com",)),
    )
    assert statement.actions == {"ecr:PutImage", "ecr:get*"}
    assert statement.condition == (Clause("Bool", "aws:securetransport", ("true",)),)
    assert statement.raw is raw


def test_what_is_excluded_is_one_value() -> None:
    statement = parse_statement(
        deny(None, None, NotPrincipal={**LAMBDA, "AWS": [ROLE, ACCOUNT]}, NotAction=[PUT, GET])
    )
    excluded = (f"AWS:{ROLE}", f"AWS:{ROOT}", "Service:lambda.amazonaws.com")
    assert statement.principals == (Principal("NotPrincipal", excluded),)
    assert statement.actions == {NotAction((GET, PUT))}


def test_a_missing_principal() -> None:
    assert parse_statement(allow(None)).principals == (MISSING,)


@pytest.mark.parametrize("version", ["2008-10-17", "2012-10-17", None])
def test_the_version_is_kept(version: str | None) -> None:
    assert parse_document(doc(allow(), version=version)).version == version


def test_tuples_are_lists_and_a_bare_statement_may_be_read() -> None:
    assert parse_statement(allow(do=(GET, PUT))).actions == {GET, PUT}
    with pytest.raises(MalformedError):
        parse_statement("Allow")


@pytest.mark.parametrize("resource", ["*", REPOSITORY_ARN, ["*", REPOSITORY_ARN]])
def test_a_resource_that_says_nothing_new(resource: object) -> None:
    parse_document(doc(allow(Resource=resource)), arn=REPOSITORY_ARN)


def test_a_resource_when_the_repository_is_not_known() -> None:
    parse_document(doc(allow(Resource="*")))
    with pytest.raises(MalformedError):
        parse_document(doc(allow(Resource=REPOSITORY_ARN)))


@pytest.mark.parametrize("element", ["Resource", r"\u0052esource", r"Re\u0073ource"])
def test_a_text_is_read_for_one_repository(element: str) -> None:
    text = doc(allow(Resource=REPOSITORY_ARN)).replace("Resource", element)
    others = [read_policy(text, arn=f"{REPOSITORY_ARN}{more}") for more in ("", "-2", "")]
    assert [isinstance(other, Document) for other in others] == [True, False, True]


def test_a_text_is_read_in_one_partition() -> None:
    text = doc(allow(ACCOUNT))
    assert read_policy(text, partition="aws") != read_policy(text, partition="aws-cn")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[]", "$"),
        ("{", "$"),
        (doc(allow(), Foo=1), "$.Foo"),
        (doc(allow(), Id=1), "$.Id"),
        (doc(allow(), version="2013"), "$.Version"),
        (doc(), "$.Statement"),
        (doc(1), "$.Statement[0]"),
        (json.dumps({"Statement": allow(Sid=1)}), "$.Statement.Sid"),
        (doc(allow(), allow(Foo=1)), "$.Statement[1].Foo"),
        (doc(allow(Effect="Maybe")), "$.Statement[0].Effect"),
        (doc(allow(do=["ecr:x", "y"])), "$.Statement[0].Action"),
        (doc(allow(do=None)), "$.Statement[0]"),
        (doc(allow(Resource="x")), "$.Statement[0].Resource"),
        (doc(allow({"AWS": []})), "$.Statement[0].Principal.AWS"),
        (doc(allow({"Who": ROLE})), "$.Statement[0].Principal.Who"),
        (doc(deny(None, NotPrincipal=1)), "$.Statement[0].NotPrincipal"),
        (doc(allow(when={"Bool": {"a": 1}})), "$.Statement[0].Condition.Bool.a"),
    ],
)
def test_the_place_of_what_is_not_understood(text: str, place: str) -> None:
    policy = read_policy(text)
    assert isinstance(policy, Unreadable)
    assert json_place(policy.path) == place
    assert str(policy) == f"{place}: {policy.reason}"
    assert policy.text == text
    with pytest.raises(MalformedError) as raised:
        parse_document(text)
    assert str(raised.value) == str(policy)


def test_a_document_out_of_all_proportion() -> None:
    users = [f"arn:aws:iam::{ACCOUNT}:user/{n}" for n in range(1001)]
    actions = [f"ecr:Action{n}" for n in range(1000)]
    assert isinstance(read(allow(users[:1000], actions)), Document)
    assert isinstance(read(allow(users, actions)), Unreadable)
    patterns = [f"{action}*" for action in actions]
    assert isinstance(read(allow(do=patterns[:700])), Document)
    assert isinstance(read(allow(do=patterns[:800])), Unreadable)
    assert isinstance(read([allow(do=patterns[:400])] * 2), Unreadable)
    assert isinstance(read([allow(do=patterns[:400]), allow(do=actions)]), Document)
