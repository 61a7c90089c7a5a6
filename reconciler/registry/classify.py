"""The `FailureKind` of what boto3 raises.

The error codes are those of the ECR API reference and its page "Common error types", and of
botocore's list of throttling codes, without LimitExceededException: that is a quota, which does
not recover by waiting.
"""

from collections.abc import Iterable, Mapping

from botocore import exceptions as boto

from reconciler.registry.errors import CONSEQUENCES, CallError, FailureKind, Retry

_UNSENDABLE = "Invalid header value"
"""How Python's http.client refuses to send a header, which may hold a credential."""

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
    FailureKind.POLICY_MISSING: ("RepositoryPolicyNotFoundException",),
    FailureKind.SERVICE: ("ServerException",),
}
_BY_CODE = {code: kind for kind, codes in _CODES.items() for code in codes}
# Calls that boto3 makes by itself, inside another call, to obtain credentials.
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
# In order: the first row that matches decides.
_BY_TYPE: tuple[tuple[tuple[type[Exception], ...], FailureKind], ...] = (
    (
        (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError),
        FailureKind.CONNECTION,
    ),
    ((boto.SSLError,), FailureKind.TLS),
    ((boto.HTTPClientError, boto.IncompleteReadError, boto.ChecksumError), FailureKind.UNANSWERED),
    ((boto.ParamValidationError,), FailureKind.REJECTED),
    (
        (
            boto.CredentialRetrievalError,
            boto.MetadataRetrievalError,
            boto.NoAuthTokenError,
            boto.NoCredentialsError,
            boto.PartialCredentialsError,
            boto.RefreshWithMFAUnsupportedError,
            boto.SSOError,
            boto.TokenRetrievalError,
        ),
        FailureKind.CREDENTIALS,
    ),
    ((boto.BotoCoreError,), FailureKind.SETTINGS),
)


def error_code(error: Exception) -> str:
    """Return the service's error code; empty for an error of another origin."""
    if isinstance(error, boto.ClientError):
        return error.response.get("Error", {}).get("Code", "")
    return ""


def error_text(error: Exception) -> str:
    """Return the service's message, or else boto3's, in one line; not made safe to print."""
    if isinstance(error, boto.ClientError):
        details = error.response.get("Error", {})
        return (details.get("Message") or details.get("Code") or "no reason given").strip()
    text = " ".join(str(error).split())
    return "a credential holds a line break" if _UNSENDABLE in text else text


def failure_kind(error: Exception) -> FailureKind:
    """Return the kind of an error that boto3 raised, or of a CallError.

    Whatever else Python raises (KeyError, AttributeError) comes from boto3's parser, which could
    not read a response.
    """
    if isinstance(error, CallError):
        return error.kind
    if isinstance(error, boto.ClientError):
        return _kind_of_response(error)
    if _UNSENDABLE in str(error):
        return FailureKind.CREDENTIALS
    for types, kind in _BY_TYPE:
        if isinstance(error, types):
            return kind
    if isinstance(error, ValueError) and str(error).startswith("Invalid endpoint"):
        return FailureKind.SETTINGS
    return FailureKind.UNANSWERED


def retry_after(error: Exception) -> Retry:
    """Return why another attempt may succeed after an error that boto3 raised."""
    return CONSEQUENCES[failure_kind(error)].retry


def _kind_of_response(error: boto.ClientError) -> FailureKind:
    code, text = error_code(error), error_text(error)
    kind = _BY_CODE.get(code)
    if kind is FailureKind.THROTTLED or text.startswith("Rate exceeded"):
        return FailureKind.THROTTLED
    if error.operation_name in _CREDENTIAL_CALLS and kind is not FailureKind.NOT_ACCEPTED:
        return FailureKind.CREDENTIALS
    if kind is not None:
        return kind
    # The two texts as reported in hashicorp/terraform-provider-aws#39064.
    if "Principal not found" in text:
        return FailureKind.PRINCIPAL_NOT_FOUND
    if "Invalid repository policy provided" in text:
        return FailureKind.INVALID_POLICY
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return FailureKind.SERVICE if status >= _FIRST_SERVER_ERROR else FailureKind.REJECTED
