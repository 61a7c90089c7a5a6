"""The ECR operations, corrected where moto differs from the service.

They work on moto's own objects, so that all of moto's operations see the same repositories.
"""

import base64
import json
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC
from http import HTTPStatus
from random import Random
from threading import Lock

from moto.ecr.models import Repository, ecr_backends
from moto.sts.models import sts_backends
from werkzeug.wrappers import Response

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.policy_grammar import check_policy
from reconciler.sandbox.policy_text import (
    Json,
    JsonObject,
    add_concurrent_statement,
    rewrite_policy,
)
from reconciler.sandbox.protocol import (
    AwsRequest,
    ServiceError,
    check_length,
    invalid_parameter,
    json_response,
)
from reconciler.sandbox.state import Policies, check_name, correct_uri, unique_id_of, unique_ids

_POLICY_LENGTHS = (0, 10_240)  # characters; botocore's model, shape RepositoryPolicyText
_PAGE_SIZES = range(1, 1001)  # the same model, shape MaxResults
_NAMES_PER_CALL = (1, 100)  # the same model, shape RepositoryNameList


class EventualConsistency:
    """New objects, which the first `calls` calls that name them do not find. For one thread."""

    def __init__(self, calls: int) -> None:
        self._calls = calls
        self._named: Counter[Hashable] = Counter()

    def find(self, objects: Collection[Hashable]) -> bool:
        """Count a call that names these objects; return whether it finds all of them."""
        self._named.update(objects)
        return all(self._named[each] > self._calls for each in objects)

    def is_visible(self, thing: Hashable) -> bool:
        """Whether a call that names this object would find it. Counts nothing."""
        return self._named[thing] >= self._calls

    def settle(self, objects: Iterable[Hashable]) -> None:
        """Make these objects visible to all calls from now on."""
        self._named.update(dict.fromkeys(objects, self._calls))


class Operations:
    """Runs ECR requests. Whoever calls a method or changes a repository holds `lock`.

    Neither these operations nor moto's have locks of their own. `new_repositories` and
    `new_principals` are those that calls do not find yet.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.lock = Lock()
        self.policies = Policies(unique_ids=behaviour.unique_ids)
        self.new_repositories = EventualConsistency(behaviour.visible_after)
        self.new_principals = EventualConsistency(behaviour.iam_delay)
        self._behaviour = behaviour
        self._policy_reads: Counter[Repository] = Counter()
        self._texts_returned: Counter[tuple[str, str, str | None]] = Counter()
        self._corrected: Mapping[str, Callable[[AwsRequest], JsonObject]] = {
            "SetRepositoryPolicy": self._set_policy,
            "GetRepositoryPolicy": self._get_policy,
            "DeleteRepositoryPolicy": self._delete_policy,
            "DescribeRepositories": self._describe_repositories,
        }

    def respond(self, request: AwsRequest, by_moto: Callable[[], Response]) -> Response:
        """Run an ECR request and return the response; `by_moto` returns moto's response to it.

        Raises ServiceError if the request fails.
        """
        _check_request(request)
        if corrected := self._corrected.get(request.operation):
            return self._response(request, corrected(request))
        if creates := request.operation == "CreateRepository":
            self._check_limit(request)
        response = by_moto()
        if response.status_code != HTTPStatus.OK:
            return response
        content = _created(request) if creates else json.loads(response.get_data())
        return self._response(request, content)

    def _response(self, request: AwsRequest, content: JsonObject) -> Response:
        # Writes return the policy text as well; that it is rewritten there too is assumed.
        if isinstance(text := content.get("policyText"), str):
            content = content | {"policyText": self._rewritten(request, text)}
        return json_response(content)

    def _rewritten(self, request: AwsRequest, text: str) -> str:
        place = (request.account, request.region, request.text("repositoryName"))
        self._texts_returned[place] += 1
        # A generator per read: the order does not depend on the reads of other repositories.
        seed = f"{self._behaviour.seed} {place} {self._texts_returned[place]}"
        rng = Random(seed)  # noqa: S311 - predictable on purpose
        return rewrite_policy(text, self._behaviour, request.partition, rng)

    def _check_limit(self, request: AwsRequest) -> None:
        limit, account = self._behaviour.repository_limit, request.account
        names = _repositories(request).keys()
        if limit and len(names) >= limit and request.text("repositoryName") not in names:
            raise ServiceError(
                "LimitExceededException",
                f"The registry with id '{account}' already has "
                f"the maximum allowed number of repositories which is '{limit}'",
            )

    def _find(self, request: AwsRequest, name: str | None) -> Repository:
        """Return a repository of the caller. Raises ServiceError if the call does not find it."""
        repository = _repositories(request).get(name or "")
        if repository is None or not self.new_repositories.find([repository]):
            raise ServiceError(
                "RepositoryNotFoundException",
                f"The repository with name '{name or ''}' does not exist "
                f"in the registry with id '{request.account}'",
            )
        return repository

    def _set_policy(self, request: AwsRequest) -> JsonObject:
        """Store a policy text. The order of the checks is assumed."""
        text = request.text("policyText")
        if text is None:
            raise invalid_parameter("policyText", "must not be null")
        check_length("PolicyText", len(text), _POLICY_LENGTHS)
        repository = self._find(request, request.text("repositoryName"))
        try:
            principals = check_policy(text, request.partition)
        except ValueError as error:
            raise invalid_parameter("PolicyText", "Invalid repository policy provided") from error
        if self._behaviour.known_principals_only and not self._are_known(principals):
            raise invalid_parameter("PolicyText", "Principal not found")
        self.policies.write(repository, text)
        return _policy_content(repository, text)

    def _get_policy(self, request: AwsRequest) -> JsonObject:
        repository = self._find(request, request.text("repositoryName"))
        text = self.policies.read(repository)
        self._write_concurrently(repository, request.partition)
        return _policy_content(repository, text)

    def _delete_policy(self, request: AwsRequest) -> JsonObject:
        repository = self._find(request, request.text("repositoryName"))
        text = self.policies.read(repository)
        repository.policy = None
        return _policy_content(repository, text)

    def _write_concurrently(self, repository: Repository, partition: str) -> None:
        """Count a read of a policy, and write as the concurrent writer when it is time."""
        self._policy_reads[repository] += 1
        if self._policy_reads[repository] == self._behaviour.concurrent_write_after_reads:
            role = f"arn:{partition}:iam::{repository.registry_id}:role/concurrent-writer"
            with suppress(ValueError):  # a text that is not a policy is left unchanged
                text = add_concurrent_statement(self.policies.read(repository), role)
                self.policies.write(repository, text)

    def _are_known(self, arns: Iterable[str]) -> bool:
        """Count a call that names these roles, users and sessions; return whether ECR knows all."""
        existing = unique_ids()
        ids = {unique_id_of(arn, existing) for arn in arns}
        return self.new_principals.find(ids - {None}) and None not in ids

    def _describe_repositories(self, request: AwsRequest) -> JsonObject:
        """Return a page of the repositories, by name, or those that are asked for.

        A token holds the last name of its page, so that a repository that is created or deleted
        meanwhile neither repeats nor hides another. That maxResults and nextToken are refused
        together with repositoryNames is assumed ("DescribeRepositories", Amazon ECR API
        Reference, says that they cannot be used).
        """
        if request.parameters.get("repositoryNames") is not None:
            return {"repositories": self._describe_by_name(request)}
        size = request.parameters.get("maxResults", self._behaviour.page_size)
        if not isinstance(size, int) or size not in _PAGE_SIZES:
            raise invalid_parameter("maxResults", "must be between 1 and 1000")
        last = _name_in_token(request.text("nextToken"))
        visible = filter(self.new_repositories.is_visible, _repositories(request).values())
        rest = sorted((each for each in visible if each.name > last), key=lambda each: each.name)
        content: JsonObject = {"repositories": [_description(each) for each in rest[:size]]}
        if len(rest) > size:
            token = json.dumps(rest[size - 1].name).encode()
            content["nextToken"] = base64.b64encode(token).decode()
        return content

    def _describe_by_name(self, request: AwsRequest) -> list[Json]:
        if request.parameters.keys() & {"maxResults", "nextToken"}:
            raise invalid_parameter("repositoryNames", "must be used without pagination")
        listed = request.parameters["repositoryNames"]
        names = [n for n in listed if isinstance(n, str)] if isinstance(listed, list) else []
        check_length("repositoryNames", len(names), _NAMES_PER_CALL)
        for name in names:
            check_name(name)
        return [_description(self._find(request, name)) for name in names]


def _check_request(request: AwsRequest) -> None:
    """Raise ServiceError if the name is invalid or the registry is another account's.

    The wording about another account's registry is assumed (it is IAM's general one), and so is
    that no policy of that registry allows the request.
    """
    name = request.text("repositoryName")
    if name is not None:
        check_name(name)
    registry = request.text("registryId")
    if registry is None or registry == request.account:
        return
    _, arn, _ = sts_backends[request.account][request.partition].get_caller_identity(
        request.access_key, request.region
    )
    repository = f"arn:{request.partition}:ecr:{request.region}:{registry}:repository/{name or '*'}"
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


def _policy_content(repository: Repository, text: str | None) -> JsonObject:
    """Return the response of the policy operations. Raises ServiceError if there is no policy."""
    if text is None:
        raise ServiceError(
            "RepositoryPolicyNotFoundException",
            f"Repository policy does not exist for the repository with name '{repository.name}' "
            f"in the registry with id '{repository.registry_id}'",
        )
    return {
        "registryId": repository.registry_id,
        "repositoryName": repository.name,
        "policyText": text,
    }


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


def _name_in_token(token: str | None) -> str:
    if token is None:
        return ""
    try:
        name = json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        name = None
    if not isinstance(name, str):
        raise invalid_parameter("nextToken", "Invalid token")
    return name
