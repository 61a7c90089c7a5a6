"""`guards.rules` beyond the bad files: what is read, what counts, and what is left alone."""

import pytest

from reconciler.access_file.desired import watched_names
from reconciler.policy.language.principals import EVERYONE, account_principal
from reconciler.policy.meaning.facts import NamedPrincipal
from reconciler.policy.meaning.never import Outside
from tests.access_file.files import HEAD, load, only, rules, valid

STAGING = "777788889999"
NAMES = f"""\
accounts: {{workloads: "444455556666", staging: "{STAGING}"}}
principals:
  ci: {{role: ci, account: workloads}}
  tester: {{role: tester, account: staging}}
  both: [ci, tester]
tiers: {{retire: {{actions: [ecr:BatchDeleteImage]}}}}
"""


def body(repositories: str, *given: str) -> str:
    listed = "".join(f"    - {{{rule}}}\n" for rule in given)
    return f"{NAMES}repositories:\n{repositories}guards:\n  rules:\n{listed}"


def of(repositories: str, *given: str) -> list[tuple[int, str]]:
    """The lines (from 0, of the first entry) and rules of all problems but warnings."""
    loaded = load(body(repositories, *given))
    first = (HEAD + NAMES).count("\n") + 2
    return [
        (problem.place.line - first, problem.rule)
        for problem in loaded.problems
        if problem.severity == "error"
    ]


def test_what_is_read() -> None:
    access = valid(
        body(
            "  a/b: {access: {both: pull}}\n",
            'never: push, to: [both, staging], on: ["a/*", c/d], because: "it\\n is"',
            f'never: retire, to: {{outside: [workloads, "{STAGING}"]}}, on: a/b, because: b',
            "never: pull, to: public, because: c",
        )
    )
    first, second, third = (placed.rule for placed in access.never_rules)
    assert [one.name for one in first.to if isinstance(one, NamedPrincipal)] == [
        "ci",
        "tester",
        "staging",
    ]
    assert first.to[2] == NamedPrincipal(account_principal(STAGING, "aws"), (), "staging")
    assert (first.tier, first.repositories, first.because) == ("push", ("a/*", "c/d"), "it is")
    assert second.to == (Outside(frozenset({"444455556666", STAGING})),)
    assert second.actions == {"ecr:BatchDeleteImage"}
    assert third.to == (NamedPrincipal(EVERYONE),)
    assert third.repositories == ()


def test_names_and_tiers_that_only_a_rule_uses_are_used() -> None:
    loaded = load(body("  a/b: {}\n", "never: retire, to: [both, staging], because: x"))
    assert rules(loaded) == []


def test_one_account_may_be_listed_by_name_and_id() -> None:
    outside = f'{{outside: [staging, "{STAGING}"]}}'
    assert of("  a/b: {access: {ci: push}}\n", f"never: push, to: {outside}, because: x") == [
        (0, "never")
    ]


def test_an_unknown_account_is_the_only_problem_of_its_rule() -> None:
    given = "never: push, to: {outside: [workload]}, because: x"
    loaded = load(body("  a/b: {access: {ci: push}}\n", given))
    assert [p.rule for p in loaded.problems if p.severity == "error"] == ["unknown-name"]


@pytest.mark.parametrize(
    ("repositories", "on", "expected"),
    [
        ("  a/b: {access: {ci: push}}\n", "a/b", [0]),
        ("  a/b: {access: {ci: push}}\n", '"c/*"', []),
        ('  "a/*": {access: {ci: push}}\n', "a/b", [0]),
        ('  "a/*": {access: {ci: push}}\n', '"*/b"', [0]),
        ('  "a/*": {access: {ci: push}}\n', '"b/*"', []),
        ('  "a/*": {access: {ci: push}}\n  a/b: {inherit: false}\n', "a/b", []),
        ('  "a/*": {access: {ci: push}}\n  a/b: {access: {}}\n', "a/b", [0]),
        ('  "a/*": {access: {ci: push}}\n  a/b: {inherit: false}\n', '"a/?"', [0]),
        ("  a/b: {access: {ci: {tier: push, until: 2025-01-01}}}\n", "a/b", []),
        ("  a/b: {access: {ci: {tier: push, until: 2027-01-01}}}\n", "a/b", [0]),
    ],
)
def test_where_a_rule_applies(repositories: str, on: str, expected: list[int]) -> None:
    found = of(repositories, f"never: push, to: ci, on: {on}, because: x")
    assert found == [(line, "never") for line in expected]


def test_a_pattern_s_line_is_told_once_whatever_it_matches() -> None:
    exact = "".join(f"  a/b{i}: {{access: {{tester: pull}}}}\n" for i in range(5))
    assert of('  "a/*": {access: {ci: push}}\n' + exact, "never: push, to: ci, because: x") == [
        (0, "never")
    ]


def test_a_statement_with_a_deny_and_one_that_is_broken() -> None:
    denied = """\
  a/b:
    access: {ci: push}
    statements: [{Effect: Deny, Principal: "*", Action: ["ecr:Put*", "ecr:*Layer*"]}]
"""
    assert of(denied, "never: push, to: ci, because: x") == []
    broken = "  a/b: {statements: [{Effect: Allow, Principal: 1, Action: ecr:PutImage}]}\n"
    assert "never" not in [rule for _, rule in of(broken, "never: push, to: ci, because: x")]


def test_it_is_told_besides_the_other_problems() -> None:
    assert of(
        "  a/b: {access: {ci: push}}\n  a/c: {access: {nobody: push}}\n",
        "never: push, to: ci, because: x",
    ) == [(0, "never"), (1, "unknown-name")]


def test_the_hint_and_the_second_place() -> None:
    problem = only(
        load(
            'repositories: {a/b: {access: {"444455556666": push}}}\n'
            'guards: {rules: [{never: push, to: "444455556666", because: x}]}\n'
        )
    )
    assert problem.message == "'444455556666' gets push here, which it must never have: \"x\""
    assert problem.hint == "remove the access, or change the rule"
    assert problem.other is not None
    assert (problem.other.line, problem.other.column) == (4, 26)


def test_what_drift_reads() -> None:
    access = valid(
        body("  a/b: {}\n", 'never: push, to: ci, on: ["c/*", d/e], because: x'),
        head='version: 1\nregistry: {account: "111122223333", regions: [us-west-2],'
        " probe_repository: c/probe}\n",
    )
    live = ("a/b", "a/c", "c/d", "c/probe", "d/e", "e")
    assert watched_names(access, live) == ("a/b", "c/d", "d/e")
    everywhere = valid(body("  a/b: {}\n", "never: push, to: ci, because: x"))
    assert watched_names(everywhere, live) == live
