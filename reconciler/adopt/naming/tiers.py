"""Names for sets of actions: the built-in tiers first, and a tier of the file for every other."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

from reconciler.adopt.naming.names import first_free
from reconciler.adopt.yaml_text import Value
from reconciler.policy import (
    BUILT_IN_TIERS,
    REGISTRY_TIERS,
    SERVICE_TIER,
    Tiers,
    canonical_action,
    glob_matches,
    tiers_within,
)

_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "push": ("InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"),
    "pull": ("BatchGetImage", "GetDownloadUrlForLayer"),
    "list": ("ListImages", "DescribeImages", "DescribeRepositories", "ListImageReferrers"),
    "scan": (
        "StartImageScan",
        "DescribeImageScanFindings",
        "BatchGetRepositoryScanningConfiguration",
        "PutImageScanningConfiguration",
    ),
    "tag": ("TagResource", "UntagResource", "ListTagsForResource"),
    "lifecycle": (
        "GetLifecyclePolicy",
        "PutLifecyclePolicy",
        "DeleteLifecyclePolicy",
        "GetLifecyclePolicyPreview",
        "StartLifecyclePolicyPreview",
    ),
    "policy": ("GetRepositoryPolicy", "SetRepositoryPolicy", "DeleteRepositoryPolicy"),
    "delete": ("BatchDeleteImage", "DeleteRepository"),
    "replicate": ("ReplicateImage",),
}
"""What a tier is called after, in the order of its name."""

_MOST_WORDS = 4
_MOST_PARTS = 2
_MOST_COMPARED = 12
_NEUTRAL = "BatchCheckLayerAvailability"
"""Part of both pushing and pulling, so it decides neither."""


class ActionSet(NamedTuple):
    """What a grant allows.

    `to_service` is whether a service holds it, `by_registry` whether the registry's policy gives
    it.
    """

    actions: frozenset[str]
    to_service: bool
    by_registry: bool = False


class TierTable(NamedTuple):
    """The tiers of each set of actions, and the definitions of those that the file adds."""

    names: Mapping[ActionSet, tuple[str, ...]]
    definitions: Mapping[str, Value]


def name_tiers(sets: Iterable[ActionSet], existing: Tiers) -> TierTable:
    """Name each set of actions: by one tier, by several built-in ones, or by a tier of its own.

    `existing` are the tiers that the file has already, the built-in ones among them.
    """
    names: dict[ActionSet, tuple[str, ...]] = {}
    own: dict[frozenset[str], str] = {}
    for one in sorted(set(sets), key=_order):
        found = _existing_tiers(one, existing)
        if found:
            names[one] = found
        else:
            if one.actions not in own:
                wanted = [_describe(one.actions)]
                own[one.actions] = first_free(wanted, {*existing, *own.values()})
            names[one] = (own[one.actions],)
    return TierTable(
        names, {name: _definition(actions, own, existing) for actions, name in own.items()}
    )


def _order(one: ActionSet) -> tuple[int, list[str], bool, bool]:
    return len(one.actions), sorted(one.actions), one.to_service, one.by_registry


def _existing_tiers(one: ActionSet, existing: Tiers) -> tuple[str, ...]:
    """Return the tiers that together have exactly these actions; () where there are none."""
    usable = {n: tier for n, tier in existing.items() if _is_usable(n, one)}
    actions = _canonical(one.actions)
    exact = next((name for name, tier in usable.items() if tier == actions), None)
    if exact:
        return (exact,)
    parts, left = tiers_within(actions, {n: t for n, t in usable.items() if t <= actions})
    return () if left or len(parts) > _MOST_PARTS else parts


def _is_usable(tier: str, to: ActionSet) -> bool:
    """Whether a tier of this name may be given, whatever its actions are."""
    return (to.to_service or tier != SERVICE_TIER) and (
        to.by_registry or tier not in REGISTRY_TIERS
    )


def _canonical(actions: Iterable[str]) -> frozenset[str]:
    return frozenset(map(canonical_action, actions))


def _definition(actions: frozenset[str], own: Mapping[frozenset[str], str], tiers: Tiers) -> Value:
    """Write a tier, with what it extends where that says more than the actions alone."""
    smaller = {name: other for other, name in own.items() if other < actions}
    of_all = ActionSet(actions, to_service=False)
    smaller |= {n: tier for n, tier in tiers.items() if tier < actions and _is_usable(n, of_all)}
    largest = sorted(smaller, key=lambda name: (-len(smaller[name]), name))[:_MOST_COMPARED]
    choices = [(), *((name,) for name in largest), *combinations(largest, 2)]
    left = {names: actions.difference(*(smaller[name] for name in names)) for names in choices}
    extended = min(choices, key=lambda names: (len(left[names]) + len(names), len(names), names))
    written: dict[str, Value] = {}
    if extended:
        written["extends"] = extended[0] if len(extended) == 1 else sorted(extended)
    return {**written, "actions": sorted(left[extended])} if left[extended] else written


def _describe(actions: frozenset[str]) -> str:
    """Return a name for a set of actions, such as `pull-list`."""
    names = frozenset(action.partition(":")[2] for action in actions)
    words = list(_words(names))
    name = "-".join(words[:_MOST_WORDS]) or "other"
    built_in = BUILT_IN_TIERS.get(name)
    if built_in is None:
        return name
    return f"{name}-partial" if actions < built_in else f"{name}-more"


def _words(names: frozenset[str]) -> Iterator[str]:
    known: set[str] = set()
    for word, family in _FAMILIES.items():
        held = {name for name in names for one in family if glob_matches(name.lower(), one.lower())}
        if held:
            known |= held
            yield word
    if names - known - {_NEUTRAL}:
        yield "more"
