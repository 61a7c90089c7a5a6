import pytest
from botocore.model import OperationModel
from botocore.session import get_session

from reconciler.policy.language.actions import (
    ACTIONS_WITHOUT_REPOSITORY,
    AUTHORIZATION_TOKEN,
    KNOWN_ACTIONS,
    canonical_action,
    changes_something,
    covers,
    expand_actions,
    idle_actions,
    is_known_action,
    is_of_registry,
    is_of_repositories,
    spell_action,
)


def test_the_list_is_that_of_the_service() -> None:
    levels = list(KNOWN_ACTIONS.values())
    assert {level: levels.count(level) for level in set(levels)} == {
        "Read": 13,
        "List": 3,
        "Write": 16,
        "Permissions management": 2,
        "Tagging": 2,
    }
    assert AUTHORIZATION_TOKEN not in KNOWN_ACTIONS
    assert {"ecr:GetImageCopyStatus"} == KNOWN_ACTIONS.keys() & ACTIONS_WITHOUT_REPOSITORY


def test_every_operation_of_the_service_is_on_a_repository_or_on_none() -> None:
    model = get_session().get_service_model("ecr")
    on_repository = {
        f"ecr:{name}"
        for name in model.operation_names
        if _names_a_repository(model.operation_model(name))
    }
    operations = {f"ecr:{name}" for name in model.operation_names}
    assert on_repository <= KNOWN_ACTIONS.keys()
    assert operations - on_repository == ACTIONS_WITHOUT_REPOSITORY - {"ecr:GetImageCopyStatus"}


def _names_a_repository(operation: OperationModel) -> bool:
    members = operation.input_shape.members if operation.input_shape else {}
    return not members.keys().isdisjoint({"repositoryName", "repositoryNames", "resourceArn"})


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("ecr:PutImage", "ecr:PutImage"),
        ("ECR:PUTIMAGE", "ecr:PutImage"),
        ("ecr:getauthorizationtoken", "ecr:GetAuthorizationToken"),
        ("ecr:Nope", "ecr:nope"),
        ("S3:GetObject", "s3:getobject"),
        ("ecr:Get**", "ecr:get*"),
        ("***", "ecr:*"),
        ("*", "ecr:*"),
        ("ECR:*", "ecr:*"),
        ("e*:*", "e*:*"),
        ("ecr:PutImag?", "ecr:putimag?"),
    ],
)
def test_one_spelling(written: str, canonical: str) -> None:
    assert canonical_action(written) == canonical
    assert canonical_action(canonical) == canonical


@pytest.mark.parametrize(
    ("action", "of_registry"),
    [
        ("ecr:PutRegistryPolicy", True),
        ("ecr:GetAuthorizationToken", True),
        ("ecr:*registrypolicy", True),
        ("ecr:getauth*", True),
        ("ecr:*policy", False),
        ("ecr:fly*", False),
        ("ecr:fly", False),
        ("ecr:PutImage", False),
        ("ecr:*", False),
    ],
)
def test_of_the_registry(action: str, of_registry: bool) -> None:
    assert canonical_action(action) == action
    assert is_of_registry(action) is of_registry


@pytest.mark.parametrize("action", sorted(ACTIONS_WITHOUT_REPOSITORY))
def test_what_no_repository_policy_allows(action: str) -> None:
    assert not is_of_repositories(action)
    assert not is_of_repositories(action.upper())
    assert is_of_repositories(f"{action}Again")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("ecr:Get**", "ecr:Get*"),
        ("ecr:FlyToTheMoon", "ecr:FlyToTheMoon"),
        ("S3:GetObject", "S3:GetObject"),
        ("ECR:PUTIMAGE", "ecr:PutImage"),
        ("**", "ecr:*"),
        ("ECR:*", "ecr:*"),
    ],
)
def test_the_case_in_which_it_was_written_is_shown(written: str, shown: str) -> None:
    assert spell_action(canonical_action(written)) == shown


@pytest.mark.parametrize(
    ("action", "of_repositories"),
    [
        ("ecr:PutImage", True),
        ("ecr:Fly", True),
        ("ecr:*", True),
        ("e*:Put*", True),
        ("ecr:GetAuthorization*", True),
        ("ecr:GETAuthorizationToken", False),
        ("s3:*", False),
        ("ecr-public:PutImage", False),
    ],
)
def test_what_is_of_repositories(action: str, of_repositories: bool) -> None:
    assert is_of_repositories(action) is of_repositories


@pytest.mark.parametrize(
    ("action", "known"),
    [
        ("ecr:PutImage", True),
        ("ecr:putimage", True),
        ("ecr:GetAuthorizationToken", True),
        ("ecr:Put*", True),
        ("ecr:PutImag?", True),
        ("*", True),
        ("ecr:Fly*", False),
        ("ecr:Fly", False),
        ("PutImage", False),
    ],
)
def test_known(action: str, known: bool) -> None:
    assert is_known_action(action) is known


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("ecr:PutImage", "ecr:PutImage", True),
        ("ecr:put*", "ecr:PutImage", True),
        ("*", "ecr:*", True),
        ("ecr:*", "e*:*", False),
        ("e*:*", "ecr:*", True),
        ("ecr:*", "s3:getobject", True),
        ("ecr:p*", "s3:getobject", False),
        ("ecr:PutImage", "ecr:put*", False),
        ("ecr:put*", "ecr:putimag?", True),
        ("ecr:putimag?", "ecr:put*", False),
    ],
)
def test_covering(pattern: str, action: str, expected: bool) -> None:
    assert covers(pattern, action) is expected


def test_expanding() -> None:
    assert expand_actions(["ecr:put*", "ecr:Nope"]) == {a for a in KNOWN_ACTIONS if "Put" in a}
    assert expand_actions(["ecr:*"]) == set(KNOWN_ACTIONS)
    assert expand_actions(["s3:*"]) == set()


@pytest.mark.parametrize(
    ("action", "changes"),
    [
        ("ecr:BatchGetImage", False),
        ("ecr:ListImages", False),
        ("ecr:list*", False),
        ("ecr:PutImage", True),
        ("ecr:TagResource", True),
        ("ecr:SetRepositoryPolicy", True),
        ("ecr:get*", False),
        ("ecr:*image", True),
        ("ecr:nope", True),
        ("ecr:nope*", True),
        ("*", True),
    ],
)
def test_what_changes_something(action: str, changes: bool) -> None:
    assert changes_something(action) is changes


@pytest.mark.parametrize(
    ("action", "idle"),
    [
        ("ecr:CreateRepository", {"ecr:CreateRepository"}),
        ("ecr:replicateimage", {"ecr:ReplicateImage"}),
        ("ecr:BatchImport*", {"ecr:BatchImportUpstreamImage"}),
        ("ecr:GetAuth*", {"ecr:GetAuthorizationToken"}),
        ("ecr:*RegistryPolicy", {f"ecr:{verb}RegistryPolicy" for verb in ("Get", "Put", "Delete")}),
        ("ecr:*Image", set()),
        ("ecr:PutImage", set()),
        ("ecr:Nope", set()),
        ("ecr:*", set()),
    ],
)
def test_what_is_idle_in_a_repository_policy(action: str, idle: set[str]) -> None:
    assert idle_actions(canonical_action(action)) == idle
