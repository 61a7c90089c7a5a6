"""Tiers: named sets of actions, and how a set of actions is told by their names."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from reconciler.policy.actions import spelling
from reconciler.policy.elements import Action, NotAction
from reconciler.policy.facts import Actions, covers_all
from reconciler.printable import unmistakable


def _ecr(names: str) -> frozenset[str]:
    return frozenset(f"ecr:{name}" for name in names.split())


_PULL = _ecr("BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer")
_PUSH = _ecr(
    "BatchCheckLayerAvailability CompleteLayerUpload InitiateLayerUpload PutImage UploadLayerPart"
)

Tiers = Mapping[str, frozenset[str]]

BUILT_IN_TIERS: Tiers = MappingProxyType(
    {
        "pull": _PULL,
        "push": _PUSH,
        "push-pull": _PULL | _PUSH,
        "read": _PULL
        | _ecr(
            """DescribeImages DescribeRepositories ListImages ListTagsForResource
            DescribeImageScanFindings GetLifecyclePolicy GetLifecyclePolicyPreview
            GetRepositoryPolicy"""
        ),
        "lambda": _ecr("BatchGetImage GetDownloadUrlForLayer"),
        "admin": frozenset({"ecr:*"}),
    }
)
"""The tiers that every access file has, in canonical actions."""

OF_SERVICES = "lambda"
"""The tier whose name tells of services alone: the same actions of a role are no Lambda's."""


def tier_of(actions: Actions, tiers: Tiers) -> str | None:
    """Name the tier that has exactly these (reduced) actions; the first, where several do."""
    return next((n for n, t in tiers.items() if actions <= t and covers_all(actions, t)), None)


def tiers_within(actions: Actions, tiers: Tiers) -> tuple[tuple[str, ...], Actions]:
    """Tell a set of actions by tiers: the largest that fit, and the actions that none covers.

    A tier fits where the actions cover all of it. Gives (("push-pull", "scan"),
    {"ecr:StartImageScan"}), say. Deterministic: the tier that tells the most comes first; of
    several the smallest, then the one that stands first.
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
    """Tell a set of actions in a few words: `push-pull`, `pull + ecr:PutImage`, `ecr:ListImages`.

    A tier's own set is told by its name alone; so is one that lacks only actions held `besides`.
    A rest is told by the largest tiers that fit.
    """
    held = actions.union(besides)
    named = [(len(t), n) for n, t in tiers.items() if actions <= t and covers_all(held, t)]
    exact = tier_of(actions, tiers) or (min(named)[1] if named else None)
    if exact:
        return exact
    names, left = tiers_within(actions, tiers)
    return " + ".join((*names, *action_names(frozenset(map(_unmistakable, left)))))


def action_names(actions: Actions) -> tuple[str, ...]:
    """Write actions as text, sorted; a NotAction as `all but …`."""
    return tuple(sorted(map(_action_name, actions)))


def _action_name(action: Action) -> str:
    if isinstance(action, str):
        return spelling(action)
    return f"all but {', '.join(map(spelling, action.excluded))}"


def _unmistakable(action: Action) -> Action:
    if isinstance(action, NotAction):
        return NotAction(tuple(unmistakable(spelling(a)) for a in action.excluded))
    return unmistakable(spelling(action))
