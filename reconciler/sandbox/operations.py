"""The ECR operations, corrected where moto differs from the service.

They work on moto's own objects, so that all of moto's operations see the same repositories.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC
from http import HTTPStatus
from threading import Lock

from moto.ecr.models import Image, Repository, ecr_backends
from moto.sts.models import sts_backends
from werkzeug.wrappers import Response

from reconciler.sandbox.account_settings import AccountSettings
from reconciler.sandbox.automatic_repositories import AutomaticRepositories
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.creation_templates import CreationTemplates
from reconciler.sandbox.eventual_consistency import EventualConsistency
from reconciler.sandbox.paging import page
from reconciler.sandbox.policies import Policies, PolicyPlace, policy_parameter
from reconciler.sandbox.policy_grammar import REPOSITORY
from reconciler.sandbox.policy_text import Json, JsonObject, add_concurrent_statement, strings
from reconciler.sandbox.protocol import (
    AwsRequest,
    Operation,
    ServiceError,
    check_length,
    invalid_parameter,
    json_response,
    limit_exceeded,
)
from reconciler.sandbox.registry_policy import RegistryPolicies
from reconciler.sandbox.state import check_name, correct_uri

_NAMES_PER_CALL = (1, 100)  # botocore's model, shape RepositoryNameList


class Operations:
    """Runs ECR requests. Whoever calls a method or changes a repository holds `lock`.

    Neither these operations nor moto's have locks of their own. `new_repositories` are those
    that calls do not find yet.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.lock = Lock()
        self.policies = Policies(behaviour)
        self.new_repositories = EventualConsistency(behaviour.visible_after)
        settings = AccountSettings(behaviour.registry_policy_scope)
        self.registry_policies = RegistryPolicies(self.policies, settings)
        self.templates = CreationTemplates(self.policies, behaviour)
        self._automatic = AutomaticRepositories(
            self.templates, self.policies, behaviour.repository_limit
        )
        self._behaviour = behaviour
        self._policy_reads: Counter[Repository] = Counter()
        self._corrected: Mapping[str, Operation] = {
            "SetRepositoryPolicy": self._set_policy,
            "GetRepositoryPolicy": self._get_policy,
            "DeleteRepositoryPolicy": self._delete_policy,
            "DescribeRepositories": self._describe_repositories,
            **settings.operations,
            **self.registry_policies.operations,
            **self.templates.operations,
        }

    def respond(self, request: AwsRequest, by_moto: Callable[[], Response]) -> Response:
        """Run an ECR request and return the response; `by_moto` returns moto's response to it.

        Raises ServiceError if the request fails.
        """
        self._before(request)
        if corrected := self._corrected.get(request.operation):
            return json_response(corrected(request))
        response = by_moto()
        if response.status_code != HTTPStatus.OK:
            return response
        return json_response(self._after(request, response))

    def create_on_push(self, account: str, region: str, name: str) -> None:
        """Create the repository of a push, if there is none and a template covers it."""
        created = self._automatic.create_on_push(account, region, name)
        self.new_repositories.settle([created] if created else [])

    def replicate(self, repository: Repository, image: Image) -> None:
        """Replicate an image of a repository as its registry is configured."""
        self.new_repositories.settle(self._automatic.replicate(repository, image))

    def _before(self, request: AwsRequest) -> None:
        """Check a request, and create the repository that a push is to. Raises ServiceError."""
        name = request.text("repositoryName")
        if name is not None:
            check_name(name)
        if request.operation == "InitiateLayerUpload" and name is not None:
            registry = request.text("registryId") or request.account
            self.create_on_push(registry, request.region, name)
        _check_registry(request)
        match request.operation:
            case "CreateRepository":
                self._check_limit(request)
            case "PutImage" if name not in _repositories(request):  # an internal error of moto
                raise _not_found(request, name)

    def _after(self, request: AwsRequest, response: Response) -> JsonObject:
        """Complete what moto did, and return the content of the response."""
        if request.operation == "CreateRepository":
            return _created(request)
        content: JsonObject = json.loads(response.get_data())
        if request.operation == "PutImage":
            self._replicate_put(request, content)
        return content

    def _replicate_put(self, request: AwsRequest, content: JsonObject) -> None:
        repository = _repositories(request)[request.text("repositoryName") or ""]
        match content:
            case {"image": {"imageId": {"imageDigest": digest}}}:
                image = next(each for each in repository.images if each.image_digest == digest)
                self.replicate(repository, image)

    def _check_limit(self, request: AwsRequest) -> None:
        limit = self._behaviour.repository_limit
        names = _repositories(request).keys()
        if limit and len(names) >= limit and request.text("repositoryName") not in names:
            raise limit_exceeded(request.account, "repositories", limit)

    def _find(self, request: AwsRequest, name: str | None) -> Repository:
        """Return a repository of the caller. Raises ServiceError if the call does not find it."""
        repository = _repositories(request).get(name or "")
        if repository is None or not self.new_repositories.find([repository]):
            raise _not_found(request, name)
        return repository

    def _set_policy(self, request: AwsRequest) -> JsonObject:
        """Store a policy text. The order of the checks is assumed."""
        text = policy_parameter(request)
        repository = self._find(request, request.text("repositoryName"))
        self.policies.check(request, text, REPOSITORY)
        self.policies.write(repository, text)
        return self._policy_content(request, repository, text)

    def _get_policy(self, request: AwsRequest) -> JsonObject:
        repository = self._find(request, request.text("repositoryName"))
        text = self.policies.read(repository)
        self._write_concurrently(repository, request.partition)
        return self._policy_content(request, repository, text)

    def _delete_policy(self, request: AwsRequest) -> JsonObject:
        repository = self._find(request, request.text("repositoryName"))
        text = self.policies.read(repository)
        repository.policy = None
        return self._policy_content(request, repository, text)

    def _policy_content(
        self, request: AwsRequest, repository: Repository, text: str | None
    ) -> JsonObject:
        """Return the response of a policy operation. Raises ServiceError if there is no policy.

        Writes return the policy text as well; that it is rewritten there too is assumed.
        """
        if text is None:
            raise ServiceError(
                "RepositoryPolicyNotFoundException",
                f"Repository policy does not exist for the repository with name "
                f"'{repository.name}' in the registry with id '{repository.registry_id}'",
            )
        place = PolicyPlace(request.account, request.region, repository.name)
        return {
            "registryId": repository.registry_id,
            "repositoryName": repository.name,
            "policyText": self.policies.returned(text, place, request.partition),
        }

    def _write_concurrently(self, repository: Repository, partition: str) -> None:
        """Count a read of a policy, and write as the concurrent writer when it is time."""
        self._policy_reads[repository] += 1
        if self._policy_reads[repository] == self._behaviour.concurrent_write_after_reads:
            role = f"arn:{partition}:iam::{repository.registry_id}:role/concurrent-writer"
            with suppress(ValueError):  # a text that is not a policy is left unchanged
                text = add_concurrent_statement(self.policies.read(repository), role)
                self.policies.write(repository, text)

    def _describe_repositories(self, request: AwsRequest) -> JsonObject:
        """Return a page of the repositories, by name, or those that are asked for.

        That maxResults and nextToken are refused together with repositoryNames is assumed
        ("DescribeRepositories", Amazon ECR API Reference, says that they cannot be used).
        """
        if request.parameters.get("repositoryNames") is not None:
            return {"repositories": self._describe_by_name(request)}
        visible = {
            name: repository
            for name, repository in _repositories(request).items()
            if self.new_repositories.is_visible(repository)
        }
        shown, token = page(visible, request, self._behaviour.page_size)
        return {"repositories": [_description(each) for each in shown], **token}

    def _describe_by_name(self, request: AwsRequest) -> list[Json]:
        if request.parameters.keys() & {"maxResults", "nextToken"}:
            raise invalid_parameter("repositoryNames", "must be used without pagination")
        listed = request.parameters["repositoryNames"]
        names = strings(listed)
        check_length("repositoryNames", len(names), _NAMES_PER_CALL)
        for name in names:
            check_name(name)
        return [_description(self._find(request, name)) for name in names]


def _check_registry(request: AwsRequest) -> None:
    """Raise ServiceError if the registry is another account's.

    The wording is assumed (it is IAM's general one), and so is that no policy of that registry
    allows the request.
    """
    registry = request.text("registryId")
    if registry is None or registry == request.account:
        return
    _, arn, _ = sts_backends[request.account][request.partition].get_caller_identity(
        request.access_key, request.region
    )
    name = request.text("repositoryName") or "*"
    repository = f"arn:{request.partition}:ecr:{request.region}:{registry}:repository/{name}"
    action = f"ecr:{request.operation}"
    raise ServiceError(
        "AccessDeniedException",
        f"User: {arn} is not authorized to perform: {action} on resource: {repository} "
        f"because no resource-based policy allows the {action} action",
    )


def _repositories(request: AwsRequest) -> dict[str, Repository]:
    return ecr_backends[request.account][request.region].repositories


def _created(request: AwsRequest) -> JsonObject:
    """Return the response to a CreateRepository that moto has just run."""
    repository = _repositories(request)[request.text("repositoryName") or ""]
    correct_uri(repository)
    return {"repository": _description(repository)}


def _not_found(request: AwsRequest, name: str | None) -> ServiceError:
    return ServiceError(
        "RepositoryNotFoundException",
        f"The repository with name '{name or ''}' does not exist "
        f"in the registry with id '{request.account}'",
    )


def _description(repository: Repository) -> JsonObject:
    scanning = repository.image_scanning_configuration
    description: JsonObject = {
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
