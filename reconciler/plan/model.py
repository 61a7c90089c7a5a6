"""A plan: what would change on each repository, and what else was found."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from reconciler.model.registry import RepositorySettings, Target
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.conditions import Condition
from reconciler.policy.language.document import Policy
from reconciler.policy.language.labels import holder_name
from reconciler.policy.language.principals import Principal
from reconciler.policy.meaning.difference import AccessChange
from reconciler.policy.meaning.keep import Ownership

ChangeKind = Literal["set", "delete", "create"]


class Risk(NamedTuple):
    """What deserves a second look: which risk, who brings it, and why, where that is not plain."""

    name: RuleId
    principal: Principal
    condition: Condition = ()
    why: str = ""


NOTHING_KEPT = Ownership()


@dataclass(frozen=True, slots=True)
class Change:
    """One repository whose policy is to be written or deleted, or which is to be made first.

    `settings` are not None exactly where it is to be made (`create`). `before_text` and
    `after_text` are policies as text, None for no policy; `before` and `after` are these as they
    are read. `lasting` is `access` without the grants whose `until` has passed: they have
    no effect any more, and are no drift. `risks` are those of what the change newly allows,
    `live_risks` those of what it takes away: what is live and should not be. `kept` are the Sids
    of others' statements that stay. `revoked` and `granted` count the access that it moves;
    `emptied` counts the live grants where it leaves nobody with access, and is 0 elsewhere.
    `ownership` says what of the live policy was others' to keep.
    """

    target: Target
    change: ChangeKind
    access: tuple[AccessChange, ...]
    before_text: str | None
    after_text: str | None
    before: Policy
    risks: tuple[Risk, ...] = ()
    live_risks: tuple[Risk, ...] = ()
    lasting: tuple[AccessChange, ...] = ()
    kept: tuple[str, ...] = ()
    revoked: int = 0
    granted: int = 0
    emptied: int = 0
    ownership: Ownership = NOTHING_KEPT
    settings: RepositorySettings | None = None
    after: Policy = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the policy to come, once."""
        object.__setattr__(self, "after", self.target.read(self.after_text))


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something worth knowing that changes nothing.

    `repository` is a name or a pattern; `region` is empty where it holds for all of them.
    """

    repository: str
    rule: RuleId
    message: str
    region: str = ""


def finding(target: Target, rule: RuleId, message: str) -> Finding:
    """Give a finding about one repository."""
    return Finding(target.repository, rule, message, target.scope.region)


@dataclass(frozen=True, slots=True, order=True)
class PlanError:
    """Why nothing can be planned for one repository."""

    target: Target
    rule: RuleId
    message: str


@dataclass(frozen=True, slots=True, order=True)
class BrokenRule:
    """A `never` rule of the file that is broken live: which tier, by whom, and why it shall not be.

    `repaired` tells that the plan's change ends it. `condition` says who it is, of many; `name` is
    the file's name for them, if it has one. `by_rewriting` tells that they do not hold the tier,
    but may rewrite the policy, and so give it to themselves.
    """

    target: Target
    tier: str
    principal: Principal
    because: str
    repaired: bool
    condition: Condition = ()
    name: str | None = field(default=None, compare=False)
    by_rewriting: bool = False

    @property
    def who(self) -> str:
        """Who breaks the rule, as people read it."""
        return self.name or holder_name(self.principal, self.condition)

    @property
    def has(self) -> str:
        """What breaks the rule, as people read it after `who`."""
        if self.by_rewriting:
            return f"can rewrite the policy and so give itself {self.tier}"
        return f"has {self.tier}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What it takes to make the live registry what the file says.

    All sorted. `in_sync` counts repositories. `live_grants` counts what the live policies of the
    managed repositories allow, in units of one principal under one condition on one repository.
    """

    changes: tuple[Change, ...] = ()
    in_sync: int = 0
    findings: tuple[Finding, ...] = ()
    errors: tuple[PlanError, ...] = ()
    unmanaged: tuple[Target, ...] = ()
    broken: tuple[BrokenRule, ...] = ()
    live_grants: int = 0
