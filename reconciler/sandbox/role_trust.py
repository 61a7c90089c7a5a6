"""Who may assume a role, by its trust policy; moto lets everyone assume each.

Evidenced: the trust policy must allow sts:AssumeRole ("AssumeRole", AWS STS API Reference), and one
with a condition on sts:ExternalId allows it with this external id alone ("Access to AWS accounts
owned by third parties", IAM User Guide); the error and its status (Netflix/security_monkey#77).

Assumed: the caller's identity policies allow it; a trust policy that is not understood, or where it
depends on something that the sandbox does not know, allows nothing. Test-only: a role that does not
exist, or that was made with the trust policy `{}`, can be assumed by everyone.
"""

from http import HTTPStatus

from reconciler.policy import Caller, Document, concerns, decide, glob_matches, read_policy
from reconciler.sandbox.requests.callers import caller_of_request, identity_of
from reconciler.sandbox.requests.protocol import AwsRequest, ServiceError
from reconciler.sandbox.state import NO_TRUST_POLICY, trust_policy_of

_ACTION = "sts:assumerole"


def check_trust(request: AwsRequest) -> None:
    """Raise ServiceError if the caller of AssumeRole may not assume the role."""
    role = request.text("RoleArn") or ""
    text = trust_policy_of(role)
    if text in (None, NO_TRUST_POLICY):
        return
    trust = read_policy(text, partition=request.partition)
    if not isinstance(trust, Document) or not _allows(trust, _caller(request)):
        raise ServiceError(
            "AccessDenied",
            f"User: {identity_of(request)} is not authorized to perform: sts:AssumeRole on "
            f"resource: {role}",
            HTTPStatus.FORBIDDEN,
        )


def _caller(request: AwsRequest) -> Caller:
    caller = caller_of_request(request)
    given = {
        "sts:externalid": request.text("ExternalId"),
        "sts:rolesessionname": request.text("RoleSessionName"),
    }
    known = {key: (value,) for key, value in given.items() if value is not None}
    absent = frozenset(given) - known.keys()
    return caller._replace(context={**caller.context, **known}, absent=caller.absent | absent)


def _allows(trust: Document, caller: Caller) -> bool:
    reasons = (
        concerns(position, statement, caller)
        for position, statement in enumerate(trust.statements)
        for action in statement.actions
        if isinstance(action, str) and glob_matches(action.lower(), _ACTION)
    )
    return decide(reason for reason in reasons if reason).verdict == "allowed"
