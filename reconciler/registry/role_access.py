"""Calls with the credentials of a role, which STS gives for static ones.

STS speaks the protocol `query` of botocore: a form, answered by XML (AWS Security Token Service API
Reference, "AssumeRole").
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode
from xml.etree import ElementTree as Xml

from reconciler.model.registry import AssumedRole
from reconciler.printable import learn_secret
from reconciler.registry.connections import Connections, connections_to
from reconciler.registry.credential_form import require_plain
from reconciler.registry.errors import (
    CallError,
    FailureKind,
    Retry,
    ServiceError,
    UnreadableResponseError,
)
from reconciler.registry.failures import explain, retry_after
from reconciler.registry.http_exchange import Response, Timeouts, phrase_of
from reconciler.registry.pace import Pace
from reconciler.registry.signing import Credentials, Endpoint, signed_request, signing_key
from reconciler.registry.tasks import run_alone

_OPERATION = "AssumeRole"
_VERSION = "2011-06-15"  # of the API of STS
_CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
_RENEWED_BEFORE = timedelta(minutes=10)  # botocore's mandatory refresh
_SESSION_NAME = "ecr-reconcile"
_FIELDS = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
_FIRST_ERROR = 300  # HTTP status
_FIRST_SERVER_ERROR = 500  # HTTP status


class _Given(NamedTuple):
    """What STS gave for a role."""

    credentials: Credentials
    expiration: datetime


class RoleAccess:
    """Calls ECR at `ecr` with a role that `keys` may assume at `sts`; for `DirectCalls`.

    The role is assumed at the first call, and again before its credentials expire.
    """

    def __init__(
        self,
        ecr: Endpoint,
        sts: Endpoint,
        keys: Credentials,
        role: AssumedRole,
        timeouts: Timeouts,
    ) -> None:
        self._ecr, self._sts, self._keys, self._role = ecr, sts, keys, role
        self._timeouts = timeouts
        self._assuming = threading.Lock()
        self._given: _Given | None = None

    def endpoint(self) -> Endpoint | None:
        """Return the endpoint of ECR, once the role is assumed; None as of `credentials`."""
        return None if self.credentials() is None else self._ecr

    def has_to_renew(self) -> bool:
        """Whether the role has to be assumed before the next call."""
        return self._given is None or self._given.expiration - _RENEWED_BEFORE < datetime.now(UTC)

    def credentials(self) -> Credentials | None:
        """Return the credentials of the role; None where the CA bundle can't be loaded.

        Raises CallError where they can't be had, and for malformed ones.
        """
        with self._assuming:
            if self._given is None or self.has_to_renew():
                connections = connections_to(self._sts, self._timeouts)
                if connections is None:
                    return None
                self._given = self._assumed(connections)
            return self._given.credentials

    def _assumed(self, connections: Connections) -> _Given:
        form = {"Action": _OPERATION, "Version": _VERSION, **role_parameters(self._role)}
        body = urlencode(form).encode()

        async def ask() -> _Given:
            key = signing_key(self._keys, self._sts, datetime.now(UTC))
            message = signed_request(self._sts, {"content-type": _CONTENT_TYPE}, body, key)
            return _given(await connections.exchange(message))

        try:
            given = run_alone(Pace().paced(ask, _retry_after))
        except Exception as error:
            raise explain(error, _OPERATION, region=self._sts.region) from error
        keys = given.credentials
        learn_secret(keys.secret_key)
        learn_secret(keys.token or "")
        require_plain(keys.access_key, keys.secret_key, keys.token, "assume-role")
        if given.expiration < datetime.now(UTC):
            raise CallError(
                "the AWS credentials do not work: those of the assumed role have expired already",
                kind=FailureKind.CREDENTIALS,
                hint="check this machine's clock",
            )
        return given


def role_parameters(role: AssumedRole) -> dict[str, str]:
    """Return the parameters of AssumeRole."""
    external_id = {} if role.external_id is None else {"ExternalId": role.external_id}
    return {
        "RoleArn": role.arn,
        "RoleSessionName": role.session_name or _SESSION_NAME,
        **external_id,
    }


def _retry_after(error: Exception) -> Retry:
    """Return what `retry_after` does; a failure of STS itself may pass, too."""
    is_of_sts = isinstance(error, ServiceError) and error.status >= _FIRST_SERVER_ERROR
    return Retry.TRANSIENT if is_of_sts else retry_after(error)


def _given(response: Response) -> _Given:
    """Read a response. Raises ServiceError, UnreadableResponseError, or an error of the parser."""
    status, body = response.status, response.body.strip()
    if status >= _FIRST_SERVER_ERROR and (not body or body.startswith(b"<html>")):
        raise ServiceError(_OPERATION, str(status), phrase_of(status), status)
    root = Xml.fromstring(body)  # noqa: S314 - of STS, and botocore reads it with the same parser
    if status >= _FIRST_ERROR:
        code, message = (_text(root, name) or "" for name in ("Code", "Message"))
        raise ServiceError(_OPERATION, code, message, status)
    fields = {name: _text(root, name) for name in _FIELDS}
    key, secret, token, expiration = fields.values()
    if key is None or secret is None or expiration is None:
        raise UnreadableResponseError("the response has no credentials")
    until = datetime.fromisoformat(expiration)
    if until.tzinfo is None:
        raise UnreadableResponseError("the expiration has no time zone")
    return _Given(Credentials(key, secret, token), until)


def _text(root: Xml.Element, name: str) -> str | None:
    return root.findtext(f".//{{*}}{name}")
