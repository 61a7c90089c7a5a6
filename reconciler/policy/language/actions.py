"""The actions of Amazon ECR, their canonical spelling, and which one covers another.

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


def ecr_actions(names: str) -> frozenset[str]:
    """Return the full names of actions: `ecr:PutImage` of `PutImage`, and so on."""
    return frozenset(f"ecr:{name}" for name in names.split())


KNOWN_ACTIONS: Mapping[str, AccessLevel] = MappingProxyType(
    {f"ecr:{name}": level for level, names in _BY_LEVEL.items() for name in names.split()}
)
"""The full name of every known action on a repository, with its access level."""

REWRITING_ACTIONS = frozenset(
    action for action, level in KNOWN_ACTIONS.items() if level == "Permissions management"
)
"""The actions that change a repository's policy: they allow to grant oneself any access."""

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
ACTIONS_WITHOUT_REPOSITORY = ecr_actions(_OF_REGISTRY) | {AUTHORIZATION_TOKEN}
"""The actions that do not act on a repository: no repository policy allows them.

The reference gives none for BatchImportUpstreamImage, either, but a repository policy may grant it
(Amazon ECR User Guide, "IAM permissions required to sync an upstream registry"). The input of the
actions for signing, pull times and backfills names no repository (the service's model).
"""

UPSTREAM_IMPORT = "ecr:BatchImportUpstreamImage"
REGISTRY_POLICY_ACTIONS = frozenset({"ecr:CreateRepository", "ecr:ReplicateImage", UPSTREAM_IMPORT})
"""Actions before the repository exists: the registry's own policy allows them.

Sources: Amazon ECR User Guide, "Private registry permissions in Amazon ECR" and "IAM permissions
required to sync an upstream registry with an Amazon ECR private registry".
"""

PUT_IMAGE = "ecr:PutImage"
IMAGE_IMPORTS = frozenset({"ecr:ReplicateImage", UPSTREAM_IMPORT})
"""Actions that put images into a repository without `ecr:PutImage`: replication and caches."""

EVERY_ACTION = "ecr:*"
"""Every action of ECR; `*` means the same in a repository policy."""

_STARS = re.compile(r"\*{2,}")
_SPELLING = {
    name.lower(): name for name in (*KNOWN_ACTIONS, *ACTIONS_WITHOUT_REPOSITORY, EVERY_ACTION)
}


class Spelled(str):
    """A pattern or an unknown action, in lower case; `written` is its original spelling."""

    __slots__ = ("written",)
    written: str


@lru_cache(maxsize=16_384)
def is_known_action(action: str) -> bool:
    """Whether the action (in any case) is known, or the pattern matches a known one."""
    lowered = action.lower()
    if has_wildcard(lowered):
        return any(glob_matches(lowered, known.lower()) for known in KNOWN_ACTIONS)
    return lowered in _SPELLING


@lru_cache(maxsize=65_536)
def canonical_action(action: str) -> str:
    """Return the canonical form of an action: known ones as AWS spells them, all others `Spelled`.

    A run of stars is one star, and `*` alone is every action of ECR. Case never matters (IAM User
    Guide, "IAM JSON policy elements: Action"). That guide has wildcards in the name of an action
    alone, so one in the service, as in `e*:*`, is kept.
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


def spell_action(action: str) -> str:
    """Return a canonical action for display: in the case in which it was written."""
    return action.written if isinstance(action, Spelled) else action


@lru_cache(maxsize=16_384)
def is_of_registry(action: str) -> bool:
    """Whether a canonical action, or each known one that a pattern matches, has no repository.

    Such a pattern may match unknown actions on a repository.
    """
    if not has_wildcard(action):
        return action in ACTIONS_WITHOUT_REPOSITORY
    matched = any(glob_matches(action, known.lower()) for known in ACTIONS_WITHOUT_REPOSITORY)
    return matched and not is_known_action(action)


@lru_cache(maxsize=16_384)
def idle_actions(action: str) -> frozenset[str]:
    """Return the known actions that an action or pattern matches; none if one has effect here."""
    lowered = action.lower()
    known = frozenset(name for short, name in _SPELLING.items() if glob_matches(lowered, short))
    return known if known <= ACTIONS_WITHOUT_REPOSITORY | REGISTRY_POLICY_ACTIONS else frozenset()


@lru_cache(maxsize=65_536)
def covers(pattern: str, action: str) -> bool:
    """Whether one canonical action or pattern covers another.

    A pattern that covers all of ECR's actions covers those of other services, too: they have no
    effect here. A pattern covers another only where it matches the other's text: the known actions
    that both match prove nothing about future actions.
    """
    if pattern == action or not has_wildcard(pattern):
        return pattern == action
    return glob_matches(pattern.lower(), action.lower()) or (
        glob_matches(pattern.lower(), EVERY_ACTION) and not is_of_repositories(action)
    )


@lru_cache(maxsize=65_536)
def is_of_repositories(action: str) -> bool:
    """Whether an action may be one on a repository, or a pattern may match one.

    Every action of ECR may be, known or not, except those that are known to have no repository.
    No repository policy allows any other.
    """
    lowered = action.lower()
    return _SPELLING.get(lowered) not in ACTIONS_WITHOUT_REPOSITORY and globs_intersect(
        lowered, EVERY_ACTION
    )


def expand_actions(actions: Iterable[str]) -> frozenset[str]:
    """Return the known actions that a set of canonical actions and patterns covers."""
    patterns = tuple(actions)
    return frozenset(a for a in KNOWN_ACTIONS if any(covers(p, a) for p in patterns))


def changes_something(action: str) -> bool:
    """Whether an action, or one that a pattern matches, may do more than read; unknown ones may."""
    known = expand_actions([action])
    return not known or any(KNOWN_ACTIONS[name] not in ("Read", "List") for name in known)
