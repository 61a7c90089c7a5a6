"""Applying changes: read again, write, read back; against a registry kept in memory."""

import json
from dataclasses import replace
from threading import Thread

import pytest

from reconciler.apply.apply_change import SHOWS_WITHIN
from reconciler.apply.execute import execute
from reconciler.apply.model import MAX_UNANSWERED, Done, Outcome, ReaderWriter, Run
from reconciler.apply.retry import Deadline
from reconciler.model.access import Desired, Grant
from reconciler.model.registry import LiveRegistry, LiveRepository, Target
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import PlanInputs
from reconciler.policy.meaning.keep import LAMBDA_SID, Ownership, lambda_rule
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from reconciler.registry.failures.errors import CallError, FailureKind, WriteOutcomeUnknownError
from tests.apply.memory import (
    NAME,
    ROLE,
    SCOPE,
    UNREADABLE,
    Clock,
    Memory,
    Notes,
    apply_one,
    change_of,
    make_run,
    other_policy,
)


def test_a_change_is_written_and_confirmed() -> None:
    memory = Memory({NAME: None})
    assert apply_one(change_of(None, "pull"), memory).result == "applied"
    assert memory.policies[NAME] == change_of(None, "pull").after_text


def test_no_grants_delete_the_policy() -> None:
    memory = Memory({NAME: other_policy()})
    assert apply_one(change_of(other_policy()), memory).result == "applied"
    assert memory.policies[NAME] is None


def test_what_changed_since_the_plan_is_left_alone() -> None:
    memory = Memory({NAME: other_policy()})
    outcome = apply_one(change_of(None, "pull"), memory)
    assert outcome.result == "stale"
    assert not memory.writes


def test_the_same_meaning_in_other_words_is_not_stale() -> None:
    change = change_of(other_policy(), "pull")
    shuffled = json.loads(other_policy())
    shuffled["Statement"][0]["Action"].reverse()
    assert apply_one(change, Memory({NAME: json.dumps(shuffled, indent=1)})).result == "applied"


@pytest.mark.parametrize(
    ("now", "result"),
    [
        (UNREADABLE, "applied"),
        (UNREADABLE.replace('["a","b"]', '["b", "a"]'), "applied"),
        (UNREADABLE.replace('["a","b"]', '["b", "c"]'), "stale"),
        (None, "stale"),
        ("{", "stale"),
    ],
)
def test_an_unreadable_policy_is_known_again_in_any_order(now: str | None, result: str) -> None:
    assert apply_one(change_of(UNREADABLE, "pull"), Memory({NAME: now})).result == result


def test_a_throttled_write_looks_again_before_it_is_repeated() -> None:
    def throttled_and_overtaken(memory: Memory) -> None:
        memory.policies[NAME] = other_policy()
        raise CallError("slow down", kind=FailureKind.THROTTLED)

    memory = Memory({NAME: None}, throttled_and_overtaken)
    assert apply_one(change_of(None, "pull"), memory).result == "stale"
    assert memory.policies[NAME] == other_policy()


def test_a_throttled_write_is_repeated() -> None:
    def throttled_twice(memory: Memory) -> None:
        if len(memory.writes) <= 2:
            raise CallError("slow down", kind=FailureKind.THROTTLED)

    memory = Memory({NAME: None}, throttled_twice)
    assert apply_one(change_of(None, "pull"), memory).result == "applied"
    assert len(memory.writes) == 3


def test_throttled_to_the_end() -> None:
    def throttled(_memory: Memory) -> None:
        raise CallError("slow down", kind=FailureKind.THROTTLED)

    clock = Clock()
    outcome = apply_one(change_of(None, "pull"), Memory({NAME: None}, throttled), make_run(clock))
    assert outcome == Outcome(change_of(None, "pull"), "failed", "slow down")
    assert clock.now == pytest.approx(120)


def test_a_refusal_is_told_at_once() -> None:
    def refused(_memory: Memory) -> None:
        raise CallError("not like this", kind=FailureKind.REJECTED, hint="like that")

    memory = Memory({NAME: None}, refused)
    outcome = apply_one(change_of(None, "pull"), memory)
    assert (outcome.result, outcome.error) == ("failed", "not like this (like that)")
    assert len(memory.writes) == 1


def test_what_is_read_back_must_be_what_was_written() -> None:
    def overwritten(memory: Memory) -> None:
        memory.policies[NAME] = other_policy()

    outcome = apply_one(change_of(None, "pull"), Memory({NAME: None}, after_write=overwritten))
    assert outcome.result == "failed"
    assert outcome.error == ("written, but changed by someone else right after; run plan again")
    assert outcome.written is Done.YES


@pytest.mark.parametrize(("stale_reads", "result"), [(3, "applied"), (10_000, "failed")])
def test_a_read_that_still_gives_the_old_policy_is_repeated(stale_reads: int, result: str) -> None:
    class Lagging(Memory):
        def read_text(self, target: Target) -> str | None:
            live = super().read_text(target)
            return None if self.reads <= 1 + stale_reads else live

    clock = Clock()
    outcome = apply_one(change_of(None, "pull"), Lagging({NAME: None}), make_run(clock))
    assert (outcome.result, outcome.written) == (result, Done.YES)
    assert clock.now <= SHOWS_WITHIN + 0.1
    told = "the policy was written, but a read still returns the old one; run plan again"
    assert outcome.error == (None if result == "applied" else told)


def test_what_can_not_be_read_back_is_told_as_written() -> None:
    def unreadable(memory: Memory) -> None:
        memory.fails_to_read = FailureKind.UNANSWERED

    outcome = apply_one(change_of(None, "pull"), Memory({NAME: None}, after_write=unreadable))
    assert (outcome.result, outcome.written) == ("failed", Done.YES)
    assert outcome.error == "the policy was written, but could not be read back: no answer"


@pytest.mark.parametrize("done", [True, False])
def test_a_lost_answer_is_settled_by_reading(done: bool) -> None:
    """Where the write was done, that is all; where it was not, it is made again."""

    def lost(memory: Memory) -> None:
        if len(memory.writes) == 1:
            if done:
                memory.policies[NAME] = change_of(None, "pull").after_text
            raise WriteOutcomeUnknownError("no answer")

    memory = Memory({NAME: None}, lost)
    assert apply_one(change_of(None, "pull"), memory).result == "applied"
    assert len(memory.writes) == (1 if done else 2)
    assert memory.policies[NAME] == change_of(None, "pull").after_text


def test_a_lost_answer_and_somebody_elses_policy_is_stale_and_may_be_written() -> None:
    def overtaken(memory: Memory) -> None:
        memory.policies[NAME] = other_policy()
        raise WriteOutcomeUnknownError("no answer")

    memory = Memory({NAME: None}, overtaken)
    outcome = apply_one(change_of(None, "pull"), memory)
    assert (outcome.result, outcome.written) == ("stale", Done.UNKNOWN)
    assert "an earlier attempt got no response" in (outcome.error or "")
    assert memory.policies[NAME] == other_policy()


def test_a_lost_write_that_lands_after_another_attempt_is_ours() -> None:
    def lost_then_late(memory: Memory) -> None:
        if len(memory.writes) == 1:
            raise WriteOutcomeUnknownError("no answer")
        memory.policies[NAME] = change_of(None, "pull").after_text
        raise CallError("slow down", kind=FailureKind.THROTTLED)

    memory = Memory({NAME: None}, lost_then_late)
    assert apply_one(change_of(None, "pull"), memory).result == "applied"
    assert len(memory.writes) == 2


def test_answers_lost_to_the_end() -> None:
    def lost(_memory: Memory) -> None:
        raise WriteOutcomeUnknownError("no answer")

    clock = Clock()
    outcome = apply_one(change_of(None, "pull"), Memory({NAME: None}, lost), make_run(clock))
    assert (outcome.result, outcome.written) == ("failed", Done.UNKNOWN)
    assert outcome.error == "no answer; when last read, the policy was unchanged"
    assert clock.now == pytest.approx(15)


def test_a_lost_answer_is_told_whatever_comes_after_it() -> None:
    def lost_then_refused(memory: Memory) -> None:
        if len(memory.writes) == 1:
            raise WriteOutcomeUnknownError("no answer")
        raise CallError("not like this", kind=FailureKind.REJECTED)

    outcome = apply_one(change_of(None, "pull"), Memory({NAME: None}, lost_then_refused))
    assert (outcome.result, outcome.written) == ("failed", Done.UNKNOWN)
    assert outcome.error == (
        "not like this; an earlier attempt got no response: the write may have happened, "
        "or may still happen; when last read, the policy was unchanged"
    )


def test_the_same_policy_by_somebody_else_is_in_force() -> None:
    def throttled_and_done_by_another(memory: Memory) -> None:
        memory.policies[NAME] = change_of(None, "pull").after_text
        raise CallError("slow down", kind=FailureKind.THROTTLED)

    memory = Memory({NAME: None}, throttled_and_done_by_another)
    outcome = apply_one(change_of(None, "pull"), memory)
    assert outcome == Outcome(change_of(None, "pull"), "in-force", None, written=Done.NO)


def test_a_lost_answer_that_can_not_be_settled_says_so() -> None:
    def lost(memory: Memory) -> None:
        memory.fails_to_read = FailureKind.UNANSWERED
        raise WriteOutcomeUnknownError("cut off")

    outcome = apply_one(change_of(None, "pull"), Memory({NAME: None}, lost))
    assert outcome.result == "failed"
    assert outcome.error == "cut off; the live policy can't be read: no answer"


def test_nothing_is_begun_once_stopped() -> None:
    memory = Memory({NAME: None})
    outcome = apply_one(change_of(None, "pull"), memory, make_run(stopped=lambda: True))
    assert (outcome.result, memory.writes) == ("skipped", [])


def test_one_failure_leaves_the_others_going() -> None:
    def refuse_first(memory: Memory) -> None:
        if memory.writes[-1] == "app/a":
            raise CallError("no", kind=FailureKind.REJECTED)

    memory = Memory({"app/a": None, "app/b": None}, refuse_first)
    registry = LiveRegistry(
        SCOPE, ("app/a", "app/b"), {n: LiveRepository(n, None) for n in ("app/a", "app/b")}
    )
    grant = Grant(ROLE, "ci", "pull", BUILT_IN_TIERS["pull"], ())
    wanted = [Desired(name, (grant,)) for name in ("app/a", "app/b")]
    changes = compute_plan(wanted, registry, PlanInputs()).changes
    outcomes = execute(changes, {SCOPE: ReaderWriter(memory, memory)}, make_run(), lambda _: None)
    assert [outcome.result for outcome in outcomes] == ["failed", "applied"]


def test_a_write_costs_two_reads_more_and_no_other_call() -> None:
    memory = Memory({NAME: None})
    apply_one(change_of(None, "pull"), memory)
    assert (memory.reads, memory.writes) == (2, [NAME])


def test_every_write_is_recorded_before_and_after() -> None:
    notes = Notes()

    def recorded(_memory: Memory) -> None:
        assert notes.records == [("begin", NAME)]

    memory = Memory({NAME: None}, recorded)
    apply_one(change_of(None, "pull"), memory, make_run(notes=notes))
    assert notes.records == [("begin", NAME), ("applied", NAME)]


def test_the_record_comes_before_the_look_which_the_write_follows_at_once() -> None:
    notes = Notes()
    apply_one(change_of(None, "pull"), Memory({NAME: other_policy()}), make_run(notes=notes))
    assert notes.records == [("begin", NAME), ("stale", NAME)]


def test_nothing_is_written_without_a_record() -> None:
    memory = Memory({NAME: None})
    outcome = apply_one(change_of(None, "pull"), memory, make_run(notes=Notes(broken_at="begin")))
    assert (outcome.result, outcome.error, outcome.written) == (
        "failed",
        "the disk is full",
        Done.NO,
    )
    assert memory.writes == []


def test_a_write_that_can_not_be_recorded_as_done_says_so() -> None:
    memory = Memory({NAME: None})
    outcome = apply_one(change_of(None, "pull"), memory, make_run(notes=Notes(broken_at="applied")))
    assert (outcome.result, outcome.written) == ("failed", Done.YES)
    assert outcome.error == "it was applied; the disk is full"


@pytest.mark.parametrize("kind", [FailureKind.CREDENTIALS, FailureKind.CONNECTION])
def test_what_would_fail_for_all_ends_the_run(kind: FailureKind) -> None:
    def refused(_memory: Memory) -> None:
        raise CallError("the credentials have expired", kind=kind)

    memory, run = Memory({NAME: None}, refused), make_run()
    first = apply_one(change_of(None, "pull"), memory, run)
    second = apply_one(change_of(None, "pull"), memory, run)
    assert first.result == "failed"
    assert second == Outcome(change_of(None, "pull"), "skipped", "the credentials have expired")


@pytest.mark.parametrize("lost", [False, True])
def test_what_would_fail_for_all_ends_the_run_when_a_write_is_looked_at(lost: bool) -> None:
    def expire(memory: Memory) -> None:
        memory.fails_to_read = FailureKind.CREDENTIALS
        if lost:
            raise WriteOutcomeUnknownError("no answer")

    memory, run = Memory({NAME: None}, after_write=expire), make_run()
    first = apply_one(change_of(None, "pull"), memory, run)
    second = apply_one(change_of(None, "pull"), memory, run)
    assert (first.result, first.written) == ("failed", Done.UNKNOWN if lost else Done.YES)
    assert (second.result, memory.reads) == ("skipped", 3 if lost else 2)


def test_where_there_are_no_threads_to_be_had_the_work_is_done_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(_thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", none_left)
    assert apply_one(change_of(None, "pull"), Memory({NAME: None})).result == "applied"


def test_one_registry_that_can_not_be_reached_leaves_the_others_going() -> None:
    run, elsewhere = make_run(), SCOPE._replace(region="eu-west-1")
    other = SCOPE._replace(account="222233334444")
    run.note_failure(CallError("no route", kind=FailureKind.CONNECTION), SCOPE)
    assert run.reason_to_stop(SCOPE) == "no route"
    assert run.reason_to_stop(elsewhere) is None
    run.note_failure(CallError("expired", kind=FailureKind.CREDENTIALS), SCOPE)
    assert run.reason_to_stop(elsewhere) == "expired"
    assert run.reason_to_stop(other) is None


def test_a_registry_that_does_not_answer_for_long_is_left() -> None:
    run, silence = make_run(), CallError("no answer", kind=FailureKind.UNANSWERED)
    for _ in range(MAX_UNANSWERED - 1):
        run.note_failure(silence, SCOPE)
    run.note_response(SCOPE)
    for _ in range(MAX_UNANSWERED - 1):
        run.note_failure(silence, SCOPE)
    assert run.reason_to_stop(SCOPE) is None
    run.note_failure(WriteOutcomeUnknownError("no answer"), SCOPE)
    assert run.reason_to_stop(SCOPE) == "no answer"


def test_a_bug_in_one_change_does_not_hide_the_others() -> None:
    def broken(_memory: Memory) -> None:
        raise KeyError("oops")

    outcome = apply_one(change_of(None, "pull"), Memory({NAME: None}, broken))
    assert (outcome.result, outcome.written) == ("failed", Done.UNKNOWN)
    assert "KeyError: 'oops'" in (outcome.error or "")


@pytest.mark.parametrize("kind", [FailureKind.PRINCIPAL_NOT_FOUND, FailureKind.INVALID_POLICY])
def test_a_new_role_is_waited_for(kind: FailureKind) -> None:
    clock = Clock()

    def unknown_at_first(_memory: Memory) -> None:
        if clock.now < 10:
            raise CallError("Principal not found", kind=kind)

    memory = Memory({NAME: None}, unknown_at_first)
    assert apply_one(change_of(None, "pull"), memory, make_run(clock)).result == "applied"
    assert 10 <= clock.now <= 15


def test_a_new_role_is_waited_for_twenty_seconds_for_all_changes_together() -> None:
    clock = Clock()

    def unknown(_memory: Memory) -> None:
        raise CallError("Principal not found", kind=FailureKind.PRINCIPAL_NOT_FOUND)

    memory, run = Memory({NAME: None}, unknown), make_run(clock)
    outcome = apply_one(change_of(None, "pull"), memory, run)
    assert (outcome.result, outcome.candidates) == ("failed", ROLE.names)
    assert outcome.error == "Principal not found; waited up to 20 s"
    assert clock.now == pytest.approx(20)
    apply_one(change_of(None, "pull"), memory, run)
    assert clock.now == pytest.approx(20)


def test_a_deleted_principal_is_not_waited_for() -> None:
    clock = Clock()

    def unknown(_memory: Memory) -> None:
        raise CallError("Principal not found", kind=FailureKind.PRINCIPAL_NOT_FOUND)

    made = change_of(None, "pull")
    gone = (made.after_text or "").replace(ROLE.names[0], "AROAEXAMPLEEXAMPLEID")
    memory = Memory({NAME: None}, unknown)
    outcome = apply_one(replace(made, after_text=gone), memory, make_run(clock))
    assert (outcome.error, clock.now) == ("Principal not found", 0)
    assert outcome.candidates == ("AROAEXAMPLEEXAMPLEID",)


def test_nobody_is_waited_for_where_the_change_adds_nobody() -> None:
    clock = Clock()

    def unknown(_memory: Memory) -> None:
        raise CallError("Principal not found", kind=FailureKind.PRINCIPAL_NOT_FOUND)

    change = change_of(other_policy(), "pull")
    outcome = apply_one(change, Memory({NAME: other_policy()}, unknown), make_run(clock))
    assert (outcome.result, outcome.error, clock.now) == ("failed", "Principal not found", 0)


def test_after_an_interrupt_nothing_is_written_any_more() -> None:
    """It comes while the live policy is looked at, or while a failed write waits."""
    notes, memory = Notes(), Memory({NAME: None})
    run = make_run(notes=notes, stopped=lambda: memory.reads > 0)
    outcome = apply_one(change_of(None, "pull"), memory, run)
    assert (outcome.result, outcome.error, outcome.written) == ("skipped", "interrupted", Done.NO)
    assert (memory.writes, notes.records) == ([], [("begin", NAME), ("skipped", NAME)])


def test_an_interrupt_after_a_lost_answer_tells_of_both() -> None:
    def lost(_memory: Memory) -> None:
        raise WriteOutcomeUnknownError("no answer")

    memory = Memory({NAME: None}, lost)
    run = make_run(stopped=lambda: memory.reads > 1)
    outcome = apply_one(change_of(None, "pull"), memory, run)
    assert (outcome.result, outcome.written) == ("skipped", Done.UNKNOWN)
    assert (outcome.error or "").startswith("interrupted; an earlier attempt got no response")


def test_waiting_ends_when_the_run_is_to_stop() -> None:
    clock, asked = Clock(), []

    def unknown(_memory: Memory) -> None:
        asked.append(True)
        raise CallError("Principal not found", kind=FailureKind.PRINCIPAL_NOT_FOUND)

    deadline = Deadline(20, clock=clock, sleep=clock.sleep, stopped=lambda: bool(asked))
    run = Run(Notes(), deadline, lambda: False, clock.deadline)
    assert apply_one(change_of(None, "pull"), Memory({NAME: None}, unknown), run).result == "failed"
    assert clock.now == 0


def test_nothing_is_written_once_a_wait_was_interrupted() -> None:
    clock = Clock()

    def unknown(_memory: Memory) -> None:
        raise CallError("Principal not found", kind=FailureKind.PRINCIPAL_NOT_FOUND)

    memory = Memory({NAME: None}, unknown)
    deadline = Deadline(20, clock=clock, sleep=clock.sleep, stopped=lambda: clock.now > 0)
    run = Run(Notes(), deadline, lambda: False, clock.deadline)
    assert apply_one(change_of(None, "pull"), memory, run).result == "failed"
    assert len(memory.writes) == 1


def test_the_policy_is_looked_at_again_after_each_wait() -> None:
    def unknown_and_overtaken(memory: Memory) -> None:
        memory.policies[NAME] = other_policy()
        raise CallError("Principal not found", kind=FailureKind.PRINCIPAL_NOT_FOUND)

    memory = Memory({NAME: None}, unknown_and_overtaken)
    assert apply_one(change_of(None, "pull"), memory).result == "stale"


def test_one_connection_that_fails_is_no_dead_end() -> None:
    def refused_once(memory: Memory) -> None:
        if len(memory.writes) == 1:
            raise CallError("no network", kind=FailureKind.CONNECTION)

    memory, run = Memory({NAME: None}, refused_once), make_run()
    assert apply_one(change_of(None, "pull"), memory, run).result == "applied"
    assert run.reason_to_stop(SCOPE) is None
    assert len(memory.writes) == 2


def test_a_refused_policy_may_have_another_reason() -> None:
    def refused(_memory: Memory) -> None:
        raise CallError("Invalid repository policy provided", kind=FailureKind.INVALID_POLICY)

    outcome = apply_one(change_of(None, "pull"), Memory({NAME: None}, refused))
    assert outcome.error == "Invalid repository policy provided; waited up to 20 s"
    assert outcome.candidates == ROLE.names


@pytest.mark.parametrize("tiers", [("pull",), ()])
def test_what_is_live_already_is_in_force_and_not_written(tiers: tuple[str, ...]) -> None:
    """Also where the policy is to be removed, and is not there any more."""
    change, notes = change_of(other_policy(), *tiers), Notes()
    memory = Memory({NAME: change.after_text})
    outcome = apply_one(change, memory, make_run(notes=notes))
    assert outcome == Outcome(change, "in-force", None, written=Done.NO)
    assert memory.writes == []
    assert notes.records == [("begin", NAME), ("in-force", NAME)]


def test_in_force_that_can_not_be_recorded_is_a_failure() -> None:
    change = change_of(None, "pull")
    run = make_run(notes=Notes(broken_at="in-force"))
    outcome = apply_one(change, Memory({NAME: change.after_text}), run)
    assert (outcome.result, outcome.written) == ("failed", Done.NO)
    assert outcome.error == "the desired policy was already in force; the disk is full"


def test_that_it_waits_is_said_once() -> None:
    clock, said = Clock(), []

    def unknown(_memory: Memory) -> None:
        raise CallError("Principal not found", kind=FailureKind.PRINCIPAL_NOT_FOUND)

    deadline = Deadline(
        20, clock=clock, sleep=clock.sleep, on_first_wait=lambda: said.append(clock.now)
    )
    run = Run(Notes(), deadline, lambda: False, clock.deadline)
    for _ in range(2):
        apply_one(change_of(None, "pull"), Memory({NAME: None}, unknown), run)
    assert said == [0]


LAMBDAS = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    "Condition": {
        "StringLike": {"aws:sourceArn": "arn:aws:lambda:us-west-2:111122223333:function:*"}
    },
}


@pytest.mark.parametrize(("sid", "result"), [(LAMBDA_SID, "stale"), ("other", "applied")])
def test_whose_a_statement_is_may_not_have_changed(sid: str, result: str) -> None:
    """Its Sid alone decides whether it is kept, though it means the same under another one."""

    def policy(sid: str) -> str:
        return json.dumps({"Statement": [{**LAMBDAS, "Sid": sid}]})

    keeping = PlanInputs(Ownership(rules=(lambda_rule(["111122223333"]),)))
    registry = LiveRegistry(SCOPE, (NAME,), {NAME: LiveRepository(NAME, policy("mine"))})
    grant = Grant(ROLE, "ci", "pull", BUILT_IN_TIERS["pull"], ())
    (change,) = compute_plan([Desired(NAME, (grant,))], registry, keeping).changes
    assert apply_one(change, Memory({NAME: policy(sid)})).result == result


@pytest.mark.parametrize("when", ["before the first line", "before the look", "between attempts"])
def test_once_the_journal_is_damaged_nothing_is_sent(when: str) -> None:
    """Not even a write that is recorded: the record may be what was lost."""
    notes = Notes()

    def refused(_memory: Memory) -> None:
        raise CallError("slower", kind=FailureKind.THROTTLED)

    memory = Memory({NAME: None}, refused)
    notes.is_damaged = {
        "before the first line": lambda: True,
        "before the look": lambda: bool(notes.records),
        "between attempts": lambda: bool(memory.writes),
    }[when]
    outcome = apply_one(change_of(None, "pull"), memory, make_run(notes=notes))
    assert (outcome.result, outcome.written) == ("skipped", Done.NO)
    assert outcome.error == "the journal is damaged: it was truncated"
    assert len(memory.writes) == (when == "between attempts")


def test_a_lost_answer_is_told_where_the_journal_is_damaged_too() -> None:
    def lost(_memory: Memory) -> None:
        raise WriteOutcomeUnknownError("no answer")

    memory, notes = Memory({NAME: None}, lost), Notes()
    notes.is_damaged = lambda: bool(memory.writes)
    outcome = apply_one(change_of(None, "pull"), memory, make_run(notes=notes))
    assert (outcome.result, outcome.written, len(memory.writes)) == ("skipped", Done.UNKNOWN, 1)
    assert "; an earlier attempt got no response" in (outcome.error or "")
