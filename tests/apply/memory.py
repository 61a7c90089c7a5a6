"""A registry, a journal and a clock in memory, and changes to apply to them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.apply.execute import execute
from reconciler.apply.model import Outcome, ReaderWriter, Run
from reconciler.apply.retry import Deadline
from reconciler.errors import ReconcileError
from reconciler.model.access import Desired, Grant
from reconciler.model.registry import (
    LiveRegistry,
    LiveRepository,
    LiveSettings,
    NewPolicy,
    RegistryScope,
    RepositorySettings,
    Target,
)
from reconciler.plan.compute import compute_plan
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Change
from reconciler.policy.language.principals import Principal
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS
from reconciler.registry.failures.errors import CallError, FailureKind

T = TypeVar("T")

SCOPE = RegistryScope("111122223333", "us-west-2")
ROLE = Principal("AWS", ("arn:aws:iam::444455556666:role/role2-1",))
NAME = "payments/api"
SCRATCH = "scratch/probe"
UNREADABLE = '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Sid":["a","b"]}]}'


@dataclass
class Memory:
    """A registry in memory; the hooks run at each call, and may raise.

    `policies` holds the repositories that there are, `others` the registry's own policy and the
    creation templates. `rejects` are the targets that can't be written. `invisible` counts the
    calls to which each repository is not there yet. `writes_at_once` is how many updates it
    takes at once.
    """

    policies: dict[str, str | None] = field(default_factory=dict)
    before_write: Callable[["Memory"], None] = lambda _: None
    after_write: Callable[["Memory"], None] = lambda _: None
    before_create: Callable[["Memory"], None] = lambda _: None
    after_create: Callable[["Memory"], None] = lambda _: None
    writes: list[str] = field(default_factory=list)
    reads: int = 0
    created: dict[str, RepositorySettings] = field(default_factory=dict)
    invisible: dict[str, int] = field(default_factory=dict)
    images: bool = False
    fails_to_read: FailureKind | None = None
    others: dict[Target, str | None] = field(default_factory=dict)
    rejects: frozenset[Target] = frozenset()
    writes_at_once: int = 32

    def read_text(self, target: Target) -> str | None:
        self.reads += 1
        if self.fails_to_read:
            raise CallError("no answer", kind=self.fails_to_read)
        if target.subject != "repository-policy":
            return self.others.get(target)
        self._require(target.repository)
        return self.policies[target.repository]

    def read_policy(self, name: str) -> str | None:
        return self.read_text(Target(name, SCOPE))

    def read_settings(self, name: str) -> LiveSettings:
        self._require(name)
        made = self.created.get(name, RepositorySettings())
        return LiveSettings(made.tag_mutability, made.scan_on_push, made.encryption)

    def holds_images(self, name: str) -> bool:
        self._require(name)
        return self.images

    def update(self, target: Target, decide: Callable[[str | None], T | NewPolicy]) -> T | None:
        decision = decide(self.read_text(target))
        if not isinstance(decision, NewPolicy):
            return decision
        self._write(target, decision.text)
        return None

    def set_policy(self, name: str, text: str) -> None:
        assert name == SCRATCH, "only the probe's repository is written without a look"
        self._write(Target(name, SCOPE), text)

    def delete_policy(self, name: str) -> None:
        assert name == SCRATCH, "only the probe's repository is written without a look"
        self._write(Target(name, SCOPE), None)

    def create_repository(self, name: str, settings: RepositorySettings) -> None:
        self.before_create(self)
        if name in self.policies:
            raise CallError("it exists", kind=FailureKind.REPOSITORY_EXISTS)
        self.policies[name] = None
        self.created[name] = settings
        self.after_create(self)

    def _write(self, target: Target, text: str | None) -> None:
        is_repository = target.subject == "repository-policy"
        if is_repository:
            self._require(target.repository)
        if target in self.rejects:
            raise CallError("no", kind=FailureKind.REJECTED)
        self.writes.append(_name(target))
        self.before_write(self)
        if is_repository:
            self.policies[target.repository] = text
        else:
            self.others[target] = text
        self.after_write(self)

    def _require(self, name: str) -> None:
        left = self.invisible.get(name, 0)
        self.invisible[name] = left - 1
        if name not in self.policies or left > 0:
            raise CallError("no such repository", kind=FailureKind.REPOSITORY_MISSING)


def _name(target: Target) -> str:
    return target.repository if target.subject == "repository-policy" else str(target)


@dataclass
class Notes:
    """A journal in memory; `broken_at` is the record that can't be made, `is_damaged` tells when
    what was recorded is lost.
    """

    records: list[tuple[str, str]] = field(default_factory=list)
    broken_at: str | None = None
    is_damaged: Callable[[], bool] = lambda: False

    def begin(self, change: Change) -> None:
        self._note("begin", _name(change.target))

    def end(self, outcome: Outcome) -> None:
        self._note(outcome.result, _name(outcome.change.target))

    def damage(self) -> str | None:
        return "it was truncated" if self.is_damaged() else None

    def _note(self, kind: str, repository: str) -> None:
        if kind == self.broken_at:
            raise ReconcileError("the disk is full")
        self.records.append((kind, repository))


@dataclass
class Clock:
    """A clock that moves only when somebody sleeps."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def deadline(self, seconds: float) -> Deadline:
        return Deadline(seconds, clock=self, sleep=self.sleep)


def make_run(
    clock: Clock | None = None,
    notes: Notes | None = None,
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> Run:
    clock = clock or Clock()
    return Run(notes or Notes(), clock.deadline(20), stopped, clock.deadline)


def change_of(live: str | None, *tiers: str) -> Change:
    grants = [Grant(ROLE, "ci", tier, BUILT_IN_TIERS[tier], ()) for tier in tiers]
    registry = LiveRegistry(SCOPE, (NAME,), {NAME: LiveRepository(NAME, live)})
    (change,) = compute_plan([Desired(NAME, tuple(grants))], registry, PlanInputs()).changes
    return change


def apply_one(change: Change, memory: Memory, run: Run | None = None) -> Outcome:
    told: list[Outcome] = []
    registries = {SCOPE: ReaderWriter(memory, memory)}
    (outcome,) = execute([change], registries, run or make_run(), told.append)
    assert told == [outcome]
    return outcome


def other_policy() -> str:
    return change_of(None, "read").after_text or ""
