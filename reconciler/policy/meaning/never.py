"""`never` rules: who has a tier that they must never have.

A rule is about a named subject, about everyone outside of some accounts, or about the public. What
is unknown counts as a violation.

- A named subject has what is granted to itself; what is granted to everyone, or everyone except
  some, unless the condition certainly excludes it; and what is granted to its whole account, whose
  admins may pass it on. For an account or a role pattern each role, user and session in it counts;
  for an organization only those whose condition states that they are in it.
- Outside of some accounts are principals of other accounts, everyone and every service unless a
  condition bounds them to these accounts, and principals without an account. An organization is
  outside, because accounts join it.
- The public has what nothing bounds, by all statements together.

A principal that may set or delete the repository's policy may give itself any tier, so it violates
every rule on the repository.

Other conditions (a network, a date) may hold, so they make no difference. Only a Deny without a
condition takes access away, from the principal itself, its account or everyone. A deleted principal
has nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.policy.language.actions import REWRITING_ACTIONS
from reconciler.policy.language.condition_keys import ACCOUNT_KEYS, SOURCE_ARN
from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.glob import glob_matches, globs_intersect, has_wildcard
from reconciler.policy.language.principals import (
    Principal,
    account_of,
    arn_of,
    deleted_kind,
    is_everyone,
    is_open_ended,
)
from reconciler.policy.meaning.bounds import accounts_of
from reconciler.policy.meaning.callers import lies_within, names_of, reaches
from reconciler.policy.meaning.facts import Actions, Facts, Holder, NamedPrincipal, denied_to
from reconciler.policy.meaning.public import is_public, public_facts
from reconciler.policy.meaning.tiers import TierActions, can_rewrite, may_overlap, violates_tier

_SOURCE_KEYS = frozenset({SOURCE_ARN, ACCOUNT_KEYS[SOURCE_ARN]})


def is_outside(principal: Principal, condition: Condition, accounts: frozenset[str]) -> bool:
    """Whether a principal under a condition may be outside of some accounts.

    A service is inside where it can act only for resources in these accounts, everyone where the
    caller or that resource is in them. A principal whose account is unknown is outside.
    """
    if principal.kind != "Service" and not is_everyone(principal):
        return account_of(principal) not in accounts
    by_source = principal.kind == "Service"
    clauses = (c for c in condition if not by_source or c.key in _SOURCE_KEYS)
    return not any(named and accounts.issuperset(named) for named in map(accounts_of, clauses))


class Outside(NamedTuple):
    """Everyone who is in none of these accounts (12 digits each)."""

    accounts: frozenset[str]


class NeverRule(NamedTuple):
    """A tier that certain principals must never have, and why.

    `repositories` are names and patterns; none means all repositories. The public is everyone
    without a condition.
    """

    tier: str
    actions: TierActions
    to: tuple[NamedPrincipal | Outside, ...]
    because: str
    repositories: tuple[str, ...] = ()

    def may_concern(self, repository: str) -> bool:
        """Whether the rule is about a repository, or about any that a pattern matches."""
        match = globs_intersect if has_wildcard(repository) else glob_matches
        return not self.repositories or any(match(own, repository) for own in self.repositories)


class Violation(NamedTuple):
    """A subject that violates a rule, the holders of its actions, and the actions denied to it.

    `by_rewriting`: the subject does not have the tier, but may rewrite the policy.
    """

    subject: NamedPrincipal
    holders: tuple[Holder, ...]
    denied: Actions
    by_rewriting: bool = False


def find_violations(rule: NeverRule, facts: Facts) -> tuple[Violation, ...]:
    """Return all violations of a rule on one repository, sorted by subject.

    A subject that the rule does not name is left out where the grants of others alone are a
    violation already.
    """
    living = {h: held for h, held in facts.items() if not deleted_kind(h.principal)}
    allowing = _related({h: held for h, held in living.items() if h.effect == "Allow"}, rule)
    denying = {h: held for h, held in facts.items() if h.effect == "Deny"}
    found: dict[tuple[object, ...], Violation] = {}
    index = _index(allowing)
    for one in rule.to if allowing else ():
        granting = _related(public_facts(facts), rule) if _is_public(one) else allowing
        for subject, holders in _subjects(one, index if granting is allowing else _index(granting)):
            denied = denied_to(subject.principal, denying) if denying else frozenset()
            own = tuple(holder for holder in holders if holder.principal == subject.principal)
            for enough in (holders,) if subject is one else (own, holders):
                held = frozenset[str]().union(*(granting[holder] for holder in enough))
                has_tier = violates_tier(rule.actions, held, denied)
                if has_tier or can_rewrite(held, denied):
                    violation = Violation(subject, enough, denied, not has_tier)
                    found.setdefault(subject[:2], violation)
                    break
    named = frozenset(rule.to)
    enough_alone = {frozenset(violation.holders) for violation in found.values()}
    left = (v for v in found.values() if v.subject in named or not _follows(v, enough_alone))
    return tuple(sorted(left, key=lambda violation: violation.subject[:2]))


def _follows(violation: Violation, enough_alone: Collection[frozenset[Holder]]) -> bool:
    """Whether a part of the violation's holders is a violation of another subject already."""
    if all(holder.principal == violation.subject.principal for holder in violation.holders):
        return False
    own = frozenset(violation.holders)
    return any(other < own for other in enough_alone)


class _HolderIndex(NamedTuple):
    """The holders of a policy by what they are looked up with; `open_ended` stand for many."""

    all: Collection[Holder]
    by_account: Mapping[str | None, Sequence[Holder]]
    sessions: Mapping[str | None, Sequence[Holder]]
    by_principal: Mapping[Principal, Sequence[Holder]]
    open_ended: Sequence[Principal]

    def near(self, subject: NamedPrincipal) -> Iterable[Holder]:
        """Return the holders that may be within a subject, such as a role's sessions."""
        account = account_of(subject.principal)
        if account is None:
            return self.all
        is_account = subject.principal.names[0].endswith(":root")
        return (self.by_account if is_account else self.sessions).get(account, ())


def _index(holders: Collection[Holder]) -> _HolderIndex:
    by_account: defaultdict[str | None, list[Holder]] = defaultdict(list)
    sessions: defaultdict[str | None, list[Holder]] = defaultdict(list)
    by_principal: defaultdict[Principal, list[Holder]] = defaultdict(list)
    for holder in holders:
        account = account_of(holder.principal)
        by_account[account].append(holder)
        if ":sts:" in "".join(holder.principal.names):
            sessions[account].append(holder)
        by_principal[holder.principal].append(holder)
    open_ended = [principal for principal in by_principal if is_open_ended(principal)]
    return _HolderIndex(holders, by_account, sessions, by_principal, open_ended)


def _subjects(
    one: NamedPrincipal | Outside, index: _HolderIndex
) -> Iterator[tuple[NamedPrincipal, tuple[Holder, ...]]]:
    """Return each subject of a rule's entry, with the holders whose grants may reach it."""
    subjects: Iterable[NamedPrincipal]
    if isinstance(one, Outside):
        outside = [h for h in index.all if is_outside(h.principal, h.condition, one.accounts)]
        index, subjects = _index(outside), map(_outsider, outside)
    elif _is_public(one):
        subjects = (NamedPrincipal(holder.principal) for holder in index.all)
    else:
        within = (h for h in index.near(one) if lies_within(h.principal, h.condition, one))
        subjects = (one, *(NamedPrincipal(h.principal, one.condition) for h in within))
    for subject in dict.fromkeys(subjects):
        names = names_of(subject.principal)
        near = index.by_principal if names is None else dict.fromkeys((*names, *index.open_ended))
        found = (holder for name in near for holder in index.by_principal.get(name, ()))
        yield subject, tuple(h for h in found if reaches(h.principal, h.condition, subject))


def _is_public(one: NamedPrincipal | Outside) -> bool:
    return isinstance(one, NamedPrincipal) and is_public(one.principal, one.condition)


def _related(facts: Facts, rule: NeverRule) -> Facts:
    """Return the facts that may share an action with the rule, or rewrite the policy."""
    actions = rule.actions | REWRITING_ACTIONS
    return {holder: held for holder, held in facts.items() if may_overlap(actions, held)}


def _outsider(holder: Holder) -> NamedPrincipal:
    """Return an outside holder as a subject: one principal, or all who share its condition."""
    return NamedPrincipal(holder.principal, () if arn_of(holder.principal) else holder.condition)
