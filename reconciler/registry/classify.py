"""From what boto3 raises to a `Fault`.

The error codes are those of the ECR API reference and its page "Common error types", and of
botocore's own list of throttling codes, less LimitExceededException: that is a quota, which
waiting does not help.
"""

from botocore import exceptions as boto

from reconciler.registry.fault import CallError, Fault
from reconciler.registry.pace import Verdict

_UNSENDABLE = "Invalid header value"
"""How Python's http.client begins to say that a header can't be sent: one with a credential."""

_FIRST_SERVER_ERROR = 500  # HTTP status
_THROTTLES = frozenset(
    {
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
    }
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
BAD_SIGNATURE = frozenset(
    {
        "InvalidSignatureException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
_UNSIGNED = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
    }
)
# So a region answers that is not enabled for the account, and so does each one where the access
# key does not exist (aws/chalice#1445, segmentio/aws-okta#225). The last two are only the first.
_UNKNOWN_HERE = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "OptInRequired",
        "RegionDisabledException",
    }
)
_BY_CODE = {
    **dict.fromkeys(_THROTTLES, Fault.THROTTLED),
    **dict.fromkeys(EXPIRED | BAD_SIGNATURE | _UNSIGNED, Fault.CREDENTIALS),
    **dict.fromkeys(_UNKNOWN_HERE, Fault.NOT_ACCEPTED),
    **dict.fromkeys(("AccessDenied", "AccessDeniedException"), Fault.DENIED),
    **dict.fromkeys(("408", "RequestTimeout", "RequestTimeoutException"), Fault.UNANSWERED),
    "RepositoryNotFoundException": Fault.REPOSITORY_MISSING,
    "RepositoryAlreadyExistsException": Fault.REPOSITORY_EXISTS,
    "RepositoryPolicyNotFoundException": Fault.POLICY_MISSING,
    "ServerException": Fault.SERVICE,
}
# Calls that boto3 makes by itself, inside any other, to obtain credentials.
_CREDENTIAL_CALLS = frozenset(
    {
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "CreateOAuth2Token",
        "CreateToken",
        "GetRoleCredentials",
    }
)
# Order matters: the first row that fits decides.
_BY_TYPE: tuple[tuple[tuple[type[Exception], ...], Fault], ...] = (
    (
        (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError),
        Fault.CONNECTION,
    ),
    ((boto.SSLError,), Fault.TLS),
    ((boto.HTTPClientError, boto.IncompleteReadError, boto.ChecksumError), Fault.UNANSWERED),
    ((boto.ParamValidationError,), Fault.REJECTED),
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
        Fault.CREDENTIALS,
    ),
    ((boto.BotoCoreError,), Fault.SETTINGS),
)


def error_code(error: Exception) -> str:
    """The service's error code; empty for an error that is none of the service's."""
    if isinstance(error, boto.ClientError):
        return error.response.get("Error", {}).get("Code", "")
    return ""


def error_text(error: Exception) -> str:
    """The service's own words where there are some, boto3's otherwise; not made safe to print.

    boto3 writes some of its own in several lines, as helpers do; they are given in one.
    """
    if isinstance(error, boto.ClientError):
        details = error.response.get("Error", {})
        return (details.get("Message") or details.get("Code") or "no reason given").strip()
    said = " ".join(str(error).split())
    return "a credential holds a line break" if _UNSENDABLE in said else said


def fault_of(error: Exception) -> Fault:
    """The kind of an error that boto3 raised, or that was explained already.

    What is none of boto3's own errors is its parser giving up on an answer, which it does with
    whatever Python raises there (KeyError, AttributeError): so it counts as unanswered.
    """
    if isinstance(error, CallError):
        return error.fault
    if isinstance(error, boto.ClientError):
        return _fault_of_answer(error)
    if _UNSENDABLE in str(error):
        return Fault.CREDENTIALS
    for types, fault in _BY_TYPE:
        if isinstance(error, types):
            return fault
    if isinstance(error, ValueError) and str(error).startswith("Invalid endpoint"):
        return Fault.SETTINGS
    return Fault.UNANSWERED


def read_verdict(error: Exception) -> Verdict:
    """A read may be repeated whatever became of it, where that can help."""
    match fault_of(error):
        case Fault.THROTTLED:
            return Verdict.THROTTLED
        case Fault.CONNECTION:
            return Verdict.UNSENT
        case Fault.UNANSWERED | Fault.SERVICE:
            return Verdict.PASSING
        case _:
            return Verdict.FINAL


def write_verdict(error: Exception) -> Verdict:
    """A write may be repeated only where it was certainly not done and waiting helps."""
    return Verdict.THROTTLED if fault_of(error) is Fault.THROTTLED else Verdict.FINAL


def _fault_of_answer(error: boto.ClientError) -> Fault:
    code, text = error_code(error), error_text(error)
    fault = _BY_CODE.get(code)
    if fault is Fault.THROTTLED or text.startswith("Rate exceeded"):
        return Fault.THROTTLED
    if error.operation_name in _CREDENTIAL_CALLS and fault is not Fault.NOT_ACCEPTED:
        return Fault.CREDENTIALS
    if fault is not None:
        return fault
    # The two texts as reported in hashicorp/terraform-provider-aws#39064.
    if "Principal not found" in text:
        return Fault.PRINCIPAL_NOT_FOUND
    if "Invalid repository policy provided" in text:
        return Fault.INVALID_POLICY
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return Fault.SERVICE if status >= _FIRST_SERVER_ERROR else Fault.REJECTED
