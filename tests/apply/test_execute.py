"""Applying changes: read again, write, read back; against a registry kept in memory."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from reconciler.apply.execute import MOST_THROTTLES, Access, Outcome, execute
from reconciler.errors import ReconcileError
from reconciler.plan.compute import Rules, compute_plan
from reconciler.plan.model import Change
from reconciler.policy.grants import Desired, Grant
from reconciler.policy.principals import Principal
from reconciler.policy.tiers import BUILT_IN_TIERS
from reconciler.registry.fault import CallError, Fault, WriteOutcomeUnknownError
from reconciler.registry.model import LiveRegistry, LiveRepository, RegistryScope

SCOPE = RegistryScope("111122223333", "us-west-2")
ROLE = Principal("AWS", ("arn:aws:iam::444455556666:role/role2-1",))
NAME = "payments/api"
UNREADABLE = '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Sid":["a","b"]}]}'


@dataclass
class Memory:
    """A registry in memory; `before_write` runs at each write, and may raise."""

    policies: dict[str, str | None]
    before_write: Callable[["Memory"], None] = lambda _: None
    after_write: Callable[["Memory"], None] = lambda _: None
    writes: list[str] = field(default_factory=list)
    fails_to_read: bool = False

    def read_policy(self, name: str) -> str | None:
        if self.fails_to_read:
            raise CallError("no answer", fault=Fault.UNANSWERED)
        return self.policies[name]

    def set_policy(self, name: str, text: str) -> None:
        self._write(name, text)

    def delete_policy(self, name: str) -> None:
        self._write(name, None)

    def _write(self, name: str, text: str | None) -> None:
        self.writes.append(name)
        self.before_write(self)
        self.policies[name] = text
        self.after_write(self)


def change_of(live: str | None, *tiers: str) -> Change:
    grants = [Grant(ROLE, "ci", tier, BUILT_IN_TIERS[tier], ()) for tier in tiers]
    registry = LiveRegistry(SCOPE, (NAME,), {NAME: LiveRepository(NAME, live)})
    (change,) = compute_plan([Desired(NAME, tuple(grants))], registry, Rules()).changes
    return change


def run(change: Change, memory: Memory, stopped: bool = False) -> Outcome:
    told: list[Outcome] = []
    registries = {SCOPE: Access(memory, memory)}
    (outcome,) = execute([change], registries, told.append, lambda: stopped)
    assert told == [outcome]
    return outcome


def other_policy() -> str:
    return change_of(None, "read").after_text or ""


def test_a_change_is_written_and_confirmed() -> None:
    memory = Memory({NAME: None})
    assert run(change_of(None, "pull"), memory).result == "applied"
    assert memory.policies[NAME] == change_of(None, "pull").after_text


def test_no_grants_delete_the_policy() -> None:
    memory = Memory({NAME: other_policy()})
    assert run(change_of(other_policy()), memory).result == "applied"
    assert memory.policies[NAME] is None


def test_what_changed_since_the_plan_is_left_alone() -> None:
    memory = Memory({NAME: other_policy()})
    outcome = run(change_of(None, "pull"), memory)
    assert outcome.result == "stale"
    assert not memory.writes


def test_the_same_meaning_in_other_words_is_not_stale() -> None:
    change = change_of(other_policy(), "pull")
    shuffled = json.loads(other_policy())
    shuffled["Statement"][0]["Action"].reverse()
    assert run(change, Memory({NAME: json.dumps(shuffled, indent=1)})).result == "applied"


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
    assert run(change_of(UNREADABLE, "pull"), Memory({NAME: now})).result == result


def test_a_throttled_write_looks_again_before_it_is_repeated() -> None:
    def throttled_and_overtaken(memory: Memory) -> None:
        memory.policies[NAME] = other_policy()
        raise CallError("slow down", fault=Fault.THROTTLED)

    memory = Memory({NAME: None}, throttled_and_overtaken)
    assert run(change_of(None, "pull"), memory).result == "stale"
    assert memory.policies[NAME] == other_policy()


def test_a_throttled_write_is_repeated() -> None:
    def throttled_twice(memory: Memory) -> None:
        if len(memory.writes) <= 2:
            raise CallError("slow down", fault=Fault.THROTTLED)

    memory = Memory({NAME: None}, throttled_twice)
    assert run(change_of(None, "pull"), memory).result == "applied"
    assert len(memory.writes) == 3


def test_throttled_to_the_end() -> None:
    def throttled(_memory: Memory) -> None:
        raise CallError("slow down", fault=Fault.THROTTLED)

    memory = Memory({NAME: None}, throttled)
    assert run(change_of(None, "pull"), memory) == Outcome(
        change_of(None, "pull"), "failed", "slow down"
    )
    assert len(memory.writes) == MOST_THROTTLES


def test_a_refusal_is_told() -> None:
    def refused(_memory: Memory) -> None:
        raise CallError("Principal not found", fault=Fault.PRINCIPAL_NOT_FOUND)

    outcome = run(change_of(None, "pull"), Memory({NAME: None}, refused))
    assert (outcome.result, outcome.error) == ("failed", "Principal not found")


def test_what_is_read_back_must_be_what_was_written() -> None:
    def overwritten(memory: Memory) -> None:
        memory.policies[NAME] = other_policy()

    outcome = run(change_of(None, "pull"), Memory({NAME: None}, after_write=overwritten))
    assert outcome.result == "failed"
    assert "means something else" in (outcome.error or "")
    assert outcome.written


def test_what_can_not_be_read_back_is_told_as_written() -> None:
    def unreadable(memory: Memory) -> None:
        memory.fails_to_read = True

    outcome = run(change_of(None, "pull"), Memory({NAME: None}, after_write=unreadable))
    assert (outcome.result, outcome.written) == ("failed", True)
    assert outcome.error == "the policy was written, but could not be read back: no answer"


@pytest.mark.parametrize(("done", "result"), [(True, "applied"), (False, "failed")])
def test_a_lost_answer_is_settled_by_reading(done: bool, result: str) -> None:
    def lost(memory: Memory) -> None:
        if done:
            memory.policies[NAME] = change_of(None, "pull").after_text
        raise WriteOutcomeUnknownError("no answer")

    assert run(change_of(None, "pull"), Memory({NAME: None}, lost)).result == result


def test_a_lost_answer_that_can_not_be_settled_says_so() -> None:
    def lost(memory: Memory) -> None:
        memory.fails_to_read = True
        raise WriteOutcomeUnknownError("cut off")

    outcome = run(change_of(None, "pull"), Memory({NAME: None}, lost))
    assert outcome.result == "failed"
    assert outcome.error == "cut off; nor can it be read: no answer"


def test_nothing_is_begun_once_stopped() -> None:
    memory = Memory({NAME: None})
    outcome = run(change_of(None, "pull"), memory, stopped=True)
    assert (outcome.result, memory.writes) == ("skipped", [])


def test_one_failure_leaves_the_others_going() -> None:
    def refuse_first(memory: Memory) -> None:
        if memory.writes[-1] == "app/a":
            raise ReconcileError("no")

    memory = Memory({"app/a": None, "app/b": None}, refuse_first)
    registry = LiveRegistry(
        SCOPE, ("app/a", "app/b"), {n: LiveRepository(n, None) for n in ("app/a", "app/b")}
    )
    grant = Grant(ROLE, "ci", "pull", BUILT_IN_TIERS["pull"], ())
    wanted = [Desired(name, (grant,)) for name in ("app/a", "app/b")]
    changes = compute_plan(wanted, registry, Rules()).changes
    outcomes = execute(changes, {SCOPE: Access(memory, memory)}, lambda _: None, lambda: False)
    assert [outcome.result for outcome in outcomes] == ["failed", "applied"]
