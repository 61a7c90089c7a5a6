"""The ways in which a call to AWS fails, and what follows from each."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple

from reconciler.errors import ReconcileError, RefusedError, Remedy


class FailureKind(Enum):
    """The kind of a failed call."""

    SETTINGS = auto()  # a wrong profile, region or endpoint address
    CREDENTIALS = auto()  # none, expired, a wrong signature, or a refused role
    NOT_ACCEPTED = auto()  # credentials that are unknown, maybe in this region only
    CONNECTION = auto()  # no connection: nothing was sent
    TLS = auto()
    UNANSWERED = auto()  # sent, but no response, or an unreadable one
    SERVICE = auto()  # the service failed (HTTP 5xx)
    THROTTLED = auto()
    DENIED = auto()
    REPOSITORY_MISSING = auto()
    REPOSITORY_EXISTS = auto()
    POLICY_MISSING = auto()
    TEMPLATE_MISSING = auto()
    TEMPLATE_EXISTS = auto()
    PRINCIPAL_NOT_FOUND = auto()
    INVALID_POLICY = auto()
    REJECTED = auto()  # any other refusal


class Retry(Enum):
    """Why another attempt may succeed."""

    NEVER = auto()
    THROTTLED = auto()
    UNSENT = auto()  # no connection
    TRANSIENT = auto()  # the service or the network failed
    UNKNOWN_OUTCOME = auto()  # a write that may have been done
    PRINCIPAL_NOT_FOUND = auto()  # a new principal may not be known everywhere yet
    NOT_VISIBLE = auto()  # a new repository may not be visible yet


class Stops(Enum):
    """What is not attempted any more after a failure."""

    NOTHING = auto()
    REGION = auto()
    REGION_IF_REPEATED = auto()
    ACCOUNT = auto()  # in all regions of the registry's account


class Consequences(NamedTuple):
    """What follows from a failure.

    `may_be_done`: a write that fails this way may have been done.
    """

    retry: Retry = Retry.NEVER
    stops: Stops = Stops.NOTHING
    may_be_done: bool = False

    @property
    def stops_region(self) -> bool:
        """Whether the same call would fail for every repository of the region."""
        return self.stops in (Stops.REGION, Stops.ACCOUNT)


# The service refuses a policy in two ways for a principal that it does not know (yet), and does
# not say which principal (hashicorp/terraform-provider-aws#39064).
CONSEQUENCES: Mapping[FailureKind, Consequences] = {
    FailureKind.SETTINGS: Consequences(stops=Stops.REGION),
    FailureKind.CREDENTIALS: Consequences(stops=Stops.ACCOUNT),
    FailureKind.NOT_ACCEPTED: Consequences(stops=Stops.REGION),
    FailureKind.CONNECTION: Consequences(Retry.UNSENT, Stops.REGION),
    FailureKind.TLS: Consequences(stops=Stops.REGION, may_be_done=True),
    FailureKind.UNANSWERED: Consequences(
        Retry.TRANSIENT, Stops.REGION_IF_REPEATED, may_be_done=True
    ),
    FailureKind.SERVICE: Consequences(Retry.TRANSIENT, may_be_done=True),
    FailureKind.THROTTLED: Consequences(Retry.THROTTLED),
    FailureKind.DENIED: Consequences(),
    FailureKind.REPOSITORY_MISSING: Consequences(Retry.NOT_VISIBLE),
    FailureKind.REPOSITORY_EXISTS: Consequences(),
    FailureKind.POLICY_MISSING: Consequences(),
    FailureKind.TEMPLATE_MISSING: Consequences(),
    FailureKind.TEMPLATE_EXISTS: Consequences(),
    FailureKind.PRINCIPAL_NOT_FOUND: Consequences(Retry.PRINCIPAL_NOT_FOUND),
    FailureKind.INVALID_POLICY: Consequences(Retry.PRINCIPAL_NOT_FOUND),
    FailureKind.REJECTED: Consequences(),
}


class ServiceError(Exception):
    """A service answered a call with an error, of this code and HTTP status."""

    def __init__(self, operation: str, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.operation, self.code, self.status = operation, code, status
        self.text = (message or code or "no reason given").strip()


class UnreadableResponseError(Exception):
    """A response without a field that it always has: a proxy's page, say."""


class CallError(ReconcileError):
    """A call to AWS failed, and certainly changed nothing (exit 1)."""

    def __init__(
        self,
        message: str,
        *,
        kind: FailureKind,
        hint: str | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        super().__init__(message, hint=hint, remedy=remedy)
        self.kind = kind

    @property
    def retry(self) -> Retry:
        """Why another attempt may succeed."""
        return CONSEQUENCES[self.kind].retry


class WrongAccountError(CallError, RefusedError):
    """The credentials are of another account than the registry (exit 5)."""


class WriteOutcomeUnknownError(ReconcileError):
    """A write was sent without a clear response: it may or may not have been done (exit 1).

    Not a `CallError`, so that code that handles failed calls does not take it for one. Only
    reading the policy again settles it.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: FailureKind = FailureKind.UNANSWERED,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind

    @property
    def retry(self) -> Retry:
        """Why another attempt may succeed."""
        return Retry.UNKNOWN_OUTCOME
