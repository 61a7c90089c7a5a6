"""What makes the calls of a registry: boto3, or `direct_calls`."""

from collections.abc import Mapping
from typing import Protocol


class Calls(Protocol):
    """Makes calls by the API's names of operations, with the parameters and responses of the API.

    Raises ServiceError or ClientError for an error of the service, what botocore raises where there
    is no response, and CallError.
    """

    @property
    def at_once(self) -> int:
        """How many calls to make at once, once `prepare` is done."""

    async def prepare(self) -> None:
        """Do what is done once before the first call. Raises what a call does."""

    async def call(self, operation: str, **parameters: object) -> Mapping[str, object]:
        """Make a call and return the response."""
