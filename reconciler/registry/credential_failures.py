"""Why there are no credentials: the file, helper or login that failed, and its own message."""

import json
import shlex

import botocore.session
from botocore import exceptions as boto

from reconciler.registry.classify import error_text
from reconciler.registry.credential_sources import Kind, Source, source_of, sso_profile
from reconciler.registry.failures import CREDENTIALS_HINT, explain, quoted
from reconciler.registry.fault import CallError, Fault

_FAILED = "the AWS credentials do not work"
_HELPER_FAILED = "Error when retrieving credentials from custom-process:"
_HINTS = {
    Kind.TOKEN_FILE: "the file must hold the token of the identity provider; whoever starts this "
    "run writes it",
    Kind.HELPER: 'it must print credentials as JSON, with "Version": 1; the page \'Sourcing '
    "credentials with an external process' of the AWS CLI tells the form",
}


def explain_credentials(error: Exception, session: botocore.session.Session) -> CallError:
    """Say why boto3 got no credentials, by the source that its settings name.

    An error that is explained already comes back as it is.
    """
    if isinstance(error, CallError):
        return error
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError):
        login = _login(session)
        message = f"the SSO login does not work: {quoted(error_text(error))}"
        return CallError(message, fault=Fault.CREDENTIALS, hint=login)
    if isinstance(error, EOFError):
        message = (
            f"{_FAILED}: a role of the profile asks for an MFA code, which can't be entered here"
        )
        return CallError(message, fault=Fault.CREDENTIALS, hint="use a session that has one")
    source = source_of(session)
    said = _said(error, source)
    if said is None:
        return explain(error, operation="the request for credentials", repository=None)
    where = f"{quoted(str(source))}: " if source else ""
    is_sso = source is not None and source.kind is Kind.SSO
    hint = _login(session) if is_sso else _HINTS.get(source.kind) if source else None
    message = f"{_FAILED}: {where}{quoted(said)}"
    return CallError(message, fault=Fault.CREDENTIALS, hint=hint or CREDENTIALS_HINT)


def _login(session: botocore.session.Session) -> str:
    return f"run `aws sso login --profile {quoted(shlex.quote(sso_profile(session)))}`"


def _said(error: BaseException, source: Source | None) -> str | None:
    """What a source's failure says; None where it is none of a source's."""
    if isinstance(error, boto.BotoCoreError | boto.ClientError):
        return _boto_said(error, source)
    if isinstance(error, KeyError) and isinstance(error.__context__, OSError | ValueError):
        # botocore's JSONFileCache turns a file that can't be read into a missing key.
        return _said(error.__context__, source)
    if isinstance(error, OSError):
        own = error.strerror or str(error)
        is_named = source is not None and source.name == str(error.filename)
        return own if is_named or error.filename is None else f"{error.filename}: {own}"
    if source is not None and source.kind is Kind.HELPER:
        return _helper_said(error)
    return str(error).rstrip(".") if isinstance(error, ValueError | RuntimeError) else None


def _boto_said(error: Exception, source: Source | None) -> str | None:
    said = error_text(error)
    match source:
        case Source(kind=Kind.HELPER) if isinstance(error, boto.CredentialRetrievalError):
            return said.removeprefix(_HELPER_FAILED).strip() or "it failed and said nothing"
        case Source(kind=Kind.TOKEN_FILE) if isinstance(error, boto.ParamValidationError):
            return said
        case _:
            return None


def _helper_said(error: BaseException) -> str:
    match error:
        case json.JSONDecodeError():
            return f"what it prints is no JSON: {error}"
        case IndexError():
            return "it names no program"
        case ValueError() | RuntimeError():
            return str(error).rstrip(".")
        case _:
            return "what it prints has not the form of credentials"
