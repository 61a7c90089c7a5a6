"""The table of `meaning_cases.py`, read from left to right and from right to left."""

from collections import Counter

import pytest

from reconciler.policy.language.document import NO_POLICY, Document, Unreadable, read_policy
from reconciler.policy.meaning.facts import (
    Facts,
    difference,
    facts_of,
    same_meaning,
    uncovered_facts,
)
from tests.policy.making import allow, read, text_of
from tests.policy.meaning_cases import CASES, Case, Side


def cases(*verdicts: str) -> pytest.MarkDecorator:
    chosen = [case for case in CASES if case.verdict in verdicts]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case.name)


def facts(side: Side, partition: str) -> Facts:
    policy = read(side, partition)
    assert isinstance(policy, Document), policy
    return facts_of(policy.statements)


def test_every_case_has_a_name_of_its_own() -> None:
    assert [name for name, times in Counter(c.name for c in CASES).items() if times > 1] == []


@cases("equal")
def test_equal(case: Case) -> None:
    left, right = facts(case.left, case.partition), facts(case.right, case.partition)
    for one, other in ((left, right), (right, left)):
        assert difference(one, other) == ()
        assert uncovered_facts(one, by=other) == {}
    assert same_meaning(read(case.left, case.partition), read(case.right, case.partition))
    assert same_meaning(read(case.right, case.partition), read(case.left, case.partition))


@cases("different")
def test_different(case: Case) -> None:
    left, right = facts(case.left, case.partition), facts(case.right, case.partition)
    for one, other in ((left, right), (right, left)):
        changes = difference(one, other)
        assert changes
        assert all(change.gained or change.lost for change in changes)
    assert not same_meaning(read(case.left, case.partition), read(case.right, case.partition))
    assert not same_meaning(read(case.right, case.partition), read(case.left, case.partition))


@cases("malformed left", "malformed both")
def test_malformed(case: Case) -> None:
    left, right = read(case.left), read(case.right)
    assert isinstance(left, Unreadable)
    assert isinstance(right, Unreadable) == (case.verdict == "malformed both")
    assert not same_meaning(left, right)
    assert not same_meaning(right, left)
    assert same_meaning(left, read(text_of(case.left)))


def test_no_two_malformed_documents_are_equal() -> None:
    malformed = (case.left for case in CASES if case.verdict.startswith("malformed"))
    documents = [read(text) for text in {text_of(side) for side in malformed}]
    for at, document in enumerate(documents):
        assert not any(same_meaning(document, other) for other in documents[at + 1 :])


def test_no_policy_is_equal_to_no_policy_alone() -> None:
    assert same_meaning(read_policy(None), NO_POLICY)
    assert not same_meaning(NO_POLICY, read(allow()))
