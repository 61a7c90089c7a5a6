"""A plan as data: changes, findings, errors and violations of `never` rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple

from reconciler.model.registry import (
    ReadFailure,
    RegistryScope,
    RepositorySettings,
    Subject,
    Target,
)
from reconciler.model.rules import RuleId
from reconciler.model.templates import EVERY_REPOSITORY
from reconciler.plan.causes import PlanCauses, merge_causes
from reconciler.policy import (
    AccessChange,
    Condition,
    Facts,
    Ownership,
    Policy,
    Principal,
    RegistryStatement,
    Unreadable,
    display_holder,
)

ChangeKind = Literal["set", "delete", "create"]
BreakingPolicy = Literal["repository", "registry", "unreadable-registry", "planned-registry"]
"""The policy that breaks a `never` rule: the repository's own; the registry's, alone or with that;
one of the registry that is not understood, and so may break it; or the registry's after the plan,
where the live ones do not break it."""

_BY: dict[BreakingPolicy, str] = {
    "repository": "",
    "registry": " by the registry's policy",
    "unreadable-registry": " by the registry's policy (not understood)",
    "planned-registry": " by the registry's policy as planned",
}


class Risk(NamedTuple):
    """A mark on a change: which risk, which principal, and the reason where one is needed.

    `on` are the repositories that it is about, a name or a pattern, in a change of the registry's
    own policy; else empty.
    """

    name: RuleId
    principal: Principal
    condition: Condition = ()
    why: str = ""
    on: str = ""


NOTHING_KEPT = Ownership()


@dataclass(frozen=True, slots=True)
class Change:
    """One policy to write or delete, or a repository or creation template to create or delete.

    The target's `subject` says which one. `settings` are not None exactly where a repository is to
    be created. `before_text` and `after_text` are policies as text, None for no policy; of a
    template they are its whole text, None for no template. `unreadable` is the live policy where it
    is not understood; `is_opaque`: the policy to come is not, as one of a journal may be.
    `relies_on` are other changes of the same plan that have to be in force
    first: else somebody would lose access in between that the plan does not take away. `lasting` is
    `access` without expired grants, which are no drift. `risks` are those of the access that the
    change adds, `live_risks` those of the access that it removes. `kept` are the Sids of unmanaged
    statements that are kept, "" for one without. `revoked` and `granted` count grants; `emptied` is
    the number of live grants where the change leaves none, else 0. `ownership` says which live
    statements are to be kept.
    """

    target: Target
    change: ChangeKind
    access: tuple[AccessChange, ...]
    before_text: str | None
    after_text: str | None
    risks: tuple[Risk, ...] = ()
    live_risks: tuple[Risk, ...] = ()
    lasting: tuple[AccessChange, ...] = ()
    kept: tuple[str, ...] = ()
    revoked: int = 0
    granted: int = 0
    emptied: int = 0
    ownership: Ownership = NOTHING_KEPT
    settings: RepositorySettings | None = None
    relies_on: tuple[Target, ...] = ()
    unreadable: Unreadable | None = field(init=False, repr=False, compare=False)
    is_opaque: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep of the policies only whether they are understood: a plan may have many changes."""
        before = self.before
        found = before if isinstance(before, Unreadable) else None
        object.__setattr__(self, "unreadable", found)
        object.__setattr__(self, "is_opaque", isinstance(self.after, Unreadable))

    @property
    def before(self) -> Policy:
        """The live policy, read again each time."""
        return self.target.read(self.before_text)

    @property
    def after(self) -> Policy:
        """The policy to come, read again each time."""
        return self.target.read(self.after_text)


NO_SCOPE = RegistryScope("", "")
"""Stands for no registry and region in particular; sorts before all."""


class Finding(NamedTuple):
    """Information that changes nothing.

    `repository` is a name or a pattern, or what a target of this `subject` has in its place;
    `scope` is `NO_SCOPE` where it holds for all registries and regions.
    """

    repository: str
    rule: RuleId
    message: str
    scope: RegistryScope = NO_SCOPE
    subject: Subject = "repository-policy"


def finding(target: Target, rule: RuleId, message: str) -> Finding:
    """Return a finding about one target."""
    return Finding(target.repository, rule, message, target.scope, target.subject)


class PlanError(NamedTuple):
    """The reason why no change can be planned for one repository.

    A repository policy of `*` stands for all repositories of a registry and region that could not
    be read.
    """

    target: Target
    rule: RuleId
    message: str


def unread_error(scope: RegistryScope, failure: ReadFailure) -> PlanError:
    """Return the one error on all of a registry and region that can't be read."""
    return PlanError(Target(EVERY_REPOSITORY, scope), failure.rule, failure.message)


class NotPlannableError(Exception):
    """No policy can be computed for one repository."""

    def __init__(self, rule: RuleId, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


class Beside(NamedTuple):
    """What the registry's own policy allows and denies on one repository, beside its own policy.

    `facts` are what its `statements` that count for the repository mean. A policy that is not
    understood may allow anyone anything, and its facts say so. `certain` is what it allows
    whatever is not known of it or not documented.
    """

    facts: Facts
    statements: tuple[RegistryStatement, ...] = ()
    certain: Facts = MappingProxyType({})
    is_understood: bool = True


NOTHING_BESIDE = Beside({})


class CurrentPolicy(NamedTuple):
    """One repository as it was read; `settings` where it does not exist and is to be created.

    `facts` are what its policy means; `effective` are these without the file's expired grants.
    `beside` is what the registry's own policy adds to it, and `beside_after` what that will add
    once the plan is applied.
    """

    target: Target
    text: str | None
    policy: Policy
    facts: Facts
    effective: Facts
    settings: RepositorySettings | None = None
    beside: Beside = NOTHING_BESIDE
    beside_after: Beside = NOTHING_BESIDE


@dataclass(frozen=True, slots=True, order=True)
class NeverViolation:
    """A `never` rule of the file that is broken live: which tier, by whom, and the rule's reason.

    `repaired` says whether the plan's change ends it. `condition` is the part that identifies the
    principal; `name` is the file's name for it, if any. `by_rewriting`: it does not hold the tier,
    but may rewrite the policy, and so give the tier to itself. `policy` is the one that breaks the
    rule, of several the one that the plan does not change.
    """

    target: Target
    tier: str
    principal: Principal
    because: str
    repaired: bool
    condition: Condition = ()
    name: str | None = field(default=None, compare=False)
    by_rewriting: bool = False
    policy: BreakingPolicy = "repository"

    @property
    def who(self) -> str:
        """The principal, by the file's name if it has one."""
        return self.name or display_holder(self.principal, self.condition)

    @property
    def has(self) -> str:
        """A verb phrase for what breaks the rule; follows `who`."""
        by = _BY[self.policy]
        if self.policy == "unreadable-registry":
            return f"may have {self.tier}{by}"
        if self.by_rewriting:
            return f"can rewrite the policy{by} and so give itself {self.tier}"
        return f"has {self.tier}{by}"


class ChangedSince(NamedTuple):
    """What a plan is limited to: what the file asks for differently since a git revision.

    `not_read` counts the managed repositories that were not read, in all regions; None where they
    were not listed, so that their number is unknown. Unmanaged ones are never part of such a plan.
    """

    revision: str
    not_read: int | None


class ScopeFigures(NamedTuple):
    """The part of a plan's figures that is of one registry and region."""

    in_sync: int = 0
    live_grants: int = 0


class Plan(NamedTuple):
    """The changes that bring the live registry in line with the file, all sorted.

    `changed_since` says what it is limited to; None where it is about all that the file manages.

    `in_sync` counts repositories. `live_grants` counts what the live policies of the managed
    repositories allow, in units of one principal under one condition on one repository.
    `by_scope` are the parts of these figures where the plan is for several registries, in the order
    in which all else is grouped by registry and region; else empty. `causes` are those of the
    changes, None where the plan was not compared with an earlier version of the file.
    """

    changes: tuple[Change, ...] = ()
    in_sync: int = 0
    findings: tuple[Finding, ...] = ()
    errors: tuple[PlanError, ...] = ()
    unmanaged: tuple[Target, ...] = ()
    violations: tuple[NeverViolation, ...] = ()
    live_grants: int = 0
    changed_since: ChangedSince | None = None
    by_scope: Mapping[RegistryScope, ScopeFigures] = MappingProxyType({})
    causes: PlanCauses | None = None

    @property
    def unmanaged_names(self) -> list[str]:
        """The names of the unmanaged repositories, sorted; each once, whatever its regions."""
        return sorted({target.repository for target in self.unmanaged})

    @property
    def figures(self) -> ScopeFigures:
        """The figures of a plan for one registry and region."""
        return ScopeFigures(self.in_sync, self.live_grants)


def merge_plans(plans: Iterable[Plan]) -> Plan:
    """Merge the plans of several repositories or regions."""
    parts = tuple(plans)
    return Plan(
        changes=tuple(sorted((c for p in parts for c in p.changes), key=lambda c: c.target)),
        in_sync=sum(p.in_sync for p in parts),
        findings=tuple(sorted({f for p in parts for f in p.findings})),
        errors=tuple(sorted(e for p in parts for e in p.errors)),
        violations=tuple(sorted(v for p in parts for v in p.violations)),
        unmanaged=tuple(sorted(t for p in parts for t in p.unmanaged)),
        live_grants=sum(p.live_grants for p in parts),
        causes=merge_causes(p.causes for p in parts if p.causes is not None),
    )


def group_plan(plan: Plan, by_scope: Mapping[RegistryScope, ScopeFigures]) -> Plan:
    """Return the plan of several registries grouped by registry and region, in this order.

    What is about none in particular comes first.
    """
    position = {scope: number for number, scope in enumerate(by_scope)}

    def place(scope: RegistryScope) -> int:
        return position.get(scope, -1)

    return plan._replace(
        changes=tuple(sorted(plan.changes, key=lambda one: place(one.target.scope))),
        findings=tuple(sorted(plan.findings, key=lambda one: place(one.scope))),
        errors=tuple(sorted(plan.errors, key=lambda one: place(one.target.scope))),
        unmanaged=tuple(sorted(plan.unmanaged, key=lambda one: place(one.scope))),
        violations=tuple(sorted(plan.violations, key=lambda one: place(one.target.scope))),
        by_scope=by_scope,
    )
