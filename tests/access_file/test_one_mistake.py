"""One mistake in a file is one problem, whatever uses what is mistaken."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.access_file.document.problems import Problem
from tests.access_file.files import load, load_access

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FOLDER = Path(__file__).parent
SAMPLE = (FOLDER / "one_mistake.yaml").read_text(encoding="utf-8")


def mistakes() -> Iterator[tuple[str, str]]:
    """`mistakes.txt`: after `= ` a part of the sample, then a line for each way to get it wrong.

    A line break is written as `\\n`.
    """
    part = ""
    for line in (FOLDER / "mistakes.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            part = line.removeprefix("= ").replace("\\n", "\n")
        else:
            yield part, line.replace("\\n", "\n")


def problems(text: str) -> tuple[Problem, ...]:
    return load_access(text.encode(), "f.yaml", now=NOW).problems


def test_the_sample_has_no_problem() -> None:
    assert problems(SAMPLE) == ()


@pytest.mark.parametrize(("part", "wrong"), list(mistakes()))
def test_one_mistake_is_one_problem(part: str, wrong: str) -> None:
    assert part in SAMPLE
    found = problems(SAMPLE.replace(part, wrong, 1))
    assert len(found) == 1, found
    if found[0].rule in {"wrong-type", "missing-key", "unknown-key", "bad-arn", "bad-account-id"}:
        assert found[0].hint, found


def test_an_unknown_name_is_told_once_with_its_lines() -> None:
    loaded = load(
        "repositories:\n"
        "  payments/api: {access: {ci: pull, other: pull}}\n"
        "  payments/web: {access: {ci: pull}}\n"
        '  "payments/*": {access: {ci: push}}\n'
    )
    assert [problem.message for problem in loaded.problems] == [
        "'ci' is not a name, an ARN or an account id (also in lines 5, 6)",
        "'other' is not a name, an ARN or an account id",
    ]


def test_many_lines_are_counted() -> None:
    entries = "".join(f"  r/{n:02}: {{access: {{ci: pull}}}}\n" for n in range(20))
    (problem,) = load(f"repositories:\n{entries}").problems
    assert problem.message.endswith("12, 13, 14, 15, 16 and 7 more)")


def test_what_does_not_follow_is_told_too() -> None:
    """Mistakes of their own, some of them inside of what another one breaks in part."""
    loaded = load(
        'accounts: {workloads: "44445555666"}\n'
        "principals:\n"
        "  ci: {role: role2-1, account: workload, wen: {}}\n"
        "  on: {role: '*x//', account: workloads}\n"
        "repositories: {payments/api: {access: {ci: pulll, cii: pull}}}\n"
    )
    assert [problem.rule for problem in loaded.problems] == [
        "bad-account-id",
        "unknown-name",
        "unknown-key",
        "bad-arn",
        "unknown-tier",
        "unknown-name",
    ]


PUBLIC = """\
version: 1
registry: {account: "111122223333", regions: [us-west-2]}
principals: {anyone: {public: true}}
repositories: {public/site: {access: {anyone: pull}}}
"""


@pytest.mark.parametrize(
    "guards",
    [
        "guards: {public: {alow: [public/site]}}",
        "guards: {public: [public/site]}",
        "guards: {public: {}}",
        "guards: {public: allowed}",
        "guards: [public]",
        "guard: {public: allow}",
    ],
)
def test_what_may_be_public_is_judged_by_guards_that_can_be_read(guards: str) -> None:
    assert len(problems(PUBLIC + guards)) == 1
    assert [p.rule for p in problems(PUBLIC)] == ["public"]
