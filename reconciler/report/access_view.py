"""Changes of access as plain values: lines for people, grants for programs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from reconciler.model.display_names import DisplayNames
from reconciler.policy.language.conditions import Condition, condition_json
from reconciler.policy.language.principals import Principal, gone_kind
from reconciler.policy.meaning.difference import AccessChange, AccessKind, Holdings
from reconciler.policy.meaning.facts import NamedPrincipal
from reconciler.policy.meaning.tiers import action_names, tier_of
from reconciler.report.words import are_tiers, holdings_words, principal_label

LineKind = AccessKind | Literal["gone"]


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
    """What changes for one principal, in words.

    `gained` and `lost` are empty where `before` and `after` alone show the difference.
    """

    sign: Literal["+", "-", "~"]
    kind: LineKind
    label: str
    before: str
    after: str
    gained: str = ""
    lost: str = ""


def access_lines(
    changes: Iterable[AccessChange], display_names: DisplayNames
) -> tuple[AccessLine, ...]:
    """Tell each change in one line for each that the file has a name for."""
    return tuple(line for change in changes for line in _told(change, display_names))


def added_grants(
    changes: Iterable[AccessChange], display_names: DisplayNames
) -> tuple[GrantView, ...]:
    """Give what the right side has beyond the left."""
    return tuple(g for change in changes for g in _grants(change, change.gained, display_names))


def removed_grants(
    changes: Iterable[AccessChange], display_names: DisplayNames
) -> tuple[GrantView, ...]:
    """Give what the left side has beyond the right."""
    return tuple(g for change in changes for g in _grants(change, change.lost, display_names))


def _told(access: AccessChange, display_names: DisplayNames) -> Iterable[AccessLine]:
    """Tell one line for each that the file has a name for: `*` may stand for many."""
    holdings = access.before + access.after
    names = {display_names.find(access.principal, h.condition): None for h in holdings}
    for named in names:
        part = AccessChange(
            access.principal,
            access.effect,
            *(
                tuple(h for h in side if display_names.find(access.principal, h.condition) == named)
                for side in (access.before, access.after, access.gained, access.lost)
            ),
        )
        if part.before != part.after:
            yield _line(part, named, display_names)


def _line(
    access: AccessChange, named: NamedPrincipal | None, display_names: DisplayNames
) -> AccessLine:
    own: Condition = named.condition if named else ()
    tiers = display_names.tiers_of(access.principal)
    before, after = access.before, access.after

    def told(holdings: Holdings, of: Holdings) -> str:
        deny = "deny " if holdings and access.effect == "Deny" else ""
        return deny + holdings_words(holdings, own, tiers, of)

    line = AccessLine(
        sign="~" if before and after else "+" if after else "-",
        kind="gone" if gone_kind(access.principal) else access.kind,
        label=principal_label(access.principal, named, display_names.accounts),
        before=told(before, before),
        after=told(after, after),
    )
    if any(are_tiers(side, own, tiers) for side in (before, after)) or _only_if(before, after):
        return line
    return replace(
        line,
        gained=told(access.gained, after) if access.gained else "",
        lost=told(access.lost, before) if access.lost else "",
    )


def _only_if(before: Holdings, after: Holdings) -> bool:
    """Tell whether two sides differ in one condition alone, as where an `until` is put off."""
    return len(before) == len(after) == 1 and before[0].actions == after[0].actions


def _grants(
    access: AccessChange, holdings: Holdings, display_names: DisplayNames
) -> tuple[GrantView, ...]:
    return tuple(
        GrantView(
            effect=access.effect,
            principal=as_written(access.principal),
            name=display_names.name_of(access.principal, holding.condition),
            tier=tier_of(holding.actions, display_names.tiers_of(access.principal)),
            actions=action_names(holding.actions),
            conditions=condition_json(holding.condition),
        )
        for holding in holdings
    )


def as_written(principal: Principal) -> str:
    """Write a principal in one string, as AWS does where it is one."""
    if principal.kind == "NotPrincipal":
        return f"NotPrincipal {', '.join(principal.names)}"
    if principal.kind in ("Federated", "CanonicalUser"):
        return f"{principal.kind} {principal.names[0]}"
    return principal.names[0] if principal.names else ""
