"""The change of the registry's own policy: what the file asks for against what is live."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from reconciler.model.access import (
    DesiredRegistryPolicy,
    DisplayNames,
    grant_facts,
    registry_grant_facts,
)
from reconciler.model.registry import (
    LiveRegistry,
    ReadFailure,
    RegistryScope,
    Target,
    registry_target,
)
from reconciler.model.rules import RuleId
from reconciler.plan.counts import count_granted, count_live, count_revoked, gives_access
from reconciler.plan.desired_policy import PlanInputs, check_length, unwritable
from reconciler.plan.findings import expired_findings
from reconciler.plan.model import (
    Beside,
    Change,
    NotPlannableError,
    Plan,
    PlanError,
    Risk,
    merge_plans,
)
from reconciler.plan.registry_policy import ENFORCED_BY_V1, RegistryAccess, depends_on_scope
from reconciler.plan.risks import find_risks
from reconciler.policy import (
    NO_POLICY,
    AccessChange,
    ArnPrefix,
    Facts,
    HeldFacts,
    Ownership,
    RegistryDocument,
    RegistryFacts,
    RegistryStatement,
    Resources,
    Unreadable,
    add_facts,
    compile_registry_policy,
    difference,
    enforced,
    facts_of_policy,
    glob_matches,
    kept_registry_statements,
    public_facts,
    read_registry_policy,
    registry_changes_meaning,
    registry_difference,
    registry_facts_of,
    registry_statement_key,
    subtract_facts,
    uncovered_facts,
)


class OwnAccess(NamedTuple):
    """What a repository's own policy means before and after the plan."""

    before: Facts
    after: Facts


_NOT_READ = OwnAccess({}, {})


class PlannedRegistryPolicy(NamedTuple):
    """What a plan does to the registry's own policy.

    `before` and `after` are what it allows and denies as it is, and once the plan is applied.
    `change` is None where nothing is to change, or where no change can be planned: then `plan` says
    why. Before `settle` it has no counts. `own` is what the file itself asks for.
    """

    before: RegistryAccess
    after: RegistryAccess
    change: Change | None = None
    plan: Plan = Plan()
    own: RegistryAccess = RegistryAccess()

    def beside(self, target: Target) -> tuple[Beside, Beside]:
        """Return what it adds to a repository's own policy, before and after the plan."""
        return self.before.beside(target), self.after.beside(target)


def plan_registry_policy(
    live: LiveRegistry, before: RegistryAccess, inputs: PlanInputs
) -> PlannedRegistryPolicy:
    """Plan the change of the registry's policy; none where the file does not manage it."""
    desired, policy = inputs.registry_policy, live.policy
    if desired is None or policy is None or isinstance(policy.text, ReadFailure):
        return PlannedRegistryPolicy(before, before)
    try:
        return _compare(desired, policy.text, live.scope, before, inputs)
    except NotPlannableError as error:
        failed = PlanError(registry_target(live.scope), error.rule, error.message)
        return PlannedRegistryPolicy(before, before, plan=Plan(errors=(failed,)))


def _compare(
    desired: DesiredRegistryPolicy,
    text: str | None,
    scope: RegistryScope,
    before: RegistryAccess,
    inputs: PlanInputs,
) -> PlannedRegistryPolicy:
    target, names, prefix = registry_target(scope), inputs.display_names, scope.arn_prefix
    wanted = registry_grant_facts(desired.grants, prefix)
    own = read_registry_policy(
        compile_registry_policy(wanted, desired.statements, names.tiers), partition=prefix.partition
    )
    if isinstance(own, Unreadable):
        raise NotPlannableError(RuleId.BAD_STATEMENT, str(own))
    _require_enforced(own, before)
    kept = _kept(before, own, inputs.registry_ownership, prefix)
    raw = (*desired.statements, *(one.statement.raw for one in kept))
    after_text = compile_registry_policy(wanted, raw, names.tiers)
    # Kept statements mean what they mean in the live document, whatever its version.
    document = RegistryDocument((*own.statements, *kept))
    after = RegistryAccess(document, enforced(document, before.scope), before.scope)
    asked = RegistryAccess(own, enforced(own, before.scope), before.scope)
    old, new = _facts(before, scope), registry_facts_of(document.statements, prefix)
    expired = chain.from_iterable(grants for _, grants in desired.expired)
    findings = expired_findings(target, expired, _together(old))
    plan, access = Plan(findings=tuple(findings)), registry_difference(old, new)
    if not access and not isinstance(before.written, Unreadable):
        return PlannedRegistryPolicy(before, after, plan=plan, own=asked)
    _require_same_meaning(kept, before)
    statements = tuple(one.statement for one in kept)
    check_length(after_text, len(kept))
    change = replace(
        change_registry_policy(
            target, WrittenPolicy(text, old), WrittenPolicy(after_text, new), names
        ),
        lasting=registry_difference(_without_expired(old, desired, scope), new),
        kept=tuple(sorted(statement.sid or "" for statement in statements)),
        ownership=inputs.registry_ownership,
    )
    return PlannedRegistryPolicy(before, after, change, plan, asked)


class WrittenPolicy(NamedTuple):
    """The text of a registry's policy, None for no policy, and what it means."""

    text: str | None
    facts: RegistryFacts


def change_registry_policy(
    target: Target, before: WrittenPolicy, after: WrittenPolicy, names: DisplayNames
) -> Change:
    """Return the change from one policy of a registry to another, without counts."""
    access = registry_difference(before.facts, after.facts)
    return Change(
        target=target,
        change="delete" if after.text is None else "set",
        access=access,
        before_text=before.text,
        after_text=after.text,
        before=target.read(before.text),
        risks=tuple(_risks(before.facts, after.facts, target, names)),
        live_risks=tuple(_risks(after.facts, before.facts, target, names)),
        lasting=access,
    )


def _require_enforced(own: RegistryDocument, before: RegistryAccess) -> None:
    """Raise NotPlannableError where the account's policy scope leaves out what the file asks for.

    The setting is never changed: it is the account's, and it cannot be set back.
    """
    if before.scope == "V2" or not any(map(depends_on_scope, own.statements)):
        return
    if before.scope == "V1":
        message = (
            "the account's setting REGISTRY_POLICY_SCOPE is V1, under which the registry's policy "
            f"is enforced for {ENFORCED_BY_V1} only; set it to V2, or remove via: registry-policy "
            "from entries with other tiers"
        )
    else:
        message = (
            "the account's setting REGISTRY_POLICY_SCOPE could not be read, so it is unknown "
            f"whether the registry's policy is enforced for more than {ENFORCED_BY_V1}"
        )
    raise NotPlannableError(RuleId.REGISTRY_POLICY_SCOPE, message)


def _require_same_meaning(kept: Iterable[RegistryStatement], before: RegistryAccess) -> None:
    """Raise NotPlannableError where a kept statement would mean something else when written."""
    for one in kept:
        if isinstance(before.written, RegistryDocument) and registry_changes_meaning(
            before.written, one
        ):
            raise unwritable(one.statement)


def _kept(
    before: RegistryAccess, own: RegistryDocument, ownership: Ownership, prefix: ArnPrefix
) -> tuple[RegistryStatement, ...]:
    """Return the live statements of others, each once, without those that the file has itself."""
    if isinstance(before.written, Unreadable):
        if ownership.default == "remove":
            return ()
        raise NotPlannableError(
            RuleId.UNREADABLE_POLICY,
            f"the registry's policy is not understood ({before.written}), so it is unknown which "
            "statements to keep; repair it by hand, or write unmanaged: {registry_statements: "
            "remove}",
        )
    found = {
        registry_statement_key(one, prefix): one
        for one in kept_registry_statements(before.written.statements, ownership)
    }
    taken = {registry_statement_key(one, prefix) for one in own.statements}
    return tuple(one for key, one in found.items() if key not in taken)


def _facts(access: RegistryAccess, scope: RegistryScope) -> RegistryFacts:
    if isinstance(access.written, Unreadable):
        return {}
    return registry_facts_of(access.written.statements, scope.arn_prefix)


def _without_expired(
    facts: RegistryFacts, desired: DesiredRegistryPolicy, scope: RegistryScope
) -> RegistryFacts:
    expired = registry_grant_facts(desired.expired, scope.arn_prefix)
    left = {part: subtract_facts(own, expired.get(part, {})) for part, own in facts.items()}
    return {part: own for part, own in left.items() if own}


def _together(facts: RegistryFacts) -> Facts:
    together: Facts = {}
    for own in facts.values():
        together = add_facts(together, own)
    return together


def _risks(
    before: RegistryFacts, after: RegistryFacts, target: Target, names: DisplayNames
) -> Iterator[Risk]:
    """Yield the risks of what a change allows, for each pattern of repositories.

    On these it is judged with all that the policy says of repositories that include them.
    """
    held = HeldFacts(before), HeldFacts(after)
    known: dict[tuple[int, int], tuple[Risk, ...]] = {}
    for part in sorted(before.keys() | after.keys()):
        old, new = (side.on(part) for side in held)
        key = id(old), id(new)
        if key not in known:
            known[key] = find_risks(old, new, difference(old, new), target, names)
        for risk in known[key]:
            yield risk._replace(on=str(part))


def withheld(
    planned: PlannedRegistryPolicy, live: LiveRegistry, needing: Sequence[str]
) -> PlannedRegistryPolicy:
    """Return an error instead of a change: some repositories would lose what they are to keep."""
    more = f" and {len(needing) - 1:,} more" if len(needing) > 1 else ""
    message = (
        f"{needing[0]}{more}: the registry's policy gives access that the repository's own policy "
        "is to give instead, and no change of that can be planned; see the error on it"
    )
    error = PlanError(registry_target(live.scope), RuleId.NOT_CARRIED, message)
    plan = merge_plans([planned.plan, Plan(errors=(error,))])
    return PlannedRegistryPolicy(planned.before, planned.before, plan=plan)


class _Effect(NamedTuple):
    """What the registry's policy means on one live repository, before and after the plan."""

    repository: str
    before: Facts
    after: Facts


def settle(
    planned: PlannedRegistryPolicy,
    live: LiveRegistry,
    inputs: PlanInputs,
    own: Mapping[str, OwnAccess],
    relying: Collection[str],
) -> Plan:
    """Return the plan of the registry's policy, with what it comes to on the live repositories.

    `own` is what the policies of the repositories that were read mean. A grant counts once for each
    live repository that its Resource matches, and at least once; it is not revoked where the
    repository's own policy gives the same. A new Deny counts at least once for each that was not
    read. `relying` are the repositories whose changes rely on
    this one.
    """
    desired, before = inputs.registry_policy, planned.before
    if desired is None:
        return planned.plan
    effects = tuple(_effects(before, planned.after, live, desired))
    old = _without_expired(_facts(before, live.scope), desired, live.scope)
    unmatched = {part for part in old if not _matches_any(part, live)}
    live_grants = sum(count_live(NO_POLICY, one.before) for one in effects)
    live_grants += sum(count_live(NO_POLICY, old[part]) for part in unmatched)
    is_unreadable = isinstance(before.written, Unreadable)
    if isinstance(before.written, Unreadable):
        live_grants = count_live(before.written, {}) * max(1, len(live.names))
    change = planned.change
    if change is None:
        return replace(planned.plan, live_grants=live_grants)
    differing = [one for one in effects if one.before != one.after]
    revoked = sum(_revoked(one, own.get(one.repository)) for one in differing)
    revoked += count_revoked({}, _on_unmatched(change.lasting, live))
    revoked = live_grants if is_unreadable else revoked
    granted = sum(_granted(one, own.get(one.repository, _NOT_READ)) for one in differing)
    granted += count_granted({}, _on_unmatched(change.access, live))
    risks = {*change.risks, *_opened(differing, own)}
    if not granted:  # what only moves is not new to anybody
        risks = {risk for risk in risks if risk.name is not RuleId.NEW_ACCOUNT}
    settled = replace(
        change,
        risks=tuple(sorted(risks)),
        revoked=revoked,
        granted=granted,
        emptied=0 if gives_access(facts_of_policy(change.after)) or not revoked else live_grants,
        relies_on=tuple(
            Target(one.repository, live.scope)
            for one in differing
            if one.repository in own
            and one.repository not in relying
            and moves(uncovered_facts(one.before, by=one.after), own[one.repository])
        ),
    )
    return replace(planned.plan, changes=(settled,), live_grants=live_grants)


def moves(lost: Facts, other: OwnAccess) -> bool:
    """Whether another policy takes over some of what one loses: it has it after, and not before.

    Of a lost pattern of actions, it may take over a part.
    """
    gained = uncovered_facts(other.after, by=other.before)
    return uncovered_facts(lost, by=gained) != lost or uncovered_facts(gained, by=lost) != gained


def _effects(
    before: RegistryAccess,
    after: RegistryAccess,
    live: LiveRegistry,
    desired: DesiredRegistryPolicy,
) -> Iterator[_Effect]:
    """Yield what both policies mean on each live repository, without expired grants."""
    for name in live.names:
        target = Target(name, live.scope)
        expired = (g for pattern, of in desired.expired if glob_matches(pattern, name) for g in of)
        old = subtract_facts(before.beside(target).facts, grant_facts(expired))
        yield _Effect(name, old, after.beside(target).facts)


def _matches_any(part: Resources, live: LiveRegistry) -> bool:
    return any(part.include(Target(name, live.scope).arn) is not False for name in live.names)


def _on_unmatched(access: Iterable[AccessChange], live: LiveRegistry) -> Sequence[AccessChange]:
    return [one for one in access if one.on is not None and not _matches_any(one.on, live)]


def _revoked(effect: _Effect, read: OwnAccess | None) -> int:
    own = read or _NOT_READ
    after = add_facts(effect.after, _allowed(own.after))
    before = add_facts(effect.before, own.before)
    revoked = count_revoked(before, difference(effect.before, after))
    if read is None and uncovered_facts(_denied(effect.after), by=effect.before):
        return max(1, revoked)
    return revoked


def _granted(effect: _Effect, own: OwnAccess) -> int:
    before = add_facts(effect.before, _allowed(own.before))
    after = add_facts(effect.after, own.after)
    return count_granted(after, difference(before, effect.after))


def _allowed(facts: Facts) -> Facts:
    return {holder: actions for holder, actions in facts.items() if holder.effect == "Allow"}


def _opened(differing: Iterable[_Effect], own: Mapping[str, OwnAccess]) -> Iterator[Risk]:
    """Mark a repository whose own public statement a Deny of the registry's policy kept closed."""
    for one in differing:
        policy = own.get(one.repository, _NOT_READ)
        closed = uncovered_facts(_denied(one.before), by=one.after)
        if not closed or not policy.after:
            continue
        known = public_facts(add_facts(policy.before, one.before))
        opened = public_facts(add_facts(policy.after, one.after))
        for holder in uncovered_facts(opened, by=known):
            yield Risk(RuleId.PUBLIC, holder.principal, holder.condition, on=one.repository)


def _denied(facts: Facts) -> Facts:
    return {holder: actions for holder, actions in facts.items() if holder.effect == "Deny"}
