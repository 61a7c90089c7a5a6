"""The permissions that this tool needs of its caller, as IAM identity policies.

STS GetCallerIdentity needs none (API_GetCallerIdentity, AWS STS API Reference), so no policy here
names it. The ECR actions on repositories take the ARN of a repository; those on the registry's own
policy, account settings and creation templates have no resource type, so they take `*` (Actions,
resources, and condition keys for Amazon Elastic Container Registry). Listing all repositories is
authorised on `repository/*`, as refusals of DescribeRepositories word it
(aws-amplify/amplify-cli#10828).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict

from reconciler.model.registry import RepositorySettings

_READ = ("ecr:DescribeRepositories", "ecr:GetRepositoryPolicy")
_READ_REGISTRY = ("ecr:GetAccountSetting", "ecr:GetRegistryPolicy")
_WRITE_REGISTRY = ("ecr:DeleteRegistryPolicy", "ecr:PutRegistryPolicy")
_READ_TEMPLATES = ("ecr:DescribeRepositoryCreationTemplates",)
_WRITE_TEMPLATES = (
    "ecr:CreateRepositoryCreationTemplate",
    "ecr:DeleteRepositoryCreationTemplate",
    "ecr:UpdateRepositoryCreationTemplate",
)
_ECR = "ecr.amazonaws.com"
_TEMPLATE_ROLE = f"role/aws-service-role/{_ECR}/AWSServiceRoleForECRTemplate"
_WRITE = ("ecr:DeleteRepositoryPolicy", "ecr:SetRepositoryPolicy")
_CREATE = ("ecr:CreateRepository",)
# Without ecr:TagResource, CreateRepository with tags is refused: AWS's notice in
# estahn/k8s-image-swapper#416.
_CREATE_TAGGED = (*_CREATE, "ecr:TagResource")
_PROBE = ("ecr:DeleteRepositoryPolicy", "ecr:ListImages", "ecr:SetRepositoryPolicy")
# To create a repository with a customer managed key, and to retire its grants (Encryption at rest,
# Amazon ECR User Guide).
_USE_KEY = ("kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant")
_AWS_MANAGED = "alias/aws/"


class IdentityStatement(TypedDict):
    """One statement of an identity policy."""

    Sid: str
    Effect: Literal["Allow"]
    Action: list[str]
    Resource: list[str]
    Condition: NotRequired[dict[str, dict[str, str | list[str]]]]


class IdentityPolicy(TypedDict):
    """An identity policy, ready for JSON."""

    Version: Literal["2012-10-17"]
    Statement: list[IdentityStatement]


@dataclass(frozen=True, slots=True)
class PermissionScope:
    """What the permissions are for: a registry, in regions of one partition.

    `to_create` are the settings of the repositories to create, `probe_repository` the name of
    the scratch repository, if there is one. `registry_policy` is what is done with the registry's
    own policy. `templates`: creation templates are managed, those that are made with one of
    `template_roles` (ARNs).
    """

    partition: str
    account: str
    regions: tuple[str, ...]
    to_create: tuple[RepositorySettings, ...] = ()
    probe_repository: str | None = None
    registry_policy: Literal["ignore", "report", "manage"] = "ignore"
    templates: bool = False
    template_roles: tuple[str, ...] = ()


def reading_policy(scope: PermissionScope) -> IdentityPolicy:
    """Return the policy for plan and drift, which write nothing."""
    return identity_policy(_read(scope))


def writing_policy(scope: PermissionScope) -> IdentityPolicy:
    """Return the policy for apply and rollback, which covers plan and drift.

    A KMS key without an ARN is one of the registry's account, in each region. Everything that its
    use takes is allowed here; except for kms:RetireGrant, the key's own policy could allow it
    instead (Encryption at rest, Amazon ECR User Guide).
    """
    statements = [*_read(scope), allow("WritePolicies", _WRITE, repository_arns(scope, "*"))]
    if scope.registry_policy == "manage":
        statements.append(allow("WriteRegistryPolicy", _WRITE_REGISTRY, ["*"]))
    if scope.templates:
        statements += _write_templates(scope)
    if scope.to_create or scope.templates:
        tagged = any(settings.tags for settings in scope.to_create)
        create = _CREATE_TAGGED if tagged else _CREATE
        statements.append(allow("CreateRepositories", create, repository_arns(scope, "*")))
        statements += _use_keys(scope)
    if scope.probe_repository is not None:
        statements.append(allow("Probe", _PROBE, repository_arns(scope, scope.probe_repository)))
    return identity_policy(statements)


def assuming_policy(roles: Iterable[str]) -> IdentityPolicy:
    """Return the policy for whoever assumes these roles (ARNs)."""
    return identity_policy([allow("AssumeRoles", ("sts:AssumeRole",), sorted(set(roles)))])


def identity_policy(statements: list[IdentityStatement]) -> IdentityPolicy:
    """Return the policy of these statements."""
    return {"Version": "2012-10-17", "Statement": statements}


def _read(scope: PermissionScope) -> list[IdentityStatement]:
    statements = [allow("ReadPolicies", _READ, repository_arns(scope, "*"))]
    if scope.registry_policy != "ignore":
        statements.append(allow("ReadRegistryPolicy", _READ_REGISTRY, ["*"]))
    if scope.templates:
        statements.append(allow("ReadTemplates", _READ_TEMPLATES, ["*"]))
    return statements


def _write_templates(scope: PermissionScope) -> Iterator[IdentityStatement]:
    """Yield what templates take beside ecr:CreateRepository and ecr:SetRepositoryPolicy.

    ECR also checks what a template contains: iam:PassRole where it has a role (Creating a
    repository creation template in Amazon ECR, Amazon ECR User Guide). Without one, ECR creates its
    service-linked role with the first template (Amazon ECR service-linked role for repository
    creation templates, same guide), for which the reference that is named above lists
    iam:CreateServiceLinkedRole. On which resources all this is checked is assumed. A template's key
    and tags take permissions of its role, not of the caller (Create a custom policy for repository
    creation templates, same guide). What a live template has beyond the file, a role or a lifecycle
    policy (ecr:PutLifecyclePolicy), an update sends back: nothing here allows that, as the file
    does not know it.
    """
    yield allow("WriteTemplates", _WRITE_TEMPLATES, ["*"])
    if scope.template_roles:
        passing = allow("PassTemplateRoles", ("iam:PassRole",), sorted(set(scope.template_roles)))
        yield {**passing, "Condition": {"StringEquals": {"iam:PassedToService": _ECR}}}
    linked = ("iam:CreateServiceLinkedRole",)
    role = f"arn:{scope.partition}:iam::{scope.account}:{_TEMPLATE_ROLE}"
    creating = allow("CreateTemplateServiceRole", linked, [role])
    yield {**creating, "Condition": {"StringEquals": {"iam:AWSServiceName": _ECR}}}


def allow(sid: str, actions: Iterable[str], arns: Iterable[str]) -> IdentityStatement:
    """Return the statement that allows these actions on these ARNs."""
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(arns)}


def repository_arns(scope: PermissionScope, name: str) -> list[str]:
    """Return the ARN of a repository, or of all that a pattern matches, in each region."""
    return _arns(scope, "ecr", f"repository/{name}")


def _arns(scope: PermissionScope, service: str, name: str) -> list[str]:
    return [
        f"arn:{scope.partition}:{service}:{region}:{scope.account}:{name}"
        for region in scope.regions
    ]


def _use_keys(scope: PermissionScope) -> Iterator[IdentityStatement]:
    """Yield the statements for the customer managed keys: those named by id, then by alias.

    An alias as Resource would be the alias and not its key, so a condition names it (Use aliases
    to control access to KMS keys, AWS KMS Developer Guide); that the condition works for
    RetireGrant, as for "any operation that uses a KMS key", is assumed.
    """
    keys: set[str] = set()
    by_alias: defaultdict[str, set[str]] = defaultdict(set)
    for arn in _key_arns(scope):
        location, name = arn.rsplit(":", 1)
        if not name.startswith("alias/"):
            keys.add(arn)
        elif not name.startswith(_AWS_MANAGED):
            by_alias[name].add(f"{location}:key/*")
    if keys:
        yield allow("UseKeys", _USE_KEY, sorted(keys))
    for number, (alias, arns) in enumerate(sorted(by_alias.items()), start=1):
        statement = allow(f"UseKeysByAlias{number}", _USE_KEY, sorted(arns))
        statement["Condition"] = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}}
        yield statement


def _key_arns(scope: PermissionScope) -> Iterator[str]:
    for settings in scope.to_create:
        key = settings.kms_key
        if key is None:
            continue
        if key.startswith("arn:"):
            yield key
        else:
            yield from _arns(scope, "kms", key if key.startswith("alias/") else f"key/{key}")
