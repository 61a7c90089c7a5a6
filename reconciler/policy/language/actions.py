"""The actions of Amazon ECR and what it means for one to cover another.

Source of the list: Service Authorization Reference, "Actions, resources, and condition keys for
Amazon Elastic Container Registry". The service grows, so an action that is missing here is
unknown, never wrong.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from reconciler.policy.language.glob import glob_matches, globs_intersect, has_wildcard

AccessLevel = Literal["Read", "List", "Write", "Permissions management", "Tagging"]

_BY_LEVEL: Mapping[AccessLevel, str] = {
    "Read": """BatchCheckLayerAvailability BatchGetImage BatchGetRepositoryScanningConfiguration
        DescribeImageReplicationStatus DescribeImageScanFindings DescribeImageSigningStatus
        DescribeRepositories GetDownloadUrlForLayer GetImageCopyStatus GetLifecyclePolicy
        GetLifecyclePolicyPreview GetRepositoryPolicy ListTagsForResource""",
    "List": "DescribeImages ListImages ListImageReferrers",
    "Write": """BatchDeleteImage BatchImportUpstreamImage CompleteLayerUpload CreateRepository
        DeleteLifecyclePolicy DeleteRepository InitiateLayerUpload PutImage
        PutImageScanningConfiguration PutImageTagMutability PutLifecyclePolicy ReplicateImage
        StartImageScan StartLifecyclePolicyPreview UpdateImageStorageClass UploadLayerPart""",
    "Permissions management": "SetRepositoryPolicy DeleteRepositoryPolicy",
    "Tagging": "TagResource UntagResource",
}

KNOWN_ACTIONS: Mapping[str, AccessLevel] = MappingProxyType(
    {f"ecr:{name}": level for level, names in _BY_LEVEL.items() for name in names.split()}
)
"""The full name of every known action on a repository, with its access level."""

REWRITING_ACTIONS = frozenset(
    action for action, level in KNOWN_ACTIONS.items() if level == "Permissions management"
)
"""What replaces or removes a repository's policy: who may do that may give itself any access."""

AUTHORIZATION_TOKEN = "ecr:GetAuthorizationToken"  # noqa: S105 - an action's name, no secret
"""Grants nothing in a repository policy: it belongs in the caller's identity policy."""

_OF_REGISTRY = """CreatePullThroughCacheRule CreateRepositoryCreationTemplate
    DeletePullThroughCacheRule DeleteRegistryPolicy DeleteRepositoryCreationTemplate
    DeleteSigningConfiguration DeregisterPullTimeUpdateExclusion DescribePullThroughCacheRules
    DescribeRegistry DescribeReplicationBackfillResults DescribeRepositoryCreationTemplates
    GetAccountSetting GetImageCopyStatus GetRegistryPolicy GetRegistryScanningConfiguration
    GetSigningConfiguration ListPullTimeUpdateExclusions ListReplicationBackfills PutAccountSetting
    PutRegistryPolicy PutRegistryScanningConfiguration PutReplicationConfiguration
    PutSigningConfiguration RegisterPullTimeUpdateExclusion StartReplicationBackfill
    StopReplicationBackfill UpdatePullThroughCacheRule UpdateRepositoryCreationTemplate
    ValidatePullThroughCacheRule"""
WITHOUT_REPOSITORY = frozenset(
    (AUTHORIZATION_TOKEN, *(f"ecr:{name}" for name in _OF_REGISTRY.split()))
)
"""The actions without a repository as their resource: no repository policy allows them.

The reference gives none for BatchImportUpstreamImage, either, but a repository policy may grant it
(Amazon ECR User Guide, "IAM permissions required to sync an upstream registry"). The input of the
actions for signing, pull times and backfills names no repository (the service's model).
"""

UPSTREAM_IMPORT = "ecr:BatchImportUpstreamImage"
OF_REGISTRY_POLICY = frozenset({"ecr:CreateRepository", "ecr:ReplicateImage", UPSTREAM_IMPORT})
"""What acts before there is a repository that could have a policy: the registry's own allows it.

Sources: Amazon ECR User Guide, "Private registry permissions in Amazon ECR" and "IAM permissions
required to sync an upstream registry with an Amazon ECR private registry".
"""

EVERY_ACTION = "ecr:*"
"""All that a repository policy can speak of: `*` means the same there."""

_STARS = re.compile(r"\*{2,}")
_SPELLING = {name.lower(): name for name in (*KNOWN_ACTIONS, *WITHOUT_REPOSITORY, EVERY_ACTION)}


class Spelled(str):
    """A canonical action for which AWS has no spelling: a pattern, or one that is unknown.

    Its value is in lower case, so that spellings are equal; `written` is how somebody wrote it.
    """

    __slots__ = ("written",)
    written: str


@lru_cache(maxsize=16_384)
def is_known(action: str) -> bool:
    """Tell whether the action (in any case) is known, or the pattern matches a known one."""
    lowered = action.lower()
    if has_wildcard(lowered):
        return any(glob_matches(lowered, known.lower()) for known in KNOWN_ACTIONS)
    return lowered in _SPELLING


@lru_cache(maxsize=65_536)
def canonical_action(action: str) -> str:
    """Spell an action in one way: known ones as AWS does, all others are `Spelled`.

    A run of stars is one star, and `*` alone is every action of ECR. Case never matters (IAM User
    Guide, "IAM JSON policy elements: Action"). That guide has wildcards in the name of an action
    alone, so one in the service, as in `e*:*`, is left as it is written.
    """
    text = _STARS.sub("*", action)
    if text == "*":
        return EVERY_ACTION
    known = _SPELLING.get(text.lower())
    if known:
        return known
    spelled = Spelled(text.lower())
    spelled.written = text
    return spelled


def spelling(action: str) -> str:
    """Give a canonical action as it is shown: in the case in which it was written."""
    return action.written if isinstance(action, Spelled) else action


@lru_cache(maxsize=16_384)
def is_of_registry(action: str) -> bool:
    """Tell whether a canonical action, or all known ones that a pattern matches, has no repository.

    Such a pattern may match actions on a repository that are not known.
    """
    if not has_wildcard(action):
        return action in WITHOUT_REPOSITORY
    matched = any(glob_matches(action, known.lower()) for known in WITHOUT_REPOSITORY)
    return matched and not is_known(action)


def idle_actions(action: str) -> frozenset[str]:
    """Give the known actions that an action or a pattern stands for, if none is of use here.

    Nothing where a repository policy may allow any of them to some purpose.
    """
    lowered, every = action.lower(), {*KNOWN_ACTIONS, *WITHOUT_REPOSITORY}
    known = frozenset(name for name in every if glob_matches(lowered, name.lower()))
    return known if known <= WITHOUT_REPOSITORY | OF_REGISTRY_POLICY else frozenset()


@lru_cache(maxsize=65_536)
def covers(pattern: str, action: str) -> bool:
    """Tell whether one canonical action or pattern covers another.

    What covers all of ECR's actions covers those of other services, too: they mean nothing here.
    Two different patterns cover only where one matches the other as it is written: what they match
    today is no promise for tomorrow's actions.
    """
    if pattern == action or not has_wildcard(pattern):
        return pattern == action
    return glob_matches(pattern.lower(), action.lower()) or (
        _covers_all_of_ecr(pattern) and not is_of_repositories(action)
    )


@lru_cache(maxsize=4_096)
def _covers_all_of_ecr(pattern: str) -> bool:
    return glob_matches(pattern.lower(), EVERY_ACTION)


def is_of_repositories(action: str) -> bool:
    """Tell whether an action may be one on a repository, or a pattern may match one.

    All that is ECR's may be, known or not, apart from those that are known to have no repository.
    No repository policy allows any other.
    """
    lowered = action.lower()
    return _SPELLING.get(lowered) not in WITHOUT_REPOSITORY and globs_intersect(
        lowered, EVERY_ACTION
    )


def expand(actions: Iterable[str]) -> frozenset[str]:
    """Name the known actions that a set of canonical actions and patterns covers today."""
    patterns = tuple(actions)
    return frozenset(a for a in KNOWN_ACTIONS if any(covers(p, a) for p in patterns))


def changes_something(action: str) -> bool:
    """Tell whether an action, or an action that a pattern matches, does more than read and list.

    An unknown action may do anything, so it counts.
    """
    reading = ("Read", "List")
    if not has_wildcard(action):
        return KNOWN_ACTIONS.get(action) not in reading
    return not is_known(action) or any(KNOWN_ACTIONS[a] not in reading for a in expand([action]))
