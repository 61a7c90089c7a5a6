"""Access as plain data: what a file asks for, the names it has, and how two policies compare."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from reconciler.errors import Status
from reconciler.model.registry import RegistryScope, RepositorySettings
from reconciler.policy import (
    BUILT_IN_TIERS,
    SERVICE_TIER,
    AccessChange,
    ArnPrefix,
    Condition,
    Facts,
    Holder,
    NamedPrincipal,
    Principal,
    RegistryFacts,
    Tiers,
    Unreadable,
    compile_policy,
    display_holder,
    facts_by_pattern,
    reduce_facts,
)


class Grant(NamedTuple):
    """One principal with one tier on a repository.

    `condition` includes the principal's own condition, the grant's `when`, and `until`, which is
    also a time of its own (UTC, to the second). `name` is the principal's name in the file, if any.
    """

    principal: Principal
    name: str | None
    tier: str
    actions: frozenset[str]
    condition: Condition
    until: datetime | None = None


class Desired(NamedTuple):
    """What the file asks for on one repository.

    `expired` are the grants whose `until` has passed; they are not part of the policy. `statements`
    are raw statements (JSON objects), sent as they are. `by_registry` are the grants that the
    registry's own policy carries (`via: registry-policy`), without expired ones.
    """

    repository: str
    grants: tuple[Grant, ...] = ()
    expired: tuple[Grant, ...] = ()
    statements: tuple[Mapping[str, object], ...] = ()
    by_registry: tuple[Grant, ...] = ()


GrantsByPattern = tuple[tuple[str, tuple[Grant, ...]], ...]
"""Grants that the registry's own policy carries, by the pattern that has them; sorted."""


class DesiredRegistryPolicy(NamedTuple):
    """What the file asks for in the registry's own policy: grants by the pattern that has them.

    A pattern is one of names (`payments/*`, `*`); `statements` are raw statements, each with its
    Resource.
    """

    grants: GrantsByPattern = ()
    expired: GrantsByPattern = ()
    statements: tuple[Mapping[str, object], ...] = ()


class DesiredTemplate(NamedTuple):
    """A creation template that the file asks for.

    `pattern` is the entry's key, `prefix` the template's (`payments`, `ROOT`). `access` is what
    each new repository under it is to have. `settings` are those of a template that is made; None
    for the service's own. `applied_for` are the service's words, sorted. `role` is the ARN of the
    role that ECR assumes to make repositories by it (customRoleArn); None for none.
    """

    pattern: str
    prefix: str
    applied_for: tuple[str, ...]
    access: Desired
    settings: RepositorySettings | None = None
    role: str | None = None


def grant_facts(grants: Iterable[Grant]) -> Facts:
    """Return what some grants allow, without facts that others among them cover."""
    collected: dict[Holder, frozenset[str]] = {}
    for grant in grants:
        holder = Holder(grant.principal, "Allow", grant.condition)
        collected[holder] = collected.get(holder, frozenset()) | grant.actions
    return reduce_facts(collected)


def compile_template_policy(access: Desired, tiers: Tiers) -> str | None:
    """Compile the policy of a creation template as it would be sent; None for no policy.

    All of it is the file's, so it need not be recognized by Sids.
    """
    return compile_policy(grant_facts(access.grants), access.statements, tiers)


def registry_grant_facts(grants: GrantsByPattern, prefix: ArnPrefix) -> RegistryFacts:
    """Return what grants by pattern allow in a registry, without what a wider pattern has too."""
    return facts_by_pattern(((pattern, grant_facts(own)) for pattern, own in grants), prefix)


@dataclass(frozen=True)
class DisplayNames:
    """The tiers and names of one access file; `accounts` maps ids to names.

    `registries` are the names of several registries, in their order; empty where there is one.
    `left_out` are the names of those that a result is not about.
    """

    tiers: Tiers = field(default_factory=lambda: BUILT_IN_TIERS)
    principals: tuple[NamedPrincipal, ...] = ()
    accounts: Mapping[str, str] = field(default_factory=dict)
    registries: Mapping[RegistryScope, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def tiers_of(self, principal: Principal) -> Tiers:
        """Return the tiers that may describe what a principal has."""
        return self.tiers if principal.kind == "Service" else self._tiers_without_services

    def find(self, principal: Principal, condition: Condition) -> NamedPrincipal | None:
        """Return the principal with the most clauses that matches under a condition, if any."""
        for named in self._by_principal.get(principal, ()):
            if set(named.condition) <= set(condition):
                return named
        return None

    def name_of(self, principal: Principal, condition: Condition) -> str | None:
        """Return the name of the principal that `find` returns, if any."""
        named = self.find(principal, condition)
        return named.name if named else None

    def label(self, principal: Principal, condition: Condition) -> str:
        """Return the name of a principal, or else the principal as in IAM."""
        return self.name_of(principal, condition) or display_holder(principal, condition)

    @cached_property
    def _tiers_without_services(self) -> Tiers:
        return {name: tier for name, tier in self.tiers.items() if name != SERVICE_TIER}

    @cached_property
    def _by_principal(self) -> Mapping[Principal, Sequence[NamedPrincipal]]:
        found: defaultdict[Principal, list[NamedPrincipal]] = defaultdict(list)
        for named in sorted(self.principals, key=lambda n: (-len(n.condition), n.name or "")):
            found[named.principal].append(named)
        return found


class UnreadableDocument(NamedTuple):
    """A document that is not a policy, and why."""

    name: str
    policy: Unreadable


class Comparison(NamedTuple):
    """What leads from the left document to the right one; empty where they mean the same.

    Where one is unreadable nothing is known of the access.
    """

    left: str
    right: str
    access: tuple[AccessChange, ...]
    unreadable: tuple[UnreadableDocument, ...]

    @property
    def statuses(self) -> frozenset[Status]:
        """INVALID where a document is unreadable, DIFFERS where the access does."""
        if self.unreadable:
            return frozenset({Status.INVALID})
        return frozenset({Status.DIFFERS} if self.access else ())
