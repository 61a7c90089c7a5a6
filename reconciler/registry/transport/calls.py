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

    @property
    def writes_at_once(self) -> int:
        """How many policies to read and write again at once, once `prepare` is done.

        Fewer than calls: what else is under way makes the time between a read and its write longer.
        """

    async def prepare(self) -> None:
        """Do what is done once before the first call. Raises what a call does."""

    async def call(self, operation: str, **parameters: object) -> Mapping[str, object]:
        """Make a call and return the response."""
