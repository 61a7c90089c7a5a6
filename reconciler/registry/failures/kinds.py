"""The kind of an error of a call, without boto3, which is loaded only for what boto3 raised.

The error codes are those of the ECR API reference and its page "Common error types", and of
botocore's list of throttling codes, without LimitExceededException: that is a quota, which does
not recover by waiting.
"""

import re
from collections.abc import Iterable, Mapping

from reconciler.printable import printable, redacted
from reconciler.registry.failures.errors import (
    CONSEQUENCES,
    CallError,
    FailureKind,
    Retry,
    ServiceError,
)

_FIRST_SERVER_ERROR = 500  # HTTP status
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
BAD_SIGNATURE = frozenset(
    ["InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch"]
)
_UNSIGNED = [
    "AuthFailure",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
]
_CODES: Mapping[FailureKind, Iterable[str]] = {
    FailureKind.THROTTLED: [
        "429",
        "BandwidthLimitExceeded",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    ],
    FailureKind.CREDENTIALS: (*EXPIRED, *BAD_SIGNATURE, *_UNSIGNED),
    # The first two: from a region that is not enabled for the account, and from every region where
    # the access key does not exist (aws/chalice#1445, segmentio/aws-okta#225). The last two: only
    # from a region that is not enabled.
    FailureKind.NOT_ACCEPTED: [
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "OptInRequired",
        "RegionDisabledException",
    ],
    FailureKind.DENIED: ("AccessDenied", "AccessDeniedException"),
    FailureKind.UNANSWERED: ("408", "RequestTimeout", "RequestTimeoutException"),
    FailureKind.REPOSITORY_MISSING: ("RepositoryNotFoundException",),
    FailureKind.REPOSITORY_EXISTS: ("RepositoryAlreadyExistsException",),
    FailureKind.POLICY_MISSING: [
        "RegistryPolicyNotFoundException",
        "RepositoryPolicyNotFoundException",
    ],
    FailureKind.TEMPLATE_MISSING: ("TemplateNotFoundException",),
    FailureKind.TEMPLATE_EXISTS: ("TemplateAlreadyExistsException",),
    FailureKind.SERVICE: ("ServerException",),
}
_BY_CODE = {code: kind for kind, codes in _CODES.items() for code in codes}
# Calls that are made by themselves, inside another call, to obtain credentials.
_CREDENTIAL_CALLS = frozenset(
    [
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "CreateOAuth2Token",
        "CreateToken",
        "GetRoleCredentials",
    ]
)
_MAX_QUOTE = 500  # characters of AWS's text in a message
_INVALID_POLICY = "Invalid (repository|registry) policy provided"


def failure_kind(error: Exception) -> FailureKind:
    """Return the kind of an error that a call raised.

    Whatever else Python raises (KeyError, AttributeError) comes from the parser of a response,
    which could not read it.
    """
    if isinstance(error, CallError):
        return error.kind
    if isinstance(error, ServiceError):
        return kind_of_refusal(error)
    from reconciler.registry.failures.boto_errors import kind_of_boto

    return kind_of_boto(error)


def retry_after(error: Exception) -> Retry:
    """Return why another attempt may succeed after an error that a call raised."""
    return CONSEQUENCES[failure_kind(error)].retry


def kind_of_refusal(error: ServiceError) -> FailureKind:
    """Return the kind of an error that a service answered with."""
    kind = _BY_CODE.get(error.code)
    if kind is FailureKind.THROTTLED or error.text.startswith("Rate exceeded"):
        return FailureKind.THROTTLED
    if error.operation in _CREDENTIAL_CALLS and kind is not FailureKind.NOT_ACCEPTED:
        return FailureKind.CREDENTIALS
    if kind is not None:
        return kind
    # The texts as reported in hashicorp/terraform-provider-aws#39064 and #40933.
    if "Principal not found" in error.text:
        return FailureKind.PRINCIPAL_NOT_FOUND
    if re.search(_INVALID_POLICY, error.text):
        return FailureKind.INVALID_POLICY
    is_of_server = error.status >= _FIRST_SERVER_ERROR
    return FailureKind.SERVICE if is_of_server else FailureKind.REJECTED


def explain(
    error: Exception, operation: str, repository: str | None = None, region: str = ""
) -> CallError:
    """Return an error of a call as one safe line, with a hint where one helps.

    `operation` is the API's name of the call, such as `GetRepositoryPolicy`, or `connect` before
    any call. A CallError is returned as it is.
    """
    if isinstance(error, CallError):
        return error
    from reconciler.registry.failures.boto_errors import explained

    return explained(error, operation, repository, region)


def quoted(text: str) -> str:
    """Return AWS's text safe to show: without secrets, and truncated."""
    safe = redacted(text)
    return printable(safe if len(safe) <= _MAX_QUOTE else safe[:_MAX_QUOTE] + "…")
