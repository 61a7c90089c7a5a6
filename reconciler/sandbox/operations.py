"""The ECR calls that moto answers otherwise than the service does.

Each takes a call and returns the answer's JSON object, or raises ServiceError. They work on
moto's own objects, so that every other call of moto's sees the same repositories.
"""

import base64
import json
from datetime import UTC

from moto.ecr.models import Repository, ecr_backends
from moto.sts.models import sts_backends

from reconciler.sandbox.calls import (
    EcrCall,
    ServiceError,
    check_length,
    check_name,
    invalid_parameter,
    repository_not_found,
)
from reconciler.sandbox.grammar import Json, PolicyRefusedError, named_principals
from reconciler.sandbox.repositories import called_repository, find_repository, mend_repository_uri
from reconciler.sandbox.state import State

POLICY_LENGTHS = (0, 10_240)  # characters; botocore's model, shape RepositoryPolicyText
PAGE_SIZES = range(1, 1001)  # the same model, shape MaxResults
NAMES_PER_CALL = (1, 100)
POLICY_CALLS = {"GetRepositoryPolicy", "SetRepositoryPolicy", "DeleteRepositoryPolicy"}


def check_call(call: EcrCall) -> None:
    """Raise ServiceError where the name breaks the model or the registry is another account's.

    The wording about a foreign registry is assumed (it is the general one of IAM), and so is
    that no policy of ours lets the caller in there.
    """
    name = call.text("repositoryName")
    if name is not None:
        check_name(name)
    registry = call.text("registryId")
    caller = call.caller
    if registry is None or registry == caller.account:
        return
    _, arn, _ = sts_backends[caller.account][caller.partition].get_caller_identity(
        caller.access_key, caller.region
    )
    repository = f"arn:{caller.partition}:ecr:{caller.region}:{registry}:repository/{name or '*'}"
    action = f"ecr:{call.operation}"
    raise ServiceError(
        "AccessDeniedException",
        f"User: {arn} is not authorized to perform: {action} on resource: {repository} "
        f"because no resource-based policy allows the {action} action",
    )


def check_visible(call: EcrCall, state: State) -> None:
    """Raise ServiceError where the call is about the policy of a repository that is still hidden.

    That this comes before the checks of the policy is assumed.
    """
    name = call.text("repositoryName") or ""
    repository = find_repository(call.caller.account, call.caller.region, name)
    if call.operation in POLICY_CALLS and repository and state.newcomers.named(repository):
        raise repository_not_found(name, call.caller.account)


def check_limit(call: EcrCall, state: State) -> None:
    """Raise ServiceError where one more repository is one too many."""
    limit = state.behaviour.repository_limit
    repositories = ecr_backends[call.caller.account][call.caller.region].repositories
    if limit and len(repositories) >= limit and call.text("repositoryName") not in repositories:
        raise ServiceError(
            "LimitExceededException",
            f"The registry with id '{call.caller.account}' already has "
            f"the maximum allowed number of repositories which is '{limit}'",
        )


def set_repository_policy(call: EcrCall, state: State) -> dict[str, Json]:
    """Store a policy text; the order of the checks is assumed."""
    text = call.text("policyText")
    if text is None:
        raise invalid_parameter("policyText", "must not be null")
    check_length("PolicyText", len(text), POLICY_LENGTHS)
    repository = called_repository(call, call.text("repositoryName") or "")
    try:
        principals = named_principals(text, call.caller.partition)
    except PolicyRefusedError as error:
        raise invalid_parameter("PolicyText", "Invalid repository policy provided") from error
    if state.behaviour.known_principals_only and not state.acquaintance.knows(principals):
        raise invalid_parameter("PolicyText", "Principal not found")
    state.policies.set(repository, text)
    return {
        "registryId": repository.registry_id,
        "repositoryName": repository.name,
        "policyText": text,
    }


def get_repository_policy(call: EcrCall, _state: State) -> dict[str, Json]:
    """Give a policy's text as it was set: moto would, and take several times as long."""
    repository = called_repository(call, call.text("repositoryName") or "")
    if repository.policy is None:
        raise ServiceError(
            "RepositoryPolicyNotFoundException",
            f"Repository policy does not exist for the repository with name '{repository.name}' "
            f"in the registry with id '{repository.registry_id}'",
        )
    return {
        "registryId": repository.registry_id,
        "repositoryName": repository.name,
        "policyText": repository.policy,
    }


def describe_repositories(call: EcrCall, state: State) -> dict[str, Json]:
    """List the repositories by name, a page at a time, or describe those asked for.

    A token holds the last name given, so that a repository made or deleted meanwhile neither
    repeats nor hides another. That maxResults and nextToken are refused beside repositoryNames
    is assumed ("DescribeRepositories", Amazon ECR API Reference, says that they cannot be used).
    """
    if (names := call.parameters.get("repositoryNames")) is not None:
        if call.parameters.keys() & {"maxResults", "nextToken"}:
            raise invalid_parameter("repositoryNames", "must be used without pagination")
        return {"repositories": _described(call, names, state)}
    size = call.parameters.get("maxResults", state.behaviour.page_size)
    if not isinstance(size, int) or size not in PAGE_SIZES:
        raise invalid_parameter("maxResults", "must be between 1 and 1000")
    after = _position(call.text("nextToken"))
    repositories = dict(ecr_backends[call.caller.account][call.caller.region].repositories)
    ahead = sorted(
        name
        for name, repository in repositories.items()
        if name > after and not state.newcomers.hidden(repository)
    )
    answer: dict[str, Json] = {
        "repositories": [_description(repositories[name]) for name in ahead[:size]]
    }
    if len(ahead) > size:
        answer["nextToken"] = base64.b64encode(json.dumps(ahead[size - 1]).encode()).decode()
    return answer


def created_repository(call: EcrCall, state: State) -> dict[str, Json]:
    """Return the answer to a CreateRepository that moto has just carried out."""
    repository = called_repository(call, call.text("repositoryName") or "")
    mend_repository_uri(repository)
    state.newcomers.add(repository)
    return {"repository": _description(repository)}


def _described(call: EcrCall, names: Json, state: State) -> list[Json]:
    wanted = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    check_length("repositoryNames", len(wanted), NAMES_PER_CALL)
    for name in wanted:
        check_name(name)
    found = [called_repository(call, name) for name in wanted]
    for repository in found:
        if state.newcomers.named(repository):
            raise repository_not_found(repository.name, call.caller.account)
    return [_description(repository) for repository in found]


def _description(repository: Repository) -> dict[str, Json]:
    scanning = repository.image_scanning_configuration
    description: dict[str, Json] = {
        "repositoryArn": repository.arn,
        "registryId": repository.registry_id,
        "repositoryName": repository.name,
        "repositoryUri": repository.uri,
        "createdAt": repository.created_at.replace(tzinfo=UTC).timestamp(),
        "imageTagMutability": repository.image_tag_mutability,
        "imageScanningConfiguration": dict(scanning) if isinstance(scanning, dict) else scanning,
        "encryptionConfiguration": dict(repository.encryption_configuration),
    }
    if filters := repository.image_tag_mutability_exclusion_filters:
        description["imageTagMutabilityExclusionFilters"] = [
            {str(key): value for key, value in each.items()} for each in filters
        ]
    return description


def _position(token: str | None) -> str:
    if token is None:
        return ""
    try:
        name = json.loads(base64.b64decode(token, validate=True))
    except ValueError as error:
        raise invalid_parameter("nextToken", "Invalid token") from error
    if not isinstance(name, str):
        raise invalid_parameter("nextToken", "Invalid token")
    return name
