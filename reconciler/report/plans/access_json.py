"""Changes of access as JSON: the grants that are added and removed."""

from collections.abc import Iterable

from reconciler.model.access import DisplayNames
from reconciler.plan.causes import CausedAccess
from reconciler.plan.saved.plan_format import GrantsJson, principal_text
from reconciler.policy import (
    AccessChange,
    Holdings,
    Resources,
    action_names,
    condition_json,
    tier_of,
)


def grants_json(changes: Iterable[AccessChange], names: DisplayNames) -> GrantsJson:
    """Return the grants that the changes give, under `added`, and those that they take away."""
    found = tuple(changes)
    return {
        "added": [grant for c in found for grant in _grants(c, c.gained, names)],
        "removed": [grant for c in found for grant in _grants(c, c.lost, names)],
    }


def caused_grants_json(parts: Iterable[CausedAccess], names: DisplayNames) -> GrantsJson:
    """Return the grants of changes of access that have causes; each grant has one of them."""
    found: GrantsJson = {"added": [], "removed": []}
    for part in parts:
        for side, grants in grants_json([part.access], names).items():
            found[side] += [{**grant, "cause": part.cause} for grant in grants]
    return found


def _grants(
    access: AccessChange, holdings: Holdings, names: DisplayNames
) -> Iterable[dict[str, object]]:
    for holding in holdings:
        yield {
            "effect": access.effect,
            "principal": principal_text(access.principal),
            "name": names.name_of(access.principal, holding.condition),
            "tier": tier_of(holding.actions, names.tiers_of(access.principal)),
            "actions": list(action_names(holding.actions)),
            "conditions": condition_json(holding.condition),
            **_resource_json(access.on),
        }


def _resource_json(on: Resources | None) -> dict[str, object]:
    if on is None:
        return {}
    if on.excluded:
        return {"not_resource": list(on.patterns)}
    (pattern,) = on.patterns  # facts are kept by single patterns
    return {"resource": pattern}
