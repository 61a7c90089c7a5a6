"""Calls with the credentials of a role, which STS gives for static ones."""

import threading
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from reconciler.model.registry import AssumedRole
from reconciler.printable import learn_secret
from reconciler.registry.failures.errors import CallError, FailureKind, UnreadableResponseError
from reconciler.registry.http.exchange import Timeouts
from reconciler.registry.http.signing import Credentials, Endpoint
from reconciler.registry.pace import Pace
from reconciler.registry.settings.credential_form import require_plain
from reconciler.registry.settings.sts import Fields, Sts, sts_at

_RENEWED_BEFORE = timedelta(minutes=10)  # botocore's mandatory refresh
_SESSION_NAME = "ecr-reconcile"


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
        self._ecr, self.sts, self._keys, self._role = ecr, sts, keys, role
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
                sts = sts_at(self.sts, self._keys, self._timeouts)
                if sts is None:
                    return None
                self._given = self._assumed(sts)
            return self._given.credentials

    def _assumed(self, sts: Sts) -> _Given:
        given = sts.ask("AssumeRole", role_parameters(self._role), _given, Pace())
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


def _given(field: Fields) -> _Given:
    keys = Credentials(field("AccessKeyId"), field("SecretAccessKey"), field("SessionToken"))
    until = datetime.fromisoformat(field("Expiration"))
    if until.tzinfo is None:
        raise UnreadableResponseError("the expiration has no time zone")
    return _Given(keys, until)
