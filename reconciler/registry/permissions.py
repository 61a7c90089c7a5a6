"""The permissions that this tool needs of its caller, as IAM identity policies.

STS GetCallerIdentity needs none (API_GetCallerIdentity, AWS STS API Reference), so no policy here
names it. The ECR actions take the ARN of a repository (Actions, resources, and condition keys for
Amazon Elastic Container Registry); listing all is authorised on `repository/*`, as refusals of
DescribeRepositories word it (aws-amplify/amplify-cli#10828).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict

from reconciler.model.registry import RepositorySettings

_READ = ("ecr:DescribeRepositories", "ecr:GetRepositoryPolicy")
_WRITE = ("ecr:DeleteRepositoryPolicy", "ecr:SetRepositoryPolicy")
_CREATE = ("ecr:CreateRepository",)
# CreateRepository with tags is refused without it: AWS's notice in estahn/k8s-image-swapper#416.
_CREATE_TAGGED = (*_CREATE, "ecr:TagResource")
_PROBE = ("ecr:DeleteRepositoryPolicy", "ecr:ListImages", "ecr:SetRepositoryPolicy")
# What creating a repository with a customer managed key takes, the grants' retirement included
# (Encryption at rest, Amazon ECR User Guide).
_USE_KEY = ("kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant")
_AWS_MANAGED = "alias/aws/"


class Statement(TypedDict):
    """One statement of an identity policy."""

    Sid: str
    Effect: Literal["Allow"]
    Action: list[str]
    Resource: list[str]
    Condition: NotRequired[dict[str, dict[str, str]]]


class IdentityPolicy(TypedDict):
    """An identity policy, ready for JSON."""

    Version: Literal["2012-10-17"]
    Statement: list[Statement]


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to work on: a registry, in one partition's regions.

    `to_create` are the settings of the repositories to create, `probe_repository` the name of
    the scratch repository, where there is one.
    """

    partition: str
    account: str
    regions: tuple[str, ...]
    to_create: tuple[RepositorySettings, ...] = ()
    probe_repository: str | None = None


def reading_policy(work: Work) -> IdentityPolicy:
    """Give the policy for plan and drift, which write nothing."""
    return _policy([_read(work)])


def writing_policy(work: Work) -> IdentityPolicy:
    """Give the policy for apply and rollback, which covers plan and drift.

    A KMS key without an ARN is one of the registry's account, in each region. All that using it
    takes is asked for here; but for kms:RetireGrant, the key's own policy could give it instead
    (Encryption at rest, Amazon ECR User Guide).
    """
    statements = [_read(work), _allow("WritePolicies", _WRITE, _repositories(work, "*"))]
    if work.to_create:
        tagged = any(settings.tags for settings in work.to_create)
        create = _CREATE_TAGGED if tagged else _CREATE
        statements.append(_allow("CreateRepositories", create, _repositories(work, "*")))
        statements += _use_keys(work)
    if work.probe_repository is not None:
        statements.append(_allow("Probe", _PROBE, _repositories(work, work.probe_repository)))
    return _policy(statements)


def _policy(statements: list[Statement]) -> IdentityPolicy:
    return {"Version": "2012-10-17", "Statement": statements}


def _read(work: Work) -> Statement:
    return _allow("ReadPolicies", _READ, _repositories(work, "*"))


def _allow(sid: str, actions: Iterable[str], arns: Iterable[str]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(arns)}


def _repositories(work: Work, name: str) -> list[str]:
    return _arns(work, "ecr", f"repository/{name}")


def _arns(work: Work, service: str, name: str) -> list[str]:
    return [
        f"arn:{work.partition}:{service}:{region}:{work.account}:{name}" for region in work.regions
    ]


def _use_keys(work: Work) -> Iterator[Statement]:
    """Give the statements for the customer managed keys: those named by id, then by alias.

    An alias as Resource would be the alias and not its key, so a condition names it (Use aliases
    to control access to KMS keys, AWS KMS Developer Guide); that RetireGrant heeds the condition
    as "any operation that uses a KMS key" does is assumed.
    """
    keys: set[str] = set()
    by_alias: defaultdict[str, set[str]] = defaultdict(set)
    for arn in _key_arns(work):
        location, name = arn.rsplit(":", 1)
        if not name.startswith("alias/"):
            keys.add(arn)
        elif not name.startswith(_AWS_MANAGED):
            by_alias[name].add(f"{location}:key/*")
    if keys:
        yield _allow("UseKeys", _USE_KEY, sorted(keys))
    for number, (alias, arns) in enumerate(sorted(by_alias.items()), start=1):
        statement = _allow(f"UseKeysByAlias{number}", _USE_KEY, sorted(arns))
        statement["Condition"] = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}}
        yield statement


def _key_arns(work: Work) -> Iterator[str]:
    for settings in work.to_create:
        key = settings.kms_key
        if key is None:
            continue
        if key.startswith("arn:"):
            yield key
        else:
            yield from _arns(work, "kms", key if key.startswith("alias/") else f"key/{key}")
