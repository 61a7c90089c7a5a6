"""A whole file: what is in the model, and that problems never hide each other."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given as given_
from hypothesis import strategies as st

from reconciler.access_file.desired import compile_desired, desired_policies
from reconciler.access_file.starter import STARTER
from reconciler.model.guards import Guards, Limit
from reconciler.model.rules import RuleId
from reconciler.policy.language.principals import Principal, service_principal
from reconciler.policy.meaning.keep import LAMBDA_SID
from tests.access_file.files import HEAD, NOW, load, load_access, rules, valid
from tests.access_file.invalid_cases import files
from tests.effort import examples

ROOT = Path(__file__).parents[2]
MINIMAL = 'repositories: {payments/api: {access: {"444455556666": pull}}}\n'


@pytest.mark.parametrize("text", [STARTER, (ROOT / "ecr_access.yaml").read_text()])
def test_the_sample_and_the_starter_have_no_problems(text: str) -> None:
    loaded = load(text, head="")
    assert loaded.parts
    assert loaded.problems == ()


def test_defaults() -> None:
    access = valid(MINIMAL)
    assert access.guards == Guards(Limit(percent=30, grants=10), None, ())
    assert access.unmanaged_repositories == "report"
    assert access.ownership.default == "remove"
    assert [rule.sid for rule in access.ownership.rules] == [LAMBDA_SID]
    assert access.registry.partition == "aws"


def test_guards_and_limits() -> None:
    access = valid(
        f"{MINIMAL}guards: {{public: allow, max_revoked: none, max_granted: {{count: 5}}}}\n"
    )
    assert access.guards == Guards(None, Limit(percent=0, grants=5), ("*",))


def test_keep_rules_add_to_the_built_in_one_and_never_loosen_it() -> None:
    access = valid(
        f'accounts: {{workloads: "444455556666"}}\n{MINIMAL}'
        "unmanaged:\n"
        "  repositories: fail\n"
        "  statements:\n"
        "    keep:\n"
        f"      - {{sid: {LAMBDA_SID}, service: lambda.amazonaws.com}}\n"
        "      - {sid: Backup, service: backup.amazonaws.com}\n"
        "      - {sid: Legacy, principal: workloads}\n"
    )
    assert access.unmanaged_repositories == "fail"
    built_in, *own = access.ownership.rules
    assert built_in.actions is not None
    assert built_in.source_accounts == {"111122223333", "444455556666"}
    assert [(rule.sid, rule.principal) for rule in own] == [
        ("Backup", service_principal("backup.amazonaws.com")),
        ("Legacy", Principal("AWS", ("arn:aws:iam::444455556666:root",))),
    ]


@pytest.mark.parametrize(("as_is", "kept"), [("true", 1), ("false", 0)])
def test_a_keep_rule_loosens_the_built_in_one_only_with_as_is(as_is: str, kept: int) -> None:
    rule = f"{{sid: {LAMBDA_SID}, service: lambda.amazonaws.com, as_is: {as_is}}}"
    access = valid(f"{MINIMAL}unmanaged: {{statements: {{keep: [{rule}]}}}}\n")
    built_in, *own = access.ownership.rules
    assert built_in.actions is not None
    assert [(r.sid, r.principal, r.actions, r.source_accounts) for r in own] == [
        (LAMBDA_SID, service_principal("lambda.amazonaws.com"), None, None)
    ] * kept


def test_tiers_extend_each_other_in_any_order() -> None:
    access = valid(
        "tiers:\n"
        "  full: {extends: [scan, push]}\n"
        '  scan: {extends: pull, actions: ["ECR:describeimagescanfindings", "ecr:List*"]}\n'
        'repositories: {payments/api: {access: {"444455556666": full}}}\n'
    )
    tiers = access.tiers
    assert tiers["scan"] - tiers["pull"] == {"ecr:DescribeImageScanFindings", "ecr:list*"}
    assert tiers["full"] == tiers["scan"] | tiers["push"]
    assert list(tiers)[:6] == ["pull", "push", "push-pull", "read", "lambda", "admin"]


def test_a_pattern_is_written_as_in_the_file_and_in_one_way_whatever_the_order() -> None:
    tiers = ["  look: {actions: [ecr:FlyAway, ecr:Get*]}\n", "  see: {actions: [ecr:GET*]}\n"]
    texts = set()
    for one, other in permutations(tiers):
        access = valid(
            f"tiers:\n{one}{other}"
            "repositories:\n"
            '  api: {access: {"444455556666": look, "777788889999": see}}\n'
        )
        (desired,) = desired_policies(access, None, now=NOW)
        texts.add(compile_desired(access, desired))
    (text,) = texts
    assert text is not None
    assert '"Action":["ecr:FlyAway","ecr:GET*"]' in text
    assert text.count("ecr:GET*") == 2


def test_a_grant_has_the_place_of_its_tier() -> None:
    access = valid(
        "repositories:\n"
        "  payments/api:\n"
        "    access:\n"
        '      "444455556666":\n'
        "        - pull\n"
        '        - {tier: push, until: 2027-03-31, reason: "contract 17"}\n'
    )
    first, second = access.entries[0].grants
    assert first.place[1:] == (7, 11)
    assert second.place[1:] == (8, 18)
    assert second.grant.until == datetime(2027, 3, 31, tzinfo=UTC)


def test_a_line_that_is_written_twice_is_checked_twice() -> None:
    members = "{organization: o-a1b2c3d4e5}"
    entries = "".join(f"  {name}: {{access: {{members: lambda}}}}\n" for name in ("r/a", "r/b"))
    found = load(f"principals: {{members: {members}}}\nrepositories:\n{entries}")
    assert [(one.rule, one.place.line) for one in found.problems] == [
        (RuleId.NEVER_APPLIES, 5),
        (RuleId.NEVER_APPLIES, 6),
    ]


def test_a_tier_of_the_registrys_policy_stays_one_of_that_policy() -> None:
    entries = '  "r/*": {via: registry-policy, access: {w: cache}}\n  r/a: {access: {w: cache}}\n'
    head = HEAD.replace("]}", "], policy: manage}")
    found = load(f'accounts: {{w: "444455556666"}}\nrepositories:\n{entries}', head=head)
    assert [(one.rule, one.place.line) for one in found.problems] == [(RuleId.REGISTRY_TIER, 6)]


def test_the_values_of_a_principals_condition_count_on_each_line() -> None:
    networks = ", ".join(f'"10.{n // 256}.{n % 256}.0/24"' for n in range(800))
    when = f"when: {{IpAddress: {{'aws:SourceIp': [{networks}]}}}}"
    entries = "".join(f"  r/{n}: {{access: {{who: pull}}}}\n" for n in range(1_300))
    who = f"principals: {{who: {{role: x, account: w, {when}}}}}\n"
    found = load(f'accounts: {{w: "444455556666"}}\n{who}repositories:\n{entries}')
    assert rules(found) == [RuleId.TOO_LARGE]


def test_raw_statements_are_carried_as_they_are() -> None:
    access = valid(
        "repositories:\n"
        "  payments/api:\n"
        "    statements:\n"
        '      - {Sid: x, Effect: Deny, Principal: "*", Action: "ecr:putimage", Condition:'
        ' {NumericLessThan: {"aws:MultiFactorAuthAge": 5}, Bool: {"aws:SecureTransport": false}}}\n'
    )
    (raw,) = access.entries[0].statements
    assert raw.statement is not None
    assert raw.statement.raw == {
        "Sid": "x",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "ecr:putimage",
        "Condition": {
            "NumericLessThan": {"aws:MultiFactorAuthAge": 5},
            "Bool": {"aws:SecureTransport": False},
        },
    }


PUBLIC = (
    "principals: {anyone: {public: true}}\n"
    "repositories:\n"
    "  payments/api: {access: {anyone: pull}}\n"
    '  "payments/*": {access: {anyone: pull}}\n'
)


def test_allowing_public_access_passes_over_that_entry_only() -> None:
    assert rules(load(PUBLIC)) == ["public", "public"]
    assert rules(load(PUBLIC, allow_public=frozenset({"payments/api"}))) == ["public"]
    assert rules(load(PUBLIC, allow_public=frozenset({"payments/api", "payments/*"}))) == []
    assert rules(load(f"{PUBLIC}guards: {{public: allow}}\n")) == []


@pytest.mark.parametrize(
    ("allowed", "lines"),
    [
        ("payments/api", [6]),
        ('"payments/*"', []),
        ('"payments*"', []),
        ('"*"', []),
        ('payments/api, "payments/a*"', [6]),
        ('"payments/???"', [6]),
        ('"payments/?*"', [6]),
        ('"payments/b*"', [5, 6]),
    ],
)
def test_guards_allow_repositories_to_be_public_and_patterns_as_a_whole(
    allowed: str, lines: list[int]
) -> None:
    found = load(f"{PUBLIC}guards: {{public: {{allow: [{allowed}]}}}}\n").problems
    assert [(p.rule, p.place.line) for p in found] == [("public", line) for line in lines]


@pytest.mark.parametrize(
    ("allowed", "told"),
    [
        ("payments/apo", []),  # the pattern is about it
        ('"pay*"', []),
        ("tools/api", ["idle-allow"]),
        ('"tools/*"', ["idle-allow"]),
        ("Payments/api", ["bad-repository-name"]),
    ],
)
def test_an_allowed_name_that_no_entry_is_about_is_told(allowed: str, told: list[str]) -> None:
    guards = f"guards: {{public: {{allow: [{allowed}]}}}}\n"
    found = load('repositories: {"payments/*": {access: {}}}\n' + guards)
    assert sorted(rules(found)) == told


@pytest.mark.parametrize(
    ("until", "found"),
    [("2025-12-31", ["expired"]), ("2026-01-01", ["expired"]), ("2026-01-02", [])],
)
def test_a_grant_ends_when_its_day_starts(until: str, found: list[str]) -> None:
    access = f'{{"444455556666": {{tier: pull, until: {until}}}}}'
    text = f"repositories: {{payments/api: {{access: {access}}}}}\n"
    assert rules(load(text, now=NOW)) == found


def test_problems_of_every_kind_come_in_one_run() -> None:
    loaded = load(
        "accounts: {workloads: 444455556666}\n"
        "principals:\n"
        "  ci: {role: role2-1, account: workloads}\n"
        "repositories:\n"
        "  payments/api: {acess: {}, access: {ci: pulll, cj: pull}}\n"
        "  payments/api: {}\n"
        "  Web: {}\n"
    )
    assert rules(loaded) == [
        "unquoted-account-id",
        "unknown-key",
        "unknown-tier",
        "unknown-name",
        "duplicate-key",
        "bad-repository-name",
    ]


def test_a_long_chain_needs_no_recursion() -> None:
    groups = "".join(f"  g{i}: [g{i + 1}, g{i + 1}]\n" for i in range(3000))
    tiers = "".join(f"  t{i}: {{extends: t{i + 1}}}\n" for i in range(3000))
    access = valid(
        f'principals:\n{groups}  g3000: {{role: r, account: "444455556666"}}\n'
        f'tiers:\n{tiers}  t3000: {{actions: ["ecr:ListImages"]}}\n'
        "repositories: {payments/api: {access: {g0: t0}}}\n"
    )
    (given,) = access.entries[0].grants
    assert given.grant.actions == {"ecr:ListImages"}


def test_a_hostile_text_does_not_reach_a_message() -> None:
    text = "x" * 100_000
    loaded = load(f'repositories: {{payments/api: {{access: {{"{text}": "{text}"}}}}}}\n')
    assert not loaded.parts
    assert all(len(p.message) + len(p.hint or "") < 400 for p in loaded.problems)


def test_the_validator_is_only_loaded_to_validate() -> None:
    program = (
        "import sys; import reconciler.access_file.load; "
        "assert not {'jsonschema', 'importlib.metadata'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


SNIPPETS = [case.read_bytes() for case in files()] + [STARTER.encode()]


@examples(50)
@given_(
    st.sampled_from(SNIPPETS),
    st.integers(0, 2000),
    st.integers(0, 40),
    st.binary(max_size=8)
    | st.sampled_from([b"*", b"{", b"[", b": ", b"\n", b"null", b"- ", b"&a"]),
)
def test_no_damage_to_a_file_raises(text: bytes, start: int, cut: int, put: bytes) -> None:
    damaged = text[:start] + put + text[start + cut :]
    loaded = load_access(damaged, "f", now=NOW)
    assert loaded.parts or loaded.problems
    for problem in loaded.problems:
        line = loaded.lines["f"][problem.place.line - 1]
        assert 1 <= problem.place.column <= len(line) + 1


SECTIONS = ["version", "registry", "accounts", "principals", "tiers", "repositories", "guards"]
SECTIONS += ["unmanaged", "registries", "registry_statements", "include"]
PRINCIPAL_KEYS = ["role", "user", "account", "accounts", "organization", "paths", "service"]
PRINCIPAL_KEYS += ["source_arns", "source_accounts", "public", "when"]
ENTRY_KEYS = ["tier", "until", "reason", "access", "statements", "inherit", "extends", "actions"]
STATEMENT_KEYS = ["Sid", "Effect", "Principal", "Action", "AWS", "Condition"]
CREATION_KEYS = ["create", "settings", "encryption", "kms_key", "tags", "probe_repository"]
OTHER_KEYS = ["keep", "sid", "default", "regions", "max_revoked", "percent", "count"]
OTHER_KEYS += ["name", "registries", "replicated", "files", "may"]
KEYS = PRINCIPAL_KEYS + ENTRY_KEYS + STATEMENT_KEYS + CREATION_KEYS + OTHER_KEYS
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**12)
    | st.sampled_from(["pull", "ci", "x", "*", "", "444455556666"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMED_VALUES = st.dictionaries(st.sampled_from(["ci", "x", "pull", "payments/*"]), VALUES)


@examples(50)
@given_(st.dictionaries(st.sampled_from(SECTIONS), VALUES | NAMED_VALUES))
def test_no_shape_raises(data: dict[str, object]) -> None:
    loaded = load_access(json.dumps(data).encode(), "f", now=NOW)
    assert loaded.parts or loaded.problems
