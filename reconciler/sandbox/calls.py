"""An ECR call as it arrives, the service's refusals, and the checks that all calls share.

The limits are those of botocore's model of ECR; the words of the refusals are ECR's own
(aws/aws-dotnet-deploy#549, int128/create-ecr-repository-action#231) where not marked.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple

from moto.utilities.utils import get_partition

from reconciler.sandbox.grammar import Json

NAME_PATTERN = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*"
NAME_LENGTHS = (2, 256)


class Call(NamedTuple):
    """One line of the log of calls: an operation of any service, and the repository if it has one.

    A plain tuple to compare with: `("SetRepositoryPolicy", "payments/api")`.
    """

    name: str
    repository: str | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls and where: an access key id, its 12-digit account and the region signed for."""

    access_key: str
    account: str
    region: str

    @property
    def partition(self) -> str:
        """The partition of the region: `aws`, `aws-cn`, ..."""
        return get_partition(self.region)


@dataclass(frozen=True, slots=True)
class EcrCall:
    """One ECR call: its operation, its JSON parameters and its caller."""

    operation: str
    parameters: Mapping[str, Json]
    caller: Caller

    @property
    def logged(self) -> Call:
        """The line of this call in the log."""
        return Call(self.operation, self.text("repositoryName"))

    def text(self, parameter: str) -> str | None:
        """Return a parameter, None where it is absent or no string."""
        value = self.parameters.get(parameter)
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class OtherCall:
    """A call of another service: its operation, the service that it is signed for, its caller."""

    operation: str
    service: str
    caller: Caller

    @property
    def logged(self) -> Call:
        """The line of this call in the log."""
        return Call(self.operation, None)


class ServiceError(Exception):
    """A refusal as the service words it: an error `code`, a `message` and the HTTP `status`."""

    def __init__(
        self, code: str, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def invalid_parameter(parameter: str, constraint: str) -> ServiceError:
    """Return the refusal of one parameter, InvalidParameterException."""
    return ServiceError(
        "InvalidParameterException",
        f"Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'",
    )


def repository_not_found(name: str, registry_id: str) -> ServiceError:
    """Return the refusal of a call about a repository that is not there."""
    return ServiceError(
        "RepositoryNotFoundException",
        f"The repository with name '{name}' does not exist in the registry with id '{registry_id}'",
    )


def check_length(parameter: str, length: int, limits: tuple[int, int]) -> None:
    """Raise ServiceError where `length` is outside `limits`, both inclusive.

    The wording for what is too long is assumed, after the one for what is too short.
    """
    least, most = limits
    if length < least:
        raise invalid_parameter(parameter, f"must have length greater than or equal to {least}")
    if length > most:
        raise invalid_parameter(parameter, f"must have length less than or equal to {most}")


def check_name(name: str) -> None:
    """Raise ServiceError where `name` is no repository name."""
    check_length("repositoryName", len(name), NAME_LENGTHS)
    if not re.fullmatch(NAME_PATTERN, name):
        raise invalid_parameter(
            "repositoryName", f"must satisfy regular expression '{NAME_PATTERN}'"
        )
