"""The identity policies of a consumer, in the languages that create them, and what to know of them.

Sources: documentation of Terraform's AWS provider, `aws_iam_policy`; CloudFormation Template
Reference, `AWS::IAM::ManagedPolicy`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.access_file.model import Registry
from reconciler.policy import SERVICE_TIER, Tiers, describe_actions, dns_suffix
from reconciler.printable import printable_json, some_of
from reconciler.registry.consumer_permissions import (
    MAX_ATTACHED,
    MAX_MANAGED_POLICY,
    ConsumerAccess,
    Doubt,
)
from reconciler.registry.permissions import IdentityPolicy
from reconciler.report.hcl import hcl_string, hcl_value
from reconciler.report.words import MOST_NAMES, condition_words, listed

_MOST_LETTERS = 64
"""The most letters of the principal in a name; IAM allows 128 for the whole name."""


def render_policies_json(policies: Sequence[IdentityPolicy]) -> str:
    """Render one policy as its document, several as a list of documents, none as null."""
    return printable_json(policies if len(policies) > 1 else next(iter(policies), None))


def render_policies_terraform(policies: Sequence[IdentityPolicy], principal: str) -> str:
    """Render each policy as a resource `aws_iam_policy`."""
    names = _names(policies, principal)
    resources = (_resource(name, policy) for name, policy in zip(names, policies, strict=True))
    return "\n".join(resources)


def render_policies_cloudformation(policies: Sequence[IdentityPolicy], principal: str) -> str:
    """Render the policies as the resources of one template, in JSON; nothing where there is none.

    The policies have no names of their own, so that creating them needs `CAPABILITY_IAM` alone.
    """
    if not policies:
        return ""
    resources = {
        _logical_id(name): {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": policy},
        }
        for name, policy in zip(_names(policies, principal), policies, strict=True)
    }
    return printable_json({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})


def consumer_notes(
    access: ConsumerAccess, policies: Mapping[str, int], tiers: Tiers
) -> Iterator[str]:
    """Yield what to know of a consumer's policies, one sentence or line each.

    `policies` is their number in each partition.
    """
    yield from _doubt_notes(access.doubts, tiers)
    if access.delegated:
        names = listed(access.delegated, MOST_NAMES)
        yield f"granted to the account, and delegated to the principal by this policy: {names}"
    if access.exceeded:
        names = listed(access.exceeded, MOST_NAMES)
        yield f"the ARN of a pattern also matches {names}, where the file grants less"
    if access.may_be_local and access.needs:
        yield (
            "in the registry's own account, one of a repository policy and an identity policy is"
            " enough; the conditions of the file are therefore part of this one"
        )
    if len(policies) > 1:
        parts = ", ".join(f"{number} for {partition}" for partition, number in policies.items())
        yield f"each partition has its own principals and policies: {parts}, in this order"
    if most := max((number for number in policies.values() if number > 1), default=0):
        yield (
            f"{most} policies, because one has at most {MAX_MANAGED_POLICY:,} characters; "
            f"a role or user can have {MAX_ATTACHED} unless its quota is raised"
        )


def service_note(services: Sequence[str]) -> str:
    """Say that services need no policy."""
    return f"{some_of(services)}: a service needs no identity policy"


def login_commands(registries: Iterable[Registry]) -> Iterator[str]:
    """Yield the command that logs Docker in to each registry and region.

    Source: Amazon ECR User Guide, "Private registry authentication" (the `get-login` of version 1
    of the AWS CLI is gone from version 2).
    """
    for registry in registries:
        for region in registry.regions:
            host = f"{registry.account}.dkr.ecr.{region}.{dns_suffix(registry.partition)}"
            yield (
                f"log in: aws ecr get-login-password --region {region}"
                f" | docker login --username AWS --password-stdin {host}"
            )


def _doubt_notes(doubts: Sequence[Doubt], tiers: Tiers) -> Iterator[str]:
    """Yield one line for all repositories with the same actions under the same condition."""
    of_roles = {name: tier for name, tier in tiers.items() if name != SERVICE_TIER}
    repositories: defaultdict[Doubt, list[str]] = defaultdict(list)
    for doubt in doubts:
        repositories[doubt._replace(repository="")].append(doubt.repository)
    for doubt, names in repositories.items():
        what = describe_actions(doubt.actions, of_roles) + condition_words(doubt.condition)
        start = "depends on a condition" if doubt.effect == "Allow" else "a Deny may apply"
        yield f"{start}: {listed(names, MOST_NAMES)}: {what}"


def _resource(name: str, policy: IdentityPolicy) -> str:
    return (
        f'resource "aws_iam_policy" "{name.replace("-", "_")}" {{\n'
        f"  name = {hcl_string(name)}\n"
        f"  policy = jsonencode({hcl_value(policy, depth=1)})\n"
        "}\n"
    )


def _names(policies: Sequence[IdentityPolicy], principal: str) -> list[str]:
    """Return a name for each policy: of ASCII letters, digits, `-` and `_`."""
    last = re.split(r"[:/]", principal)[-1]
    name = f"ecr-access-{re.sub(r'[^A-Za-z0-9_]+', '-', last)[:_MOST_LETTERS]}".strip("-")
    return [name if n == 1 else f"{name}-{n}" for n, _ in enumerate(policies, start=1)]


def _logical_id(name: str) -> str:
    """Return a name for CloudFormation, which allows letters and digits only."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name))
