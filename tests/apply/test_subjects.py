"""The registry's own policy and creation templates are applied as repository policies are."""

import json
from dataclasses import replace

import pytest

from reconciler.apply.model import Done, Outcome
from reconciler.model.registry import Target
from reconciler.plan.model import Change
from reconciler.policy import Ownership
from reconciler.registry.failures.errors import CallError, FailureKind, WriteOutcomeUnknownError
from tests.apply.journal_making import (
    REGISTRY,
    TEMPLATE,
    A,
    B,
    X,
    change,
    on_repositories,
    template,
)
from tests.apply.memory import Memory, Notes, apply_one, make_run

OLD, NEW, OTHER = (
    {REGISTRY: on_repositories(policy), TEMPLATE: template(policy)} for policy in (A, B, X)
)

NOUNS = {REGISTRY: "policy", TEMPLATE: "template"}
each_target = pytest.mark.parametrize("target", [REGISTRY, TEMPLATE], ids=["registry", "template"])
each_change = pytest.mark.parametrize(
    ("has_old", "has_new"), [(True, True), (False, True), (True, False)], ids=["set", "new", "gone"]
)


def to_make(target: Target, *, has_old: bool = True, has_new: bool = True) -> Change:
    old, new = OLD[target] if has_old else None, NEW[target] if has_new else None
    return change(old, new, target)


def reordered(text: str | None) -> str | None:
    """Write a text as the service may return it."""
    if text is None:
        return None
    value = json.loads(text)
    if "repositoryPolicy" in value:
        value["repositoryPolicy"] = reordered(value["repositoryPolicy"])
    return json.dumps(dict(reversed(value.items())), indent=2)


@each_target
@each_change
def test_a_change_is_recorded_written_and_read_back(
    target: Target, has_old: bool, has_new: bool
) -> None:
    made, notes = to_make(target, has_old=has_old, has_new=has_new), Notes()
    memory = Memory(others={target: reordered(made.before_text)})
    memory.after_write = lambda m: m.others.update({target: reordered(made.after_text)})
    outcome = apply_one(made, memory, make_run(notes=notes))
    assert outcome == Outcome(made, "applied", written=Done.YES)
    assert (memory.others[target], memory.reads) == (reordered(made.after_text), 2)
    assert notes.records == [("begin", str(target)), ("applied", str(target))]


@each_target
@each_change
def test_what_is_live_already_is_in_force(target: Target, has_old: bool, has_new: bool) -> None:
    made = to_make(target, has_old=has_old, has_new=has_new)
    memory = Memory(others={target: reordered(made.after_text)})
    assert apply_one(made, memory) == Outcome(made, "in-force")
    assert memory.writes == []


@each_target
@each_change
def test_what_another_writer_has_changed_is_stale(
    target: Target, has_old: bool, has_new: bool
) -> None:
    made = to_make(target, has_old=has_old, has_new=has_new)
    outcome = apply_one(made, Memory(others={target: OTHER[target]}))
    stale = f"the live {NOUNS[target]} has changed since it was planned; run plan again"
    assert outcome == Outcome(made, "stale", stale)


@each_target
@each_change
@pytest.mark.parametrize("is_done", [True, False])
def test_a_lost_response_is_settled_by_reading(
    target: Target, has_old: bool, has_new: bool, is_done: bool
) -> None:
    made = to_make(target, has_old=has_old, has_new=has_new)

    def lose(memory: Memory) -> None:
        if len(memory.writes) == 1:
            if is_done:
                memory.others[target] = made.after_text
            raise WriteOutcomeUnknownError("no answer")

    memory = Memory(others={target: made.before_text}, before_write=lose)
    assert apply_one(made, memory) == Outcome(made, "applied", written=Done.YES)
    assert memory.others[target] == made.after_text
    assert len(memory.writes) == (1 if is_done else 2)


@each_target
def test_messages_say_what_was_written(target: Target) -> None:
    made, noun = to_make(target), NOUNS[target]

    def lose(_memory: Memory) -> None:
        raise WriteOutcomeUnknownError("no answer")

    def hide(memory: Memory) -> None:
        memory.fails_to_read = FailureKind.REJECTED

    def hide_and_lose(memory: Memory) -> None:
        hide(memory)
        lose(memory)

    old = {target: OLD[target]}
    lost = apply_one(made, Memory(others={**old}, before_write=lose))
    assert lost.error == f"no answer; when last read, the {noun} was unchanged"
    hidden = apply_one(made, Memory(others={**old}, before_write=hide_and_lose))
    assert hidden.error == f"no answer; the live {noun} can't be read: no answer"
    unread = apply_one(made, Memory(others={**old}, after_write=hide))
    assert unread.error == f"the {noun} was written, but could not be read back: no answer"
    notes = Notes(broken_at="in-force")
    in_force = apply_one(made, Memory(others={target: NEW[target]}), make_run(notes=notes))
    assert in_force.error == f"the desired {noun} was already in force; the disk is full"


def test_the_same_statements_on_other_repositories_are_stale() -> None:
    elsewhere = on_repositories(A, "mobile/*")
    assert apply_one(to_make(REGISTRY), Memory(others={REGISTRY: elsewhere})).result == "stale"


@pytest.mark.parametrize("field", ["appliedFor", "lifecyclePolicy", "imageTagMutability"])
def test_any_other_field_of_a_template_is_compared(field: str) -> None:
    value = {**json.loads(OLD[TEMPLATE]), field: ["CREATE_ON_PUSH"]}
    live = Memory(others={TEMPLATE: json.dumps(value)})
    assert apply_one(to_make(TEMPLATE), live).result == "stale"


def of_two_owners(*owned_by_sid: tuple[str, str]) -> str:
    """Return a registry policy that allows the same in each statement, on another pattern."""
    (statement,) = json.loads(A)["Statement"]
    both = [
        {**statement, "Sid": sid, "Resource": f"arn:aws:ecr:us-west-2:111122223333:repository/{on}"}
        for sid, on in owned_by_sid
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": both})


@pytest.mark.parametrize(
    ("live", "result"),
    [
        ([("theirs", "a/*"), ("EcrAccess", "b/*")], "applied"),
        ([("EcrAccess", "b/*"), ("theirs", "a/*")], "applied"),
        ([("theirs", "b/*"), ("EcrAccess", "a/*")], "stale"),
        ([("EcrAccess", "b/*"), ("EcrAccess2", "a/*")], "stale"),
    ],
)
def test_on_which_repositories_others_own_a_statement_may_not_have_changed(
    live: list[tuple[str, str]], result: str
) -> None:
    """What is allowed is the same in each case; only whose it is differs."""
    planned = of_two_owners(("theirs", "a/*"), ("EcrAccess", "b/*"))
    made = replace(change(planned, on_repositories(B), REGISTRY), ownership=Ownership("keep"))
    assert apply_one(made, Memory(others={REGISTRY: of_two_owners(*live)})).result == result


UNREADABLE = '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Sid":["a","b"]}]}'


@pytest.mark.parametrize(
    ("live", "result"),
    [
        (UNREADABLE, "applied"),
        (UNREADABLE.replace('["a","b"]', '["b", "a"]'), "applied"),
        (UNREADABLE.replace('["a","b"]', '["b", "c"]'), "stale"),
        (None, "stale"),
        (on_repositories(A), "stale"),
    ],
)
def test_a_registry_policy_that_is_not_understood_is_known_again(
    live: str | None, result: str
) -> None:
    made = change(UNREADABLE, on_repositories(B), REGISTRY)
    assert apply_one(made, Memory(others={REGISTRY: live})).result == result


@each_target
def test_a_new_role_is_waited_for(target: Target) -> None:
    made = to_make(target)

    def unknown_at_first(memory: Memory) -> None:
        if len(memory.writes) < 3:
            raise CallError("Principal not found", kind=FailureKind.PRINCIPAL_NOT_FOUND)

    role = "arn:aws:iam::444455556666:role/new"
    new = NEW[target].replace("444455556666", role)
    made = change(OLD[target], new, target)
    memory = Memory(others={target: OLD[target]}, before_write=unknown_at_first)
    assert apply_one(made, memory).result == "applied"
