"""Who makes a request, as policies see the caller.

Test-only: the organization of an account (aws:PrincipalOrgID) is the one that moto's Organizations
has it in.
"""

from datetime import UTC, datetime

from moto.organizations.models import organizations_backends
from moto.sts.models import sts_backends

from reconciler.policy import Caller, account_principal, caller_of, iam_caller, write_time
from reconciler.sandbox.requests.protocol import AwsRequest


def caller_of_request(request: AwsRequest) -> Caller:
    """Return the caller of a request: a user, or a role session with its role."""
    backend = sts_backends[request.account][request.partition]
    session = backend.get_assumed_role_from_access_key(request.access_key)
    caller = caller_of(account_principal(request.account, request.partition))
    if session is not None:
        role = iam_caller(session.role_arn)
        caller = role._replace(principals=(*iam_caller(session.arn).principals, *role.principals))
    elif ":iam:" in (arn := identity_of(request)):
        caller = iam_caller(arn)
    return with_context(caller, request.account, request.partition)


def with_context(caller: Caller, account: str, partition: str) -> Caller:
    """Return a caller with what the sandbox knows of each request."""
    organization = _organization(account, partition)
    own = {"aws:principalorgid": (organization,)} if organization else {}
    absent = frozenset() if organization else frozenset({"aws:principalorgid"})
    now = {"aws:currenttime": (write_time(datetime.now(UTC)),)}
    return caller._replace(context={**caller.context, **own, **now}, absent=caller.absent | absent)


def _organization(account: str, partition: str) -> str | None:
    """Return the id of the organization that an account is in, None if it is in none."""
    owner = organizations_backends.master_accounts.get(account, (account, partition))
    organization = organizations_backends[owner[0]][owner[1]].org
    return organization.id if organization else None


def identity_of(request: AwsRequest) -> str:
    """Return the ARN that STS gives the caller of a request."""
    backend = sts_backends[request.account][request.partition]
    _, arn, _ = backend.get_caller_identity(request.access_key, request.region)
    return arn
