"""The roles and users of the sandbox's IAM, and which of them ECR has come to know.

They are moto's, of all accounts, whichever way they were made or deleted.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from threading import Lock

from moto.iam.models import User, iam_backends

from reconciler.errors import ReconcileError

_SESSION = re.compile(
    r"arn:(?P<partition>[a-z-]+):sts::(?P<account>[0-9]{12}):assumed-role/(?P<role>[^/]+)/.+"
)
_USER_PREFIX = "AIDA"


def unique_ids() -> dict[str, str]:
    """Return the unique id of each role and user that there is now, by ARN."""
    return dict(_everyone())


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
    """Delete the role of this ARN; raises ReconcileError where there is none."""
    for partitions in list(iam_backends.values()):
        for backend in list(partitions.values()):
            for role in list(backend.roles.values()):
                if role.arn == arn:
                    backend.delete_role(role.name)
                    return
    raise ReconcileError(f"the sandbox has no role {arn!r}")


class Acquaintance:
    """Whom ECR knows: who exists, and was named in more calls than `delay`, or `meet_all` said so.

    Safe for several threads.
    """

    def __init__(self, delay: int) -> None:
        self._delay = delay
        self._named: Counter[str] = Counter()  # by unique id: who is made again is new
        self._lock = Lock()

    def knows(self, arns: Iterable[str]) -> bool:
        """Count a call that names these roles, users and sessions; whether all of them are known.

        A session is as known as its role.
        """
        existing = unique_ids()
        found = {_id_of(arn, existing) for arn in arns}
        ids = {each for each in found if each is not None}
        with self._lock:
            self._named.update(ids)
            return ids == found and all(self._named[each] > self._delay for each in ids)

    def meet_all(self) -> None:
        """Know everyone who exists now."""
        with self._lock:
            self._named.update(dict.fromkeys(unique_ids().values(), self._delay))


def _everyone() -> Iterator[tuple[str, str]]:
    for partitions in list(iam_backends.values()):
        for backend in list(partitions.values()):
            for role in list(backend.roles.values()):
                yield role.arn, role.id
            for user in list(backend.users.values()):
                yield user.arn, _user_id(user)


def _user_id(user: User) -> str:
    # moto's ids of users lack the prefix and the case; those of its roles are the service's.
    return f"{_USER_PREFIX}{user.id.upper()}"


def _id_of(arn: str, existing: Mapping[str, str]) -> str | None:
    session = _SESSION.fullmatch(arn)
    if session is None:
        return existing.get(arn)
    roles = f"arn:{session['partition']}:iam::{session['account']}:role/"
    return next(
        (
            unique_id
            for role, unique_id in existing.items()
            if role.startswith(roles) and role.rpartition("/")[2] == session["role"]
        ),
        None,
    )
