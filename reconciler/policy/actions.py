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

from reconciler.policy.glob import glob_matches, has_wildcard

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

_STARS = re.compile(r"\*{2,}")
_SPELLING = {name.lower(): name for name in (*KNOWN_ACTIONS, *WITHOUT_REPOSITORY)}


def is_known(action: str) -> bool:
    """Tell whether the action (in any case) is known, or the pattern matches a known one."""
    lowered = action.lower()
    if has_wildcard(lowered):
        return any(glob_matches(lowered, known.lower()) for known in KNOWN_ACTIONS)
    return lowered in _SPELLING


@lru_cache(maxsize=65_536)
def canonical_action(action: str) -> str:
    """Spell an action in one way: known ones as AWS does, all others (patterns too) in lower case.

    A run of stars is one star. Case never matters (IAM User Guide, "IAM JSON policy elements:
    Action").
    """
    lowered = _STARS.sub("*", action.lower())
    return _SPELLING.get(lowered, lowered)


def is_of_registry(action: str) -> bool:
    """Tell whether a canonical action, or all known ones that a pattern matches, has no repository.

    Such a pattern may match actions on a repository that are not known.
    """
    if not has_wildcard(action):
        return action in WITHOUT_REPOSITORY
    matched = any(glob_matches(action, known.lower()) for known in WITHOUT_REPOSITORY)
    return matched and not is_known(action)


def is_never_allowed(action: str) -> bool:
    """Tell whether no repository policy allows an action (in any case, no wildcard) at all."""
    name = canonical_action(action)
    return name in WITHOUT_REPOSITORY or not name.lower().startswith("ecr:")


@lru_cache(maxsize=65_536)
def covers(pattern: str, action: str) -> bool:
    """Tell whether one canonical action or pattern covers another.

    Two different patterns cover only where one matches the other as it is written: what they
    match today is no promise for tomorrow's actions.
    """
    return pattern == action or (
        has_wildcard(pattern) and glob_matches(pattern.lower(), action.lower())
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
