"""Pull through cache rules, which moto does not have: one set per account and region.

Evidenced: the operations, fields, limits and errors (botocore's model); the upstream registries by
their URLs ("CreatePullThroughCacheRule", Amazon ECR API Reference); that a rule is shown with the
fields that it was given and its registry (the acceptance tests of Terraform's provider,
hashicorp/terraform-provider-aws, aws_ecr_pull_through_cache_rule). Assumed: the wording of all
errors, and that an unknown prefix in a description is an error whatever else is asked for.

Not simulated: UpdatePullThroughCacheRule and ValidatePullThroughCacheRule, credentials and roles
for the upstream (none is needed, and those given are not looked at), the limit of rules, and
upstreamRegistry, which is shown only if it was given.
"""

import time
from collections.abc import Mapping

from reconciler.sandbox.json_values import JsonObject, strings
from reconciler.sandbox.registry.prefixes import PATTERN, key, longest
from reconciler.sandbox.requests.fields import given_fields, schemas, text_schema
from reconciler.sandbox.requests.paging import page
from reconciler.sandbox.requests.protocol import AwsRequest, Operation, ServiceError
from reconciler.sandbox.state import RepositoryPlace

_PREFIX = "ecrRepositoryPrefix"
_UPSTREAM = (
    r"^(?:public\.ecr\.aws|registry-1\.docker\.io|quay\.io|registry\.k8s\.io|ghcr\.io"
    r"|registry\.gitlab\.com|cgr\.dev|[a-z0-9-]+\.azurecr\.(?:io|cn)"
    r"|[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?)\Z"
)
_SCHEMAS = schemas(
    {
        _PREFIX: text_schema(30, 2, PATTERN),
        "upstreamRegistryUrl": {"type": "string"},
        "upstreamRegistry": {"type": "string"},
        "upstreamRepositoryPrefix": text_schema(30, 2, PATTERN),
        "credentialArn": text_schema(612, 50),
        "customRoleArn": text_schema(2048),
    }
)
_URL = schemas({"upstreamRegistryUrl": text_schema(2048, 0, _UPSTREAM)})["upstreamRegistryUrl"]
_PREFIX_ONLY = {_PREFIX: _SCHEMAS[_PREFIX]}


class PullThroughCacheRules:
    """The rules of all registries. Whoever calls an operation holds the lock."""

    def __init__(self, page_size: int) -> None:
        self._page_size = page_size
        self._stored: dict[tuple[str, str], dict[str, JsonObject]] = {}
        self.operations: Mapping[str, Operation] = {
            "CreatePullThroughCacheRule": self._create,
            "DescribePullThroughCacheRules": self._describe,
            "DeletePullThroughCacheRule": self._delete,
        }

    def cover(self, place: RepositoryPlace) -> bool:
        """Whether a rule is for a repository."""
        rules = self._stored.get((place.account, place.region), {})
        return longest(rules, place.name) is not None

    def _create(self, request: AwsRequest) -> JsonObject:
        given = given_fields(request.parameters, _SCHEMAS, _PREFIX, "upstreamRegistryUrl")
        if not _URL.is_valid(given["upstreamRegistryUrl"]):
            raise ServiceError(
                "UnsupportedUpstreamRegistryException", "The upstream registry is not supported"
            )
        rules, prefix = self._of(request), key(str(given[_PREFIX]))
        if prefix in rules:
            raise ServiceError(
                "PullThroughCacheRuleAlreadyExistsException",
                f"A pull through cache rule with prefix '{prefix}' already exists in the registry "
                f"with id '{request.account}'",
            )
        now = time.time()
        created = given | {"registryId": request.account, "createdAt": now}
        rules[prefix] = created | {"updatedAt": now}
        return created

    def _describe(self, request: AwsRequest) -> JsonObject:
        rules = self._of(request)
        if (asked := request.parameters.get("ecrRepositoryPrefixes")) is not None:
            rules = {key(prefix): self._find(request, prefix) for prefix in strings(asked)}
        shown, token = page(rules, request, self._page_size)
        return {"pullThroughCacheRules": [*shown], **token}

    def _delete(self, request: AwsRequest) -> JsonObject:
        prefix = str(given_fields(request.parameters, _PREFIX_ONLY, _PREFIX)[_PREFIX])
        rule = self._find(request, prefix)
        del self._of(request)[key(prefix)]
        return {name: value for name, value in rule.items() if name != "updatedAt"}

    def _of(self, request: AwsRequest) -> dict[str, JsonObject]:
        return self._stored.setdefault((request.account, request.region), {})

    def _find(self, request: AwsRequest, prefix: str) -> JsonObject:
        rule = self._of(request).get(key(prefix))
        if rule is None:
            raise ServiceError(
                "PullThroughCacheRuleNotFoundException",
                f"The pull through cache rule with prefix '{prefix}' does not exist in the "
                f"registry with id '{request.account}'",
            )
        return rule
