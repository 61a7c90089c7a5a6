"""What a consumer needs in its own account to use the access that the file grants it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.desired import current_facts, entries_by_name, entries_for
from reconciler.access_file.explain import statements_about
from reconciler.access_file.model import AccessFile, Entry, Registry
from reconciler.errors import Status, UsageError
from reconciler.policy import (
    EVERYONE,
    KNOWN_ACTIONS,
    NO_CONDITION,
    ONLY_FOR_MEMBERS,
    ONLY_FOR_SERVICES,
    Action,
    Actions,
    Condition,
    Denial,
    GlobIndex,
    Holder,
    NamedPrincipal,
    Tiers,
    account_of,
    always_holds,
    caller_of,
    compute_loss,
    display_holder,
    expand_actions,
    glob_matches,
    globs_intersect,
    has_wildcard,
    includes_action,
    is_account,
    known_of_requests,
    may_overlap,
    reaches,
    reduce_facts,
    requires_key,
    uncovered_actions,
)
from reconciler.printable import quoted, some_of
from reconciler.registry.consumer_permissions import (
    ConsumerAccess,
    Doubt,
    Need,
    managed_policies,
)
from reconciler.registry.permissions import IdentityPolicy, PermissionScope
from reconciler.workflow.file.source import AccessSource
from reconciler.workflow.questions.asked import find_in_parts
from reconciler.workflow.questions.similar_principals import similar_principals

_PRINCIPAL_ARN = frozenset({"aws:principalarn"})

Held = Mapping[Condition, frozenset[str]]
"""Actions, by the condition that requests have to meet besides being the subject's."""


@dataclass(frozen=True, slots=True)
class ConsumerPolicies:
    """The managed policies that a principal needs in its own account, and what to know of them.

    `by_partition` has those for the principal in each partition of the registries. There is none
    where the file grants the principal nothing, and for services, which need none: `services` are
    those that the principal stands for. `similar` are the names and ARNs of the file that are close
    to a principal that it does not have. `registries` are those that give it access, and `tiers`
    those of the file.
    """

    principal: str
    by_partition: Mapping[str, tuple[IdentityPolicy, ...]]
    access: ConsumerAccess
    services: tuple[str, ...]
    registries: tuple[Registry, ...]
    tiers: Tiers
    similar: tuple[str, ...] = ()

    @property
    def policies(self) -> tuple[IdentityPolicy, ...]:
        """The policies of all partitions, in their order."""
        return tuple(policy for own in self.by_partition.values() for policy in own)

    @property
    def statuses(self) -> frozenset[Status]:
        """DIFFERS where the file grants the principal nothing."""
        is_granted = self.policies or self.services
        return frozenset[Status]() if is_granted else frozenset({Status.DIFFERS})


class _Grant(NamedTuple):
    """Actions that the subject has on one repository; `delegated` if its account has them."""

    actions: frozenset[str]
    condition: Condition
    delegated: bool


_Fact = tuple[Holder, Actions]


class _Found(NamedTuple):
    """What a repository's entries give the subject, and the Denies that may apply to it."""

    grants: tuple[_Grant, ...]
    denials: tuple[Denial, ...]


def consumer_policies(source: AccessSource, principal: str) -> ConsumerPolicies:
    """Return the identity policies that a principal needs to use what the file grants it.

    `principal` is a name of the file, an ARN, an account's id or name, or a service. An account
    stands for all its principals, and has what is granted to it as a whole. Raises ArgumentError
    for an unknown principal and one of another partition, UsageError for a name of principals with
    different access.
    """
    asked = find_in_parts(source, principal)
    access, members = next(pair for pair in zip(source.parts, asked, strict=True) if pair[1])
    services = tuple(one.principal.names[0] for one in members if one.principal.kind == "Service")
    found = [
        (part, _part_access(part, principal, _without_services(own), source.now))
        for part, own in zip(source.parts, asked, strict=True)
    ]
    giving = [(part.registry, one.needs) for part, one in found if one.needs]
    tiers = {name: tier for part in source.parts for name, tier in part.tiers.items()}
    return ConsumerPolicies(
        principal,
        _policies(giving, tiers),
        _together([one for _, one in found]),
        services,
        tuple(registry for registry, _ in giving),
        tiers,
        () if services else similar_principals(access, principal),
    )


def _without_services(members: Iterable[NamedPrincipal]) -> list[NamedPrincipal]:
    return [one for one in members if one.principal.kind != "Service"]


def _part_access(
    access: AccessFile, principal: str, members: Sequence[NamedPrincipal], now: datetime
) -> ConsumerAccess:
    """Return the access of a principal's members in one registry, which has to be the same."""
    found = [consumer_access(access, _subject(one), now) for one in members]
    if len({one.needs for one in found}) > 1:
        raise _several(principal, members)
    return _together(found)


def _together(found: Sequence[ConsumerAccess]) -> ConsumerAccess:
    """Return the access of several consumers, or in several registries, as one."""
    return ConsumerAccess(
        needs=tuple(dict.fromkeys(need for one in found for need in one.needs)),
        doubts=tuple(dict.fromkeys(doubt for one in found for doubt in one.doubts)),
        delegated=tuple(dict.fromkeys(name for one in found for name in one.delegated)),
        exceeded=tuple(dict.fromkeys(name for one in found for name in one.exceeded)),
        may_be_local=any(one.may_be_local for one in found),
    )


def _policies(
    giving: Iterable[tuple[Registry, Sequence[Need]]], tiers: Tiers
) -> dict[str, tuple[IdentityPolicy, ...]]:
    """Return the policies by partition: a principal is in one, and so is what its policy names."""
    needs: defaultdict[str, list[tuple[PermissionScope, Sequence[Need]]]] = defaultdict(list)
    for registry, own in giving:
        scope = PermissionScope(registry.partition, registry.account, registry.regions)
        needs[registry.partition].append((scope, own))
    return {partition: managed_policies(own, tiers) for partition, own in needs.items()}


def consumer_access(access: AccessFile, subject: NamedPrincipal, now: datetime) -> ConsumerAccess:
    """Return what the file grants a role, a user, an account, an organization or everyone.

    The subject's condition is who it is: an organization, or a pattern of roles. In the registry's
    own account an identity policy gives access without any repository policy, so the needs of a
    subject that may be there keep their conditions. What the registry's own policy carries counts
    as what the repositories' policies do.
    """
    registry = access.registry
    known = known_of_requests(registry.account, registry.regions, now)
    facts = {entry.repository: _facts_for(entry, subject, now) for entry in access.entries}
    combined = dict(entries_by_name(access, None))
    combined |= {n: entries_for(access, n) for n in _named_by_registry(access) - combined.keys()}
    found = {
        name: _found(
            [
                *(fact for one in entries for fact in facts[one.repository]),
                *_reaching(_registry_facts(access, name), subject),
            ],
            subject,
            known,
        )
        for name, entries in sorted(combined.items())
    }
    all_held = {name: _held(one.grants) for name, one in found.items()}
    may_be_local = account_of(subject.principal) in (None, registry.account)
    needed = all_held if may_be_local else {n: _without_conditions(h) for n, h in all_held.items()}
    return ConsumerAccess(
        needs=tuple(_needs(needed)),
        doubts=tuple(
            doubt
            for name, one in found.items()
            for doubt in _doubts(name, all_held[name], one.denials, subject, known)
        ),
        delegated=tuple(name for name, one in found.items() if _is_delegated(one.grants)),
        exceeded=tuple(_exceeded(needed, found, registry.probe_repository)),
        may_be_local=may_be_local,
    )


def _facts_for(entry: Entry, subject: NamedPrincipal, now: datetime) -> tuple[_Fact, ...]:
    """Return what an entry allows or denies that may reach the subject, which is no service."""
    facts = current_facts(entry, now)
    return tuple(_reaching(((fact.holder, fact.actions) for fact in facts), subject))


def _reaching(facts: Iterable[_Fact], subject: NamedPrincipal) -> Iterator[_Fact]:
    return (
        (holder, actions)
        for holder, actions in facts
        if reaches(holder.principal, holder.condition, subject)
        and not requires_key(holder.condition, ONLY_FOR_SERVICES)
    )


def _registry_facts(access: AccessFile, name: str) -> Iterator[_Fact]:
    """Yield what raw statements of the registry's policy say of a repository or pattern.

    A Deny counts only where it is about it for certain, in each region.
    """
    for placed, is_certain in statements_about(access, name, access.registry.scopes):
        one = placed.statement.statement
        if is_certain or one.effect == "Allow":
            for principal in one.principals:
                yield Holder(principal, one.effect, one.condition), one.actions


def _named_by_registry(access: AccessFile) -> frozenset[str]:
    """Return the names and patterns that raw statements of the registry's policy give access to."""
    return frozenset(
        name
        for placed in access.registry_statements
        if placed.statement.statement.effect == "Allow"
        for scope in access.registry.scopes
        for name in placed.statement.resources.names(scope.arn_prefix, certain=True)
    )


def _found(
    facts: Iterable[tuple[Holder, Actions]], subject: NamedPrincipal, known: Condition
) -> _Found:
    by_effect: defaultdict[str, list[tuple[Holder, Actions]]] = defaultdict(list)
    for holder, actions in facts:
        by_effect[holder.effect].append((holder, actions))
    denials = tuple(
        Denial(frozenset({holder.principal}), actions, holder.condition)
        for holder, actions in by_effect["Deny"]
    )
    grants = (
        _Grant(
            _left(holder, actions, denials, subject, known),
            _open_clauses(holder.condition, subject, known),
            is_account(holder.principal) and holder.principal != subject.principal,
        )
        for holder, actions in by_effect["Allow"]
    )
    return _Found(tuple(grant for grant in grants if grant.actions), denials)


def _left(
    holder: Holder,
    actions: Actions,
    denials: Iterable[Denial],
    subject: NamedPrincipal,
    known: Condition,
) -> frozenset[str]:
    """Return the actions without those that a Deny certainly takes away from the subject."""
    condition = tuple(sorted({*holder.condition, *subject.condition}))
    own = Holder(subject.principal, "Allow", condition)
    left = frozenset(name for action in actions for name in _names(action))
    for denial in denials:
        loss = compute_loss(own, left, denial, known) if left else None
        if loss is not None:
            left = frozenset(name for action in left for name in _outside(action, loss.actions))
    return left


def _names(action: Action) -> Iterable[str]:
    """Return an action, or the known actions of one that an identity policy does not express."""
    if isinstance(action, str) and action.startswith("ecr:"):
        return (action,)
    return (name for name in KNOWN_ACTIONS if includes_action(frozenset({action}), name))


def _outside(action: str, denied: Actions) -> Iterable[str]:
    """Return an action if it is not denied; of a pattern, the known actions that are not."""
    if not may_overlap(frozenset({action}), denied):
        return (action,)
    names = expand_actions([action]) if has_wildcard(action) else ()
    return (name for name in names if not includes_action(denied, name))


def _open_clauses(condition: Condition, subject: NamedPrincipal, known: Condition) -> Condition:
    """Return the clauses that do not certainly hold in each request of the subject."""
    caller, certain = caller_of(subject.principal), (*subject.condition, *known)
    return tuple(clause for clause in condition if not always_holds(clause, certain, caller))


def _held(grants: Iterable[_Grant]) -> Held:
    """Return the actions by condition, without what is held without a condition already."""
    facts = defaultdict[Holder, frozenset[Action]](frozenset)
    for grant in grants:
        facts[Holder(EVERYONE, "Allow", grant.condition)] |= grant.actions
    return {
        holder.condition: frozenset(a for a in actions if isinstance(a, str))
        for holder, actions in reduce_facts(facts).items()
    }


def _without_conditions(held: Held) -> Held:
    return _held(_Grant(actions, NO_CONDITION, delegated=False) for actions in held.values())


def _needs(held: Mapping[str, Held]) -> Iterator[Need]:
    """Yield what each name needs; not what the patterns that match all of it need already."""
    patterns = {name: own for name, own in held.items() if has_wildcard(name)}
    index = GlobIndex(patterns)
    for name, own in held.items():
        covering = tuple(_covering(name, index))
        for condition, actions in sorted(own.items()):
            by = (patterns[p].get(condition, ()) for p in covering)
            if uncovered_actions(actions, frozenset[Action]().union(*by)):
                yield Need(name, actions, condition)


def _covering(name: str, index: GlobIndex) -> Iterable[str]:
    """Return the patterns that match a repository, or all that another pattern matches, and more.

    Of two patterns that match the same, neither is left out.
    """
    return (p for p in index.matching(name) if not glob_matches(name, p))


def _exceeded(
    held: Mapping[str, Held], found: Mapping[str, _Found], probe: str | None
) -> Iterator[str]:
    """Yield the names that have less access than the ARN of a pattern gives, and where a Deny may.

    A Deny of one pattern may be about repositories that another pattern's ARN matches, too.
    """
    patterns = {name: own for name, own in held.items() if has_wildcard(name)}
    index = GlobIndex(patterns)
    names = {*held, *([probe] if probe else [])} - patterns.keys()
    for name in sorted(names):
        own = held.get(name, {})
        if any(_adds(patterns[pattern], own) for pattern in index.matching(name)):
            yield name
    for name in sorted(name for name in patterns if found[name].denials):
        others = (p for p in patterns if p != name and globs_intersect(p, name))
        given = _all_actions(patterns[other] for other in others)
        if any(may_overlap(given, denial.actions) for denial in found[name].denials):
            yield name


def _adds(held: Held, to: Held) -> bool:
    """Whether what is held is more than something else, under the same condition or without any."""
    free = to.get(NO_CONDITION, frozenset())
    return any(
        uncovered_actions(actions, free | to.get(condition, frozenset()))
        for condition, actions in held.items()
    )


def _all_actions(held: Iterable[Held]) -> Actions:
    return frozenset[Action]().union(*(actions for one in held for actions in one.values()))


def _doubts(
    name: str,
    held: Held,
    denials: Iterable[Denial],
    subject: NamedPrincipal,
    known: Condition,
) -> Iterator[Doubt]:
    """Yield what is allowed under a condition, and what a Deny may take away."""
    for condition, actions in sorted(held.items()):
        if condition:
            yield Doubt(name, "Allow", actions, condition)
    for denial in denials:
        if may_overlap(_all_actions([held]), denial.actions):
            condition = _open_clauses(denial.condition, subject, known)
            yield Doubt(name, "Deny", denial.actions, condition)


def _is_delegated(grants: Iterable[_Grant]) -> bool:
    """Whether the account has actions that the subject does not have by itself."""
    own, of_account = list[str](), list[str]()
    for grant in grants:
        (of_account if grant.delegated else own).extend(grant.actions)
    return bool(uncovered_actions(frozenset(of_account), frozenset(own)))


def _subject(named: NamedPrincipal) -> NamedPrincipal:
    """Return a principal with the part of its condition that says who it is."""
    keys = ONLY_FOR_MEMBERS if named.principal == EVERYONE else _PRINCIPAL_ARN
    return NamedPrincipal(named.principal, tuple(c for c in named.condition if c.key in keys))


def _several(name: str, members: Iterable[NamedPrincipal]) -> UsageError:
    shown = (
        one.name if one.name not in (None, name) else display_holder(one.principal, one.condition)
        for one in members
    )
    names = dict.fromkeys(label for label in shown if label)
    message = f"{quoted(name)} stands for several principals, and their access differs"
    return UsageError(message, hint=f"ask for one of them: {some_of(names)}")
