"""What can go wrong with a call to AWS, as types that other rooms can tell apart."""

from enum import Enum

from reconciler.errors import ReconcileError, Remedy


class Fault(Enum):
    """The kind of a failed call, as far as it changes what can be done about it."""

    SETTINGS = "settings"  # a profile, a region or an endpoint address that is wrong
    CREDENTIALS = "credentials"  # none, expired, a wrong signature, or a role refused
    NOT_ACCEPTED = "not-accepted"  # credentials that are unknown, maybe in this region only
    CONNECTION = "connection"  # no connection came about: nothing was sent
    TLS = "tls"
    UNANSWERED = "unanswered"  # sent, but no answer, or none that can be read
    SERVICE = "service"  # the service failed (HTTP 5xx)
    THROTTLED = "throttled"
    DENIED = "denied"
    REPOSITORY_MISSING = "repository-missing"
    REPOSITORY_EXISTS = "repository-exists"
    POLICY_MISSING = "policy-missing"
    PRINCIPAL_NOT_FOUND = "principal-not-found"
    INVALID_POLICY = "invalid-policy"
    REJECTED = "rejected"  # any other refusal


FOR_ALL = frozenset(
    {Fault.SETTINGS, Fault.CREDENTIALS, Fault.NOT_ACCEPTED, Fault.CONNECTION, Fault.TLS}
)
"""What fails for one repository and would fail for all others of its region, too."""

PASSING = frozenset({Fault.CONNECTION, Fault.SERVICE, Fault.THROTTLED, Fault.UNANSWERED})
"""What may be over by the next call."""

UNKNOWN_PRINCIPAL = frozenset({Fault.PRINCIPAL_NOT_FOUND, Fault.INVALID_POLICY})
"""How the service refuses a policy for a principal that it does not know (yet); it does not say
which (hashicorp/terraform-provider-aws#39064)."""


class CallError(ReconcileError):
    """A call to AWS failed, and it is certain that it changed nothing (exit 1)."""

    def __init__(
        self, message: str, *, fault: Fault, hint: str | None = None, remedy: Remedy | None = None
    ) -> None:
        super().__init__(message, hint=hint, remedy=remedy)
        self.fault = fault


class WriteOutcomeUnknownError(ReconcileError):
    """A write was sent and no clear answer came: it may or may not have been done (exit 1).

    Not a `CallError`, so that whoever handles failures does not take it for one. Only reading the
    policy again can settle it.
    """

    def __init__(
        self, message: str, *, fault: Fault = Fault.UNANSWERED, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.fault = fault
