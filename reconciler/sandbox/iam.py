"""The roles, users and access keys of the sandbox's IAM, which is moto's, in all accounts."""

import re
from collections.abc import Iterator, Mapping

from moto.iam.models import IAMBackend, User, iam_backends
from moto.utilities.utils import get_partition

from reconciler.errors import ReconcileError

_SESSION = re.compile(
    r"arn:(?P<partition>[a-z-]+):sts::(?P<account>[0-9]{12}):assumed-role/(?P<role>[^/]+)/.+"
)


def create_access_key(account: str, region: str) -> tuple[str, str]:
    """Create the user `sandbox`; return an access key id of it and the secret access key."""
    backend = iam_backends[account][get_partition(region)]
    backend.create_user(region, "sandbox")
    key = backend.create_access_key("sandbox")
    return key.access_key_id, key.secret_access_key


def create_role(account: str, partition: str, name: str, path: str) -> str:
    """Create a role and return its ARN; `path` begins and ends with a slash."""
    role = iam_backends[account][partition].create_role(
        role_name=name,
        assume_role_policy_document="{}",
        path=path,
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    return role.arn


def delete_role(arn: str) -> None:
    """Delete the role with this ARN. Raises ReconcileError if there is none."""
    for backend in _backends():
        for role in list(backend.roles.values()):
            if role.arn == arn:
                backend.delete_role(role.name)
                return
    raise ReconcileError(f"the sandbox has no role {arn!r}")


def unique_ids() -> dict[str, str]:
    """Return the unique id of each role and user that exists now, by ARN."""
    ids: dict[str, str] = {}
    for backend in _backends():
        ids |= {role.arn: role.id for role in list(backend.roles.values())}
        ids |= {user.arn: _user_id(user) for user in list(backend.users.values())}
    return ids


def unique_id_of(arn: str, existing: Mapping[str, str]) -> str | None:
    """Return the unique id of a role or user, or that of a session's role; None if it is unknown.

    `existing` is what `unique_ids` returns.
    """
    session = _SESSION.fullmatch(arn)
    if session is None:
        return existing.get(arn)
    roles = f"arn:{session['partition']}:iam::{session['account']}:role/"
    ids = (
        unique_id
        for role, unique_id in existing.items()
        if role.startswith(roles) and role.rpartition("/")[2] == session["role"]
    )
    return next(ids, None)


def _backends() -> Iterator[IAMBackend]:
    for partitions in list(iam_backends.values()):
        yield from list(partitions.values())


def _user_id(user: User) -> str:
    # moto's ids of users lack the prefix and the upper case; its ids of roles are the service's.
    return f"AIDA{user.id.upper()}"
