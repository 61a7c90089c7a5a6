"""The lines of the file behind each statement of a desired policy."""

import pytest

from reconciler.access_file.desired import compile_desired
from reconciler.access_file.explain import Explanation, explain_policy
from reconciler.model.answers import FileLine
from reconciler.policy import load_json
from tests.access_file.files import NOW, desired, valid

FILE = """\
accounts: {workloads: "444455556666", staging: "777788889999"}
principals:
  ci: {role: ci, account: workloads}
  runtime: {role: runtime, account: workloads}
  team: [ci, runtime]
repositories:
  app/api:
    access:
      ci: push
      team:
        - pull
        - {tier: read, until: 2026-12-31}
        - {tier: pull, until: 2025-12-31}
    statements:
      - {Sid: no, Effect: Deny, Principal: {AWS: ["777788889999"]}, Action: "ecr:PutImage"}
  "app/*":
    access: {ci: {tier: pull, until: 2026-12-31}, staging: pull}
  bare: {access: {}}
  over: {access: {ci: {tier: pull, until: 2025-12-31}}}
  twice:
    access:
      ci:
        - {tier: pull, until: 2026-12-31}
        - {tier: pull, until: 2027-12-31}
"""
ACCESS = valid(FILE)


def explained(repository: str) -> Explanation:
    return explain_policy(ACCESS, repository, NOW)


Told = list[tuple[int, str | None, str | None]]


def lines(explanation: Explanation) -> dict[object, Told]:
    """The line, how it names the principal, and its tier, by Sid."""
    return {
        one.json.get("Sid"): [(line.line, line.key, tier) for line, tier in one.lines]
        for one in explanation.statements
    }


def test_each_statement_has_the_lines_that_ask_for_any_of_it() -> None:
    found = explained("app/api")
    assert lines(found) == {
        "EcrAccessPull": [(13, "team", "pull"), (14, "team", "read"), (19, "staging", "pull")],
        "EcrAccessPushPull": [
            (11, "ci", "push"),
            (13, "team", "pull"),
            (14, "team", "read"),
            (19, "ci", "pull"),
        ],
        "EcrAccessRead": [(14, "team", "read")],
        "no": [(17, None, None)],
    }
    assert [(line.line, line.key, tier) for line, tier in found.expired] == [(15, "team", "pull")]
    (first, _, last) = found.statements[0].lines
    assert first.line == FileLine("f.yaml", 13, "app/api", "team")
    assert last.line.entry == "app/*"


@pytest.mark.parametrize("repository", ["app/api", "app/*", "bare", "over"])
def test_the_policy_is_the_one_that_is_compiled(repository: str) -> None:
    text = compile_desired(ACCESS, desired(ACCESS)[repository])
    statements = [dict(one.json) for one in explained(repository).statements]
    assert (
        load_json(text) == {"Version": "2012-10-17", "Statement": statements}
        if text
        else (statements == [])
    )


def test_the_same_access_under_two_conditions() -> None:
    lines_of = [[line.line.line for line in one.lines] for one in explained("twice").statements]
    assert sorted(lines_of) == [[25], [26]]


def test_without_access_there_is_no_policy() -> None:
    assert explained("bare") == Explanation("bare", None, (), (), ())
    assert [line.line.line for line in explained("over").expired] == [21]


def test_a_repository_that_only_patterns_match() -> None:
    assert {line.line.entry for one in explained("app/new").statements for line in one.lines} == {
        "app/*"
    }


def test_every_line_is_behind_a_statement_of_a_large_policy() -> None:
    names = [f"r{number}" for number in range(150)]
    principals = "".join(f"  {name}: {{role: {name}, account: a}}\n" for name in names)
    access = "".join(f"      {name}: [pull, push]\n" for name in names[::2])
    access += "".join(f"      {name}: read\n" for name in names[1::2])
    head = f'accounts: {{a: "444455556666"}}\nprincipals:\n{principals}repositories:\n'
    found = explain_policy(valid(f"{head}  app:\n    access:\n{access}"), "app", NOW)
    assert all(one.lines for one in found.statements)
    behind = {(line.line.key, line.tier) for one in found.statements for line in one.lines}
    assert behind == {(n, t) for n in names[::2] for t in ("pull", "push")} | {
        (n, "read") for n in names[1::2]
    }
