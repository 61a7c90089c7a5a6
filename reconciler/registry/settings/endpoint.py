"""The address and the CA bundle of an endpoint, checked before the first call."""

import os
import ssl
from typing import NamedTuple
from urllib.parse import urlsplit

import botocore.session
from botocore.httpsession import get_cert_path

from reconciler.registry.failures.errors import CallError, FailureKind
from reconciler.registry.failures.kinds import quoted
from reconciler.registry.http.opening import tls_context

_BUNDLE_VARIABLE = "AWS_CA_BUNDLE"
_REQUESTS_VARIABLE = "REQUESTS_CA_BUNDLE"


class _Bundle(NamedTuple):
    """A file of certificates, and the setting that names it."""

    path: str
    setting: str


def require_usable(address: str, session: botocore.session.Session) -> None:
    """Raise CallError for an address that no call can go to, and for a CA bundle that is none.

    boto3 finds both out with the first call, and then reports a failed connection.
    """
    problem = _problem_of(address)
    if problem:
        raise invalid_address(address, problem)
    bundle = _named_bundle(session)
    if bundle is not None and urlsplit(address).scheme == "https":
        _require_loadable(bundle)


def invalid_address(address: str, problem: str) -> CallError:
    """Return the error of an address that no call can go to."""
    return CallError(
        f"the endpoint address {quoted(address)!r} is invalid: {quoted(problem)}",
        kind=FailureKind.SETTINGS,
        hint="check AWS_ENDPOINT_URL; an address is like https://host:port",
    )


def unreadable_address(service: str, error: Exception) -> CallError | None:
    """Return the error of an address at which boto3 makes no client; None for another reason."""
    names = (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL")
    address = next(filter(None, map(os.environ.get, names)), "")
    problem = _problem_of(address) if type(error) is ValueError and address else None
    return invalid_address(address, problem) if problem else None


def bundle_of(session: botocore.session.Session) -> str:
    """Return the file of the certificates that boto3 trusts."""
    named = _named_bundle(session)
    return str(get_cert_path(True)) if named is None else named.path


def _problem_of(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises for one that is no number, or too high
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https"):
        return "it begins with neither http:// nor https://"
    return None if parts.hostname else "it names no host"


def _named_bundle(session: botocore.session.Session) -> _Bundle | None:
    """Return the CA bundle that the settings name, in botocore's order."""
    path: str | None = session.get_config_variable("ca_bundle")
    if path is not None:
        is_in_profile = _BUNDLE_VARIABLE not in os.environ
        return _Bundle(path, "ca_bundle of the profile" if is_in_profile else _BUNDLE_VARIABLE)
    path = os.environ.get(_REQUESTS_VARIABLE)
    return None if path is None else _Bundle(path, _REQUESTS_VARIABLE)


def _require_loadable(bundle: _Bundle) -> None:
    try:
        tls_context(bundle.path)
    except (OSError, ValueError) as error:
        raise CallError(
            f"the CA bundle {quoted(bundle.path)!r} can't be used: {_reason(error)}",
            kind=FailureKind.SETTINGS,
            hint=f"check {bundle.setting}, which names it",
        ) from error


def _reason(error: OSError | ValueError) -> str:
    match error:
        case ssl.SSLError():
            return "it holds no certificate in PEM format"
        case OSError():
            return error.strerror or str(error)
        case _:
            return str(error)
