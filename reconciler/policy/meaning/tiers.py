"""Tiers: named sets of actions; what a set of actions includes, and its display by tiers."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from heapq import nsmallest
from types import MappingProxyType

from reconciler.policy.language.actions import (
    EVERY_ACTION,
    REWRITING_ACTIONS,
    changes_something,
    covers,
    ecr_actions,
    expand_actions,
    spell_action,
)
from reconciler.policy.language.document import Action, NotAction
from reconciler.policy.language.glob import glob_matches, globs_intersect, has_wildcard
from reconciler.policy.meaning.facts import Actions, covers_all
from reconciler.printable import unmistakable

TierActions = frozenset[str]

MOST_PATTERNS = 64
"""The most patterns that are compared: hand-written policies have fewer, and work is bounded."""


Tiers = Mapping[str, frozenset[str]]

_PULL = ecr_actions("BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer")
_PUSH = ecr_actions(
    "BatchCheckLayerAvailability CompleteLayerUpload InitiateLayerUpload PutImage UploadLayerPart"
)
_DESCRIBE = ecr_actions(
    """DescribeImages DescribeRepositories ListImages ListTagsForResource
    DescribeImageScanFindings GetLifecyclePolicy GetLifecyclePolicyPreview GetRepositoryPolicy"""
)

BUILT_IN_TIERS: Tiers = MappingProxyType(
    {
        "pull": _PULL,
        "push": _PUSH,
        "push-pull": _PULL | _PUSH,
        "read": _PULL | _DESCRIBE,
        "lambda": ecr_actions("BatchGetImage GetDownloadUrlForLayer"),
        "admin": frozenset({EVERY_ACTION}),
    }
)
"""The tiers that every access file has, in canonical actions."""

REGISTRY_TIERS: Tiers = MappingProxyType(
    {
        "replicate": ecr_actions("ReplicateImage CreateRepository"),
        "cache": ecr_actions("BatchImportUpstreamImage CreateRepository"),
    }
)
"""More tiers of every access file, for the registry's own policy alone.

Sources: Amazon ECR User Guide, "Private registry policy examples in Amazon ECR" (replication),
"IAM permissions required to sync an upstream registry with an Amazon ECR private registry".
"""

SERVICE_TIER = "lambda"
"""The tier that is named only for services: for a role, the same actions have no tier."""


@lru_cache(maxsize=4_096)
def violates_tier(tier: TierActions, held: Actions, denied: Actions) -> bool:
    """Whether held actions are every action of a tier, or any of it that changes something.

    Denied actions are not held. A pattern counts as the known actions that it matches. Where two
    patterns share none of those, they may share unknown ones, which may do anything: they count.
    A NotAction counts for every pattern of the tier that changes something, unless the exceptions
    cover the whole pattern.
    """
    wanted = expand_actions(tier) | {action for action in tier if not has_wildcard(action)}
    named = {a for a in held if isinstance(a, str) and not has_wildcard(a)}
    unknown = {a for a in named if includes_action(tier, a)}
    got = {a for a in wanted | unknown if _is_left(a, held, denied)}
    return (
        (bool(wanted) and wanted <= got)
        or any(map(changes_something, got))
        or any(_meets_unknown(p, a, denied) for p in tier if has_wildcard(p) for a in held)
    )


def can_rewrite(held: Actions, denied: Actions = frozenset()) -> bool:
    """Whether these actions allow to set or delete the repository's policy."""
    return any(_is_left(action, held, denied) for action in REWRITING_ACTIONS)


def _is_left(action: str, held: Actions, denied: Actions) -> bool:
    return includes_action(held, action) and not includes_action(denied, action)


@lru_cache(maxsize=4_096)
def may_overlap(left: Actions, right: Actions) -> bool:
    """Whether there may be an action that both include."""
    return any(_meet(one, other) for one in left for other in right)


def includes_action(actions: Actions, action: str) -> bool:
    """Whether actions include one action, or all that a pattern matches."""
    return any(
        not any(_overlap(excluded, action) for excluded in one.excluded)
        if isinstance(one, NotAction)
        else covers(one, action)
        for one in actions
    )


def as_pattern(action: Action) -> str:
    """Return the action or its pattern; for a NotAction, the pattern of every action of ECR."""
    return EVERY_ACTION if isinstance(action, NotAction) else action


@lru_cache(maxsize=4_096)
def wide_actions(actions: Actions) -> Actions:
    """Return the patterns and the NotActions; of very many, only the shortest."""
    wide = [a for a in actions if isinstance(a, NotAction) or has_wildcard(a)]
    return frozenset(nsmallest(MOST_PATTERNS, wide, key=lambda a: (len(str(a)), str(a))))


def _meet(one: Action, other: Action) -> bool:
    if isinstance(one, NotAction):
        return isinstance(other, NotAction) or _meets(other, one)
    return _meets(one, other)


def _meets(pattern: str, action: Action) -> bool:
    if isinstance(action, NotAction):
        return not any(covers(excluded, pattern) for excluded in action.excluded)
    return _overlap(pattern, action)


def _meets_unknown(pattern: str, action: Action, denied: Actions) -> bool:
    """Whether a tier's pattern may share unknown, changing actions with a held one."""
    if not _meets(pattern, action) or includes_action(denied, pattern):
        return False
    if isinstance(action, NotAction):
        return changes_something(pattern)
    shared = expand_actions([pattern]) & expand_actions([action])
    return has_wildcard(action) and not shared and not includes_action(denied, action)


def _overlap(left: str, right: str) -> bool:
    meet = globs_intersect if has_wildcard(right) else glob_matches
    return meet(left.lower(), right.lower())


def tier_of(actions: Actions, tiers: Tiers) -> str | None:
    """Return the tier that has exactly these (reduced) actions; the first, where several do."""
    return next((n for n, t in tiers.items() if actions <= t and covers_all(actions, t)), None)


def tiers_within(actions: Actions, tiers: Tiers) -> tuple[tuple[str, ...], Actions]:
    """Split a set of actions into the largest tiers that fit and the actions that no tier covers.

    A tier fits where the actions cover all of it. Example: (("push-pull", "scan"),
    {"ecr:StartImageScan"}). Deterministic: the tier that covers the most comes first; of several
    the smallest, then the one defined first.
    """
    names: list[str] = []
    left = actions
    fitting = {name: of_tier for name, of_tier in tiers.items() if covers_all(actions, of_tier)}
    while True:
        best = max(fitting, key=lambda n: (len(fitting[n] & left), -len(fitting[n])), default=None)
        if best is None or not fitting[best] & left:
            return tuple(names), left
        names.append(best)
        left = left - fitting[best]


def describe_actions(
    actions: Actions, tiers: Tiers, besides: Iterable[Action] = frozenset()
) -> str:
    """Return a set of actions for people: `push-pull`, `pull + ecr:PutImage`, `ecr:ListImages`.

    A tier's own set is shown by its name alone; so is one that lacks only actions held `besides`.
    Any other set is shown by the largest tiers that fit.
    """
    held = actions.union(besides)
    named = [(len(t), n) for n, t in tiers.items() if actions <= t and covers_all(held, t)]
    exact = tier_of(actions, tiers) or (min(named)[1] if named else None)
    if exact:
        return exact
    names, left = tiers_within(actions, tiers)
    return " + ".join((*names, *action_names(frozenset(map(_unmistakable, left)))))


def action_names(actions: Actions) -> tuple[str, ...]:
    """Return the actions for people, sorted; a NotAction as `all but …`."""
    return tuple(sorted(map(_action_name, actions)))


def _action_name(action: Action) -> str:
    if isinstance(action, str):
        return spell_action(action)
    return f"all but {', '.join(map(spell_action, action.excluded))}"


def _unmistakable(action: Action) -> Action:
    if isinstance(action, NotAction):
        return NotAction(tuple(unmistakable(spell_action(a)) for a in action.excluded))
    return unmistakable(spell_action(action))
