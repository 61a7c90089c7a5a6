"""The names of one access file, to describe policies with: of principals, tiers and accounts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.policy import (
    BUILT_IN_TIERS,
    SERVICE_TIER,
    Condition,
    NamedPrincipal,
    Principal,
    Tiers,
    display_holder,
)


@dataclass(frozen=True)
class DisplayNames:
    """The tiers and names of one access file; `accounts` maps ids to names."""

    tiers: Tiers = field(default_factory=lambda: BUILT_IN_TIERS)
    principals: tuple[NamedPrincipal, ...] = ()
    accounts: Mapping[str, str] = field(default_factory=dict)

    def tiers_of(self, principal: Principal) -> Tiers:
        """Return the tiers that may describe what a principal has."""
        return self.tiers if principal.kind == "Service" else self._tiers_without_services

    def find(self, principal: Principal, condition: Condition) -> NamedPrincipal | None:
        """Return the named principal that matches under a condition, if any.

        Where several match (an organization and a part of it), the one with the most clauses.
        """
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
