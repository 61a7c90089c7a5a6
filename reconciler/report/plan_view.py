"""A plan in words: the one traversal that every format of a plan is rendered from."""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryScope
from reconciler.model.rules import RuleId
from reconciler.plan.model import Change, ChangeKind, Plan, Risk
from reconciler.plan.saved_plan import GrantsJson
from reconciler.report.access import (
    AccessLine,
    Describe,
    LineKind,
    access_lines,
    as_change,
    as_drift,
    grants_json,
)
from reconciler.report.words import MOST_NAMES, listed, principal_label

Body = TypeVar("Body", bound=Hashable)

_KINDS: tuple[LineKind, ...] = ("granted", "widened", "revoked", "narrowed", "changed", "gone")

_OWN = "\0"
"""Stands in a message for the repository's name; replaced where a message has it."""

_RISKS: Mapping[RuleId, str] = {
    RuleId.PUBLIC: "{} includes callers from accounts that are not named",
    RuleId.ADMIN: "{} may do everything",
    RuleId.CAN_REWRITE: "{} may rewrite this policy and so give itself any access",
    RuleId.DENY_REMOVED: "the Deny for {} is removed",
    RuleId.LAMBDA_LOSES_ACCESS: "{} can no longer fetch images",
    RuleId.NEW_ACCOUNT: "{} had no access to this repository",
    RuleId.OUTSIDE_ORGANIZATION: "{} may be outside of the organizations that the file names",
}
_LIVE_RISKS: Mapping[RuleId, str] = {
    **_RISKS,
    RuleId.DENY_REMOVED: "the file's Deny for {} is missing",
    RuleId.LAMBDA_LOSES_ACCESS: "{} can fetch images until the next apply",
    RuleId.NEW_ACCOUNT: "{} has no access to this repository in the file",
}


@dataclass(frozen=True, slots=True, order=True)
class RefusalView:
    """A guard's refusal: the guard, and one line that ends with what allows it."""

    guard: str
    message: str


class RiskView(NamedTuple):
    """A risk, and what it is of this change: who, and the reason where one is needed."""

    name: RuleId
    words: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change, its access in words and as JSON, and its risks."""

    change: Change
    lines: tuple[AccessLine, ...]
    grants: GrantsJson
    risks: tuple[RiskView, ...]


class Wording(NamedTuple):
    """What a plan and drift say in different words."""

    describe: Describe
    create: str
    delete: str
    risks: Mapping[RuleId, str]


PLAN = Wording(
    as_change,
    create="create the repository",
    delete="no grants remain; the policy is removed (the repository is kept)",
    risks=_RISKS,
)
DRIFT = Wording(
    as_drift,
    create="the repository does not exist; its settings in the file",
    delete="the file grants no access, so there is to be no policy",
    risks=_LIVE_RISKS,
)


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan or drift: its changes in words, and the guards' refusals."""

    plan: Plan
    changes: tuple[ChangeView, ...]
    wording: Wording
    refusals: tuple[RefusalView, ...] = ()

    def count(self, kind: ChangeKind) -> int:
        """Count the changes of one kind."""
        return sum(change.change == kind for change in self.plan.changes)

    def access(self) -> dict[LineKind, int]:
        """Count the lines of access by kind: the figures of every format.

        A deleted principal that loses access counts as `gone` and as `revoked`.
        """
        found = Counter(line.kind for view in self.changes for line in view.lines)
        found["revoked"] += found["gone"]
        return {kind: found[kind] for kind in _KINDS}


def view_plan(
    plan: Plan, display_names: DisplayNames, refusals: tuple[RefusalView, ...] = ()
) -> PlanView:
    """Return the view of a plan and of the guards' refusals; risks are those of what is new."""
    views = (_view(change, change.risks, display_names, PLAN) for change in plan.changes)
    return PlanView(plan, tuple(views), PLAN, refusals)


def view_drift(plan: Plan, display_names: DisplayNames) -> PlanView:
    """Return the view of drift: its risks are those of what is live."""
    views = (_view(change, change.live_risks, display_names, DRIFT) for change in plan.changes)
    return PlanView(plan, tuple(views), DRIFT)


def equal_changes(
    bodies: Iterable[tuple[ChangeView, Body]], *, grouped: bool
) -> Iterable[tuple[Sequence[ChangeView], Body]]:
    """Group the changes of one region that a format shows with equal bodies, in their order.

    Unless `grouped`, each change is alone.
    """
    equal: defaultdict[tuple[RegistryScope, str, Body], list[ChangeView]] = defaultdict(list)
    for view, body in bodies:
        alone = "" if grouped else view.change.target.repository
        equal[view.change.target.scope, alone, body].append(view)
    for (_, _, body), views in equal.items():
        yield views, body


def _view(
    change: Change, risks: Iterable[Risk], names: DisplayNames, wording: Wording
) -> ChangeView:
    return ChangeView(
        change,
        access_lines(change.access, names),
        grants_json(change.access, names),
        tuple(dict.fromkeys(view_risk(risk, names, wording) for risk in risks)),
    )


def view_risk(risk: Risk, names: DisplayNames, wording: Wording) -> RiskView:
    """Return a risk in the words of a plan or of drift."""
    named = names.find(risk.principal, risk.condition)
    label = principal_label(risk.principal, named, names.accounts)
    why = f": {risk.why}" if risk.why else ""
    return RiskView(risk.name, f"{wording.risks[risk.name].format(label)}{why}")


class Failure(NamedTuple):
    """The failure of one repository; `kind` is a rule or an outcome."""

    repository: str
    region: str
    kind: str
    message: str


class Cause(NamedTuple):
    """A cause, and the repositories of one region that failed for it, in the order given."""

    kind: str
    region: str
    text: str
    repositories: tuple[str, ...]

    @property
    def message(self) -> str:
        """The message, for a single repository."""
        return self.text.replace(_OWN, self.repositories[0])

    @property
    def names(self) -> str:
        """The first names, the number of the others, and the region."""
        return f"{listed(self.repositories, MOST_NAMES)} ({self.region})"

    @property
    def of_call(self) -> str | None:
        """`CALL on N repositories: NAMES`, and why; None where the text names no call on one."""
        before, on, after = self.text.partition(f" on {_OWN}")
        if not on:
            return None
        count = f"{len(self.repositories)} repositories"
        return f"{before} on {count}: {self.names}{_without_own(after)}"

    @property
    def why(self) -> str:
        """The message, for several repositories."""
        return _without_own(self.text)


def by_cause(failures: Iterable[Failure]) -> list[Cause]:
    """Group failures by kind, region and text, in the order of their first ones."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for failure in failures:
        text = _without_name(failure.message.replace(_OWN, "\\0"), failure.repository)
        key = failure.kind, failure.region, text
        groups.setdefault(key, []).append(failure.repository)
    return [Cause(*key, tuple(names)) for key, names in groups.items()]


def _without_name(message: str, name: str) -> str:
    own = re.escape(name)
    places = rf"\bon {own}(?=[\s:;,)]|$)|'{own}'|\brepository/{own}(?=[\s:;,)]|$)"
    return re.sub(places, lambda found: found[0].replace(name, _OWN), message)


def _without_own(text: str) -> str:
    return text.replace(_OWN, "…")
