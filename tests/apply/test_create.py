"""Making repositories: once, waited for until they are visible, never configured again."""

from dataclasses import replace

import pytest

from reconciler.apply.apply_change import VISIBLE_WITHIN
from reconciler.apply.model import MAX_UNANSWERED, Done, Outcome
from reconciler.model.registry import RepositorySettings
from reconciler.plan.model import Change
from reconciler.registry.failures.errors import CallError, FailureKind, WriteOutcomeUnknownError
from tests.apply.memory import (
    NAME,
    SCOPE,
    Clock,
    Memory,
    Notes,
    apply_one,
    change_of,
    make_run,
    other_policy,
)

SETTINGS = RepositorySettings(tag_mutability="IMMUTABLE")


def making(*tiers: str) -> Change:
    change = change_of(None, *(tiers or ["pull"]))
    made = replace(change, change="create", settings=SETTINGS)
    return made if tiers else replace(made, after_text=None, access=())


def test_a_repository_is_made_and_its_policy_set() -> None:
    memory, notes = Memory({}), Notes()
    outcome = apply_one(making("pull"), memory, make_run(notes=notes))
    assert outcome.result == "applied"
    assert memory.created == {NAME: SETTINGS}
    assert memory.policies[NAME] == making("pull").after_text
    assert notes.records == [("begin", NAME), ("applied", NAME)]


def test_one_without_access_is_made_and_has_no_policy() -> None:
    memory = Memory({})
    assert apply_one(making(), memory).result == "applied"
    assert (memory.policies, memory.writes) == ({NAME: None}, [])


def test_one_that_is_there_by_now_is_never_configured_again() -> None:
    memory = Memory({NAME: None})
    outcome = apply_one(making("pull"), memory)
    assert (outcome.result, outcome.written) == ("stale", Done.NO)
    assert outcome.error == ("the repository was created since the plan, with other settings")
    assert (memory.created, memory.writes) == ({}, [])


@pytest.mark.parametrize("invisible", [0, 4])
def test_one_that_is_there_by_now_as_it_is_to_be_gets_its_policy(invisible: int) -> None:
    """As after a run that was killed right behind its creation."""
    memory = Memory({NAME: None}, created={NAME: SETTINGS}, invisible={NAME: invisible})
    assert apply_one(making("pull"), memory).result == "applied"
    assert memory.policies[NAME] == making("pull").after_text


def test_one_that_another_run_has_made_and_given_the_same_policy_is_theirs() -> None:
    """A rollback of this run must not take away what the other one wrote."""
    ours = making("pull").after_text
    outcome = apply_one(making("pull"), Memory({NAME: ours}, created={NAME: SETTINGS}))
    assert outcome == Outcome(making("pull"), "in-force", None, written=Done.NO, created=Done.NO)


def test_one_without_access_that_is_there_by_now_is_in_force() -> None:
    memory = Memory({NAME: None}, created={NAME: SETTINGS})
    assert apply_one(making(), memory) == Outcome(making(), "in-force", None)


def test_one_that_was_made_and_given_the_same_policy_by_another_is_told_as_made() -> None:
    def overtaken(memory: Memory) -> None:
        memory.policies[NAME] = making("pull").after_text

    outcome = apply_one(making("pull"), Memory({}, after_create=overtaken))
    assert (outcome.result, outcome.written, outcome.created) == ("in-force", Done.NO, Done.YES)
    assert outcome.error == ("the repository was created; the desired policy was already in force")


@pytest.mark.parametrize("lost", [False, True])
def test_none_is_made_once_the_run_is_to_stop(lost: bool) -> None:
    asked: list[bool] = []

    def fail(_memory: Memory) -> None:
        asked.append(True)
        if lost:
            raise WriteOutcomeUnknownError("cut off")
        raise CallError("slow down", kind=FailureKind.THROTTLED)

    run = make_run(stopped=lambda: bool(asked))
    outcome = apply_one(making("pull"), Memory({}, before_create=fail), run)
    assert (outcome.result, outcome.written) == ("skipped", Done.UNKNOWN if lost else Done.NO)
    assert (outcome.error or "").startswith("interrupted")
    assert len(asked) == 1


def test_one_that_our_own_lost_attempt_may_have_made_is_told() -> None:
    asked: list[bool] = []

    def lost(memory: Memory) -> None:
        asked.append(True)
        if len(asked) == 1:
            memory.policies[NAME] = None
            memory.created[NAME] = SETTINGS
            raise WriteOutcomeUnknownError("cut off")

    def denied(_memory: Memory) -> None:
        raise CallError("denied", kind=FailureKind.DENIED)

    memory = Memory({}, before_create=lost, before_write=denied)
    outcome = apply_one(making("pull"), memory)
    assert (outcome.result, outcome.written, outcome.created) == ("failed", Done.NO, Done.UNKNOWN)
    assert outcome.error == "this run may have created the repository; denied"


def test_a_registry_is_left_after_as_many_creates_without_answer_as_writes() -> None:
    def lost(_memory: Memory) -> None:
        raise WriteOutcomeUnknownError("cut off")

    run, memory = make_run(), Memory({}, before_create=lost)
    for _ in range(MAX_UNANSWERED - 1):
        apply_one(making("pull"), memory, run)
    assert run.reason_to_stop(SCOPE) is None
    apply_one(making("pull"), memory, run)
    assert run.reason_to_stop(SCOPE) == "cut off"


def test_one_that_is_not_visible_to_the_read_back_yet_is_waited_for() -> None:
    memory = Memory({}, after_write=lambda m: m.invisible.update({NAME: 3}))
    assert apply_one(making("pull"), memory).result == "applied"


def test_one_whose_settings_can_not_be_read_is_left_alone() -> None:
    memory = Memory({NAME: None}, created={NAME: SETTINGS}, invisible={NAME: 10_000})
    outcome = apply_one(making("pull"), memory)
    assert (outcome.result, outcome.error) == ("failed", "no such repository")
    assert memory.writes == []


def test_one_that_is_made_at_the_last_moment_is_left_alone() -> None:
    def overtaken(memory: Memory) -> None:
        memory.policies[NAME] = other_policy()

    memory = Memory({}, before_create=overtaken)
    outcome = apply_one(making("pull"), memory)
    assert (outcome.result, outcome.written) == ("stale", Done.NO)
    assert memory.policies[NAME] == other_policy()


def test_it_is_waited_for_until_it_is_visible() -> None:
    clock = Clock()
    memory = Memory({}, after_create=lambda m: m.invisible.update({NAME: 5}))
    assert apply_one(making("pull"), memory, make_run(clock)).result == "applied"
    assert 0 < clock.now < VISIBLE_WITHIN


def test_a_policy_that_somebody_else_sets_before_it_is_visible_stays() -> None:
    def overtaken(memory: Memory) -> None:
        memory.invisible[NAME] = 3
        memory.policies[NAME] = other_policy()

    memory = Memory({}, after_create=overtaken)
    outcome = apply_one(making("pull"), memory)
    assert (outcome.result, outcome.written, outcome.created) == ("stale", Done.NO, Done.YES)
    assert outcome.error == (
        "the repository was created; the live policy has changed since it was planned; "
        "run plan again"
    )
    assert (memory.policies[NAME], memory.writes) == (other_policy(), [])


@pytest.mark.parametrize("tiers", [(), ("pull",)])
def test_one_that_somebody_else_made_while_our_answer_was_lost_is_left_alone(
    tiers: tuple[str, ...],
) -> None:
    def overtaken(memory: Memory) -> None:
        if NAME not in memory.policies:
            memory.policies[NAME] = other_policy()
            raise WriteOutcomeUnknownError("cut off")

    memory = Memory({}, before_create=overtaken)
    outcome = apply_one(making(*tiers), memory)
    assert outcome.result == "stale"
    assert (memory.policies[NAME], memory.writes) == (other_policy(), [])


def test_one_whose_answer_was_lost_may_have_been_made_whatever_comes_last() -> None:
    asked = []

    def lost_then_expired(_memory: Memory) -> None:
        asked.append(True)
        if len(asked) == 1:
            raise WriteOutcomeUnknownError("cut off")
        raise CallError("the credentials have expired", kind=FailureKind.CREDENTIALS)

    outcome = apply_one(making("pull"), Memory({}, before_create=lost_then_expired))
    assert (outcome.result, outcome.written) == ("failed", Done.UNKNOWN)
    assert outcome.error == "cut off; the credentials have expired"


def test_a_policy_that_can_not_be_read_back_is_told_as_written() -> None:
    def unreadable(memory: Memory) -> None:
        memory.fails_to_read = FailureKind.UNANSWERED

    outcome = apply_one(making("pull"), Memory({}, after_write=unreadable))
    assert (outcome.result, outcome.written) == ("failed", Done.YES)
    assert outcome.error == (
        "the repository was created; the policy was written, but could not be read back: no answer"
    )


def test_one_that_never_shows_is_told_as_made() -> None:
    clock = Clock()
    memory = Memory({}, after_create=lambda m: m.invisible.update({NAME: 10_000}))
    outcome = apply_one(making("pull"), memory, make_run(clock))
    assert (outcome.result, outcome.written, outcome.created) == ("failed", Done.NO, Done.YES)
    assert outcome.error == "the repository was created; no such repository"
    assert clock.now == pytest.approx(VISIBLE_WITHIN)


@pytest.mark.parametrize("made", [True, False])
def test_a_lost_answer_is_settled_by_asking_again(made: bool) -> None:
    asked = []

    def lost(memory: Memory) -> None:
        asked.append(True)
        if len(asked) == 1:
            if made:
                memory.policies[NAME] = None
                memory.created[NAME] = SETTINGS
            raise WriteOutcomeUnknownError("cut off")

    memory = Memory({}, before_create=lost)
    assert apply_one(making("pull"), memory).result == "applied"
    assert memory.policies[NAME] == making("pull").after_text
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("error", "seconds", "written"),
    [
        (CallError("slow down", kind=FailureKind.THROTTLED), 120, Done.NO),
        (CallError("no network", kind=FailureKind.CONNECTION), 15, Done.NO),
        (WriteOutcomeUnknownError("cut off"), 15, Done.UNKNOWN),
        (CallError("the limit is reached", kind=FailureKind.REJECTED), 0, Done.NO),
    ],
)
def test_what_stays_wrong_is_told(error: Exception, seconds: int, written: Done) -> None:
    clock = Clock()

    def wrong(_memory: Memory) -> None:
        raise error

    outcome = apply_one(making("pull"), Memory({}, before_create=wrong), make_run(clock))
    assert (outcome.result, outcome.error) == ("failed", str(error))
    assert clock.now == pytest.approx(seconds)
    assert outcome.written is written


def test_the_policy_is_looked_at_again_after_each_wait_for_the_repository() -> None:
    def not_visible_and_overtaken(memory: Memory) -> None:
        memory.policies[NAME] = other_policy()
        raise CallError("no such repository", kind=FailureKind.REPOSITORY_MISSING)

    memory = Memory({}, before_write=not_visible_and_overtaken)
    outcome = apply_one(making("pull"), memory)
    assert (outcome.result, outcome.written, outcome.created) == ("stale", Done.NO, Done.YES)
    assert memory.policies[NAME] == other_policy()


def test_a_policy_that_somebody_else_set_in_between_stays() -> None:
    """The answer to the first write is lost, and the look after it finds a stranger's policy."""

    def overtaken(memory: Memory) -> None:
        memory.policies[NAME] = other_policy()
        raise WriteOutcomeUnknownError("cut off")

    memory = Memory({}, before_write=overtaken)
    outcome = apply_one(making("pull"), memory)
    assert (outcome.result, outcome.written, outcome.created) == ("stale", Done.UNKNOWN, Done.YES)
    assert memory.policies[NAME] == other_policy()
