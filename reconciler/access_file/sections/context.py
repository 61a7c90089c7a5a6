"""What the sections of one file are read with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.document.nodes import Pair
from reconciler.access_file.document.problems import ProblemList
from reconciler.access_file.model import Registry
from reconciler.policy import Condition, NamedPrincipal, Principal, Tiers, canonical_condition


class Accounts(NamedTuple):
    """The `accounts`: ids by name, and the first name by id.

    `must_be_named`: the file has this section, so it must name every account that it uses.
    """

    ids: Mapping[str, str]
    names: Mapping[str, str]
    must_be_named: bool


class ResolvedPrincipal(NamedTuple):
    """One principal that a name stands for; `written` has the operators as the file has them."""

    principal: Principal
    written: Condition
    name: str | None

    @property
    def condition(self) -> Condition:
        """The condition in canonical form."""
        return canonical_condition(self.written)

    @property
    def named(self) -> NamedPrincipal:
        """The principal under its canonical condition."""
        return NamedPrincipal(self.principal, self.condition, self.name)


@dataclass(frozen=True, slots=True)
class FileContext:
    """One file while it is read: what its sections refer to, and where its problems go.

    `requests` is the condition that every request to the registry meets. `definitions` are the
    pairs under `principals`, `principals` what those that are read stand for. `owned_by_sid`: raw
    statements of the file are recognized in a live policy by their Sid.
    """

    problems: ProblemList
    registry: Registry
    accounts: Accounts
    now: datetime
    requests: Condition
    owned_by_sid: bool = False
    definitions: Mapping[str, Pair] = field(default_factory=dict)
    principals: Mapping[str, tuple[ResolvedPrincipal, ...]] = field(default_factory=dict)
    tiers: Tiers = field(default_factory=dict)

    @property
    def partition(self) -> str:
        """The AWS partition of the registry's regions."""
        return self.registry.partition
