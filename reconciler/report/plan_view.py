"""A plan as plain values: the one traversal that every format of a plan is written from."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from reconciler.plan.model import Change, ChangeKind, Finding, Plan, PlanError
from reconciler.policy.conditions import Condition, condition_json
from reconciler.policy.difference import AccessChange, Holdings, Kind
from reconciler.policy.document import Unreadable
from reconciler.policy.principals import Principal
from reconciler.policy.tiers import action_names, tier_of
from reconciler.policy.vocabulary import NamedPrincipal, Vocabulary
from reconciler.report.words import holdings_words, principal_label

ACCESS_KINDS: tuple[Kind, ...] = ("granted", "widened", "changed", "narrowed", "revoked")


@dataclass(frozen=True, slots=True)
class GrantView:
    """One fact's worth of access that is added or removed: the JSON plan's `grants`."""

    effect: str
    principal: str
    name: str | None
    tier: str | None
    actions: tuple[str, ...]
    conditions: dict[str, dict[str, str | list[str]]]


@dataclass(frozen=True, slots=True)
class AccessLine:
    """What changes for one principal, in words."""

    sign: Literal["+", "-", "~"]
    kind: Kind
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change, ready to be written in any format.

    Policies are JSON values, None for no policy; `unreadable` is the text of a live one that was
    not understood.
    """

    repository: str
    account: str
    region: str
    change: ChangeKind
    lines: tuple[AccessLine, ...]
    added: tuple[GrantView, ...]
    removed: tuple[GrantView, ...]
    risks: tuple[str, ...]
    kept: tuple[str, ...]
    before: object
    after: object
    unreadable: str | None


@dataclass(frozen=True, slots=True)
class PlanView:
    """A whole plan, ready to be written in any format."""

    changes: tuple[ChangeView, ...]
    in_sync: int
    findings: tuple[Finding, ...]
    errors: tuple[PlanError, ...]
    unmanaged: tuple[str, ...]

    def count(self, change: ChangeKind) -> int:
        """Count the changes of one kind."""
        return sum(view.change == change for view in self.changes)

    def access(self) -> Counter[Kind]:
        """Count the lines of access by what happens."""
        return Counter(line.kind for view in self.changes for line in view.lines)


def view_plan(plan: Plan, vocabulary: Vocabulary) -> PlanView:
    """Work out what every format says of a plan."""
    return PlanView(
        changes=tuple(_view_change(change, vocabulary) for change in plan.changes),
        in_sync=len(plan.in_sync),
        findings=plan.findings,
        errors=plan.errors,
        unmanaged=tuple(sorted({target.repository for target in plan.unmanaged})),
    )


def _view_change(change: Change, vocabulary: Vocabulary) -> ChangeView:
    return ChangeView(
        repository=change.target.repository,
        account=change.target.scope.account,
        region=change.target.scope.region,
        change=change.change,
        lines=tuple(line for access in change.access for line in _lines(access, vocabulary)),
        added=tuple(g for a in change.access for g in _grants(a, a.added, vocabulary)),
        removed=tuple(g for a in change.access for g in _grants(a, a.removed, vocabulary)),
        risks=change.risks,
        kept=change.kept,
        before=_json_value(change.before_text),
        after=_json_value(change.after_text),
        unreadable=change.before.text if isinstance(change.before, Unreadable) else None,
    )


def _lines(access: AccessChange, vocabulary: Vocabulary) -> Iterable[AccessLine]:
    """Tell one line for each that the file has a name for: `*` may stand for many."""
    holdings = access.before + access.after
    names = {vocabulary.find(access.principal, h.condition): None for h in holdings}
    for named in names:
        part = AccessChange(
            access.principal,
            access.effect,
            *(
                tuple(h for h in side if vocabulary.find(access.principal, h.condition) == named)
                for side in (access.before, access.after, access.gained, access.lost)
            ),
        )
        if part.before != part.after:
            yield _line(part, named, vocabulary)


def _line(access: AccessChange, named: NamedPrincipal | None, vocabulary: Vocabulary) -> AccessLine:
    own: Condition = named.condition if named else ()
    deny = "deny " if access.effect == "Deny" else ""
    return AccessLine(
        sign="~" if access.before and access.after else "+" if access.after else "-",
        kind=access.kind,
        label=principal_label(access.principal, named),
        before=(deny if access.before else "") + holdings_words(access.before, own, vocabulary),
        after=(deny if access.after else "") + holdings_words(access.after, own, vocabulary),
    )


def _grants(
    access: AccessChange, holdings: Holdings, vocabulary: Vocabulary
) -> tuple[GrantView, ...]:
    return tuple(
        GrantView(
            effect=access.effect,
            principal=_as_written(access.principal),
            name=vocabulary.name_of(access.principal, holding.condition),
            tier=tier_of(holding.actions, vocabulary.tiers),
            actions=action_names(holding.actions),
            conditions=condition_json(holding.condition),
        )
        for holding in holdings
    )


def _as_written(principal: Principal) -> str:
    if principal.kind == "NotPrincipal":
        return f"NotPrincipal {', '.join(principal.names)}"
    return principal.names[0] if principal.names else ""


def _json_value(text: str | None) -> object:
    """Give a policy's text as a JSON value; as it stands where it is none."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
