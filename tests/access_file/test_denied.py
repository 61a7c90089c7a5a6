"""`grant-denied`: which lines of a file meet which Denies; the meaning is tested in `policy`."""

from collections.abc import Iterable

import pytest

from reconciler.access_file.checks import policies
from reconciler.access_file.document.problems import Problem, WorkLimit
from reconciler.access_file.load import Loaded
from tests.access_file.files import HEAD, load

NAMES = """\
accounts: {workloads: "444455556666"}
principals:
  ci: {role: ci, account: workloads}
  cd: {role: cd, account: workloads}
  both: [ci, cd]
tiers: {retire: {extends: push, actions: [ecr:BatchDeleteImage]}}
repositories:
"""
FIRST = (HEAD + NAMES).count("\n") + 1
DENY = '{Effect: Deny, Principal: "*", Action: ecr:PutImage}'
ON_ONE = "where 'a/b' applies, "
GIVE = "{access: {ci: push}}"
TAKE = f"{{statements: [{DENY}]}}"


def told(repositories: str) -> list[tuple[int, int, str]]:
    """Each warning: its line and that of the Deny, from 0 at the first entry; where it holds."""
    return [
        (p.place.line - FIRST, p.other.line - FIRST, p.message.partition("'push' is")[0])
        for p in denials(load(NAMES + repositories))
        if p.other
    ]


def denials(loaded: Loaded) -> Iterable[Problem]:
    return [p for p in loaded.problems if p.rule == "grant-denied"]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"a/b": f"{{access: {{ci: push}}, statements: [{DENY}]}}"}, [(0, 0, "")]),
        ({"a/b": GIVE, "a/c": TAKE}, []),
        ({"a/b": GIVE, '"a/*"': TAKE}, [(0, 1, "")]),
        ({'"a/*"': GIVE, "a/b": TAKE}, [(0, 1, "where 'a/b' applies, ")]),
        ({'"a/*"': GIVE, '"*"': TAKE}, [(0, 1, "")]),
        ({'"*"': GIVE, '"a/*"': TAKE}, [(0, 1, "where 'a/*' applies, ")]),
        ({'"a/*"': GIVE, '"*/b"': TAKE}, [(0, 1, "where '*/b' applies, ")]),
        ({'"a/*"': GIVE, '"b/*"': TAKE}, []),
        ({"a/b": GIVE.replace("{a", "{inherit: false, a"), '"a/*"': TAKE}, []),
        ({'"a/*"': GIVE, "a/b": TAKE.replace("{s", "{inherit: false, s")}, []),
        ({"a/b": TAKE, '"a/*"': GIVE, '"a/?"': GIVE}, [(1, 0, ON_ONE), (2, 0, ON_ONE)]),
        ({"a/b": GIVE, "a/c": GIVE, '"*"': TAKE}, [(0, 2, ""), (1, 2, "")]),
        ({"a/b": GIVE, '"a/*"': f"{{statements: [{DENY}, {DENY}]}}"}, [(0, 1, ""), (0, 1, "")]),
    ],
)  # fmt: skip
def test_entries_that_meet(entries: dict[str, str], expected: list[tuple[int, int, str]]) -> None:
    assert told("".join(f"  {name}: {entry}\n" for name, entry in entries.items())) == expected


def messages(access: str, *statements: str) -> list[str]:
    listed = ", ".join(statements)
    loaded = load(f"{NAMES}  a/b: {{access: {access}, statements: [{listed}]}}\n")
    assert loaded.parts
    return [problem.message for problem in denials(loaded)]


def test_a_group_is_told_as_a_whole_or_by_its_members() -> None:
    whole = "'pull' has no effect for 'both': a Deny denies all of its actions"
    assert messages("{both: pull}", DENY.replace("PutImage", "*")) == [whole]
    of_one = '{Effect: Deny, Principal: {AWS: "arn:aws:iam::444455556666:role/cd"}, Action: "*"}'
    part = "'pull' has no effect for 'cd': a Deny denies all of its actions"
    assert messages("{both: pull}", of_one) == [part]


def test_what_is_named_without_a_name_is_told_as_aws_does() -> None:
    told = "'push' is only partly effective for '444455556666': a Deny denies ecr:PutImage"
    assert messages('{"444455556666": push}', DENY) == [told]


def test_each_tier_is_judged_by_itself_and_what_is_over_is_not() -> None:
    given = "{ci: [pull, {tier: retire, until: 2020-01-01}, retire]}"
    loaded = messages(given, DENY)
    assert loaded == ["'retire' is only partly effective for 'ci': a Deny denies ecr:PutImage"]


def test_a_raw_allow_is_a_grant_too() -> None:
    allow = "{Effect: Allow, Principal: {AWS: ['444455556666']}, Action: [ecr:PutImage]}"
    told = "this statement has no effect for '444455556666': a Deny denies all of its actions"
    assert messages("{}", allow, DENY) == [told]


def test_what_is_too_much_to_compare_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "_DENIED", WorkLimit(4, "comparisons"))
    repositories = "".join(f"  a/{number}: {GIVE}\n" for number in range(4))
    problems = list(denials(load(f'{NAMES}{repositories}  "*": {TAKE}\n')))
    assert [(p.place.line - FIRST, p.other is None) for p in problems][-1][1]
    assert problems[-1].message.startswith("too many grants and Denies to compare")
