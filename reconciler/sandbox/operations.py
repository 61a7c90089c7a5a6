"""The ECR operations, corrected where moto differs from the service.

They work on moto's own objects, so that all of moto's operations see the same repositories.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC
from http import HTTPStatus
from threading import Lock

from moto.ecr.models import Image, Repository, ecr_backends
from werkzeug.wrappers import Response

from reconciler.sandbox.authorization import Authorization
from reconciler.sandbox.automatic_repositories import AutomaticRepositories
from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.eventual_consistency import EventualConsistency
from reconciler.sandbox.json_values import Json, JsonObject, objects, strings
from reconciler.sandbox.policies.concurrent_writer import ConcurrentWriter, writer_role
from reconciler.sandbox.policies.grammar import REPOSITORY
from reconciler.sandbox.policies.stored import Policies, PolicyPlace, policy_parameter
from reconciler.sandbox.registry.account_settings import AccountSettings
from reconciler.sandbox.registry.creation_templates import CreationTemplates
from reconciler.sandbox.registry.pull_through_cache import PullThroughCacheRules
from reconciler.sandbox.registry.registry_policy import RegistryPolicies
from reconciler.sandbox.requests.paging import page
from reconciler.sandbox.requests.protocol import (
    AwsRequest,
    Operation,
    ServiceError,
    check_length,
    invalid_parameter,
    json_response,
    limit_exceeded,
)
from reconciler.sandbox.state import RepositoryPlace, check_name, correct_uri

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
        self._behaviour = behaviour
        self._writer = ConcurrentWriter(behaviour)
        settings = AccountSettings(behaviour.registry_policy_scope)
        self.registry_policies = RegistryPolicies(self.policies, settings, self._writer)
        self.templates = CreationTemplates(self.policies, behaviour, self._writer)
        self._authorization = Authorization(self.policies, self.registry_policies, settings)
        rules = PullThroughCacheRules(behaviour.page_size)
        self._automatic = AutomaticRepositories(
            self.templates, rules, self.policies, self._authorization, behaviour.repository_limit
        )
        self._corrected: Mapping[str, Operation] = {
            "SetRepositoryPolicy": self._set_policy,
            "GetRepositoryPolicy": self._get_policy,
            "DeleteRepositoryPolicy": self._delete_policy,
            "DescribeRepositories": self._describe_repositories,
            **settings.operations,
            **self.registry_policies.operations,
            **self.templates.operations,
            **rules.operations,
        }

    def respond(self, request: AwsRequest, by_moto: Callable[[str], Response]) -> Response:
        """Run an ECR request and return the response.

        `by_moto` returns moto's response to it, as of the account that it is given. Raises
        ServiceError if the request fails.
        """
        owned = self._before(request)
        if corrected := self._corrected.get(owned.operation):
            return json_response(corrected(owned))
        response = by_moto(owned.account)
        if response.status_code != HTTPStatus.OK:
            return response
        return json_response(self._after(owned, response))

    def create_on_push(self, place: RepositoryPlace) -> None:
        """Create the repository of a push, if there is none and a template covers it."""
        self.new_repositories.settle(self._automatic.create_on_push(place))

    def replicate(self, repository: Repository, image: Image) -> None:
        """Replicate an image of a repository as its registry is configured."""
        self.new_repositories.settle(self._automatic.replicate(repository, image))

    def _before(self, request: AwsRequest) -> AwsRequest:
        """Check a request, and do what ECR does by itself before it. Raises ServiceError.

        Return it as one of the account whose registry it is for.
        """
        name = request.text("repositoryName")
        if name is not None:
            check_name(name)
        place = RepositoryPlace(
            request.text("registryId") or request.account, request.region, name or "*"
        )
        match request.operation:
            case "InitiateLayerUpload" if name is not None:
                self.create_on_push(place)
            case "BatchGetImage" if name is not None:
                self._pull_through_cache(request, place)
        self._authorization.check(request, request.operation, place)
        owned = replace(request, account=place.account)
        match request.operation:
            case "CreateRepository":
                self._check_limit(owned)
            case "PutImage" if name not in _repositories(owned):  # an internal error of moto
                raise _not_found(owned, name)
        return owned

    def _pull_through_cache(self, request: AwsRequest, place: RepositoryPlace) -> None:
        images = objects(request.parameters.get("imageIds"))
        tags = [tag for image in images if isinstance(tag := image.get("imageTag"), str)]
        created = self._automatic.pull_through_cache(request, place, tags)
        self.new_repositories.settle(created)

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
        text = self.policies.read(repository)
        role = writer_role(partition, repository.registry_id)
        if changed := self._writer.changed("repository", repository, text, role):
            self.policies.write(repository, changed)

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
