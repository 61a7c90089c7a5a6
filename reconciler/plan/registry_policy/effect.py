"""What a change of the registry's own policy comes to on the live repositories, and its order.

Access adds up over both policies: what one gives up and the other gives is lost by nobody, if what
gives it is written first.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from reconciler.model.access import DesiredRegistryPolicy, grant_facts
from reconciler.model.registry import LiveRegistry, Target
from reconciler.model.rules import RuleId
from reconciler.plan.counts import count_granted, count_live, count_revoked, gives_access
from reconciler.plan.desired_policy import PlanInputs
from reconciler.plan.model import Plan, Risk
from reconciler.plan.registry_policy.access import RegistryAccess, read_registry_access
from reconciler.plan.registry_policy.change import (
    PlannedRegistryPolicy,
    lasting_facts,
    plan_registry_policy,
)
from reconciler.policy import (
    NO_POLICY,
    AccessChange,
    Facts,
    Resources,
    Unreadable,
    add_facts,
    difference,
    facts_of_policy,
    glob_matches,
    public_facts,
    subtract_facts,
    uncovered_facts,
)


class OwnAccess(NamedTuple):
    """What a repository's own policy means before and after the plan."""

    before: Facts
    after: Facts


_NOT_READ = OwnAccess({}, {})


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
    read. `relying` are the repositories whose changes rely on this one.
    """
    desired, before = inputs.registry_policy, planned.before
    if desired is None:
        return planned.plan
    effects = tuple(_effects(before, planned.after, live, desired))
    old = lasting_facts(before, desired, live.scope)
    unmatched = {part for part in old if not _matches_any(part, live)}
    if isinstance(before.written, Unreadable):
        live_grants = count_live(before.written, {}) * max(1, len(live.names))
    else:
        live_grants = sum(count_live(NO_POLICY, one.before) for one in effects)
        live_grants += sum(count_live(NO_POLICY, old[part]) for part in unmatched)
    change = planned.change
    if change is None:
        return planned.plan._replace(live_grants=live_grants)
    differing = [one for one in effects if one.before != one.after]
    revoked = sum(_revoked(one, own.get(one.repository)) for one in differing)
    revoked += count_revoked({}, _on_unmatched(change.lasting, live))
    revoked = live_grants if isinstance(before.written, Unreadable) else revoked
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
    return planned.plan._replace(changes=(settled,), live_grants=live_grants)


def touched_repositories(live: LiveRegistry, inputs: PlanInputs) -> frozenset[str]:
    """Return the live repositories on which the plan changes what the registry's policy means.

    Of the registry, only its own policy and the names of its repositories need be known.
    """
    desired = inputs.registry_policy
    if desired is None:
        return frozenset()
    planned = plan_registry_policy(live, read_registry_access(live), inputs)
    effects = _effects(planned.before, planned.after, live, desired)
    return frozenset(one.repository for one in effects if one.before != one.after)


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
