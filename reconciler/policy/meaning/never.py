"""`never` rules: who ends up with a tier that they must never have.

A rule is about somebody who is named, about everyone outside of some accounts, or about the
public. What can't be told counts as broken.

- Who is named ends up with what it is given itself; with what everyone is given, or everyone but
  some, unless the condition is sure to leave it out; and with what its whole account is given, for
  the account's admins may pass that on. Of an account or a role pattern each role, user and session
  in it counts; of an organization only those whose condition says that they are in it.
- Outside of some accounts is whoever is in another one, everyone and every service unless a
  condition bounds them to these accounts, and whoever has no account. An organization is outside,
  for accounts join it.
- The public ends up with what nothing bounds, as all statements together have it.

Whoever may set or delete the repository's policy may give itself any tier, so that breaks every
rule on it.

Conditions besides (a network, a date) may hold, so they make no difference. Only a Deny without a
condition takes away, of the very principal, its account or everyone. A deleted principal has
nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from reconciler.policy.language.actions import REWRITING_ACTIONS
from reconciler.policy.language.arn_patterns import account_of_pattern, account_of_source
from reconciler.policy.language.conditions import Clause, Condition, parse_operator
from reconciler.policy.language.glob import glob_matches, globs_intersect, has_wildcard
from reconciler.policy.language.principals import (
    Principal,
    account_of,
    arn_of,
    gone_kind,
    is_anyone,
    is_everyone,
)
from reconciler.policy.meaning.facts import Actions, Facts, Holder, NamedPrincipal, denied_to
from reconciler.policy.meaning.public import is_public, open_to_strangers
from reconciler.policy.meaning.reach import EQUALITIES, lies_within, names_of, reaches
from reconciler.policy.meaning.tiers import TierActions, amounts_to, can_rewrite, shares_any

_SOURCE_ARN = "aws:sourcearn"
_OF_SOURCE = frozenset({"aws:sourceaccount", _SOURCE_ARN})
_OF_CALLER = frozenset({"aws:principalaccount", "aws:principalarn"})


def is_outside(principal: Principal, condition: Condition, accounts: frozenset[str]) -> bool:
    """Tell whether who is given something under a condition may be outside of some accounts.

    A service is inside where it can act only for resources in these accounts, everyone where the
    caller or that resource is in them. Whoever has no account that can be told is outside.
    """
    if principal.kind == "Service":
        return not _is_bounded(condition, accounts, _OF_SOURCE)
    if is_everyone(principal):
        return not _is_bounded(condition, accounts, _OF_SOURCE | _OF_CALLER)
    return account_of(principal) not in accounts


def _is_bounded(condition: Condition, accounts: frozenset[str], keys: Iterable[str]) -> bool:
    return any(clause.key in keys and _lies_in(clause, accounts) for clause in condition)


def _lies_in(clause: Clause, accounts: frozenset[str]) -> bool:
    operator = parse_operator(clause.operator)
    if operator.base not in EQUALITIES or not operator.demands_key:
        return False
    account_of_value = account_of_source if clause.key == _SOURCE_ARN else account_of_pattern
    return all(
        value in accounts or account_of_value(value, operator.base) in accounts
        for value in clause.values
    )


class Outside(NamedTuple):
    """Everyone who is in none of these accounts (12 digits each)."""

    accounts: frozenset[str]


class NeverRule(NamedTuple):
    """A tier that certain principals must never have, and why.

    `repositories` are names and patterns; none: all repositories. The public is
    everyone without a condition.
    """

    tier: str
    actions: TierActions
    to: tuple[NamedPrincipal | Outside, ...]
    because: str
    repositories: tuple[str, ...] = ()

    def may_concern(self, repository: str) -> bool:
        """Tell whether the rule is about a repository, or about any that a pattern matches."""
        match = globs_intersect if has_wildcard(repository) else glob_matches
        return not self.repositories or any(match(own, repository) for own in self.repositories)


class Breach(NamedTuple):
    """Who breaks a rule, who is given what breaks it, and which actions are taken away again.

    `by_rewriting` tells that they do not hold the tier, but may rewrite the policy.
    """

    who: NamedPrincipal
    givers: tuple[Holder, ...]
    denied: Actions
    by_rewriting: bool = False


def find_breaches(rule: NeverRule, facts: Facts) -> tuple[Breach, ...]:
    """Give all that breaks a rule on one repository, sorted by who it is.

    Whoever is not named itself is left out where what others are given breaks the rule already.
    """
    allowing = {
        holder: actions
        for holder, actions in facts.items()
        if holder.effect == "Allow"
        and shares_any(rule.actions | REWRITING_ACTIONS, actions)
        and not gone_kind(holder.principal)
    }
    denying = {holder: actions for holder, actions in facts.items() if holder.effect == "Deny"}
    found: dict[tuple[object, ...], Breach] = {}
    holders = _holders(allowing)
    for one in rule.to if allowing else ():
        giving = _open(facts, rule) if _is_the_public(one) else allowing
        for who, givers in _parties(one, holders if giving is allowing else _holders(giving)):
            denied = denied_to(who.principal, denying) if denying else frozenset()
            own = tuple(holder for holder in givers if holder.principal == who.principal)
            for enough in (givers,) if who is one else (own, givers):
                held = frozenset[str]().union(*(giving[holder] for holder in enough))
                amounts = amounts_to(rule.actions, held, denied)
                if amounts or can_rewrite(held, denied):
                    found.setdefault(who[:2], Breach(who, enough, denied, not amounts))
                    break
    named = frozenset(rule.to)
    enough_for_one = {frozenset(breach.givers) for breach in found.values()}
    left = (b for b in found.values() if b.who in named or not _follows(b, enough_for_one))
    return tuple(sorted(left, key=lambda breach: breach.who[:2]))


def _follows(breach: Breach, from_: Collection[frozenset[Holder]]) -> bool:
    """Tell whether a part of what breaks the rule here breaks it for somebody else alone."""
    if all(giver.principal == breach.who.principal for giver in breach.givers):
        return False
    own = frozenset(breach.givers)
    return any(other < own for other in from_)


class _Holders(NamedTuple):
    """Those who are given something, all and as they are looked for.

    `anyone` are the principals that stand for many in any account.
    """

    all: Collection[Holder]
    by_account: Mapping[str | None, Sequence[Holder]]
    sessions: Mapping[str | None, Sequence[Holder]]
    by_principal: Mapping[Principal, Sequence[Holder]]
    anyone: Sequence[Principal]

    def near(self, one: NamedPrincipal) -> Iterable[Holder]:
        """Give those who may lie within somebody: a role takes in its sessions, in its account."""
        account = account_of(one.principal)
        if account is None:
            return self.all
        many = one.principal.names[0].endswith(":root")
        return (self.by_account if many else self.sessions).get(account, ())


def _holders(giving: Collection[Holder]) -> _Holders:
    by_account: defaultdict[str | None, list[Holder]] = defaultdict(list)
    sessions: defaultdict[str | None, list[Holder]] = defaultdict(list)
    by_principal: defaultdict[Principal, list[Holder]] = defaultdict(list)
    for holder in giving:
        account = account_of(holder.principal)
        by_account[account].append(holder)
        if ":sts:" in "".join(holder.principal.names):
            sessions[account].append(holder)
        by_principal[holder.principal].append(holder)
    anyone = [principal for principal in by_principal if is_anyone(principal)]
    return _Holders(giving, by_account, sessions, by_principal, anyone)


def _parties(
    one: NamedPrincipal | Outside, holders: _Holders
) -> Iterator[tuple[NamedPrincipal, tuple[Holder, ...]]]:
    """Give each whom a rule speaks of, with the holders whose actions may be theirs."""
    parties: Iterable[NamedPrincipal]
    if isinstance(one, Outside):
        outside = [h for h in holders.all if is_outside(h.principal, h.condition, one.accounts)]
        holders, parties = _holders(outside), map(_as_named_there, outside)
    elif _is_the_public(one):
        parties = (NamedPrincipal(holder.principal) for holder in holders.all)
    else:
        within = (h for h in holders.near(one) if lies_within(h.principal, h.condition, one))
        parties = (one, *(NamedPrincipal(h.principal, one.condition) for h in within))
    for who in dict.fromkeys(parties):
        names = names_of(who.principal)
        near = holders.by_principal if names is None else dict.fromkeys((*names, *holders.anyone))
        these = (holder for name in near for holder in holders.by_principal.get(name, ()))
        yield who, tuple(h for h in these if reaches(h.principal, h.condition, who))


def _is_the_public(one: NamedPrincipal | Outside) -> bool:
    return isinstance(one, NamedPrincipal) and is_public(one.principal, one.condition)


def _open(facts: Facts, rule: NeverRule) -> Facts:
    """Give what strangers are allowed, of what shares an action with the rule."""
    wanted = rule.actions | REWRITING_ACTIONS
    return {h: held for h, held in open_to_strangers(facts).items() if shares_any(wanted, held)}


def _as_named_there(holder: Holder) -> NamedPrincipal:
    """Say who an outsider is: one principal, or all of many who share a condition."""
    if arn_of(holder.principal):
        return NamedPrincipal(holder.principal)
    return NamedPrincipal(holder.principal, holder.condition)
