"""No hint suggests what gives more access than was written, or what turns a guard off."""

import pytest

from reconciler.closest import closest, did_you_mean, nearest
from tests.access_file.files import load, of_statement, only

ENTRY = "repositories: {a/b: {access: {'444455556666': pull}}}\n"


@pytest.mark.parametrize("guard", ["max_revoked", "max_granted"])
@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("10%", "write {percent: 10}"),
        ("10 %", "write {percent: 10}"),
        ("10", "write {count: 10} or {percent: 10}"),
        ("'10'", "write {count: 10} or {percent: 10}"),
        ("400", "write {count: 400}"),
        ("400%", "write {percent: 30, count: 10}"),
        ("one", "write {percent: 30, count: 10}"),
        ("true", "write {percent: 30, count: 10}"),
        ("[]", "write {percent: 30, count: 10}"),
        ("{}", "write {percent: 30, count: 10}"),
    ],
)
def test_a_limit_is_suggested_for_a_limit(guard: str, written: str, hint: str) -> None:
    problem = only(load(f"guards: {{{guard}: {written}}}\n{ENTRY}"))
    assert (problem.hint, problem.suggested) == (hint, None)


def test_a_prefix_that_makes_another_thing_of_a_word() -> None:
    prefixes = ("anti", "dis", "im", "in", "no", "non", "not", "pre", "un")
    for prefix in prefixes:
        for joint in ("", "-", "_", "."):
            for word in ("allow", "allowed", "Allow"):
                assert closest(f"{prefix}{joint}{word}", ["allow", "forbid"]) is None
    assert nearest("prod", ["nonprod"]) == nearest("nonprod", ["prod"]) == ()
    assert closest("prodd", ["nonprod", "prod"]) == "prod"


@pytest.mark.parametrize("word", ["puls", "push-only", "pull-only", "no-push", "readonly"])
def test_no_tier_is_suggested_where_another_one_may_be_meant(word: str) -> None:
    problem = only(load(f"repositories: {{a/b: {{access: {{'444455556666': {word}}}}}}}\n"))
    assert problem.rule == "unknown-tier"
    assert (problem.hint or "").startswith("the tiers are 'pull', ")


def test_neither_of_two_words_that_are_equally_close_is_suggested() -> None:
    assert did_you_mean("ecr:RepositoryPolicy", ["ecr:GetRepositoryPolicy"]) is not None
    both = ["ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy"]
    assert did_you_mean("ecr:RepositoryPolicy", both) is None


@pytest.mark.parametrize("effect", ["Disallow", "disallowed", "Not-Allow"])
def test_allow_is_not_suggested_for_its_opposite(effect: str) -> None:
    loaded = of_statement(f'{{Effect: {effect}, Principal: "*", Action: "ecr:PutImage"}}')
    problem = only(loaded)
    assert (problem.rule, problem.hint) == ("bad-value", "write Allow or Deny")


def test_a_negated_operator_is_suggested_for_one() -> None:
    condition = '{NotStringEquals: {"aws:SourceVpc": vpc-1}}'
    statement = f'{{Effect: Deny, Principal: "*", Action: "ecr:*", Condition: {condition}}}'
    assert only(of_statement(statement)).hint == "did you mean 'StringNotEquals'?"
