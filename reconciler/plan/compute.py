"""Desired and live policies in, a plan out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from reconciler.model.access import Desired, DisplayNames, grant_facts
from reconciler.model.registry import LiveRegistry, ReadFailure, RepositorySettings, Target
from reconciler.model.rules import RuleId
from reconciler.plan.counts import count_granted, count_live, count_revoked, gives_access
from reconciler.plan.findings import (
    deleted_findings,
    denied_findings,
    expired_findings,
    policy_findings,
    unchanged_findings,
)
from reconciler.plan.model import (
    NOTHING_BESIDE,
    Change,
    ChangeKind,
    CurrentPolicy,
    NotPlannableError,
    Plan,
    PlanError,
)
from reconciler.plan.never import (
    check_never,
    check_unmanaged,
    require_no_new_violation,
)
from reconciler.plan.not_kept import Dropped, dropped_statements, lambda_risks, not_kept_findings
from reconciler.plan.registry_policy import (
    JudgedRepository,
    RegistryAccess,
    check_registry_policy,
    read_registry_access,
)
from reconciler.plan.risks import find_risks
from reconciler.policy import (
    MAX_POLICY_CHARACTERS,
    NO_POLICY,
    VERSION,
    AccessChange,
    Document,
    Facts,
    NeverRule,
    Ownership,
    Policy,
    Statement,
    Unreadable,
    add_facts,
    changes_meaning,
    compile_policy,
    difference,
    facts_of,
    facts_of_policy,
    kept_statements,
    statement_key,
    subtract_facts,
)


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What a plan takes from the file besides the grants.

    `to_create` are the repositories to create where they do not exist, by name.
    """

    ownership: Ownership = field(default_factory=Ownership)
    display_names: DisplayNames = field(default_factory=DisplayNames)
    to_create: Mapping[str, RepositorySettings] = field(default_factory=dict)
    never: tuple[NeverRule, ...] = ()


class DesiredPolicy(NamedTuple):
    """A desired policy: its text (None for no policy), its facts, and the statements it keeps."""

    text: str | None
    facts: Facts
    kept: tuple[Statement, ...]


def compute_policy(
    desired: Desired, target: Target, before: Policy, inputs: PlanInputs
) -> DesiredPolicy:
    """Compute the policy that replaces a live one. Raises NotPlannableError."""
    text = _compile(desired, (), inputs)
    policy = target.read(text)
    if isinstance(policy, Unreadable):
        raise NotPlannableError(RuleId.BAD_STATEMENT, str(policy))
    kept = _kept(before, policy, inputs.ownership)
    if kept:
        text = _compile(desired, kept, inputs)
    # Kept statements mean what they mean in the live document, whatever its version.
    return DesiredPolicy(text, facts_of((*policy.statements, *kept)), kept)


def check_writable(desired: DesiredPolicy, before: Policy) -> None:
    """Raise NotPlannableError where a policy can't be written as it is meant."""
    for statement in desired.kept:
        if isinstance(before, Document) and changes_meaning(before, statement):
            raise NotPlannableError(
                RuleId.KEPT_STATEMENT,
                f"the statement {statement.sid!r} is to be kept, but contains ${{, which Version "
                f"{VERSION} reads as a variable; rewrite it by hand",
            )
    text = desired.text
    if text is not None and len(text) > MAX_POLICY_CHARACTERS:
        raise NotPlannableError(
            RuleId.POLICY_TOO_LARGE,
            f"the policy would have {len(text):,} characters, {len(desired.kept)} kept statements "
            f"included; the service takes {MAX_POLICY_CHARACTERS:,}",
        )


def _compile(desired: Desired, kept: Iterable[Statement], inputs: PlanInputs) -> str | None:
    # A Resource says nothing in a repository policy, and the service may refuse it.
    raw = [{k: v for k, v in s.raw.items() if k != "Resource"} for s in kept]
    return compile_policy(
        grant_facts(desired.grants),
        [*desired.statements, *raw],
        inputs.display_names.tiers,
        owned_by_sid=inputs.ownership.by_sid,
    )


def _kept(before: Policy, desired: Document, ownership: Ownership) -> tuple[Statement, ...]:
    """Return the live statements to keep, each once, without those that the file has itself."""
    if isinstance(before, Document):
        found = {statement_key(s): s for s in kept_statements(before.statements, ownership)}
        own = {statement_key(statement) for statement in desired.statements}
        return tuple(statement for key, statement in found.items() if key not in own)
    if ownership.default == "keep":
        raise NotPlannableError(
            RuleId.UNREADABLE_POLICY,
            f"the live policy is not understood ({before}), so it is unknown which statements to "
            "keep; repair it by hand, or remove unmanaged statements by default",
        )
    return ()


class _Planned(NamedTuple):
    """The plan for one repository; `judged` where the registry's own policy concerns it."""

    plan: Plan
    judged: JudgedRepository | None


def _plan_repository(
    desired: Desired, live: LiveRegistry, inputs: PlanInputs, access: RegistryAccess
) -> _Planned:
    """Compare what is desired of one repository with what was read; an error where that fails."""
    target, names = Target(desired.repository, live.scope), inputs.display_names
    exists = desired.repository in live.repositories or desired.repository in inputs.to_create
    beside = access.beside(target) if exists else NOTHING_BESIDE
    current = CurrentPolicy(target, None, NO_POLICY, {}, {}, beside=beside)
    try:
        current = _current(desired, current, live, inputs)
        plan = _compare(desired, current, inputs)
        require_no_new_violation(current, _facts_after(current, plan), inputs.never, names)
    except NotPlannableError as error:
        live_facts = add_facts(current.facts, beside.facts)
        unchanged = unchanged_findings(target, current.facts, live_facts, names)
        plan = replace(_failed(target, error), findings=tuple(unchanged))
    after = _facts_after(current, plan)
    whole = merge_plans([plan, check_never(current, after, inputs.never, names)])
    if not beside.facts:
        return _Planned(whole, None)
    return _Planned(
        whole, JudgedRepository(target, desired, _asked(desired, target, inputs), after, beside)
    )


def _asked(desired: Desired, target: Target, inputs: PlanInputs) -> Facts:
    """Return what the file asks for; raw statements are read as they would be from a policy."""
    if not desired.statements:
        return grant_facts(desired.grants)
    return facts_of_policy(target.read(_compile(desired, (), inputs)))


def _current(
    desired: Desired, unread: CurrentPolicy, live: LiveRegistry, inputs: PlanInputs
) -> CurrentPolicy:
    """Return a repository as it was read. Raises NotPlannableError."""
    target = unread.target
    repository = live.repositories.get(target.repository)
    settings = inputs.to_create.get(target.repository)
    if repository is None and settings is not None:
        return unread._replace(settings=settings)
    if repository is None:
        raise NotPlannableError(
            RuleId.MISSING_REPOSITORY,
            "the repository does not exist; create it (create: true does), or remove it from the "
            "file",
        )
    text = repository.policy_text
    if isinstance(text, ReadFailure):
        raise NotPlannableError(text.rule, text.message)
    policy = target.read(text)
    facts = facts_of_policy(policy)
    effective = subtract_facts(facts, grant_facts(desired.expired))
    return unread._replace(text=text, policy=policy, facts=facts, effective=effective)


def _facts_after(current: CurrentPolicy, plan: Plan) -> Facts:
    return facts_of_policy(plan.changes[0].after) if plan.changes else current.effective


def _failed(target: Target, error: NotPlannableError) -> Plan:
    return Plan(errors=(PlanError(target, error.rule, error.message),))


def _compare(desired: Desired, current: CurrentPolicy, inputs: PlanInputs) -> Plan:
    target, before, names = current.target, current.policy, inputs.display_names
    after = compute_policy(desired, target, before, inputs)
    access = difference(current.facts, after.facts)
    expired = grant_facts(desired.expired)
    together = add_facts(after.facts, current.beside.facts)
    dropped = dropped_statements(target, before, after.facts, expired, inputs.ownership)
    changes: tuple[Change, ...] = ()
    if access or current.settings or isinstance(before, Unreadable):
        check_writable(after, before)
        changes = (compute_change(current, after, access, dropped, inputs),)
    return Plan(
        changes=changes,
        in_sync=int(not changes),
        findings=(
            *expired_findings(target, desired.expired, current.facts),
            *deleted_findings(target, current.facts, access, names),
            *policy_findings(target, before),
            *not_kept_findings(target, dropped),
            *unchanged_findings(target, facts_of(after.kept), together, names),
            *denied_findings(target, desired, after.kept),
        ),
        live_grants=count_live(before, current.effective),
    )


def compute_change(
    current: CurrentPolicy,
    after: DesiredPolicy,
    access: tuple[AccessChange, ...],
    dropped: Iterable[Dropped],
    inputs: PlanInputs,
) -> Change:
    """Compute the change from the live policy to the desired one.

    `access` is their difference, `dropped` are the live statements that it does not keep.
    """
    target, before, names = current.target, current.facts, inputs.display_names
    policy_change: ChangeKind = "delete" if after.text is None else "set"
    lambda_loses = tuple(lambda_risks(target, current.policy, after.facts, dropped))
    back = difference(after.facts, before)
    lasting = difference(current.effective, after.facts)
    live_grants = count_live(current.policy, current.effective)
    is_unreadable = isinstance(current.policy, Unreadable)
    beside = current.beside
    return Change(
        target=target,
        change="create" if current.settings else policy_change,
        access=access,
        before_text=current.text,
        after_text=after.text,
        before=current.policy,
        risks=(
            *find_risks(before, after.facts, access, target, names, beside=beside),
            *lambda_loses,
        ),
        live_risks=(
            *find_risks(after.facts, before, back, target, names, beside=beside),
            *lambda_loses,
        ),
        lasting=lasting,
        revoked=live_grants if is_unreadable else count_revoked(current.effective, lasting),
        granted=count_granted(after.facts, access),
        emptied=0 if gives_access(after.facts) else live_grants,
        ownership=inputs.ownership,
        kept=tuple(sorted(s.sid or "" for s in after.kept)),
        settings=current.settings,
    )


def compute_plan(desired: Iterable[Desired], live: LiveRegistry, inputs: PlanInputs) -> Plan:
    """Compare what is desired with one live registry.

    A desired repository that was not read does not exist. An error on one leaves the others
    planned. The registry's own policy, where it was read, counts for each of them.
    """
    by_name, names = {one.repository: one for one in desired}, inputs.display_names
    access = read_registry_access(live)
    managed = [_plan_repository(one, live, inputs, access) for one in by_name.values()]
    others = check_unmanaged(live, by_name, inputs.never, names, access.beside)
    judged = (one.judged for one in managed if one.judged)
    of_registry = check_registry_policy(live, access, judged, names)
    unmanaged = tuple(Target(name, live.scope) for name in live.names if name not in by_name)
    plans = (one.plan for one in managed)
    return merge_plans([*plans, *others, of_registry, Plan(unmanaged=unmanaged)])


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
    )


def without_expired(plan: Plan) -> Plan:
    """Leave out the expired grants: they have no effect, so they are no drift."""
    lasting = tuple(
        replace(change, access=change.lasting)
        for change in plan.changes
        if change.lasting or change.settings or isinstance(change.before, Unreadable)
    )
    expired = len(plan.changes) - len(lasting)
    return replace(plan, changes=lasting, in_sync=plan.in_sync + expired)
