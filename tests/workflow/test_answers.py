"""Questions about the file and about live registries, and that all answers agree."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ArgumentError, ReconcileError, Status
from reconciler.model.answers import Answer, FileLine, PolicyStatement
from reconciler.model.registry import LiveRegistry, ReadFailure, RegistryScope
from reconciler.model.rules import RuleId
from reconciler.policy import BUILT_IN_TIERS, Verdict, evaluate, iam_caller
from reconciler.policy.language.document import Document, read_policy
from reconciler.workflow import (
    AccessSource,
    access_matrix,
    access_of,
    can,
    compile_policies,
    load,
    who_can,
)
from reconciler.workflow.file.source import Globs, selected
from reconciler.workflow.questions.answers import Answers
from reconciler.workflow.questions.asked_policies import FoundPolicies, PolicyFinder, live_policies
from tests.effort import examples
from tests.golden import live_registry
from tests.policy.making import PULL, PUT, Json, allow, deny

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2], probe_repository: scratch}
accounts: {workloads: "444455556666", staging: "777788889999"}
principals:
  ci: {role: ci, account: workloads}
  release: {role: deploy/release, accounts: [workloads, staging]}
  admins: {role: "adm/*", account: workloads}
  person: {user: alice, account: workloads, when: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}}
  all-staging: {account: staging}
  members: {organization: o-a1b2c3d4e5}
  functions: {service: lambda.amazonaws.com, source_accounts: [workloads]}
  team: [ci, person]
tiers: {own: {actions: [ecr:FlyToTheMoon]}}
repositories:
"""
ENTRIES = """\
  app/api:
    access:
      ci: push-pull
      team: {tier: read, until: 2026-12-31}
      arn:aws:iam::444455556666:role/ops: pull
    statements:
      - Effect: Deny
        Principal: "*"
        Action: ecr:PutImage
        Condition: {StringEquals: {"aws:PrincipalAccount": "777788889999"}}
  app/old:
    access: {ci: {tier: push, until: 2026-01-01}}
  "app/*":
    access: {members: pull, all-staging: push, functions: lambda}
  lone:
    inherit: false
    access: {admins: admin}
"""
CI, OPS = (f"arn:aws:iam::444455556666:role/{name}" for name in ("ci", "ops"))
RELEASE = "arn:aws:iam::777788889999:role/deploy/release"


def source(entries: str = ENTRIES, head: str = HEAD) -> AccessSource:
    return load((head + entries).encode(), "f.yaml", now=NOW)


FILE = source()


def called(answers: Iterable[Answer], verdict: Verdict) -> set[str]:
    """Name the principals of the answers with a verdict; those without a name by their ARN."""
    found = (a.subject for a in answers if a.verdict == verdict)
    return {subject.name or subject.principal.names[0] for subject in found}


@pytest.mark.parametrize(
    ("what", "repository", "allowed", "depends"),
    [
        ("push", "app/api", {"ci"}, set()),
        ("pull", "app/api", {"ci", OPS, "members"},
         {"person", "release", "admins", "all-staging"}),
        ("push", "app/new", {"all-staging", "release"}, set()),
        ("push", "app/*", {"all-staging", "release"}, set()),
        ("lambda", "app/new", {"functions", "members"},
         {"ci", "release", "admins", "person", "all-staging", OPS}),
        ("push", "app/old", {"all-staging", "release"}, set()),
        ("ecr:batchgetimage", "lone", {"admins"}, set()),
        ("admin", "lone", {"admins"}, set()),
        ("ecr:Put*", "lone", {"admins"}, set()),
        ("own", "lone", {"admins"}, set()),
        ("ecr:FlyToTheMoon", "lone", {"admins"}, set()),
    ],
)  # fmt: skip
def test_who_can(what: str, repository: str, allowed: set[str], depends: set[str]) -> None:
    result = who_can(FILE, what, repository)
    assert called(result.answers, "allowed") == allowed
    assert called(result.answers, "depends") == depends
    assert result.statuses == frozenset()


def test_nobody_can() -> None:
    result = who_can(FILE, "admin", "app/api")
    assert (result.answers, result.statuses) == ((), {Status.DIFFERS})


@pytest.mark.parametrize(
    ("who", "what", "repository", "verdict", "through"),
    [
        ("ci", "push-pull", "app/api", "allowed", None),
        (CI, "push-pull", "app/api", "allowed", None),
        ("arn:aws:sts::444455556666:assumed-role/ci/x", "push", "app/api", "allowed", None),
        ("person", "read", "app/api", "depends", None),
        ("team", "push", "app/api", "denied", None),
        (RELEASE, "push", "app/api", "denied", "everyone"),
        (RELEASE, "push", "app/new", "allowed", "account"),
        ("staging", "push", "app/new", "allowed", None),
        ("777788889999", "push", "app/new", "allowed", None),
        ("555566667777", "pull", "app/new", "depends", "organization"),
        ("workloads", "admin", "lone", "depends", None),
        ("arn:aws:iam::444455556666:role/adm/x", "admin", "lone", "allowed", "account"),
        ("arn:aws:iam::444455556666:role/x", "admin", "lone", "denied", None),
        ("functions", "lambda", "app/new", "allowed", None),
        ("lambda.amazonaws.com", "lambda", "app/new", "depends", None),
        ("ecs.amazonaws.com", "lambda", "app/new", "denied", None),
        ("members", "pull", "app/new", "allowed", None),
        ("members", "push", "app/new", "denied", None),
    ],
)
def test_can(who: str, what: str, repository: str, verdict: Verdict, through: str | None) -> None:
    result = can(FILE, who, what, repository)
    assert (result.verdict, result.answers[0].through) == (verdict, through)
    assert result.statuses == ({Status.DIFFERS} if verdict == "denied" else set())


def test_the_line_that_says_so() -> None:
    (first, second) = can(FILE, "ci", "read", "app/api").answers
    assert first.source == FileLine("f.yaml", 17, "app/api", "ci")
    assert second.source == FileLine("f.yaml", 18, "app/api", "team")
    assert (first.tier, second.tier) == ("pull", "read")
    (denied, *_) = can(FILE, "staging", PUT, "app/api").answers
    assert (denied.source, denied.effect) == (FileLine("f.yaml", 21, "app/api", None), "Deny")
    (inherited,) = can(FILE, "functions", "lambda", "app/api").answers
    assert inherited.source == FileLine("f.yaml", 28, "app/*", "functions")


def test_the_name_is_that_of_the_file() -> None:
    (answer, *_) = can(FILE, CI, "push", "app/api").answers
    assert answer.subject.name == "ci"
    (answer, *_) = can(FILE, "444455556666", "push", "app/new").answers
    assert answer.subject.name == "workloads"


def test_what_is_until_a_date_is_allowed_before_it() -> None:
    (_, answer) = can(FILE, "ci", "read", "app/api").answers
    assert answer.verdict == "allowed"
    assert [clause.operator for clause in answer.conditions] == ["DateLessThan"]


def test_access_of() -> None:
    found = access_of(FILE, "all-staging").answers
    told = [(a.repository, a.tier, a.verdict) for a in found if a.through is None]
    assert told == [
        ("app/*", "push", "allowed"),
        ("app/api", None, "allowed"),
        ("app/old", "push", "allowed"),
    ]
    only = access_of(FILE, "all-staging", repositories=("app/new",))
    assert {answer.repository for answer in only.answers} == {"app/new"}
    assert access_of(FILE, "all-staging", repositories=("lone",)).answers == ()


def test_the_matrix_has_every_repository_and_pattern() -> None:
    matrix = access_matrix(FILE).matrix
    assert [row.repository for row in matrix.rows] == ["app/*", "app/api", "app/old", "lone"]
    some = access_matrix(FILE, repositories=("app/*", "app/new")).matrix
    assert [row.repository for row in some.rows] == ["app/*", "app/api", "app/new", "app/old"]


@pytest.mark.parametrize(
    ("who", "what", "repository", "parameter", "hint"),
    [
        ("cii", "pull", "app/api", "principal", "did you mean 'ci'?"),
        ("stagin", "pull", "app/api", "principal", "did you mean 'staging'?"),
        (
            "lamda.amazonaws.com",
            "pull",
            "app/api",
            "principal",
            "did you mean 'lambda.amazonaws.com'?",
        ),
        ("alice", "pull", "app/api", "principal", "the file calls it person"),
        ("release2", "pull", "app/api", "principal", "did you mean 'release'?"),
        ("deploy/release", "pull", "app/api", "principal", "the file calls it release"),
        ("lambda", "pull", "app/api", "principal", "did you mean 'lambda.amazonaws.com'?"),
        ("arn:aws:iam::444455556666:role/*", "pull", "app/api", "principal", None),
        ("arn:aws:iam::444455556666:group/x", "pull", "app/api", "principal", None),
        ("zzzzzzzzzzzz", "pull", "app/api", "principal", None),
        ("", "pull", "app/api", "principal", None),
        ("ci", "pul", "app/api", "what", "did you mean 'pull'?"),
        ("ci", "ecr:PutImag", "app/api", "what", "did you mean 'ecr:PutImage'?"),
        ("ci", "PutImage", "app/api", "what", "did you mean 'ecr:PutImage'?"),
        ("ci", "s3:GetObject", "app/api", "what", None),
        ("ci", "ecr:Zz*", "app/api", "what", None),
        ("ci", "pull", "ap/api", "repository", "did you mean 'app/api'?"),
        ("ci", "pull", "app/A", "repository", None),
        ("ci", "pull", "", "repository", "a name has 2 to 256 characters"),
        ("ci", "pull", "a*", "repository", None),
        ("ci", "pull", "scratch", "repository", None),
        ("arn:aws-cn:iam::444455556666:role/ci", "pull", "app/api", "principal", None),
    ],
)
def test_what_nobody_knows(
    who: str, what: str, repository: str, parameter: str, hint: str | None
) -> None:
    with pytest.raises(ArgumentError) as refused:
        can(FILE, who, what, repository)
    assert refused.value.parameter == parameter
    assert hint is None or refused.value.hint == hint


def test_a_name_that_selects_nothing() -> None:
    for ask in (lambda: access_of(FILE, "ci", repositories=("ap/api",)),
                lambda: access_matrix(FILE, repositories=("ap/api",))):  # fmt: skip
        with pytest.raises(ArgumentError, match="ap/api"):
            ask()


WEST, EAST = (RegistryScope("111122223333", region) for region in ("us-west-2", "us-east-1"))
TWO_REGIONS = source(head=HEAD.replace("[us-west-2]", "[us-west-2, us-east-1]"))
Live = dict[str, object]


def live(*regions: tuple[RegistryScope, Live]) -> PolicyFinder:
    def find(_: AccessSource, globs: Globs) -> list[FoundPolicies]:
        read = [
            live_registry(scope, {name: p for name, p in policies.items() if selected(name, globs)})
            for scope, policies in regions
        ]
        return [live_policies(read)]

    return find


def written(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def test_the_live_statement() -> None:
    policies: Live = {"app/api": written(deny(OPS, PUT), allow(OPS, PULL, Sid="by hand"))}
    (answer,) = can(FILE, OPS, "pull", "app/api", live((WEST, policies))).answers
    assert answer.source == PolicyStatement("repository", 1, "by hand")
    result = who_can(FILE, "pull", "app/api", live((WEST, policies)))
    assert called(result.answers, "allowed") == {OPS}


def test_deleted_principals_are_nobody() -> None:
    policies: Live = {"app/api": written(allow("AROAEXAMPLEID", PULL), allow(None, PULL))}
    answers = who_can(FILE, "pull", "app/api", live((WEST, policies))).answers
    assert "AROAEXAMPLEID" not in called(answers, "allowed")


def test_what_has_expired_is_denied() -> None:
    past = {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}
    policies: Live = {"app/api": written(allow(OPS, PULL, past))}
    assert can(FILE, OPS, "pull", "app/api", live((WEST, policies))).verdict == "denied"


@pytest.mark.parametrize(
    ("east", "regions", "verdict"),
    [
        ({"app/api": written(allow([OPS, CI], PULL[::-1]))}, {None}, "allowed"),
        ({"app/api": written(allow(OPS, PULL))}, {"us-west-2", "us-east-1"}, "denied"),
        ({"app/api": None}, {"us-west-2", "us-east-1"}, "denied"),
        ({}, {"us-west-2"}, "allowed"),
    ],
)
def test_regions_that_differ_answer_each(
    east: Live, regions: set[str | None], verdict: Verdict
) -> None:
    find = live((WEST, {"app/api": written(allow([CI, OPS], PULL))}), (EAST, east))
    result = can(TWO_REGIONS, CI, "pull", "app/api", find)
    assert {answer.region for answer in result.answers} == regions
    assert result.verdict == verdict


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"failure": RuleId.ACCESS_DENIED, "message": "access denied"}, "app/api.*: access denied"),
        ({"Statement": [{"Effect": "Maybe"}]}, "app/api.*: the live policy is not understood"),
    ],
)
def test_no_answer_without_the_policy(policy: Json, message: str) -> None:
    find = live((WEST, {"app/api": policy, "other": written(allow(CI, PULL))}))
    with pytest.raises(ReconcileError, match=message):
        who_can(FILE, "pull", "app/api", find)
    assert who_can(FILE, "pull", "other", find).errors == ()
    for result in (access_of(FILE, "ci", find=find), access_matrix(FILE, find=find)):
        assert result.statuses == {Status.FAILED}
        assert [error.partition(":")[0] for error in result.errors] == ["app/api"]


def test_a_region_that_was_not_listed() -> None:
    read: Live = {"app/api": written(allow(CI, PULL))}
    failed = LiveRegistry(EAST, (), {}, ReadFailure(RuleId.READ_FAILED, "no connection"))

    def find(_: AccessSource, __: Globs) -> list[FoundPolicies]:
        return [live_policies([live_registry(WEST, read), failed])]

    with pytest.raises(ReconcileError, match="us-east-1: no connection"):
        who_can(TWO_REGIONS, "pull", "app/api", find)
    with pytest.raises(ReconcileError, match="us-east-1: no connection") as unknown:
        access_of(TWO_REGIONS, "ci", repositories=("app/only-east",), find=find)
    assert not isinstance(unknown.value, ArgumentError)
    result = access_of(TWO_REGIONS, "ci", find=find)
    assert [answer.region for answer in result.answers] == ["us-west-2"]
    assert result.errors == ("us-east-1: no connection",)


def test_an_unknown_live_repository() -> None:
    find = live((WEST, {"app/api": None}))
    with pytest.raises(ArgumentError, match="the registry has no such repository"):
        who_can(FILE, "pull", "app/ap", find)


def test_the_errors_of_answers_are_no_denial() -> None:
    result = Answers((), FILE_NAMES, errors=("x",))
    assert result.statuses == {Status.FAILED}


FILE_NAMES = who_can(FILE, "pull", "app/api").display_names
KEYS = [
    "ci",
    "release",
    "admins",
    "person",
    "all-staging",
    "members",
    "functions",
    "team",
    "workloads",
]
TIERS = ["pull", "push", "push-pull", "read", "lambda", "admin"]
accesses = st.dictionaries(
    st.sampled_from([*KEYS, OPS]), st.sampled_from(TIERS), min_size=1, max_size=4
)
denials = st.lists(
    st.sampled_from([
        '{Effect: Deny, Principal: "*", Action: "ecr:Put*"}',
        f"{{Effect: Deny, Principal: {{AWS: '{CI}'}}, Action: 'ecr:BatchGetImage'}}",
        "{Effect: Deny, NotPrincipal: {AWS: '444455556666'}, Action: 'ecr:PutImage'}",
        "{Effect: Deny, Principal: '*', NotAction: 'ecr:BatchGetImage', "
        "Condition: {StringNotEquals: {'aws:PrincipalOrgID': o-a1b2c3d4e5}}}",
    ]),
    max_size=1,
)  # fmt: skip
files = st.fixed_dictionaries(
    {"app/api": st.tuples(accesses, denials), "app/*": st.tuples(accesses, denials)}
)
REQUESTS = [
    iam_caller(arn, {"aws:principalorgid": (org,), "aws:sourceip": (ip,), **CERTAIN})
    for CERTAIN in [{
        "aws:currenttime": ("2026-06-01T00:00:00Z",), "aws:principalisawsservice": ("false",),
    }]
    for arn, org, ip in product(
        [CI, OPS, RELEASE, "arn:aws:iam::444455556666:role/adm/x"],
        ["o-a1b2c3d4e5", "o-zzzzzzzzzz"],
        ["203.0.113.7", "192.0.2.1"],
    )
]  # fmt: skip


def raw_one(statement: str) -> str:
    return f", statements: [{statement}]"


def in_yaml(entries: dict[str, tuple[dict[str, str], list[str]]]) -> str:
    return "".join(
        f"  {json.dumps(name)}: {{access: {json.dumps(access)}{''.join(map(raw_one, raw))}}}\n"
        for name, (access, raw) in entries.items()
    )


@examples(5)
@given(files)
def test_all_answers_agree(entries: dict[str, tuple[dict[str, str], list[str]]]) -> None:
    """`who_can` names whom `can` does not deny, and no request to the policy says otherwise."""
    asked = source(in_yaml(entries) + f"  other: {{access: {{{json.dumps(OPS)}: pull}}}}\n")
    for repository in ("app/api", "app/new"):
        (compiled,) = compile_policies(asked, repositories=(repository,)).values()
        policy = read_policy(None if compiled is None else json.dumps(compiled))
        assert isinstance(policy, Document)
        for tier in TIERS:
            found = who_can(asked, tier, repository).answers
            listed, maybe = called(found, "allowed"), called(found, "depends")
            for name in [*KEYS, OPS]:
                answers = can(asked, name, tier, repository)
                if name not in ("release", "team", "workloads"):
                    assert (answers.verdict == "allowed") <= (name in listed), name
                    assert (answers.verdict == "denied") == (name not in listed | maybe), name
            for caller in REQUESTS:
                (arn,) = caller.principals[0].names
                verdict = can(asked, arn, tier, repository).verdict
                actions = sorted(BUILT_IN_TIERS[tier]) if tier != "admin" else [PUT]
                real = {evaluate(policy, caller, action).verdict for action in actions}
                assert verdict != "allowed" or "denied" not in real
                assert verdict != "denied" or tier == "admin" or real != {"allowed"}
