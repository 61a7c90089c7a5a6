"""Credentials that expire in the middle of things."""

from http import HTTPStatus
from threading import Event

from reconciler.sandbox.calls import ServiceError

_MESSAGE = "The security token included in the request is expired"
_UNKNOWN = "The security token included in the request is invalid"


class Credentials:
    """Good for the first `expire_after` ECR calls, 0 for all, and nowhere in `disabled_region`.

    Safe for several threads.
    """

    def __init__(self, expire_after: int, disabled_region: str = "") -> None:
        self._expire_after = expire_after
        self._disabled_region = disabled_region
        self._renewed = Event()

    def renew(self) -> None:
        """Make them good, and for good."""
        self._renewed.set()

    def check_ecr(self, number: int, region: str) -> None:
        """Raise ServiceError, as ECR words it, where the `number`-th ECR call comes too late.

        Or where it comes to a region that is not enabled.
        """
        if region == self._disabled_region:
            raise ServiceError("UnrecognizedClientException", _UNKNOWN)
        if self._expired(number - 1):
            raise ServiceError("ExpiredTokenException", _MESSAGE)

    def check_sts(self, ecr_calls: int, region: str) -> None:
        """Raise ServiceError, as STS words it, where so many ECR calls were too many.

        Or where the region is not enabled.
        """
        if region == self._disabled_region:
            raise ServiceError("InvalidClientTokenId", _UNKNOWN, HTTPStatus.FORBIDDEN)
        if self._expired(ecr_calls):
            raise ServiceError("ExpiredToken", _MESSAGE, HTTPStatus.FORBIDDEN)

    def _expired(self, ecr_calls: int) -> bool:
        return 0 < self._expire_after <= ecr_calls and not self._renewed.is_set()
