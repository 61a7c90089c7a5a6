"""Answers from a file over the registry's own policy: by entries with `via`, and raw statements."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.answers import FileLine, MatrixRow
from reconciler.model.registry import LiveRegistryPolicy, LiveRepository, RegistryScope
from reconciler.report.questions.answers import how_words, not_looked_at, where_words
from reconciler.report.questions.matrix import cell_words
from reconciler.workflow import (
    AccessSource,
    access_matrix,
    access_of,
    access_overview,
    can,
    explain,
    load,
    who_can,
)
from reconciler.workflow.file.source import Globs, selected
from reconciler.workflow.plans.planner import plan_each
from reconciler.workflow.questions.asked_policies import (
    FoundPolicies,
    PolicyFinder,
    from_file,
    live_policies,
)
from tests.effort import examples
from tests.golden import NOW, live_registry

HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2], policy: manage}
accounts: {workloads: "444455556666", staging: "777788889999"}
principals: {ci: {role: ci, account: workloads}, org: {organization: o-a1b2c3d4e5}}
repositories:
  app/api: {access: {ci: push-pull}}
  app/closed: {inherit: false, access: {}}
  "app/*": {via: registry-policy, access: {staging: pull}}
  "lib/*": {via: registry-policy, access: {ci: {tier: pull, until: 2020-01-01}, org: replicate}}
"""


def source(text: str = "", head: str = HEAD) -> AccessSource:
    return load(f"{head}{text}".encode(), "f.yaml", now=NOW)


def at(pattern: str, region: str = "us-west-2") -> str:
    return f"arn:aws:ecr:{region}:111122223333:repository/{pattern}"


def statement(effect: str, what: str, *resources: str, who: str = "444455556666") -> str:
    found = {"Sid": "EcrAccessOwn", "Effect": effect, "Principal": {"AWS": who}, "Action": what}
    return f"registry_statements: {json.dumps([{**found, 'Resource': list(resources)}])}\n"


def words_of(rows: tuple[MatrixRow, ...]) -> Mapping[str, dict[str | None, str]]:
    return {r.repository: {c.subject.name: cell_words(c) for c in r.cells} for r in rows}


def test_the_source_is_the_line_and_the_policy_that_carries_it() -> None:
    (answer,) = can(source(), "staging", "pull", "app/api").answers
    assert answer.source == FileLine("f.yaml", 8, "app/*", "staging", "registry")
    assert where_words(answer) == "registry policy, f.yaml:8, pattern app/*"
    assert answer.verdict == "allowed"


@pytest.mark.parametrize("name", ["app/new", "app/*", "app/closed"])
def test_whatever_a_pattern_with_via_matches_has_its_access(name: str) -> None:
    """A repository that inherits nothing has it, too: the registry's policy leaves out none."""
    assert can(source(), "staging", "pull", name).verdict == "allowed"


def test_the_matrix_marks_what_the_registrys_policy_gives() -> None:
    assert words_of(access_matrix(source()).matrix.rows) == {
        "app/*": {"staging": "pull (registry)"},
        "app/api": {"ci": "push-pull", "staging": "pull (registry)"},
        "app/closed": {"staging": "pull (registry)"},
        "lib/*": {"org": "replicate (registry)"},
    }


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("replicate", {"org", "ci", "staging"}),
        ("ecr:ReplicateImage", {"org", "ci", "staging"}),
        ("ecr:CreateRepository", {"org", "ci", "staging"}),
        ("cache", set()),
        ("ecr:BatchImportUpstreamImage", set()),
    ],
)
def test_what_only_the_registrys_policy_gives_can_be_asked(what: str, expected: set[str]) -> None:
    assert {a.subject.name for a in who_can(source(), what, "lib/new").answers} == expected


def test_of_has_a_pattern_once_under_its_own_name() -> None:
    told = access_of(source(), "staging").answers
    assert [a.repository for a in told if a.verdict == "allowed"] == [
        "app/*",
        "app/api",
        "app/closed",
    ]


@pytest.mark.parametrize(
    ("effect", "resource", "name", "verdict"),
    [
        ("Deny", at("app/*"), "app/api", "denied"),
        ("Deny", at("app/b*"), "app/api", "allowed"),
        ("Allow", at("lib/*"), "lib/new", "allowed"),
        ("Allow", at("lib/*"), "lib/*", "allowed"),
        ("Allow", at("lib/?"), "lib/*", "denied"),
        ("Allow", at("lib/new"), "lib/*", "denied"),
        ("Allow", at("${aws:PrincipalTag/a}"), "lib/new", "depends"),
        ("Deny", "arn:aws:ecr", "app/api", "depends"),
    ],
)
def test_raw_statements_count(effect: str, resource: str, name: str, verdict: str) -> None:
    asked = source(statement(effect, "ecr:PutImage", resource))
    assert can(asked, "ci", "ecr:PutImage", name).verdict == verdict


def test_a_raw_statement_is_named_by_its_line() -> None:
    asked = source(statement("Deny", "ecr:PutImage", "*"))
    (answer,) = can(asked, "ci", "ecr:PutImage", "app/api").answers
    assert where_words(answer) == "registry policy, f.yaml:10"
    assert how_words(answer) == "denied: a Deny denies ecr:PutImage"


@pytest.mark.parametrize(
    ("excluded", "verdict"), [("lib/new", "depends"), ("app/*", "allowed"), ("lib/*", "denied")]
)
def test_a_pattern_has_what_not_resource_says_of_all_of_it(excluded: str, verdict: str) -> None:
    text = statement("Allow", "ecr:PutImage", at(excluded)).replace("Resource", "NotResource")
    assert can(source(text), "ci", "ecr:PutImage", "lib/*").verdict == verdict


def test_each_region_has_its_answer_where_a_resource_names_one() -> None:
    head = HEAD.replace("[us-west-2]", "[us-west-2, eu-west-1]")
    asked = source(statement("Deny", "ecr:PutImage", at("app/*")), head)
    told = can(asked, "ci", "ecr:PutImage", "app/api").answers
    assert {(a.region, a.verdict) for a in told} == {
        ("us-west-2", "denied"),
        ("eu-west-1", "allowed"),
    }
    assert {a.region for a in can(asked, "org", "replicate", "lib/x").answers} == {None}
    rows = access_matrix(asked, repositories=("app/api",)).matrix.rows
    assert [row.region for row in rows] == ["us-west-2", "eu-west-1"]


def test_explain_has_the_statements_of_the_registrys_policy_apart() -> None:
    asked = source(statement("Deny", "ecr:PutImage", at("app/*"), at("x")))
    (found,) = explain(asked, "app/api")
    assert [[one.line.line for one in s.lines] for s in found.statements] == [[6]]
    (own,) = found.registry_policies
    assert own.region == "us-west-2"
    assert [[one.line.line for one in s.lines] for s in own.statements] == [[8], [10]]
    assert [s.json["Resource"] for s in own.statements] == [at("app/*"), [at("app/*"), at("x")]]
    (with_expired,) = explain(asked, "lib/x")
    assert [line.line.line for line in with_expired.expired] == [9]
    reported = source(head=HEAD.replace("manage", "report").split('  "app/*"')[0])
    (alone,) = explain(reported, "app/api")
    assert alone.registry_policies == ()


def test_explain_has_the_registrys_policy_of_each_region() -> None:
    asked = source(head=HEAD.replace("[us-west-2]", "[us-west-2, eu-west-1]"))
    (found,) = explain(asked, "app/closed")
    assert found.statements == ()
    assert [
        (own.region, own.statements[0].json["Resource"]) for own in found.registry_policies
    ] == [
        ("us-west-2", at("app/*")),
        ("eu-west-1", at("app/*", "eu-west-1")),
    ]


@pytest.mark.parametrize(
    ("text", "part", "words"),
    [
        ("", "of the file", "others' statements in the registry's own policy"),
        ("unmanaged: {registry_statements: remove}\n", "all", "identity policies and policies of"),
    ],
)
def test_what_was_not_looked_at(text: str, part: str, words: str) -> None:
    found = can(source(text), "ci", "pull", "app/api").registry_policy
    assert found == part
    assert words in not_looked_at(found)


def finding(*regions: str, policy: LiveRegistryPolicy) -> PolicyFinder:
    """Have one repository without a policy, in regions with the same registry policy."""
    read = [live_registry(RegistryScope("111122223333", one), {"app/api": None}) for one in regions]
    found = live_policies([one._replace(policy=policy) for one in read], is_managed=True)
    return lambda _source, _globs: [found]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("", {"workloads": "ecr:PutImage (registry)"}),
        ("unmanaged: {registry_statements: remove}\n", {}),
    ],
)
def test_an_apply_leaves_only_what_is_kept_of_the_registrys_policy(
    text: str, left: dict[str, str]
) -> None:
    """What the file asks for is there, and of the live statements those of others, if kept."""
    beside = {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*"}
    stale = {**beside, "Sid": "EcrAccessPush", "Principal": {"AWS": "777788889999"}}
    others = {**beside, "Sid": "Mine", "Principal": {"AWS": "444455556666"}}
    own = {"Version": "2012-10-17", "Statement": [stale, others]}
    found = finding("us-west-2", policy=LiveRegistryPolicy(json.dumps(own), "V2"))
    seen = access_overview(source(text), live=found)
    assert seen.desired is not None
    told = words_of(seen.desired.rows)["app/api"]
    assert told.pop("ci").startswith("push-pull")
    assert told == {"staging": "pull (registry)", **left}


def test_what_differs_by_region_is_open_where_the_live_policies_agree() -> None:
    head = HEAD.replace("[us-west-2]", "[us-west-2, eu-west-1]")
    asked = source(statement("Allow", "ecr:ListImages", at("app/*")), head)
    found = finding("us-west-2", "eu-west-1", policy=LiveRegistryPolicy(None, "V2"))
    seen = access_overview(asked, live=found)
    assert seen.desired is not None
    (row,) = seen.desired.rows
    assert row.region is None
    assert words_of((row,))["app/api"]["workloads"] == "ecr:ListImages? (registry)"


WHO = ["ci", "org", "staging", "arn:aws:iam::777788889999:role/other", "person", "lambda"]
NAMES = ["app/api", "app/new", "lib/x", "other"]
ACTIONS = ["ecr:BatchGetImage", "ecr:PutImage", "ecr:CreateRepository", "ecr:ReplicateImage"]
PRINCIPALS = {
    "ci": {"role": "ci", "account": "444455556666"},
    "org": {"organization": "o-a1b2c3d4e5"},
    "staging": {"account": "777788889999"},
    "person": {
        "user": "alice",
        "account": "444455556666",
        "when": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    },
    "lambda": {"service": "lambda.amazonaws.com", "source_accounts": ["444455556666"]},
}
RESOURCES = ["*", at("*"), at("app/*"), at("lib/x"), at("??????i"), "arn:aws:ecr:us-west-2*"]


def _access(tiers: list[str]) -> st.SearchStrategy[object]:
    some = st.lists(st.sampled_from(tiers), min_size=1, max_size=2, unique=True)
    return st.dictionaries(st.sampled_from(list(PRINCIPALS)), some, max_size=3)


OWN, VIA = ["pull", "push", "read", "push-pull"], ["pull", "push", "replicate", "cache"]
own_entries = st.dictionaries(
    st.sampled_from(["app/api", "lib/x", "*", "app/*"]), _access(OWN), max_size=3
)
via_entries = st.dictionaries(st.sampled_from(["app/a*", "lib/*", "??*"]), _access(VIA), max_size=3)
raw_statements = st.lists(
    st.builds(
        lambda effect, who, what, element, resources: {
            "Sid": "EcrAccessOwn",
            "Effect": effect,
            "Principal": {"AWS": who},
            "Action": what,
            element: resources,
        },
        st.sampled_from(["Allow", "Deny"]),
        st.lists(
            st.sampled_from(["arn:aws:iam::444455556666:role/ci", "777788889999"]),
            min_size=1,
            unique=True,
        ),
        st.lists(st.sampled_from([*ACTIONS, "ecr:Put*", "ecr:*"]), min_size=1, unique=True),
        st.sampled_from(["Resource", "NotResource"]),
        st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2, unique=True),
    ),
    min_size=1,
    max_size=3,
)


def applied(asked: AccessSource) -> PolicyFinder:
    """Have a registry as it is once the plan of a file is applied."""
    scope = RegistryScope("111122223333", "us-west-2")
    empty = live_registry(scope, dict.fromkeys(NAMES))
    before = empty._replace(policy=LiveRegistryPolicy(None, "V2"))
    plan = plan_each(asked.parts[0], [before], NOW)[scope]
    assert not plan.errors
    after = {(c.target.subject, c.target.repository): c.after_text for c in plan.changes}
    repositories = {
        name: LiveRepository(name, after.get(("repository-policy", name))) for name in NAMES
    }
    own = LiveRegistryPolicy(after.get(("registry-policy", "*")), "V2")

    def find(_: AccessSource, globs: Globs) -> list[FoundPolicies]:
        chosen = {name: one for name, one in repositories.items() if selected(name, globs)}
        after = before._replace(repositories=chosen, policy=own)
        return [live_policies([after], is_managed=True)]

    return find


@examples(20)
@given(own_entries, via_entries, st.one_of(st.none(), raw_statements))
def test_the_file_and_the_registry_after_an_apply_answer_alike(
    own: dict[str, object], via: dict[str, object], raw: list[object] | None
) -> None:
    entries = {
        **{name: {"access": access} for name, access in own.items()},
        **{name: {"via": "registry-policy", "access": access} for name, access in via.items()},
    }
    file = {
        "version": 1,
        "registry": {"account": "111122223333", "regions": ["us-west-2"], "policy": "manage"},
        "principals": PRINCIPALS,
        "repositories": {"other": {"access": {}}, **entries},
        **({"registry_statements": raw} if raw else {}),
    }
    asked = source(head=json.dumps(file))
    found = applied(asked)
    (on_file,) = from_file(asked, tuple(NAMES))
    for name in sorted({p.repository for p in on_file.policies}):
        for who in WHO:
            for action in ACTIONS:
                offline, live = (can(asked, who, action, name, f) for f in (from_file, found))
                assert offline.verdict == live.verdict, (name, who, action)
    seen = access_overview(asked, live=found)
    assert seen.desired is not None
    assert words_of(seen.desired.rows) == {
        name: cells
        for name, cells in words_of(seen.result.matrix.rows).items()
        if name in {row.repository for row in seen.desired.rows}
    }
