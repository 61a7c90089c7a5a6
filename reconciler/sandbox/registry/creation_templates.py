"""Repository creation templates, which moto does not have: one set per account and region.

Evidenced: the operations, fields, limits and errors (botocore's model), and that an
imageTagMutability that an update leaves out becomes MUTABLE ("UpdateRepositoryCreationTemplate",
Amazon ECR API Reference). The acceptance tests of Terraform's provider
(hashicorp/terraform-provider-aws, aws_ecr_repository_creation_template) show the defaults AES256
and MUTABLE, that an appliedFor that an update leaves out stays, and that tags without a
customRoleArn are accepted. The provider's source removes a policy, a description and a role by an
update with an empty text, and takes both an empty description and TemplateNotFoundException for an
unknown prefix; neither is in its tests.

Assumed: that all other fields that an update leaves out stay, too; that the filters of the
mutability go with an update to one without exclusion; that an empty text or list removes a field;
that an unknown prefix is left out of a description (the model lists no error for it); that a policy
is checked as a repository's and returned rewritten and shuffled, but keeps the names of its
principals; which code an invalid field has, and the wording of all errors. `prefixes.py` has what
is assumed of prefixes.
"""

import time
from collections.abc import Mapping

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.json_values import Json, JsonObject, strings
from reconciler.sandbox.policies.concurrent_writer import ConcurrentWriter, writer_role
from reconciler.sandbox.policies.grammar import REPOSITORY
from reconciler.sandbox.policies.stored import POLICY_LENGTHS, Policies, PolicyPlace
from reconciler.sandbox.registry.prefixes import PATTERN, key, longest
from reconciler.sandbox.requests.fields import (
    given_fields,
    schemas,
    structure_schema,
    text_schema,
)
from reconciler.sandbox.requests.paging import page
from reconciler.sandbox.requests.protocol import (
    AwsRequest,
    Operation,
    ServiceError,
    invalid_parameter,
    limit_exceeded,
)

CREATE_ON_PUSH = "CREATE_ON_PUSH"
PULL_THROUGH_CACHE = "PULL_THROUGH_CACHE"
REPLICATION = "REPLICATION"

_WITH_EXCLUSION = ("IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION")
_MUTABILITIES: list[Json] = ["MUTABLE", "IMMUTABLE", *_WITH_EXCLUSION]

# Of botocore's model, except for the lengths of tags and that there is a scenario ("Tag" and
# "CreateRepositoryCreationTemplate", Amazon ECR API Reference), and that customRoleArn is the ARN
# of a role or empty (assumed).
_SCHEMAS = schemas(
    {
        "prefix": text_schema(256, 1, PATTERN),
        "appliedFor": {
            "type": "array",
            "minItems": 1,
            "items": {"enum": [REPLICATION, PULL_THROUGH_CACHE, CREATE_ON_PUSH]},
        },
        "description": text_schema(256),
        "encryptionConfiguration": structure_schema(
            ["encryptionType"],
            encryptionType={"enum": ["AES256", "KMS", "KMS_DSSE"]},
            kmsKey=text_schema(
                2048, 0, r"^$|^arn:aws[a-z0-9-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-z0-9-]+\Z"
            ),
        ),
        "resourceTags": {
            "type": "array",
            "items": structure_schema(
                ["Key", "Value"], Key=text_schema(128, 1), Value=text_schema(256)
            ),
        },
        "imageTagMutability": {"enum": _MUTABILITIES},
        "imageTagMutabilityExclusionFilters": {
            "type": "array",
            "minItems": 1,
            "maxItems": 5,
            "items": structure_schema(
                ["filterType", "filter"],
                filterType={"enum": ["WILDCARD"]},
                filter=text_schema(128, 1, r"^[0-9a-zA-Z._*-]+\Z"),
            ),
        },
        "repositoryPolicy": text_schema(POLICY_LENGTHS[1]),
        "lifecyclePolicy": text_schema(30_720),
        "customRoleArn": text_schema(2048, 0, r"^$|^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+\Z"),
    }
)
_PREFIX_ONLY = {"prefix": _SCHEMAS["prefix"]}


class CreationTemplates:
    """The templates of all registries. Whoever calls an operation holds the lock."""

    def __init__(self, policies: Policies, behaviour: Behaviour, writer: ConcurrentWriter) -> None:
        self._policies = policies
        self._behaviour = behaviour
        self._writer = writer
        self._stored: dict[tuple[str, str], dict[str, JsonObject]] = {}
        self.operations: Mapping[str, Operation] = {
            "CreateRepositoryCreationTemplate": self._create,
            "UpdateRepositoryCreationTemplate": self._update,
            "DeleteRepositoryCreationTemplate": self._delete,
            "DescribeRepositoryCreationTemplates": self._describe,
        }

    def write(self, account: str, region: str, prefix: str, fields: JsonObject | None) -> None:
        """Replace a template, or remove it (None). Any fields are accepted.

        They are those of CreateRepositoryCreationTemplate, with at least appliedFor.
        """
        templates = self._of_registry(account, region)
        templates.pop(key(prefix), None)
        if fields is not None:
            templates[key(prefix)] = _merged(_new(), {"prefix": prefix, **fields})

    def find(self, account: str, region: str, prefix: str) -> JsonObject | None:
        """Return a template as stored, None if there is none with this prefix."""
        return self._of_registry(account, region).get(key(prefix))

    def covering(self, account: str, region: str, name: str, scenario: str) -> JsonObject | None:
        """Return the template by which ECR creates a repository in a scenario, None without one.

        Assumed: the one with the longest prefix counts alone, also where it is not for this
        scenario.
        """
        found = self._of_registry(account, region)
        prefix = longest(found, name)
        if prefix is None or scenario not in strings(found[prefix]["appliedFor"]):
            return None
        return found[prefix]

    def _create(self, request: AwsRequest) -> JsonObject:
        given = self._checked_fields(request, "prefix", "appliedFor")
        templates = self._of(request)
        prefix = key(str(given["prefix"]))
        if prefix in templates:
            raise ServiceError(
                "TemplateAlreadyExistsException",
                f"The template with prefix '{prefix}' already exists in the registry "
                f"with id '{request.account}'",
            )
        limit = self._behaviour.template_limit
        if limit and len(templates) >= limit:
            raise limit_exceeded(request.account, "templates", limit)
        return self._store(request, _merged(_new(), given))

    def _update(self, request: AwsRequest) -> JsonObject:
        given = self._checked_fields(request, "prefix")
        old = self._find(request)
        return self._store(request, _merged(old, given | {"prefix": old["prefix"]}))

    def _delete(self, request: AwsRequest) -> JsonObject:
        given_fields(request.parameters, _PREFIX_ONLY, "prefix")
        template = self._find(request)
        del self._of(request)[key(str(template["prefix"]))]
        return self._content(request, template)

    def _describe(self, request: AwsRequest) -> JsonObject:
        templates = self._of(request)
        prefixes = request.parameters.get("prefixes")
        if prefixes is not None:
            wanted = {key(prefix) for prefix in strings(prefixes)}
            templates = {prefix: t for prefix, t in templates.items() if prefix in wanted}
        shown, token = page(templates, request, self._behaviour.page_size)
        for each in shown:
            self._write_concurrently(request, each)
        return {
            "registryId": request.account,
            "repositoryCreationTemplates": [self._returned(request, each) for each in shown],
            **token,
        }

    def _write_concurrently(self, request: AwsRequest, template: JsonObject) -> None:
        """Count a read of a template, and write as the concurrent writer when it is time."""
        prefix, policy = str(template["prefix"]), template.get("repositoryPolicy")
        role = writer_role(request.partition, request.account)
        whose = request.account, request.region, prefix
        text = policy if isinstance(policy, str) else None
        if changed := self._writer.changed("template", whose, text, role):
            self._of(request)[key(prefix)] = template | {"repositoryPolicy": changed}

    def _store(self, request: AwsRequest, template: JsonObject) -> JsonObject:
        """Store a template and return the response. Raises ServiceError if its fields clash."""
        _check_together(template, request.account)
        self._of(request)[key(str(template["prefix"]))] = template
        return self._content(request, template)

    def _of_registry(self, account: str, region: str) -> dict[str, JsonObject]:
        """Return the templates of a registry by their keys."""
        return self._stored.setdefault((account, region), {})

    def _of(self, request: AwsRequest) -> dict[str, JsonObject]:
        return self._of_registry(request.account, request.region)

    def _find(self, request: AwsRequest) -> JsonObject:
        prefix = request.text("prefix") or ""
        template = self.find(request.account, request.region, prefix)
        if template is None:
            raise ServiceError(
                "TemplateNotFoundException",
                f"The template with prefix '{prefix}' does not exist in the registry "
                f"with id '{request.account}'",
            )
        return template

    def _checked_fields(self, request: AwsRequest, *required: str) -> JsonObject:
        """Return the fields of a request. Raises ServiceError if the service refuses them."""
        fields = given_fields(request.parameters, _SCHEMAS, *required)
        if policy := fields.get("repositoryPolicy"):
            self._policies.check(request, str(policy), REPOSITORY)
        return fields

    def _content(self, request: AwsRequest, template: JsonObject) -> JsonObject:
        returned = self._returned(request, template)
        return {"registryId": request.account, "repositoryCreationTemplate": returned}

    def _returned(self, request: AwsRequest, template: JsonObject) -> JsonObject:
        if not (policy := template.get("repositoryPolicy")):
            return template
        place = PolicyPlace(request.account, request.region, f"template {template['prefix']}")
        returned = self._policies.returned(str(policy), place, request.partition)
        return template | {"repositoryPolicy": returned}


def _new() -> JsonObject:
    """Return what a new template has before its fields are given."""
    return {"encryptionConfiguration": {"encryptionType": "AES256"}, "createdAt": time.time()}


def _merged(old: JsonObject, given: JsonObject) -> JsonObject:
    """Return a template with the fields of a request."""
    new = old | {"imageTagMutability": "MUTABLE"} | given | {"updatedAt": time.time()}
    if new["imageTagMutability"] not in _WITH_EXCLUSION:
        new["imageTagMutabilityExclusionFilters"] = given.get(
            "imageTagMutabilityExclusionFilters", []
        )
    return {name: value for name, value in new.items() if value not in ("", [])}


def _is_aes(encryption: JsonObject) -> bool:
    return encryption["encryptionType"] == "AES256"


def _check_together(fields: JsonObject, account: str) -> None:
    """Raise ServiceError for fields that exclude each other, and for another account's role."""
    mutability = fields["imageTagMutability"]
    if ("imageTagMutabilityExclusionFilters" in fields) != (mutability in _WITH_EXCLUSION):
        raise invalid_parameter(
            "imageTagMutabilityExclusionFilters",
            f"must be given with one of {list(_WITH_EXCLUSION)}, and not with any other",
        )
    encryption = fields.get("encryptionConfiguration")
    if isinstance(encryption, dict) and _is_aes(encryption) and encryption.get("kmsKey"):
        raise ServiceError("ValidationException", "AES256 encryption has no KMS key")
    role = fields.get("customRoleArn")
    if role and str(role).split(":")[4] != account:
        raise ServiceError(
            "ValidationException", f"The custom role must be in the account '{account}'"
        )
