"""The file's own words for what a policy says: names of principals, names of tiers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.policy.language.conditions import Condition, display_holder
from reconciler.policy.language.principals import Principal
from reconciler.policy.meaning.facts import NamedPrincipal
from reconciler.policy.meaning.tiers import BUILT_IN_TIERS, SERVICE_TIER, Tiers


@dataclass(frozen=True, slots=True)
class DisplayNames:
    """All the tiers and names of one access file; `accounts` gives the names by the ids."""

    tiers: Tiers = field(default_factory=lambda: BUILT_IN_TIERS)
    principals: tuple[NamedPrincipal, ...] = ()
    accounts: Mapping[str, str] = field(default_factory=dict)
    _of_others: Tiers = field(init=False, repr=False, compare=False)
    _by_principal: dict[Principal, tuple[NamedPrincipal, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Sort the names by principal, those that demand the most first; pick others' tiers."""
        others = {name: tier for name, tier in self.tiers.items() if name != SERVICE_TIER}
        object.__setattr__(self, "_of_others", others)
        object.__setattr__(self, "_by_principal", _by_principal(self.principals))

    def tiers_of(self, principal: Principal) -> Tiers:
        """Give the tiers whose names may tell what a principal holds."""
        return self.tiers if principal.kind == "Service" else self._of_others

    def find(self, principal: Principal, condition: Condition) -> NamedPrincipal | None:
        """Give the file's entry for whoever holds something under this condition, if any.

        Where several fit (an organization and a part of it), the one that demands the most.
        """
        for named in self._by_principal.get(principal, ()):
            if set(named.condition) <= set(condition):
                return named
        return None

    def name_of(self, principal: Principal, condition: Condition) -> str | None:
        """Give the file's name for whoever holds something under this condition, if any."""
        named = self.find(principal, condition)
        return named.name if named else None

    def who(self, principal: Principal, condition: Condition) -> str:
        """Write who holds something: by the file's name, if there is one."""
        return self.name_of(principal, condition) or display_holder(principal, condition)


def _by_principal(
    principals: Iterable[NamedPrincipal],
) -> dict[Principal, tuple[NamedPrincipal, ...]]:
    found: defaultdict[Principal, list[NamedPrincipal]] = defaultdict(list)
    for named in principals:
        found[named.principal].append(named)
    return {
        principal: tuple(sorted(names, key=lambda n: (-len(n.condition), n.name or "")))
        for principal, names in found.items()
    }
