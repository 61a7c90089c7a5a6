"""What a consumer needs in its own account: what the file grants it, and nothing else."""

import itertools
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler import workflow
from reconciler.access_file.desired import compile_desired, desired_policies
from reconciler.access_file.model import AccessFile
from reconciler.errors import Status, UsageError
from reconciler.model.registry import RegistryScope, Target
from reconciler.policy import (
    BUILT_IN_TIERS,
    KNOWN_ACTIONS,
    Document,
    evaluate,
    glob_matches,
    iam_caller,
    parse_statement,
)
from reconciler.registry.permissions import IdentityPolicy
from reconciler.workflow import AccessSource, ConsumerPolicies
from tests.effort import examples

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REGISTRY, REGION = "111122223333", "us-west-2"
ARN = f"arn:aws:ecr:{REGION}:{REGISTRY}:repository/"
HEAD = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
accounts: {workloads: "444455556666", staging: "777788889999", central: "111122223333"}
principals:
  ci: {role: role2-1, account: workloads}
  runtime: {role: team/role2-2, account: workloads}
  person: {user: alice, account: workloads, when: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}}
  admins: {role: "sso/*/Admin_*", account: workloads}
  developers: {role: "dev-*", account: workloads}
  organization: {organization: o-a1b2c3d4e5}
  functions: {service: lambda.amazonaws.com, source_accounts: [workloads]}
  builder: {role: builder, account: central}
  both: [ci, runtime]
  mixed: [ci, functions]
tiers: {scan: {extends: pull, actions: [ecr:DescribeImageScanFindings]}}
"""
CI = "arn:aws:iam::444455556666:role/role2-1"


def load(repositories: str) -> AccessSource:
    return workflow.load((HEAD + repositories).encode(), "ecr_access.yaml", now=NOW)


def ask(repositories: str, principal: str) -> ConsumerPolicies:
    return workflow.consumer_policies(load(f"repositories:\n{repositories}"), principal)


def needs(found: ConsumerPolicies) -> dict[str, set[str]]:
    """The repositories of the policies, and pattern, with the tiers and actions that they allow."""
    held: dict[str, set[str]] = {}
    for policy in found.policies:
        for statement in policy["Statement"]:
            for resource in statement["Resource"]:
                held.setdefault(resource.removeprefix(ARN), set()).update(statement["Action"])
    assert held.pop("*", {"ecr:GetAuthorizationToken"}) == {"ecr:GetAuthorizationToken"}
    return held


NETWORK = "{IpAddress: {'aws:SourceIp': 10.0.0.0/8}}"
MEMBERS = "{StringEquals: {'aws:PrincipalOrgID': o-a1b2c3d4e5}}"

ADMINS = "{ArnLike: {'aws:PrincipalArn': 'arn:aws:iam::444455556666:role/sso/*/Admin_*'}}"


def with_deny(tier: str, actions: str) -> str:
    deny = f"{{Effect: Deny, Principal: '*', Action: {actions}}}"
    return f"  a/b:\n    access: {{ci: {tier}}}\n    statements: [{deny}]\n"


class Case(NamedTuple):
    """Entries of `repositories`, who asks, and which tier it needs on which repository."""

    repositories: str
    principal: str
    expected: dict[str, str]


PAYMENTS = "  payments/api: {access: {ci: push-pull, runtime: pull, staging: push}}\n"
CASES = {
    "a name": Case(PAYMENTS, "ci", {"payments/api": "push-pull"}),
    "an ARN": Case(PAYMENTS, CI, {"payments/api": "push-pull"}),
    "an ARN that the file does not have": Case(
        "  a/b: {access: {workloads: pull}}\n",
        "arn:aws:iam::444455556666:user/new",
        {"a/b": "pull"},
    ),
    "an account by name": Case(PAYMENTS, "staging", {"payments/api": "push"}),
    "an account by id": Case(PAYMENTS, "777788889999", {"payments/api": "push"}),
    "an account by its root ARN": Case(
        PAYMENTS, "arn:aws:iam::777788889999:root", {"payments/api": "push"}
    ),
    "an account has nothing of its roles": Case(PAYMENTS, "workloads", {}),
    "a role has what its account has": Case(
        "  a/b: {access: {workloads: pull}}\n  a/c: {access: {staging: pull}}\n",
        "ci",
        {"a/b": "pull"},
    ),
    "tiers of several lines add up": Case(
        "  a/b: {access: {ci: push, workloads: pull}}\n", "ci", {"a/b": "push-pull"}
    ),
    "a group": Case("  a/b: {access: {both: pull}}\n", "runtime", {"a/b": "pull"}),
    "a pattern that another one covers": Case(
        '  "a*": {access: {ci: pull}}\n  "a?b/*": {access: {ci: pull}}\n', "ci", {"a*": "pull"}
    ),
    "a pattern that does not cover all of another one": Case(
        '  "a?b*": {access: {ci: pull}}\n  "a*b": {access: {ci: pull}}\n',
        "ci",
        {"a?b*": "pull", "a*b": "pull"},
    ),
    "patterns that match the same": Case(
        '  "a/*": {access: {ci: pull}}\n  "a/**": {access: {ci: pull}}\n',
        "ci",
        {"a/*": "pull", "a/**": "pull"},
    ),
    "a pattern with more than the one that covers it": Case(
        '  "a*": {access: {ci: pull}}\n  "a/*": {access: {ci: push}}\n',
        "ci",
        {"a*": "pull", "a/*": "push"},
    ),
    "the organization": Case("  a/b: {access: {organization: pull}}\n", "ci", {"a/b": "pull"}),
    "an organization asks": Case(
        "  a/b: {access: {organization: pull}}\n  a/c: {access: {ci: push}}\n",
        "organization",
        {"a/b": "pull"},
    ),
    "a pattern of roles": Case(
        "  a/b: {access: {admins: push}}\n  a/c: {access: {developers: push}}\n",
        "admins",
        {"a/b": "push"},
    ),
    "a role of a pattern": Case(
        "  a/b: {access: {admins: push}}\n",
        "arn:aws:iam::444455556666:role/sso/eu/Admin_1",
        {"a/b": "push"},
    ),
    "a role that the pattern does not match": Case("  a/b: {access: {admins: push}}\n", "ci", {}),
    "a pattern of repositories": Case(
        '  "a/*": {access: {ci: pull}}\n  a/b: {access: {ci: push}}\n',
        "ci",
        {"a/*": "pull", "a/b": "push-pull"},
    ),
    "what the pattern covers is not named again": Case(
        '  "a/*": {access: {ci: pull}}\n  a/b: {access: {runtime: push}}\n', "ci", {"a/*": "pull"}
    ),
    "what has expired": Case("  a/b: {access: {ci: {tier: pull, until: 2026-05-01}}}\n", "ci", {}),
    "what has not expired": Case(
        "  a/b: {access: {ci: {tier: pull, until: 2027-05-01}}}\n", "ci", {"a/b": "pull"}
    ),
    "a service's grant is not a role's": Case("  a/b: {access: {functions: lambda}}\n", "ci", {}),
    "a raw statement": Case(
        "  a/b: {statements: [{Effect: Allow, Principal: {AWS: "
        f'"{CI}"'
        "}, Action: [ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]}]}\n",
        "ci",
        {"a/b": "lambda"},
    ),
    "a Deny takes away for certain": Case(
        with_deny("push-pull", "[ecr:PutImage, ecr:Upload*, ecr:Init*, ecr:Complete*]"),
        "ci",
        {"a/b": "pull"},
    ),
    "a Deny under the condition of the grant": Case(
        with_deny(f"{{tier: pull, when: {NETWORK}}}", f"ecr:*, Condition: {NETWORK}"), "ci", {}
    ),
    "a Deny of the organization that asks": Case(
        with_deny("pull", f"ecr:*, Condition: {MEMBERS}").replace("ci:", "organization:"),
        "organization",
        {},
    ),
    "a Deny of the roles that ask": Case(
        with_deny("pull", f"ecr:*, Condition: {ADMINS}").replace("ci:", "workloads:"), "admins", {}
    ),
    "everyone, where a service acts for an account": Case(
        "  a/b: {statements: [{Effect: Allow, Principal: '*', Action: ecr:PutImage, "
        "Condition: {StringEquals: {'aws:SourceAccount': '444455556666'}}}]}\n",
        "organization",
        {},
    ),
    "a Deny of another principal": Case(
        "  a/b:\n    access: {ci: pull}\n    statements: [{Effect: Deny, Principal: {AWS: "
        '"arn:aws:iam::444455556666:role/other"}, Action: "ecr:*"}]\n',
        "ci",
        {"a/b": "pull"},
    ),
    "members with the same needs": Case("  a/b: {access: {both: pull}}\n", "both", {"a/b": "pull"}),
    "a group with a service": Case("  a/b: {access: {ci: pull}}\n", "mixed", {"a/b": "pull"}),
    "every action": Case("  a/b: {access: {ci: admin}}\n", "ci", {"a/b": "admin"}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_principal_needs_what_it_is_granted(case: Case) -> None:
    found = ask(case.repositories, case.principal)
    assert needs(found) == {name: {*BUILT_IN_TIERS[tier]} for name, tier in case.expected.items()}
    assert found.statuses == (frozenset() if case.expected else {Status.DIFFERS})


def test_a_service_needs_none() -> None:
    repositories = "  a/b: {access: {functions: lambda}}\n"
    for principal in ("functions", "lambda.amazonaws.com", "codebuild.amazonaws.com"):
        found = ask(repositories, principal)
        assert (found.policies, found.statuses) == ((), frozenset())
        assert found.services == (principal if "." in principal else "lambda.amazonaws.com",)


def test_what_is_denied_of_a_pattern_of_actions_is_left_out() -> None:
    assert needs(ask(with_deny("admin", "ecr:Put*"), "ci"))["a/b"] == {
        a for a in KNOWN_ACTIONS if ":Put" not in a
    }


def test_the_other_actions_of_a_not_action() -> None:
    allow = f'{{Effect: Allow, Principal: {{AWS: "{CI}"}}, NotAction: "ecr:*Policy"}}'
    raw = f"  a/b: {{statements: [{allow}]}}\n"
    expected = {action for action in KNOWN_ACTIONS if not action.endswith("Policy")}
    assert needs(ask(raw, "ci"))["a/b"] == expected


@pytest.mark.parametrize(
    ("repositories", "principal", "doubts"),
    [
        ("  a/b: {access: {organization: pull}}\n", "ci", [("Allow", "aws:principalorgid")]),
        ("  a/b: {access: {organization: pull}}\n", "organization", []),
        ("  a/b: {access: {person: pull}}\n", "person", [("Allow", "aws:sourceip")]),
        ("  a/b: {access: {admins: pull}}\n", "admins", []),
        ("  a/b: {access: {admins: pull}}\n", "workloads", [("Allow", "aws:principalarn")]),
        ("  a/b: {access: {organization: pull, ci: pull}}\n", "ci", []),
        (
            with_deny(
                "pull", "ecr:Batch*, Condition: {NotIpAddress: {'aws:SourceIp': 10.0.0.0/8}}"
            ),
            "ci",
            [("Deny", "aws:sourceip")],
        ),
    ],
)
def test_what_depends_on_a_condition_is_said(
    repositories: str, principal: str, doubts: list[tuple[str, str]]
) -> None:
    found = ask(repositories, principal)
    assert found.policies
    assert [(d.effect, d.condition[0].key) for d in found.access.doubts] == doubts
    assert "Condition" not in str(found.policies) or found.access.may_be_local


def test_in_the_registrys_account_the_conditions_stay() -> None:
    limited = "{tier: pull, until: 2027-05-01}"
    found = ask(f"  a/b: {{access: {{builder: {limited}, ci: {limited}}}}}\n", "builder")
    assert found.access.may_be_local
    _, statement = found.policies[0]["Statement"]
    assert statement["Condition"] == {"DateLessThan": {"aws:CurrentTime": "2027-05-01T00:00:00Z"}}


def test_what_the_account_delegates_is_said() -> None:
    repositories = (
        "  a/b: {access: {workloads: push-pull, ci: pull}}\n"
        "  a/c: {access: {workloads: pull, ci: push-pull}}\n"
    )
    assert ask(repositories, "ci").access.delegated == ("a/b",)


def test_what_a_patterns_arn_exceeds_is_said() -> None:
    repositories = (
        '  "a/*": {access: {ci: pull}}\n  a/b: {inherit: false, access: {runtime: pull}}\n'
        "  a/c: {inherit: false, access: {ci: push-pull}}\n"
    )
    assert ask(repositories, "ci").access.exceeded == ("a/b",)


@pytest.mark.parametrize(("principal", "exceeded"), [("builder", ("a/b",)), ("ci", ())])
def test_a_patterns_arn_exceeds_a_condition_only_in_the_registrys_account(
    principal: str, exceeded: tuple[str, ...]
) -> None:
    limited = f"{{inherit: false, access: {{{principal}: {{tier: pull, until: 2027-05-01}}}}}}"
    repositories = f'  "a/*": {{access: {{{principal}: pull}}}}\n  a/b: {limited}\n'
    assert ask(repositories, principal).access.exceeded == exceeded


@pytest.mark.parametrize(
    ("principal", "hint"),
    [
        ("runtim", "did you mean 'runtime'?"),
        ("stagin", "did you mean 'staging'?"),
        ("lambda", "did you mean 'lambda.amazonaws.com'?"),
        ("lamda.amazonaws.com", "did you mean 'lambda.amazonaws.com'?"),
        ("role2-1", "the file calls it ci"),
        ("role2-2", "the file calls it runtime"),
        ("visitor", "did you mean 'arn:aws:iam::444455556666:user/visitor'?"),
        ("bouh", "did you mean 'both'?"),
        ("c1", "did you mean 'ci'?"),
        ("ci ", "did you mean 'ci'?"),
        ("lambda.amazonaws.com ", None),
        ("lambda.example.org", None),
        ("*", None),
        ("", None),
        ("12345", None),
        ("arn:aws:iam::444455556666:role/role2-*", f"did you mean '{CI}'?"),
    ],
)
def test_an_unknown_principal(principal: str, hint: str | None) -> None:
    visitor = "  a/b: {access: {'arn:aws:iam::444455556666:user/visitor': pull}}\n"
    with pytest.raises(UsageError, match="not a name of the file") as caught:
        ask(PAYMENTS + visitor, principal)
    assert hint is None or caught.value.hint == hint


@pytest.mark.parametrize(
    "principal",
    ["arn:aws:iam::444455556666:group/x", "arn:aws:iam::444455556666:mfa/alice", "o-a1b2c3d4e5"],
)
def test_what_is_no_principal_is_not_like_the_principals_of_its_account(principal: str) -> None:
    with pytest.raises(UsageError, match="not a name of the file") as caught:
        ask(PAYMENTS, principal)
    assert caught.value.hint is None


@pytest.mark.parametrize("principal", ["", " ci", "ci "])
def test_an_unknown_principal_is_quoted_where_its_end_is_not_visible(principal: str) -> None:
    with pytest.raises(UsageError, match=f'principal "{principal}": not a name'):
        ask(PAYMENTS, principal)


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_an_arn_of_another_partition_is_another_principal(partition: str) -> None:
    arn = CI.replace("aws", partition)
    with pytest.raises(UsageError, match=f'the partition "{partition}", but the registry is in'):
        ask("  a/b: {access: {workloads: pull, organization: pull}}\n", arn)


@pytest.mark.parametrize(
    ("principal", "similar"),
    [
        (CI, ()),
        ("ci", ()),
        (f"{CI[:-1]}3", (CI,)),
        (CI.replace("role2", "Role2"), (CI,)),
        ("arn:aws:iam::444455556666:user/somebody", ()),
        ("arn:aws:iam::444455556666:root", ()),
        ("444455556666", ()),
        ("444455556667", ("444455556666",)),
        ("121212121212", ()),
        ("lambda.amazonaws.com", ()),
    ],
)
def test_what_is_like_a_principal_that_the_file_does_not_have(
    principal: str, similar: tuple[str, ...]
) -> None:
    assert ask("  a/b: {access: {organization: pull}}\n", principal).similar == similar


def test_an_arn_may_exist_without_being_in_the_file() -> None:
    assert ask(PAYMENTS, CI[:-1]).statuses == {Status.DIFFERS}


def test_members_with_different_needs_are_named() -> None:
    with pytest.raises(UsageError, match="stands for several principals") as caught:
        ask(PAYMENTS, "both")
    assert caught.value.hint == "ask for one of them: ci, runtime"


Json = dict[str, object]

# What the policies allow is compared with what the compiled policies of the file allow, in each of
# some requests: the evaluator of repository policies knows nothing of how the needs are found.

REPOSITORIES = ("a/one", "a/two", "b/one", "a/*", "*/one", "?/*", "*")
CONCRETE = ("a/one", "a/three", "b/one", "c/two")
ACTIONS = (
    "ecr:BatchGetImage",
    "ecr:DeleteRepository",
    "ecr:DescribeImageScanFindings",
    "ecr:GetDownloadUrlForLayer",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
PRINCIPALS = (
    "ci",
    "runtime",
    "person",
    "admins",
    "organization",
    "builder",
    "workloads",
    "central",
    "both",
)
TIERS = ("pull", "push", "push-pull", "read", "admin", "scan")
IN_WORKLOADS = "arn:aws:iam::444455556666:"
ASKED = {
    "ci": CI,
    "builder": "arn:aws:iam::111122223333:role/builder",
    **{
        arn: arn
        for arn in (
            f"{IN_WORKLOADS}role/team/role2-2",
            f"{IN_WORKLOADS}user/alice",
            f"{IN_WORKLOADS}role/sso/eu/Admin_1",
            "arn:aws:iam::777788889999:role/x",
        )
    },
}
WHENS: tuple[object, ...] = (
    None,
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/*"}},
)
REQUESTS = [
    {
        "aws:sourceip": (ip,),
        "aws:principalorgid": (org,),
        "aws:currenttime": ("2026-06-02T00:00:00Z",),
    }
    for ip, org in itertools.product(
        ("203.0.113.5", "198.51.100.1"), ("o-a1b2c3d4e5", "o-other12345")
    )
]


def grants() -> st.SearchStrategy[object]:
    tier = st.sampled_from(TIERS)
    limited = st.builds(
        lambda tier, when, until: {
            "tier": tier,
            **({"when": when} if when else {}),
            **({"until": until} if until else {}),
        },
        tier,
        st.sampled_from(WHENS),
        st.sampled_from((None, "2026-05-01", "2027-05-01")),
    )
    return st.one_of(tier, limited)


def denials() -> st.SearchStrategy[list[object]]:
    deny = st.builds(
        lambda principal, action, when: {
            "Effect": "Deny",
            "Principal": principal,
            "Action": action,
            **({"Condition": when} if when else {}),
        },
        st.sampled_from(("*", {"AWS": CI}, {"AWS": "444455556666"})),
        st.sampled_from(("ecr:*", "ecr:PutImage", "ecr:Get*", ["ecr:BatchGetImage"])),
        st.sampled_from(WHENS),
    )
    return st.lists(deny, max_size=1)


def entries() -> st.SearchStrategy[Json]:
    return st.builds(
        lambda access, statements: (
            {"access": access, "statements": statements} if statements else {"access": access}
        ),
        st.dictionaries(st.sampled_from(PRINCIPALS), grants(), max_size=4),
        st.one_of(st.just([]), denials()),
    )


def compiled(access: AccessFile, name: str) -> Document:
    (desired,) = [d for d in desired_policies(access, [name], now=NOW) if d.repository == name]
    policy = Target(name, RegistryScope(REGISTRY, REGION)).read(compile_desired(access, desired))
    assert isinstance(policy, Document)
    return policy


def managed(access: AccessFile, name: str) -> bool:
    return any(glob_matches(entry.repository, name) for entry in access.entries)


def identity(policies: tuple[IdentityPolicy, ...], name: str) -> Document:
    """The statements of identity policies that are about a repository, for whoever calls."""
    raw = [
        {key: value for key, value in statement.items() if key != "Resource"} | {"Principal": "*"}
        for policy in policies
        for statement in policy["Statement"]
        if any(glob_matches(arn, ARN + name) for arn in statement["Resource"] if arn != "*")
    ]
    return Document("2012-10-17", tuple(map(parse_statement, raw)))


def decisions(document: Document, arn: str) -> Iterator[frozenset[str]]:
    """The actions that a document allows in each request."""
    for request in REQUESTS:
        caller = iam_caller(arn, request)
        yield frozenset(a for a in ACTIONS if evaluate(document, caller, a).verdict == "allowed")


@given(
    st.dictionaries(st.sampled_from(REPOSITORIES), entries(), min_size=1, max_size=4),
    st.sampled_from(sorted(ASKED)),
    st.frozensets(st.sampled_from(("a/one", "b/one")), max_size=1),
)
@examples(30)
def test_the_policies_allow_what_the_file_grants_and_nothing_else(
    repositories: Mapping[str, Json], asked: str, apart: frozenset[str]
) -> None:
    file = {
        name: {**entry, "inherit": False} if name in apart else entry
        for name, entry in repositories.items()
    }
    try:
        source = load(yaml.safe_dump({"repositories": file}))
    except workflow.InvalidFileError:
        assume(False)  # two conditions on the same key
    found = workflow.consumer_policies(source, asked)
    uncertain = {doubt.repository for doubt in found.access.doubts if doubt.effect == "Deny"}
    for name in CONCRETE:
        if not managed(source.parts[0], name):
            assert identity(found.policies, name).statements == ()
            continue
        granted = list(decisions(compiled(source.parts[0], name), ASKED[asked]))
        needed = list(decisions(identity(found.policies, name), ASKED[asked]))
        local = found.access.may_be_local
        pairs = (
            zip(needed, granted, strict=True)
            if local
            else [(frozenset().union(*needed), frozenset().union(*granted))]
        )
        for need, grant in pairs:
            assert grant <= need, name
            beyond = any(glob_matches(p, name) for p in (*found.access.exceeded, *uncertain))
            assert beyond or need == grant, name


def ask_registry(entries: str, *statements: object, who: str = "ci") -> ConsumerPolicies:
    """Ask about a file that manages the registry's own policy."""
    head = HEAD.replace("[us-west-2]}", "[us-west-2], policy: manage}")
    raw = f"registry_statements: {json.dumps(statements)}\n" if statements else ""
    text = f"{head}repositories:\n{entries}{raw}"
    source = workflow.load(text.encode(), "ecr_access.yaml", now=NOW)
    return workflow.consumer_policies(source, who)


def raw(effect: str, action: str, resource: str, element: str = "Resource") -> object:
    return {"Sid": "EcrAccessOwn", "Effect": effect, "Principal": {"AWS": CI}, "Action": action,
            element: resource}  # fmt: skip


def test_what_the_registrys_policy_carries_is_needed_on_the_arns_of_the_pattern() -> None:
    found = ask_registry(
        '  "app/*": {via: registry-policy, access: {ci: [pull, replicate]}}\n'
        "  app/api: {inherit: false, access: {ci: push}}\n"
    )
    wanted = BUILT_IN_TIERS["pull"] | {"ecr:ReplicateImage", "ecr:CreateRepository"}
    assert needs(found) == {"app/*": wanted, "app/api": wanted | BUILT_IN_TIERS["push"]}
    assert found.access.exceeded == ()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (raw("Allow", "ecr:ListImages", f"{ARN}app/*"),
         {"app/*": {"ecr:ListImages"}, "app/api": {"ecr:ListImages"}}),
        (raw("Allow", "ecr:ListImages", f"{ARN}new"), {"new": {"ecr:ListImages"}}),
        (raw("Allow", "ecr:ListImages", f"{ARN}app/*", "NotResource"), {"lib": {"ecr:ListImages"}}),
        (raw("Allow", "ecr:ListImages", f"{ARN}${{aws:PrincipalTag/a}}"),
         {"app/api": {"ecr:ListImages"}, "lib": {"ecr:ListImages"}}),
        (raw("Deny", "ecr:PutImage", f"{ARN}app/*"), {"app/api": {"-ecr:PutImage"}}),
        (raw("Deny", "ecr:PutImage", "arn:aws:ecr"), {}),
    ],
)  # fmt: skip
def test_raw_statements_of_the_registrys_policy_count(
    statement: object, expected: dict[str, set[str]]
) -> None:
    push = set(BUILT_IN_TIERS["push"])
    found = needs(ask_registry("  app/api: {access: {ci: push}}\n  lib: {access: {}}\n", statement))
    wanted = {"app/api": set(push)}
    for name, actions in expected.items():
        for action in actions:
            own = wanted.setdefault(name, set())
            own.discard(action[1:]) if action.startswith("-") else own.add(action)
    assert found == wanted
