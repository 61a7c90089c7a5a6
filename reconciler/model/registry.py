"""A registry and its repositories, as data; imports nothing of AWS's client library."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from reconciler.model.rules import RuleId
from reconciler.policy import (
    ArnPrefix,
    Condition,
    Policy,
    PolicyScope,
    known_of_requests,
    partition_of_region,
    read_policy,
)

_NAME_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY_NAME = re.compile(rf"{_NAME_PART}(?:/{_NAME_PART})*")
"""The characters of a repository's name (ECR API Reference, "CreateRepository", repositoryName)."""

MIN_NAME_LENGTH, MAX_NAME_LENGTH = 2, 256
"""The length of a repository's name in characters; same source."""


@dataclass(frozen=True, slots=True, order=True)
class RegistryScope:
    """One registry in one region: a 12-digit account id and a region name."""

    account: str
    region: str

    @property
    def arn_prefix(self) -> ArnPrefix:
        """What the ARNs of all its repositories begin with."""
        return ArnPrefix(partition_of_region(self.region), self.region, self.account)


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """How a repository is made; the defaults are the service's own.

    The words are those of CreateRepository (ECR API Reference). `kms_key` is a key's id, ARN or
    alias, only with `KMS`, where None is the key that AWS manages. `tags` are sorted pairs.
    """

    tag_mutability: Literal["MUTABLE", "IMMUTABLE"] = "MUTABLE"
    scan_on_push: bool = False
    encryption: Literal["AES256", "KMS"] = "AES256"
    kms_key: str | None = None
    tags: tuple[tuple[str, str], ...] = ()


class LiveSettings(NamedTuple):
    """The settings of a repository that exists, in the words of DescribeRepositories.

    `tag_mutability` and `encryption` may be words that RepositorySettings does not know.
    """

    tag_mutability: str
    scan_on_push: bool
    encryption: str


class NewPolicy(NamedTuple):
    """The policy to write: JSON of at most 10,240 characters; None removes the live one."""

    text: str | None


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """Why one repository's policy could not be read.

    `rule` is one of `access-denied`, `missing-repository`, `throttled` and `read-failed`;
    `message` is one line that is safe to print.
    """

    rule: RuleId
    message: str


@dataclass(frozen=True, slots=True)
class LiveRepository:
    """One repository as it was read.

    `policy_text` is the JSON as the service gave it, None where the repository has no policy
    (RepositoryPolicyNotFoundException), and a `ReadFailure` where nothing is known of it: the
    last two must never be taken for each other.
    """

    name: str
    policy_text: str | ReadFailure | None


@dataclass(frozen=True, slots=True)
class LiveRegistryPolicy:
    """A registry's own policy as it was read.

    `text` is the JSON as the service gave it, None where the registry has no policy
    (RegistryPolicyNotFoundException), and a `ReadFailure` where nothing is known of it. `scope`
    says which actions it is enforced for; without a policy it is not asked for, and is None.
    """

    text: str | ReadFailure | None
    scope: PolicyScope | ReadFailure | None = None


@dataclass(frozen=True, slots=True)
class LiveRegistry:
    """The state of one registry at one time.

    `names` holds every repository, sorted; `repositories` those that were read, by name.
    `failure` says why the registry could not be listed, None where it was. `policy` is the
    registry's own, None where nobody asked for it.
    """

    scope: RegistryScope
    names: tuple[str, ...]
    repositories: Mapping[str, LiveRepository]
    failure: ReadFailure | None = None
    policy: LiveRegistryPolicy | None = None


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One repository in one registry and region."""

    repository: str
    scope: RegistryScope

    def __str__(self) -> str:
        """Name it as people read it: `payments/api (us-west-2)`."""
        return f"{self.repository} ({self.scope.region})"

    @property
    def arn(self) -> str:
        """The repository's ARN."""
        region, account = self.scope.region, self.scope.account
        return f"arn:{self.partition}:ecr:{region}:{account}:repository/{self.repository}"

    @property
    def partition(self) -> str:
        """The partition that the region belongs to."""
        return partition_of_region(self.scope.region)

    @property
    def known_of_requests(self) -> Condition:
        """What holds of every request to the repository."""
        return known_of_requests(self.scope.account, [self.scope.region])

    def read(self, policy_text: str | None) -> Policy:
        """Read a policy's text as one of this repository's; None is no policy."""
        return read_policy(policy_text, partition=self.partition, arn=self.arn)
