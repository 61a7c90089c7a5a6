"""What an access file says, as immutable data: names resolved, every condition worked out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from reconciler.access_file.document.problems import Place
from reconciler.model.grants import Grant
from reconciler.model.guards import Guards
from reconciler.policy.language.conditions import Condition, canonical_condition
from reconciler.policy.language.document import Statement
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.principals import Principal
from reconciler.policy.meaning.keep import Ownership
from reconciler.policy.meaning.never import NeverRule
from reconciler.policy.meaning.tiers import Tiers

if TYPE_CHECKING:
    from reconciler.model.registry import RepositorySettings


class Registry(NamedTuple):
    """The one registry; `account` has 12 digits, `regions` share the one `partition`.

    `probe_repository` is a scratch repository, empty of images: its policy may be anything, so it
    is neither managed nor unmanaged, whatever pattern matches it.
    """

    account: str
    regions: tuple[str, ...]
    partition: str
    name: str | None = None
    assume_role: str | None = None
    probe_repository: str | None = None


class Member(NamedTuple):
    """One principal that a name stands for, with the condition that is part of who it is.

    `written` has the operators that the file has.
    """

    principal: Principal
    written: Condition
    name: str | None

    @property
    def condition(self) -> Condition:
        """Give the condition in its canonical form."""
        return canonical_condition(self.written)


class EntryGrant(NamedTuple):
    """A grant with the place that gives it; `key` is how the access names the principal."""

    grant: Grant
    key: str
    place: Place
    key_place: Place
    reason: str | None = None


class EntryStatement(NamedTuple):
    """A raw statement with its place, and its principals'; None where it is not understood."""

    statement: Statement | None
    place: Place
    key_place: Place


class Entry(NamedTuple):
    """What one key of `repositories` asks for: of one repository, or of all that match.

    `settings` are those to make the repository with; None where it is not to be made.
    """

    repository: str
    place: Place
    grants: tuple[EntryGrant, ...] = ()
    statements: tuple[EntryStatement, ...] = ()
    inherit: bool = True
    settings: "RepositorySettings | None" = None

    @property
    def is_pattern(self) -> bool:
        """Tell whether the key is a pattern."""
        return has_wildcard(self.repository)


class PlacedRule(NamedTuple):
    """A `never` rule with the place of its tier."""

    rule: NeverRule
    place: Place


class AccessFile(NamedTuple):
    """A valid access file.

    `accounts` maps names to ids, `principals` names to all that they stand for, `tiers` holds the
    built-in ones too. `unmanaged_repositories` says what live repositories without an entry are,
    `ownership` what becomes of statements that the file did not ask for.
    """

    path: str
    registry: Registry
    accounts: Mapping[str, str]
    principals: Mapping[str, tuple[Member, ...]]
    tiers: Tiers
    entries: tuple[Entry, ...]
    guards: Guards
    never_rules: tuple[PlacedRule, ...]
    unmanaged_repositories: Literal["ignore", "report", "fail"]
    ownership: Ownership
