"""From an error of boto3's to one clear line for a person, and what to do about it."""

import re

from botocore import exceptions as boto

from reconciler.errors import Remedy
from reconciler.printable import printable
from reconciler.redaction import redacted
from reconciler.registry.classify import (
    BAD_SIGNATURE,
    EXPIRED,
    error_code,
    error_text,
    fault_of,
)
from reconciler.registry.credential_sources import missing_files
from reconciler.registry.fault import CallError, Fault
from reconciler.registry.regions import enabling_hint, is_opt_in, variant_hint

_LONGEST_QUOTE = 500  # characters of somebody else's text in a line of ours
_NO_PERMISSION = re.compile(r"User: (?P<caller>\S+) is not authorized to perform: (?P<action>\S+)")
_REASON = re.compile(r"\bbecause (?P<reason>.+)|\bwith (?P<deny>an explicit deny.*)", re.DOTALL)

CREDENTIALS_HINT = "check with `aws sts get-caller-identity` that these credentials work"
_HINTS = {
    Fault.CONNECTION: "check the network, the proxy, the region's name and AWS_ENDPOINT_URL",
    Fault.TLS: "where a proxy has certificates of its own, name them in AWS_CA_BUNDLE; "
    "for an http:// endpoint, check AWS_ENDPOINT_URL",
    Fault.UNANSWERED: "run the same command again; if it stays, look for a proxy in between",
    Fault.SERVICE: "AWS failed to answer; run the same command again",
    Fault.THROTTLED: "others use up the account's request rate; run the same command again later",
    Fault.REPOSITORY_MISSING: "check its name, account and region; one just made may take a moment",
    Fault.PRINCIPAL_NOT_FOUND: "one of its principals does not exist, or is too new to be known "
    "everywhere; AWS does not say which",
    Fault.INVALID_POLICY: "AWS does not say what it objects to; a principal that does not exist "
    "can be the reason",
}


def explain(
    error: Exception, *, operation: str, repository: str | None, region: str = ""
) -> CallError:
    """What failed, in one line without control characters, with a hint where one helps.

    `operation` is the API's name of the call, such as `GetRepositoryPolicy`, or `connect` where
    none was made yet; `region` is where, empty where that does not count. An error that is
    explained already comes back as it is.
    """
    if isinstance(error, CallError):
        return error
    fault = fault_of(error)
    call = operation if repository is None else f"{operation} on {quoted(repository)}"
    said = quoted(error_text(error))
    hint = _HINTS.get(fault)
    match fault:
        case Fault.SETTINGS:
            message = f"the AWS settings do not work: {said}"
            variant = variant_hint(said)
            remedy = None if variant else Remedy.CHECK_AWS_SETTINGS
            return CallError(message, fault=fault, hint=variant, remedy=remedy)
        case Fault.CREDENTIALS:
            message, hint = _credentials(error, said)
        case Fault.NOT_ACCEPTED:
            message = f"AWS does not accept the credentials{region and f' in {region}'}: {said}"
            hint = enabling_hint(region) if region and is_opt_in(region) else CREDENTIALS_HINT
        case Fault.CONNECTION:
            message, hint = f"no connection: {said}", variant_hint(said) or hint
        case Fault.DENIED:
            message, hint = _denied(said, operation, repository)
        case Fault.UNANSWERED:
            message = f"{call} got no readable answer: {_unanswered(error)}"
        case Fault.THROTTLED:
            message = f"{call} was throttled to the end: {said}"
        case _:
            message = f"{call} failed: {_with_code(error, said)}"
    return CallError(message, fault=fault, hint=hint)


def in_this_region_only(error: CallError, region: str) -> CallError:
    """Say why credentials that work in other regions may not work in this one."""
    if error.fault is not Fault.NOT_ACCEPTED:
        return error
    return CallError(error.message, fault=error.fault, hint=enabling_hint(region))


def quoted(text: str) -> str:
    """Give AWS's text so that it is safe to show, without secrets, and cut where it is long."""
    told = redacted(text)
    return printable(told if len(told) <= _LONGEST_QUOTE else told[:_LONGEST_QUOTE] + "…")


def _credentials(error: Exception, said: str) -> tuple[str, str]:
    if isinstance(error, boto.NoCredentialsError):
        return "; ".join(["no AWS credentials found", *map(quoted, missing_files())]), (
            "set AWS_PROFILE, log in with `aws sso login`, or give AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        )
    code = error_code(error)
    if code in EXPIRED:
        return "the credentials expired", "log in again"
    if code in BAD_SIGNATURE:
        return f"AWS did not accept the signature: {said}", (
            "check this machine's clock, and the secret access key"
        )
    if isinstance(error, boto.ClientError) and error.operation_name.startswith("AssumeRole"):
        return f"the role could not be assumed: {_with_code(error, said)}", (
            "the role's trust policy must name the caller, and the caller must be allowed "
            "sts:AssumeRole on it"
        )
    return f"the AWS credentials do not work: {said}", CREDENTIALS_HINT


def _denied(said: str, operation: str, repository: str | None) -> tuple[str, str]:
    """Name the action once, and who may not do it; and a hint."""
    named = _NO_PERMISSION.search(said)
    service = "sts" if operation == "GetCallerIdentity" else "ecr"
    action = named["action"] if named else f"{service}:{operation}"
    call = action if repository is None else f"{action} on {quoted(repository)}"
    reason = _REASON.search(said)
    why = (reason["reason"] or reason["deny"]) if reason else "" if named else said
    why = why.replace(f"the {action} action", "it").replace(action, "it")
    caller = named["caller"] if named else "the caller"
    message = f"{call}: not allowed for {caller}{why and f': {why}'}"
    if reason is not None and "explicit deny" in reason[0]:
        return message, "a Deny that covers it decides; an Allow elsewhere does not help"
    return message, "allow it in the identity policy of the caller"


def _unanswered(error: Exception) -> str:
    match error:
        case boto.ReadTimeoutError():
            return "it took too long"
        case boto.ConnectionClosedError():
            return "the connection was cut"
        case boto.HTTPClientError() | boto.ClientError():
            return quoted(error_text(error))
        case _:
            return "what came back is not of AWS's form"


def _with_code(error: Exception, said: str) -> str:
    code = quoted(error_code(error))
    return f"{said} ({code})" if code and code not in said else said
