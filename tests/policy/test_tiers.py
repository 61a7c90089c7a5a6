from types import MappingProxyType

import pytest

from reconciler.policy.compile import sid_for
from reconciler.policy.language.actions import canonical_action
from reconciler.policy.language.document import NotAction
from reconciler.policy.meaning.facts import Actions
from reconciler.policy.meaning.tiers import (
    BUILT_IN_TIERS,
    REGISTRY_TIERS,
    action_names,
    describe_actions,
    tier_of,
    tiers_within,
)

PULL, PUSH = BUILT_IN_TIERS["pull"], BUILT_IN_TIERS["push"]
SCAN = frozenset({"ecr:StartImageScan", "ecr:DescribeImageScanFindings"})
TIERS = MappingProxyType({**BUILT_IN_TIERS, "scan": SCAN, "again": PULL})
URL, GETS, BATCHES = "ecr:GetDownloadUrlForLayer", "ecr:get*", "ecr:batch*"
WITH_PATTERNS = MappingProxyType(
    {
        **BUILT_IN_TIERS,
        "look": frozenset({URL, GETS, "ecr:getd*"}),
        "whole": frozenset({"ecr:*", "ecr:PutImage"}),
        "batch": frozenset({BATCHES}),
    }
)
PUT = frozenset({"ecr:PutImage"})


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("pull", "BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer"),
        ("push", "BatchCheckLayerAvailability CompleteLayerUpload InitiateLayerUpload PutImage "
                 "UploadLayerPart"),
        ("push-pull", "BatchCheckLayerAvailability BatchGetImage CompleteLayerUpload "
                      "GetDownloadUrlForLayer InitiateLayerUpload PutImage UploadLayerPart"),
        ("read", "BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer DescribeImages "
                 "DescribeRepositories ListImages ListTagsForResource DescribeImageScanFindings "
                 "GetLifecyclePolicy GetLifecyclePolicyPreview GetRepositoryPolicy"),
        ("lambda", "BatchGetImage GetDownloadUrlForLayer"),
        ("admin", "*"),
    ],
)  # fmt: skip
def test_the_built_in_ones(name: str, actions: str) -> None:
    assert BUILT_IN_TIERS[name] == {f"ecr:{action}" for action in actions.split()}


def test_there_are_no_more_built_in_ones() -> None:
    assert set(BUILT_IN_TIERS) == {"pull", "push", "push-pull", "read", "lambda", "admin"}


@pytest.mark.parametrize(
    ("actions", "name", "words", "sid"),
    [
        ("ReplicateImage CreateRepository", "replicate", "replicate", "EcrAccessReplicate"),
        ("BatchImportUpstreamImage CreateRepository", "cache", "cache", "EcrAccessCache"),
        ("ReplicateImage", None, "ecr:ReplicateImage", "EcrAccessReplicate"),
        (
            "ReplicateImage CreateRepository BatchGetImage",
            None,
            "replicate + ecr:BatchGetImage",
            "EcrAccessReplicateCustom",
        ),
        (
            "ReplicateImage BatchImportUpstreamImage CreateRepository",
            None,
            "replicate + cache",
            "EcrAccessReplicateCache",
        ),
    ],
)
def test_two_more_are_for_a_registry(actions: str, name: str | None, words: str, sid: str) -> None:
    tiers = {**BUILT_IN_TIERS, **REGISTRY_TIERS}
    held: Actions = frozenset(f"ecr:{action}" for action in actions.split())
    assert tier_of(held, tiers) == name
    assert describe_actions(held, tiers) == words
    assert sid_for(held, tiers) == sid


@pytest.mark.parametrize(
    ("actions", "name"), [(PULL, "pull"), (PULL | PUSH, "push-pull"), (PUT, None), (SCAN, "scan")]
)
def test_the_tier_of_some_actions(actions: Actions, name: str | None) -> None:
    assert tier_of(actions, TIERS) == name


@pytest.mark.parametrize(
    ("actions", "name", "words"),
    [
        (frozenset({GETS}), "look", "look"),
        (frozenset({"ecr:*"}), "admin", "admin"),
        (frozenset({GETS, BATCHES}), None, "batch + look"),
        (frozenset({GETS, "ecr:PutImage"}), None, "look + ecr:PutImage"),
        (frozenset({BATCHES, URL}), None, "batch + lambda"),
        (frozenset({"ecr:getd*"}), None, "ecr:getd*"),
        (frozenset({"ecr:g*"}), None, "ecr:g*"),
        (frozenset({URL}), None, URL),
    ],
)
def test_a_tier_is_known_whatever_its_patterns_cover(
    actions: Actions, name: str | None, words: str
) -> None:
    assert tier_of(actions, WITH_PATTERNS) == name
    assert describe_actions(actions, WITH_PATTERNS) == words


@pytest.mark.parametrize(
    ("actions", "names", "left"),
    [
        (frozenset(), (), frozenset()),
        (PULL, ("pull",), frozenset()),
        (PULL | PUSH, ("push-pull",), frozenset()),
        (PULL | PUSH | SCAN, ("push-pull", "scan"), frozenset()),
        (PULL | PUT, ("pull",), PUT),
        (PUT, (), PUT),
        (PULL | {NotAction(("ecr:*",))}, ("pull",), {NotAction(("ecr:*",))}),
    ],
)
def test_the_tiers_within_some_actions(
    actions: Actions, names: tuple[str, ...], left: Actions
) -> None:
    assert tiers_within(actions, TIERS) == (names, left)


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (PULL, "pull"),
        (PULL | PUSH, "push-pull"),
        (PULL | SCAN, "pull + scan"),
        (PULL | PUT | {"ecr:ListImages"}, "pull + ecr:ListImages + ecr:PutImage"),
        (PUT, "ecr:PutImage"),
        (frozenset({"ecr:*"}), "admin"),
        (frozenset({NotAction(("ecr:PutImage", "s3:*"))}), "all but ecr:PutImage, s3:*"),
    ],
)
def test_telling_actions(actions: Actions, words: str) -> None:
    assert describe_actions(actions, TIERS) == words


@pytest.mark.parametrize(
    ("actions", "besides", "words"),
    [
        (PUSH - PULL, PULL, "push"),
        (PULL - PUT, PUT, "pull"),
        (PUT, PULL, "ecr:PutImage"),
        (PUT, frozenset(), "ecr:PutImage"),
        (frozenset({"ecr:GetDownloadUrlForLayer"}), PULL, "lambda"),
    ],
)
def test_telling_actions_that_others_complete(
    actions: Actions, besides: Actions, words: str
) -> None:
    assert describe_actions(actions, TIERS, besides) == words


def test_actions_are_shown_as_they_were_written() -> None:
    exceptions = NotAction((canonical_action("ecr:Put*"), canonical_action("ecr:PUTIMAGE")))
    written: Actions = frozenset({canonical_action("ecr:FlyToTheMoon"), exceptions})
    assert action_names(written) == ("all but ecr:Put*, ecr:PutImage", "ecr:FlyToTheMoon")


def test_actions_by_name() -> None:
    mixed: Actions = frozenset({"ecr:PutImage", "ecr:ListImages", NotAction(("ecr:*",))})
    assert action_names(mixed) == ("all but ecr:*", "ecr:ListImages", "ecr:PutImage")
