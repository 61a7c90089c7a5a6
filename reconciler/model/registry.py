"""A registry and its repositories, as data; imports nothing of AWS's client library."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal, NamedTuple

from reconciler.model.rules import RuleId
from reconciler.model.templates import (
    EVERY_REPOSITORY,
    CreationTemplate,
    read_template,
    same_template,
    template_pattern,
)
from reconciler.policy import (
    ArnPrefix,
    Condition,
    Document,
    Policy,
    PolicyScope,
    Unreadable,
    known_of_requests,
    partition_of_region,
    read_policy,
    read_registry_policy,
    same_policy,
    same_registry_policy,
)

Subject = Literal["repository-policy", "registry-policy", "creation-template"]
"""What a change is about: a repository's policy, the registry's own, or a creation template."""

_NAME_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY_NAME = re.compile(rf"{_NAME_PART}(?:/{_NAME_PART})*")
"""The characters of a repository's name (ECR API Reference, "CreateRepository", repositoryName)."""

MIN_NAME_LENGTH, MAX_NAME_LENGTH = 2, 256
"""The length of a repository's name in characters; same source."""


class RegistryScope(NamedTuple):
    """One registry in one region: a 12-digit account id and a region name."""

    account: str
    region: str

    @property
    def arn_prefix(self) -> ArnPrefix:
        """What the ARNs of all its repositories begin with."""
        return ArnPrefix(partition_of_region(self.region), self.region, self.account)


class RegistryName(NamedTuple):
    """What the file calls one of several registries, and its 12-digit account."""

    name: str
    account: str


class AssumedRole(NamedTuple):
    """A role to assume before a registry is called, with the parameters of STS AssumeRole.

    `external_id` is None where the role asks for none; `session_name` is None for our own.
    """

    arn: str
    external_id: str | None = None
    session_name: str | None = None


class RepositorySettings(NamedTuple):
    """How a repository is made; the defaults are the service's own.

    The words are those of CreateRepository (ECR API Reference). `kms_key` is a key's id, ARN or
    alias, only with `KMS`, where None is the key that AWS manages. `tags` are sorted pairs.
    """

    tag_mutability: Literal["MUTABLE", "IMMUTABLE"] = "MUTABLE"
    scan_on_push: bool = False
    encryption: Literal["AES256", "KMS"] = "AES256"
    kms_key: str | None = None
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def encryption_configuration(self) -> dict[str, str]:
        """The encryption as an EncryptionConfiguration of the service."""
        key = {} if self.kms_key is None else {"kmsKey": self.kms_key}
        return {"encryptionType": self.encryption, **key}

    @property
    def tag_list(self) -> list[dict[str, str]]:
        """The tags as the service takes them."""
        return [{"Key": key, "Value": value} for key, value in self.tags]


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


class LiveRepository(NamedTuple):
    """One repository as it was read.

    `policy_text` is the JSON as the service gave it, None where the repository has no policy
    (RepositoryPolicyNotFoundException), and a `ReadFailure` where nothing is known of it: the
    last two must never be taken for each other.
    """

    name: str
    policy_text: str | ReadFailure | None

    @property
    def is_missing(self) -> bool:
        """Whether there is no such repository."""
        text = self.policy_text
        return isinstance(text, ReadFailure) and text.rule is RuleId.MISSING_REPOSITORY


class LiveRegistryPolicy(NamedTuple):
    """A registry's own policy as it was read.

    `text` is the JSON as the service gave it, None where the registry has no policy
    (RegistryPolicyNotFoundException), and a `ReadFailure` where nothing is known of it. `scope`
    says which actions it is enforced for; None where nobody asked for it.
    """

    text: str | ReadFailure | None
    scope: PolicyScope | ReadFailure | None = None


LiveTemplates = tuple[CreationTemplate, ...] | ReadFailure | None
"""The creation templates of a registry; None where nobody asked for them."""


class LiveRegistry(NamedTuple):
    """The state of one registry at one time.

    `names` holds every repository, sorted; `repositories` those that were read, by name.
    `failure` says why the registry could not be listed, None where it was. `policy` is the
    registry's own, and `templates` are its creation templates; None where nobody asked for them.
    """

    scope: RegistryScope
    names: tuple[str, ...]
    repositories: Mapping[str, LiveRepository]
    failure: ReadFailure | None = None
    policy: LiveRegistryPolicy | None = None
    templates: LiveTemplates = None


class Target(NamedTuple):
    """One repository in one registry and region, or what else of the registry has a policy.

    `subject` says which policy is meant. `repository` is `*` for the registry's own, and the prefix
    for a creation template.
    """

    repository: str
    scope: RegistryScope
    subject: Subject = "repository-policy"

    def __str__(self) -> str:
        """Name it as people read it: `payments/api (us-west-2)`."""
        match self.subject:
            case "repository-policy":
                name = self.repository
            case "registry-policy":
                name = "the registry's policy"
            case "creation-template":
                name = f"the creation template {self.repository}"
        return f"{name} ({self.scope.region})"

    @property
    def noun(self) -> str:
        """What its text is, in a message that names the target elsewhere."""
        return "template" if self.subject == "creation-template" else "policy"

    @property
    def pattern(self) -> str:
        """The repositories that it is about: a name, or a pattern of names."""
        is_template = self.subject == "creation-template"
        return template_pattern(self.repository) if is_template else self.repository

    @property
    def arn(self) -> str:
        """The repository's ARN."""
        return self.scope.arn_prefix.repositories(self.repository)

    @property
    def partition(self) -> str:
        """The partition that the region belongs to."""
        return partition_of_region(self.scope.region)

    @property
    def known_of_requests(self) -> Condition:
        """What holds of every request to the repository."""
        return _known_of_requests(self.scope)

    def policy_of(self, text: str | None) -> str | None:
        """Return the policy in a text of this subject: the text itself, but for a template."""
        if self.subject != "creation-template" or text is None:
            return text
        return read_template(text).policy_text

    def read(self, text: str | None) -> Policy:
        """Read a policy's text as one of this subject's; None is no policy.

        Of the registry's policy, it returns the statements without what they are about; of a
        template, the policy of new repositories. So only `same` tells whether two are the same.
        """
        match self.subject:
            case "repository-policy":
                return read_policy(text, partition=self.partition, arn=self.arn)
            case "registry-policy":
                found = read_registry_policy(text, partition=self.partition)
                if isinstance(found, Unreadable):
                    return found
                return Document(found.version, tuple(one.statement for one in found.statements))
            case "creation-template":
                return read_policy(self.policy_of(text), partition=self.partition)

    def same(self, left: str | None, right: str | None) -> bool:
        """Whether two texts of this subject, None for none, mean the same."""
        if left == right:
            return True
        match self.subject:
            case "repository-policy":
                return same_policy(self.read(left), self.read(right))
            case "registry-policy":
                read = partial(read_registry_policy, partition=self.partition)
                return same_registry_policy(read(left), read(right), self.scope.arn_prefix)
            case "creation-template":
                if left is None or right is None:
                    return False
                return same_template(read_template(left), read_template(right), self.partition)


@lru_cache(maxsize=256)
def _known_of_requests(scope: RegistryScope) -> Condition:
    return known_of_requests(scope.account, [scope.region])


def registry_target(scope: RegistryScope) -> Target:
    """Return the registry's own policy as a target."""
    return Target(EVERY_REPOSITORY, scope, "registry-policy")


def template_target(prefix: str, scope: RegistryScope) -> Target:
    """Return the creation template of a prefix (`payments`, `ROOT`) as a target."""
    return Target(prefix.rstrip("/"), scope, "creation-template")
