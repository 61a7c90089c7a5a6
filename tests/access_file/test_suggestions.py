"""Each suggestion is valid where it stands: written there, it is not what was wrong any more."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.access_file.document.problems import Problem
from reconciler.access_file.document.replacements import replacement_of
from reconciler.access_file.load import Loaded
from reconciler.closest import did_you_mean
from tests.access_file import invalid_cases
from tests.access_file.files import NOW, load, load_access, of_principal, of_statement, only

SUGGESTED = re.compile(r"(?:did you mean|write|in lower case:) ['\"]([^'\"]+)['\"]")
NOT_VALID = frozenset(
    {
        "bad-account-id",
        "bad-action",
        "bad-condition",
        "bad-date",
        "bad-repository-name",
        "bad-statement",
        "bad-value",
        "clashing-keys",
        "duplicate-key",
        "group-cycle",
        "idle-action",
        "idle-allow",
        "name-clash",
        "not-an-ecr-action",
        "tier-cycle",
        "tier-replaces-built-in",
        "unknown-action",
        "unknown-condition-key",
        "unknown-key",
        "unknown-name",
        "unknown-service",
        "unknown-tier",
        "wrong-partition",
        "wrong-type",
    }
)
"""What is said of a word that can't stand where it does."""

FILE = """\
version: 1
registry:
  account: "111122223333"
  regions: [us-west-2]
accounts:
  workloads: "444455556666"
  staging: "777788889999"
principals:
  runtime: {role: role2-2, account: workloads}
  deployer: {role: deploy, accounts: [workloads, staging], when: {StringLike: {aws:SourceVpc: v}}}
  builder: {service: codebuild.amazonaws.com, source_accounts: [workloads]}
  functions: {service: lambda.amazonaws.com, source_organization: o-a1b2c3d4e5}
  everyone: {organization: o-a1b2c3d4e5, paths: [o-a1b2c3d4e5/r-ab12/*]}
  consumers: [runtime, deployer]
  consumer: [consumers, staging]
tiers:
  scan: {extends: pull, actions: [ecr:DescribeImageScanFindings, ecr:ListImages]}
  scans: {extends: [scan]}
repositories:
  payments/api:
    access:
      runtime: push-pull
      deployer: {tier: pull, until: 2027-01-01, reason: why}
      consumer: [scan, scans]
    statements:
      - Sid: EcrAccessOne
        Effect: Deny
        Principal: {AWS: "*"}
        Action: [ecr:PutImage]
        Condition:
          StringNotEqualsIfExists: {aws:PrincipalOrgID: o-a1b2c3d4e5, aws:SourceVpce: vpce-1}
          ForAnyValue:StringLike: {aws:PrincipalOrgPaths: o-a1b2c3d4e5/*}
    create: true
    settings: {tag_mutability: immutable, encryption: kms}
guards:
  public: {allow: [payments/api]}
  max_revoked: none
  rules:
    - {never: push, to: functions, on: payments/api, because: why}
unmanaged:
  repositories: report
  statements: {default: keep, keep: [{sid: Backup, service: backup.amazonaws.com}]}
"""
WORDS = [match.span() for match in re.finditer(r"[A-Za-z][\w:./-]*\w", FILE)]


def problems(text: str) -> tuple[Problem, ...]:
    return load_access(text.encode(), "f.yaml", now=NOW).problems


def mended(text: str, problem: Problem) -> str | None:
    """The file with the suggestion in the place of what it is about."""
    found = SUGGESTED.search(problem.hint or "")
    if not found:
        return None
    lines = text.splitlines(keepends=True)
    line, at = lines[problem.place.line - 1], problem.place.column - 1
    wrong = re.match(r"""['"]?[^\s,{}\[\]'"]*?(?=['"]|:? |:?$|[,{}\[\]])['"]?""", line[at:], re.M)
    assert wrong, line[at:]
    suggestion = found[1] if re.fullmatch(r"[\w.:/-]+", found[1]) else f"'{found[1]}'"
    lines[problem.place.line - 1] = line[:at] + suggestion + line[at + wrong.end() :]
    return "".join(lines)


def still_wrong(text: str) -> Iterator[str]:
    """What is said, at the same place, of a file in which a suggestion was taken."""
    for problem in problems(text):
        new = mended(text, problem)
        if new is None:
            continue
        assert new != text, problem
        spot = problem.place[1:]
        for other in problems(new):
            places = (other.place[1:], (other.other or other.place)[1:])
            if spot in places and other.rule in NOT_VALID:
                yield f"{problem.hint} {other.rule} {other.message}"


def test_the_file_is_valid() -> None:
    assert {problem.severity for problem in problems(FILE)} <= {"warning"}


@given(
    st.sampled_from(WORDS),
    st.integers(0, 200),
    st.sampled_from(["drop", "double", "swap", "upper", "plural", "other"]),
    st.integers(0, 200),
)
def test_a_suggestion_is_valid_where_it_stands(
    word: tuple[int, int], at: int, slip: str, other: int
) -> None:
    start, end = word
    text = FILE[start:end]
    place = at % len(text)
    slips = {
        "drop": text[:place] + text[place + 1 :],
        "double": text[:place] + text[place] + text[place:],
        "swap": text[:place] + text[place : place + 2][::-1] + text[place + 2 :],
        "upper": text.swapcase(),
        "plural": text + "s",
        "other": FILE[slice(*WORDS[other % len(WORDS)])] + "s",
    }
    assert list(still_wrong(FILE[:start] + slips[slip] + FILE[end:])) == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ForAnyValues:StringLike", "ForAnyValue:StringLike"),
        ("ForAllValue:StringEquals", "ForAllValues:StringEquals"),
        ("forAnyValue:stringLike", "ForAnyValue:StringLike"),
        ("StringEqualsIfExist", "StringEqualsIfExists"),
        ("ForAnyValues:StringLikeIfExist", "ForAnyValue:StringLikeIfExists"),
    ],
)
def test_an_operator_is_suggested_with_a_qualifier_that_there_is(written: str, meant: str) -> None:
    condition = f"{{'{written}': {{'aws:SourceVpc': vpc-1}}}}"
    problem = only(of_principal(f"{{role: x, account: workloads, when: {condition}}}"))
    assert problem.hint == f"did you mean '{meant}'?"


@pytest.mark.parametrize("written", ["NullIfExists", "ForAnyValue:Null"])
def test_no_operator_is_suggested_that_there_is_not(written: str) -> None:
    condition = f"{{'{written}': {{'aws:SourceVpc': 'true'}}}}"
    problem = only(of_principal(f"{{role: x, account: workloads, when: {condition}}}"))
    assert f"'{written}'" not in (problem.hint or "")


@pytest.mark.parametrize(
    ("definition", "suggested"),
    [
        ("{role: x, account: workloads, rolee: y}", None),
        ("{service: lambda.amazonaws.com, source_accounts: [workloads], acount: workloads}", None),
        ("{user: x, account: workloads, acounts: [workloads]}", None),
        ("{roel: x, account: workloads}", "role"),
    ],
)
def test_no_key_is_suggested_that_is_there_or_does_not_go(
    definition: str, suggested: str | None
) -> None:
    (problem,) = (p for p in of_principal(definition).problems if p.rule == "unknown-key")
    assert (f"did you mean '{suggested}'?" == problem.hint) is (suggested is not None)
    assert suggested or "did you mean" not in (problem.hint or "")


def test_a_statement_has_one_of_two_elements() -> None:
    loaded = of_statement('{Effect: Deny, Principal: "*", Action: "ecr:*", NotActoin: "ecr:*"}')
    (problem,) = (p for p in loaded.problems if p.rule == "unknown-key")
    assert "did you mean" not in (problem.hint or "")


def test_a_group_is_no_member_of_itself() -> None:
    principals = "principals: {users: [user, '444455556666'], all-users: [users, all-user]}\n"
    body = f"{principals}repositories: {{a/b: {{access: {{all-users: pull, user: pull}}}}}}\n"
    told = {(p.place.line, p.place.column): p.hint for p in load(body).problems}
    assert list(told.values()) == [
        "add it under principals or accounts",
        "add it under principals or accounts",
        "did you mean 'users'?",
    ]


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("{tier: pull, until: 7}", "for example 2027-03-31"),
        ("{tier: 7}", "for example pull"),
        ("{tier: pull, reason: 7}", 'write "7"'),
    ],
)
def test_quotes_are_suggested_where_they_help(given: str, hint: str) -> None:
    problem = only(load(f"repositories: {{a/b: {{access: {{'444455556666': {given}}}}}}}\n"))
    assert problem.hint == hint


def replaced(checked: Loaded, problem: Problem) -> str | None:
    """The file with what the problem's suggestion replaces."""
    replacement = replacement_of(problem, checked.lines)
    if replacement is None:
        return None
    lines = list(checked.lines[problem.place.path])
    line, start = lines[replacement.place.line - 1], replacement.place.column - 1
    lines[replacement.place.line - 1] = (
        line[:start] + replacement.text + line[replacement.end - 1 :]
    )
    return "\n".join(lines)


def test_a_replacement_mends_what_it_is_for() -> None:
    mended_rules = set()
    for case in invalid_cases.cases():
        checked = invalid_cases.load(case)
        for problem in checked.problems:
            new = replaced(checked, problem)
            if new is not None:
                mended_rules.add(problem.rule)
                left = load_access(new.encode(), case.name, now=invalid_cases.NOW).problems
                of_place = {p.rule for p in left if p.place == problem.place}
                assert problem.rule not in of_place, (case, problem)
    assert {"unknown-key", "unknown-tier", "unknown-name", "unknown-action"} <= mended_rules


def test_a_long_suggestion_is_whole() -> None:
    name = "a" * 63
    assert did_you_mean("a" * 60, [name]) == f"did you mean '{name}'?"
