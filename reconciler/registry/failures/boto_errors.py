"""What a call raises, as a message of one line with a hint; and the kinds of boto3's errors."""

import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path

from botocore import exceptions as boto

from reconciler.errors import Remedy
from reconciler.registry.failures.errors import CallError, FailureKind, ServiceError
from reconciler.registry.failures.kinds import BAD_SIGNATURE, EXPIRED, kind_of_refusal, quoted

_UNSENDABLE = "Invalid header value"
"""How Python's http.client refuses to send a header, which may hold a credential."""

_BY_TYPE: Mapping[FailureKind, tuple[type[Exception], ...]] = {  # the first that matches decides
    FailureKind.CONNECTION: (
        boto.EndpointConnectionError,
        boto.ConnectTimeoutError,
        boto.ProxyConnectionError,
    ),
    FailureKind.TLS: (boto.SSLError,),
    FailureKind.UNANSWERED: (boto.HTTPClientError, boto.IncompleteReadError, boto.ChecksumError),
    FailureKind.REJECTED: (boto.ParamValidationError,),
    FailureKind.CREDENTIALS: (
        boto.CredentialRetrievalError,
        boto.MetadataRetrievalError,
        boto.NoAuthTokenError,
        boto.NoCredentialsError,
        boto.PartialCredentialsError,
        boto.RefreshWithMFAUnsupportedError,
        boto.SSOError,
        boto.TokenRetrievalError,
    ),
    FailureKind.SETTINGS: (boto.BotoCoreError,),
}

_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
_NO_PERMISSION = re.compile(
    r"User: (?P<caller>\S+) is not authorized to perform: (?P<action>\S+)"
    r"(?: on resource: (?P<resource>\S+))?"
)
_REASON = re.compile(r"\bbecause (?P<reason>.+)|\bwith (?P<deny>an explicit deny.*)", re.DOTALL)

_SERVICES = {"GetCallerIdentity": "sts", "ListAccounts": "organizations"}
"""The service of each operation that is not one of ECR."""

CREDENTIALS_HINT = "check with `aws sts get-caller-identity` that these credentials work"
_TEMPLATE_CHANGED = (
    "the creation template has changed since it was read; run the same command again"
)
_HINTS = {
    FailureKind.CONNECTION: (
        "check the network, the proxy, the region's name and AWS_ENDPOINT_URL"
    ),
    FailureKind.TLS: "where a proxy has certificates of its own, name them in AWS_CA_BUNDLE; "
    "for an http:// endpoint, check AWS_ENDPOINT_URL",
    FailureKind.UNANSWERED: "run the same command again; if the error persists, check for a proxy, "
    "and AWS_ENDPOINT_URL",
    FailureKind.SERVICE: "an error of AWS; run the same command again",
    FailureKind.THROTTLED: "other callers use up the account's request rate; run the same command "
    "again later",
    FailureKind.REPOSITORY_MISSING: "check its name, account and region; a new repository may not "
    "be visible yet",
    FailureKind.TEMPLATE_MISSING: _TEMPLATE_CHANGED,
    FailureKind.TEMPLATE_EXISTS: _TEMPLATE_CHANGED,
    FailureKind.PRINCIPAL_NOT_FOUND: "a principal of the policy does not exist (yet); AWS does not "
    "say which",
    FailureKind.INVALID_POLICY: "AWS does not say what is invalid; a principal that does not exist "
    "can be the reason",
}

_ENABLED_BY_DEFAULT = frozenset(
    {
        *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1"),
        *("ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1"),
        *("eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1"),
        "us-west-2",
    }
)
"""The regions of the partition `aws` that every account has ("Enable or disable AWS Regions in your
account", AWS Account Management Reference Guide)."""

_OTHER_PARTITIONS = ("cn-", "eu-iso", "eusc-", "us-gov-", "us-iso")
"""Prefixes of other partitions' regions; customers enable none of those."""

_ENDPOINT_VARIANTS = {
    "FIPS": (
        re.compile("fips", re.IGNORECASE),
        "AWS_USE_FIPS_ENDPOINT (use_fips_endpoint in a profile)",
    ),
    "dual-stack": (
        re.compile(r"dual-?stack|\.api\.aws\b|\.api\.amazonwebservices\b", re.IGNORECASE),
        "AWS_USE_DUALSTACK_ENDPOINT (use_dualstack_endpoint in a profile)",
    ),
}
"""Kinds of endpoints: a sign of each in an address or in botocore's error, and its setting."""


def _as_refusal(error: Exception) -> ServiceError | None:
    """Return what a service answered a call with; None for an error of another origin."""
    if not isinstance(error, boto.ClientError):
        return error if isinstance(error, ServiceError) else None
    details = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code, message = details.get("Code", ""), details.get("Message", "")
    return ServiceError(error.operation_name, code, message, status)


def error_text(error: Exception) -> str:
    """Return the service's message, or else boto3's, in one line; not made safe to print."""
    refusal = _as_refusal(error)
    if refusal is not None:
        return refusal.text
    text = " ".join(str(error).split())
    return "a credential holds a line break" if _UNSENDABLE in text else text


def kind_of_boto(error: Exception) -> FailureKind:
    """Return the kind of an error that boto3 raised."""
    refusal = _as_refusal(error)
    if refusal is not None:
        return kind_of_refusal(refusal)
    if _UNSENDABLE in str(error):
        return FailureKind.CREDENTIALS
    for kind, types in _BY_TYPE.items():
        if isinstance(error, types):
            return kind
    if isinstance(error, ValueError) and str(error).startswith("Invalid endpoint"):
        return FailureKind.SETTINGS
    return FailureKind.UNANSWERED


def overdue_error(address: str, cause: Exception) -> Exception:
    """Return the error of a response that takes too long."""
    return boto.ReadTimeoutError(endpoint_url=address, error=cause)


def connect_error(address: str, cause: OSError) -> Exception:
    """Return the error that botocore raises where no connection can be made."""
    if isinstance(cause, TimeoutError):
        return boto.ConnectTimeoutError(endpoint_url=address, error=cause)
    return boto.EndpointConnectionError(endpoint_url=address, error=cause)


def exchange_error(address: str, cause: OSError) -> Exception:
    """Return the error that botocore raises where a connection fails."""
    if isinstance(cause, TimeoutError):
        return overdue_error(address, cause)
    if isinstance(cause, ssl.SSLError):
        return boto.SSLError(endpoint_url=address, error=cause)
    return boto.ConnectionClosedError(endpoint_url=address, error=cause, request=None)


def explained(error: Exception, operation: str, repository: str | None, region: str) -> CallError:
    """Return what `kinds.explain` does of an error that is no CallError."""
    kind = kind_of_boto(error)
    call = operation if repository is None else f"{operation} on {quoted(repository)}"
    reason = quoted(error_text(error))
    hint = _HINTS.get(kind)
    match kind:
        case FailureKind.SETTINGS:
            message, hint = f"the AWS settings do not work: {reason}", _variant_hint(reason)
        case FailureKind.CREDENTIALS:
            message, hint = _credentials(error, reason)
        case FailureKind.NOT_ACCEPTED:
            message = f"AWS does not accept the credentials{region and f' in {region}'}: {reason}"
            hint = _enabling_hint(region) if _is_opt_in(region) else CREDENTIALS_HINT
        case FailureKind.CONNECTION:
            message, hint = f"no connection: {reason}", _variant_hint(reason) or hint
        case FailureKind.DENIED:
            message, hint = _denied(reason, operation, repository)
        case FailureKind.UNANSWERED:
            message = f"{call}: {_response_error(error)}"
        case FailureKind.THROTTLED:
            message = f"{call} was throttled on every attempt: {reason}"
        case _:
            message = f"{call} failed: {_with_code(error, reason)}"
            hint = hint or _rejected_hint(error, operation)
    remedy = Remedy.CHECK_AWS_SETTINGS if kind is FailureKind.SETTINGS else None
    return CallError(message, kind=kind, hint=hint, remedy=remedy)


def in_this_region_only(error: CallError, region: str) -> CallError:
    """Return the error of credentials that work in other regions with the hint for this one."""
    if error.kind is not FailureKind.NOT_ACCEPTED:
        return error
    return CallError(error.message, kind=error.kind, hint=_enabling_hint(region))


def _credentials(error: Exception, reason: str) -> tuple[str, str]:
    if isinstance(error, boto.NoCredentialsError):
        return "; ".join(["no AWS credentials found", *map(quoted, _missing_files())]), (
            "set AWS_PROFILE, log in with `aws sso login`, or set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        )
    refusal = _as_refusal(error)
    if refusal is not None and refusal.code in EXPIRED:
        return "the credentials expired", "log in again"
    if refusal is not None and refusal.code in BAD_SIGNATURE:
        return f"AWS did not accept the signature: {reason}", (
            "check this machine's clock, and the secret access key"
        )
    if refusal is not None and refusal.operation.startswith("AssumeRole"):
        return f"the role could not be assumed: {_with_code(error, reason)}", (
            "the role's trust policy must name the caller, and the caller must be allowed "
            "sts:AssumeRole on it"
        )
    return f"the AWS credentials do not work: {reason}", CREDENTIALS_HINT


def _missing_files() -> list[str]:
    """Return messages on files that a variable names but that do not exist; boto3 ignores them."""
    return [
        f"{variable} names {os.environ[variable]}, which is not a file"
        for variable in _FILES
        if variable in os.environ and not _is_file(os.environ[variable])
    ]


def _is_file(name: str) -> bool:
    path = Path(name).expanduser()
    return path.exists() and not path.is_dir()


def _denied(text: str, operation: str, repository: str | None) -> tuple[str, str]:
    """Return the message, which names the action once and the caller, and the hint."""
    named = _NO_PERMISSION.search(text)
    service = _SERVICES.get(operation, "ecr")
    action = named["action"] if named else f"{service}:{operation}"
    if named and named["resource"] and action != f"{service}:{operation}":
        repository = named["resource"]  # the role of iam:PassRole, say
    call = action if repository is None else f"{action} on {quoted(repository)}"
    reason = _REASON.search(text)
    why = (reason["reason"] or reason["deny"]) if reason else "" if named else text
    why = why.replace(f"the {action} action", "it").replace(action, "it")
    caller = named["caller"] if named else "the caller"
    message = f"{call}: not allowed for {caller}{why and f': {why}'}"
    if reason is not None and "explicit deny" in reason[0]:
        return message, "a Deny decides: an Allow in another policy does not help"
    return message, "allow it in the identity policy of the caller"


def _rejected_hint(error: Exception, operation: str) -> str | None:
    refusal = _as_refusal(error)
    if refusal is not None and refusal.code == "LimitExceededException":
        return "a quota of the account is used up: see Amazon ECR in Service Quotas"
    if operation.endswith("RepositoryCreationTemplate"):
        return (
            "everything that the template says is sent: check its KMS key, customRoleArn, tags "
            "and lifecycle policy, too"
        )
    return None


def _response_error(error: Exception) -> str:
    match error:
        case boto.ReadTimeoutError():
            return "no response: timed out"
        case boto.ConnectionClosedError():
            return "no response: the connection was closed"
        case boto.HTTPClientError() | boto.ClientError() | ServiceError():
            return f"unexpected response: {quoted(error_text(error))}"
        case _:
            return "unexpected response: not in AWS's format"


def _with_code(error: Exception, text: str) -> str:
    refusal = _as_refusal(error)
    code = quoted(refusal.code) if refusal is not None else ""
    return f"{text} ({code})" if code and code not in text else text


def _is_opt_in(region: str) -> bool:
    """Whether an account has to enable a region before it can use it."""
    by_default = region in _ENABLED_BY_DEFAULT or region.startswith(_OTHER_PARTITIONS)
    return bool(region) and not by_default


def _enabling_hint(region: str) -> str:
    return (
        "the region may not be enabled for the account: see `aws account get-region-opt-status "
        f"--region-name {region}`; else check the credentials with `aws sts get-caller-identity`"
    )


def _variant_hint(text: str) -> str | None:
    """Return a hint with the settings that ask for an endpoint that may not exist."""
    asked = {
        kind: setting for kind, (sign, setting) in _ENDPOINT_VARIANTS.items() if sign.search(text)
    }
    if not asked:
        return None
    return (
        f"not every region has a {' or '.join(asked)} endpoint: unset "
        f"{' and '.join(asked.values())}, or check the network"
    )
