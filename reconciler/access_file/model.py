"""What an access file says, as immutable data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from reconciler.access_file.document.problems import Place
from reconciler.model.access import (
    DisplayNames,
    Grant,
)
from reconciler.model.guards import Guards
from reconciler.model.registry import AssumedRole, RegistryScope, RepositorySettings
from reconciler.model.templates import CreateOn
from reconciler.policy import (
    GlobIndex,
    NamedPrincipal,
    NeverRule,
    Ownership,
    RegistryStatement,
    Statement,
    Tiers,
    account_principal,
    has_wildcard,
)


class Registry(NamedTuple):
    """One registry; `account` has 12 digits, all `regions` are in the one `partition`.

    `name` is None where the file has one registry without a name. `profile` is that of the AWS
    configuration; None for the credentials at hand.

    `probe_repository` is a scratch repository without images. Its policy may be anything, so it is
    neither managed nor unmanaged, whatever pattern matches it. `policy` says whether the registry's
    own policy is read, and whether it is managed.
    """

    account: str
    regions: tuple[str, ...]
    partition: str
    assume_role: AssumedRole | None = None
    probe_repository: str | None = None
    policy: Literal["ignore", "report", "manage"] = "report"
    name: str | None = None
    profile: str | None = None

    @property
    def scopes(self) -> tuple[RegistryScope, ...]:
        """The registry in each of its regions."""
        return tuple(RegistryScope(self.account, region) for region in self.regions)


class PlacedGrant(NamedTuple):
    """A grant with the place of its tier; `key` is how `access` names the principal."""

    grant: Grant
    key: str
    place: Place
    key_place: Place


class PlacedStatement(NamedTuple):
    """A raw statement with its place; `key_place` is the place of its principals."""

    statement: Statement
    place: Place
    key_place: Place


class PlacedRegistryStatement(NamedTuple):
    """A raw statement of the registry's policy, with its place; `key_place` is its principals'."""

    statement: RegistryStatement
    place: Place
    key_place: Place


class Entry(NamedTuple):
    """One key of `repositories`: what the file asks for on a repository, or on all that match.

    `statements` are the valid ones. `settings` are those to create the repository with; None where
    it is not to be created. `via_registry`: the registry's own policy carries the grants.
    `create_on` says when ECR itself makes a repository under the pattern that is to have its
    access; None where the file says nothing of it, and empty where there is to be no template.
    `template_settings` are those of its template, and `template_role` is the role that ECR assumes
    for these. `replicated`: replication makes the repository.
    """

    repository: str
    place: Place
    grants: tuple[PlacedGrant, ...] = ()
    statements: tuple[PlacedStatement, ...] = ()
    inherit: bool = True
    settings: RepositorySettings | None = None
    via_registry: bool = False
    create_on: tuple[CreateOn, ...] | None = None
    template_settings: RepositorySettings | None = None
    template_role: str | None = None
    replicated: bool = False

    @property
    def is_pattern(self) -> bool:
        """Whether the key is a pattern."""
        return has_wildcard(self.repository)


class PlacedRule(NamedTuple):
    """A `never` rule with the place of its tier."""

    rule: NeverRule
    place: Place


@dataclass(frozen=True)
class AccessFile:
    """What a valid access file says of one registry, in regions where all of it holds.

    A file has one for each registry, and several where entries are limited to some of its regions.
    `accounts` maps names to ids, `principals` names to what they stand for; `tiers` includes the
    built-in ones. `unmanaged_repositories` is for live repositories without an entry, `ownership`
    for live statements that the file did not ask for, `registry_ownership` for those of the
    registry's own policy. `registry_statements` are raw statements of that.
    """

    registry: Registry
    accounts: Mapping[str, str]
    principals: Mapping[str, tuple[NamedPrincipal, ...]]
    tiers: Tiers
    entries: tuple[Entry, ...]
    guards: Guards
    never_rules: tuple[PlacedRule, ...]
    unmanaged_repositories: Literal["ignore", "report", "fail"]
    ownership: Ownership
    registry_ownership: Ownership
    registry_statements: tuple[PlacedRegistryStatement, ...]

    @cached_property
    def exact(self) -> Mapping[str, Entry]:
        """The entries of one repository each, by its name."""
        return {one.repository: one for one in self.entries if not one.is_pattern}

    @cached_property
    def patterns(self) -> Mapping[str, Entry]:
        """The entries of patterns, by the pattern."""
        return {one.repository: one for one in self.entries if one.is_pattern}

    @cached_property
    def pattern_index(self) -> GlobIndex:
        """The patterns, prepared to be matched with names."""
        return GlobIndex(self.patterns)

    def entries_of(self, name: str) -> tuple[Entry, ...]:
        """Return the entries that apply to a repository, its own first; all of them add up."""
        own = (self.exact[name],) if name in self.exact else ()
        found = self.pattern_index.matching(name)
        if not found:
            return own
        matching = sorted((self.patterns[one] for one in found), key=lambda entry: entry.place)
        if own and not own[0].inherit:
            # The registry's policy can't leave a repository out.
            return (*own, *(entry for entry in matching if entry.via_registry))
        return (*own, *matching)


def display_names_of(access: AccessFile) -> DisplayNames:
    """Return the names of the file's principals, accounts and tiers, to describe policies with."""
    named = {
        principal if principal.name else principal._replace(name=name)
        for name, principals in access.principals.items()
        for principal in principals
    }
    named |= {
        NamedPrincipal(account_principal(account, access.registry.partition), name=name)
        for name, account in access.accounts.items()
    }
    return DisplayNames(
        access.tiers,
        tuple(sorted(named, key=lambda n: (n.name or "", n.principal))),
        {account: name for name, account in sorted(access.accounts.items(), reverse=True)},
    )
