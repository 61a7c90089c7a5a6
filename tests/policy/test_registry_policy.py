"""A registry's own policy: which repositories a statement is about, and what is enforced of it."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.language.document import Statement, Unreadable
from reconciler.policy.language.registry_document import (
    NO_REGISTRY_POLICY,
    RegistryDocument,
    read_registry_policy,
)
from reconciler.policy.language.resources import ArnPrefix, Resources, shown, unmatched_reason
from reconciler.policy.meaning.facts import add_facts, facts_of
from reconciler.policy.meaning.registry_policy import (
    ALLOWS_ANYONE,
    PolicyScope,
    answers_on,
    belong_to_registry,
    enforced,
    statements_on,
)
from tests.effort import examples
from tests.policy.making import (
    GET,
    PUT,
    REPOSITORY_ARN,
    ROLE,
    ROLE_B,
    Json,
    allow,
    deny,
    doc,
    document,
)
from tests.policy.random_callers import Request, answers, panel, rebuilt, requests
from tests.policy.random_policies import policies

PREFIX = ArnPrefix("aws", "us-west-2", "111122223333")
ALL = "arn:aws:ecr:us-west-2:111122223333:repository/*"
CREATE, REPLICATE = "ecr:CreateRepository", "ecr:ReplicateImage"


def at(name: str, prefix: str = "arn:aws:ecr:us-west-2:111122223333:repository/") -> str:
    return f"{prefix}{name}"


def read(*statements: Json, version: str | None = "2012-10-17") -> RegistryDocument:
    found = read_registry_policy(doc(*statements, version=version))
    assert isinstance(found, RegistryDocument), found
    return found


def counting(found: RegistryDocument, arn: str = REPOSITORY_ARN) -> list[Statement]:
    return [one.statement for one in statements_on(found, answers_on(found, arn)).counting]


def reason(statement: object) -> str:
    found = read_registry_policy(doc(statement))
    assert isinstance(found, Unreadable)
    return str(found)


@pytest.mark.parametrize(
    ("pattern", "included"),
    [
        ("*", True),
        ("**", True),
        (ALL, True),
        (at("app"), True),
        (at("a*"), True),
        (at("ap?"), True),
        ("arn:aws:ecr:*:*:repository/app", True),
        ("arn:*:ecr:us-*:1111*:*", True),
        (at("App"), False),
        (at("app/*"), False),
        ("arn:aws:ecr:us-west-2:999900001111:repository/*", False),
        ("arn:aws:ecr:eu-west-1:111122223333:repository/*", False),
        ("arn:aws-cn:ecr:us-west-2:111122223333:repository/*", False),
        ("arn:aws:us-west-2:111122223333:repository/*", False),
        ("arn:aws:s3:us-west-2:111122223333:repository/*", False),
        ("app", False),
        # Not documented for ECR: incomplete ARNs, and stars that span fields.
        ("arn:aws:ecr:us-west-2:*", None),
        ("arn:aws:ecr", None),
        ("arn:aws:ecr:*/app", None),
        ("arn*", None),
    ],
)
def test_a_pattern_is_matched_field_by_field(pattern: str, included: bool | None) -> None:
    opposite = None if included is None else not included
    assert Resources((pattern,)).include(REPOSITORY_ARN) is included
    assert Resources((pattern,), excluded=True).include(REPOSITORY_ARN) is opposite


def test_any_pattern_of_several_will_do() -> None:
    assert Resources((at("b"), at("app"))).include(REPOSITORY_ARN) is True
    assert Resources((at("b"), at("app")), excluded=True).include(REPOSITORY_ARN) is False
    assert Resources((at("b"), "arn:aws:ecr")).include(REPOSITORY_ARN) is None


def test_what_is_not_documented_allows_and_does_not_deny() -> None:
    unclear = {"Resource": "arn:aws:ecr"}
    found = read(allow(ROLE, GET, **unclear), deny(ROLE_B, GET, **unclear))
    assert [s.effect for s in counting(found)] == ["Allow"]
    unclear = {"NotResource": "arn:aws:ecr"}
    found = read(allow(ROLE, GET, **unclear), deny(ROLE_B, GET, **unclear))
    assert [s.effect for s in counting(found)] == ["Allow"]


TEAM = "${aws:PrincipalTag/team}"


@pytest.mark.parametrize(
    ("pattern", "included"),
    [(at(TEAM), None), (at(f"{TEAM}/*"), False), (at(f"a{TEAM}?"), None), (TEAM, None)],
)
def test_a_variable_stands_for_what_a_request_may_have(pattern: str, included: bool | None) -> None:
    (one, other) = read(
        allow(ROLE, GET, Resource=pattern), allow(ROLE, GET, NotResource=pattern)
    ).statements
    assert one.resources.include(REPOSITORY_ARN) is included
    assert other.resources.include(REPOSITORY_ARN) is (None if included is None else True)
    (old,) = read(allow(ROLE, GET, Resource=pattern), version="2008-10-17").statements
    assert old.resources.include(REPOSITORY_ARN) is False


def test_a_variable_allows_and_does_not_deny() -> None:
    found = read(allow(ROLE, GET, Resource=at(TEAM)), deny(ROLE_B, GET, Resource=at(TEAM)))
    assert [s.effect for s in counting(found)] == ["Allow"]
    assert not list(found.statements[0].resources.unmatched(PREFIX))
    (old,) = read(allow(ROLE, GET, Resource=at(TEAM)), version=None).statements
    assert list(old.resources.unmatched(PREFIX)) == [(at(TEAM), "no repository can have this name")]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("*", None),
        (ALL, None),
        (at("none/yet-*"), None),
        ("arn:aws:ecr:us-west-2:*", None),
        ("arn:aws:ecr", None),
        ("arn:aws:ecr:*/app", None),
        ("payments/*", "it is not an ARN"),
        (at("*", "arn:aws-cn:ecr:us-west-2:111122223333:repository/"), "its partition is not aws"),
        (
            "arn:aws:us-west-2:111122223333:repository/*",
            f"it lacks the service: write {ALL}",
        ),
        ("arn:aws:s3:us-west-2:111122223333:repository/*", "its service is not ecr"),
        ("arn:aws:ecr:eu-west-1:111122223333:repository/*", "its region is not us-west-2"),
        ("arn:aws:ecr:us-west-2:999900001111:repository/*", "its account is not 111122223333"),
        ("arn:aws:ecr:us-west-2:111122223333:app", f"it names no repository: write {ALL}"),
        (at("App"), "no repository can have this name"),
        (at("app:latest"), "no repository can have this name"),
        (at("payments/"), "no repository can have this name"),
        (at("*/"), "no repository can have this name"),
        (at("/payments*"), "no repository can have this name"),
        (at(""), "no repository can have this name"),
    ],
)
def test_a_pattern_that_matches_nothing_has_a_reason(pattern: str, why: str | None) -> None:
    assert unmatched_reason(pattern, PREFIX) == why


def test_one_text_may_serve_several_regions() -> None:
    here, there = at("*"), at("*", "arn:aws:ecr:eu-*:111122223333:repository/")
    theirs = at("*", "arn:aws:ecr:eu-west-1:999900001111:repository/")
    of_region = (there, "its region is not us-west-2")
    assert list(Resources((there,)).unmatched(PREFIX)) == [of_region]
    assert list(Resources((here, there)).unmatched(PREFIX)) == []
    assert of_region in Resources((there, at("App"))).unmatched(PREFIX)
    left = Resources((here, there, theirs, "arn:aws:us-west-2")).unmatched(PREFIX)
    assert [pattern for pattern, _ in left] == [theirs, "arn:aws:us-west-2"]


@pytest.mark.parametrize(
    ("resources", "name"),
    [
        (Resources((ALL,)), "*"),
        (Resources((at("a/*"), at("b"))), "a/*, b"),
        (Resources((at("a/*"),), excluded=True), "all but a/*"),
        (Resources(("*",)), "*"),
        (Resources(("arn:aws:ecr:us-west-2:1:x",)), "arn:aws:ecr:us-west-2:1:x"),
        (Resources(("x" * 200,)), "x" * 100 + "…"),
        (Resources((at("x" * 200),)), "x" * 100 + "…"),
        (
            Resources(tuple(at(f"a{n}") for n in range(13))),
            ", ".join(f"a{n}" for n in range(12)) + " and 1 more",
        ),
    ],
)
def test_repositories_are_named_by_their_patterns(resources: Resources, name: str) -> None:
    assert str(resources) == name
    assert shown("x") == "x"


@pytest.mark.parametrize(
    ("pattern", "may", "certain"),
    [
        ("*", {"*"}, {"*"}),
        (ALL, {"*"}, {"*"}),
        (at("pay*"), {"pay*"}, {"pay*"}),
        ("arn:aws:ecr:*:*:repository/pay*", {"pay*"}, {"pay*"}),
        ("arn:aws:ecr", {"*"}, set()),
        (at("${aws:PrincipalTag/team}/a"), {"*/a"}, set()),
        (at("${aws:PrincipalTag/team}"), {"*"}, set()),
        (at("pay*").replace(":ecr:", ":s3:"), set(), set()),
    ],
)
def test_the_patterns_of_names_that_a_resource_stands_for(
    pattern: str, may: set[str], certain: set[str]
) -> None:
    resources = Resources((pattern,), has_variables=True)
    assert resources.names(PREFIX, certain=False) == may
    assert resources.names(PREFIX, certain=True) == certain
    other = resources._replace(excluded=True)
    assert other.names(PREFIX, certain=False) == {"*"}
    assert other.names(PREFIX, certain=True) == set()


def test_a_statement_is_read_like_any_other() -> None:
    (one,) = read(allow(ROLE, GET, Resource=ALL)).statements
    assert one.statement[:5] == document(allow(ROLE, GET)).statements[0][:5]
    assert one.statement.raw["Resource"] == ALL
    assert one.resources == Resources((ALL,), has_variables=True)
    assert read_registry_policy(None) == NO_REGISTRY_POLICY


def test_a_variable_is_text_where_the_version_says_so() -> None:
    when = {"StringLike": {"aws:PrincipalArn": "${x}"}}
    (old,) = read(allow(ROLE, GET, when, Resource=ALL), version="2008-10-17").statements
    (new,) = read(allow(ROLE, GET, when, Resource=ALL)).statements
    assert old.statement.condition != new.statement.condition


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (allow(ROLE, GET), "either Resource or NotResource"),
        (allow(ROLE, GET, Resource=ALL, NotResource=ALL), "either Resource or NotResource"),
        (allow(ROLE, GET, Resource=[]), "expected a string or a list of strings"),
        (
            allow(ROLE, GET, Resource=at("${aws:PrincipalAccount")),
            "a policy variable is not closed",
        ),
        (allow(ROLE, GET, Resource=at("${a${b}}")), "a policy variable is not closed"),
        (allow(ROLE, GET, Resource=ALL, resource=ALL), "unknown element"),
        (allow(ROLE, None, Resource=ALL), "Action"),
        (1, "a statement is a JSON object"),
    ],
)
def test_what_is_not_understood_is_malformed(statement: object, why: str) -> None:
    assert why in reason(statement)


def test_a_text_that_is_no_policy_is_not_understood() -> None:
    assert isinstance(read_registry_policy("{"), Unreadable)


def left(scope: PolicyScope | None, *statements: Json) -> list[tuple[str, list[str]]]:
    found = enforced(read(*statements), scope).statements
    return [(one.statement.effect, sorted(map(str, one.statement.actions))) for one in found]


def test_scope_v1_leaves_three_actions() -> None:
    written = (
        allow(ROLE, [GET, REPLICATE], Resource=ALL),
        allow(ROLE, PUT, Resource=ALL),
        allow(ROLE, None, NotAction="ecr:R*", Resource=ALL),
        deny(ROLE, "ecr:C*", Resource=ALL),
    )
    importing = "ecr:BatchImportUpstreamImage"
    assert left("V1", *written) == [
        ("Allow", [REPLICATE]),
        ("Allow", [importing, CREATE]),
        ("Deny", [CREATE]),
    ]
    assert enforced(read(*written), "V2") == read(*written)
    assert not belong_to_registry(frozenset({GET, REPLICATE}))
    assert belong_to_registry(frozenset({CREATE, REPLICATE, importing}))


def test_of_an_unknown_scope_the_worse_is_taken() -> None:
    written = allow(ROLE, [GET, CREATE], Resource=ALL), deny(ROLE, [GET, CREATE], Resource=ALL)
    assert left(None, *written) == [("Allow", [GET, CREATE]), ("Deny", [CREATE])]


def test_what_is_not_understood_may_allow_anyone_anything() -> None:
    assert facts_of(counting(ALLOWS_ANYONE)) == facts_of(document(allow("*", "ecr:*")).statements)


resources = st.lists(
    st.sampled_from(["*", ALL, at("app"), at("a*"), at("b"), at("p?yments/*"), at("*b")]),
    min_size=1,
    max_size=2,
    unique=True,
)
elements = st.tuples(st.sampled_from(["Resource", "NotResource"]), resources)


def independently(element: str, patterns: list[str], arn: str) -> bool:
    matched = any(fnmatchcase(arn, pattern) for pattern in patterns)
    return matched if element == "Resource" else not matched


@examples(12)
@given(policies, policies, st.lists(elements, min_size=8, max_size=8), requests)
def test_both_policies_together_answer_as_their_facts_do(
    own: list[Json],
    of_registry: list[Json],
    about: list[tuple[str, list[str]]],
    request: Request,
) -> None:
    written = [{**s, e: p} for s, (e, p) in zip(of_registry, about, strict=False)]
    for name in ("app", "b", "payments/web"):
        beside = counting(read(*written), at(name))
        matching = [
            s
            for s, (e, p) in zip(of_registry, about, strict=False)
            if independently(e, p, at(name))
        ]
        facts = add_facts(facts_of(document(*own).statements), facts_of(beside))
        expected, callers = document(*own, *matching), panel(request)
        assert facts == facts_of(expected.statements)
        assert answers(document(*rebuilt(facts)), callers) == answers(expected, callers)
