"""What a registry lets other accounts do, by its policies.

Evidenced: the repository's policy or the registry's must allow a request of another account, and
neither may deny it; the registry's policy counts for the actions of its scope ("Private registry
permissions in Amazon ECR", Amazon ECR User Guide; "Policy evaluation logic", IAM User Guide).

Assumed: an account's identity policies allow its principals everything, so that a registry refuses
nobody of its own account, and a Deny of its policies does not hold there; a request is refused
where that depends on a condition about something that the sandbox does not know, such as the
source address; a policy that is not understood allows nothing; the wording of the error (it is
IAM's general one). Test-only: the organization of an account (aws:PrincipalOrgID) is the one that
moto's Organizations has it in. The statements are evaluated by `reconciler.policy`.
"""

from datetime import UTC, datetime

from moto.organizations.models import organizations_backends
from moto.sts.models import sts_backends

from reconciler.policy import (
    NO_POLICY,
    Caller,
    Document,
    Policy,
    RegistryDocument,
    account_principal,
    answers_on,
    caller_of,
    enforced,
    evaluate,
    iam_caller,
    read_policy,
    read_registry_policy,
    statements_on,
    write_time,
)
from reconciler.sandbox.account_settings import AccountSettings
from reconciler.sandbox.policies import Policies
from reconciler.sandbox.protocol import AwsRequest, ServiceError
from reconciler.sandbox.registry_policy import RegistryPolicies
from reconciler.sandbox.state import RepositoryPlace


class Authorization:
    """Says what other accounts may do. Whoever calls a method holds the lock."""

    def __init__(
        self, policies: Policies, registry_policies: RegistryPolicies, settings: AccountSettings
    ) -> None:
        self._policies = policies
        self._registry_policies = registry_policies
        self._settings = settings

    def check(self, request: AwsRequest, action: str, place: RepositoryPlace) -> None:
        """Raise ServiceError if a caller may not do `action` (`BatchGetImage`) on a repository.

        The repository may be missing: then the registry's policy alone counts.
        """
        if request.account == place.account:
            return
        found = place.find()
        own = read_policy(self._policies.read(found) if found else None, partition=place.partition)
        if not self._is_allowed(_caller(request), action, place, own):
            raise ServiceError(
                "AccessDeniedException",
                f"User: {_identity(request)} is not authorized to perform: ecr:{action} on "
                f"resource: {place.arn} because no resource-based policy allows the "
                f"ecr:{action} action",
            )

    def lets_account(self, account: str, action: str, place: RepositoryPlace) -> bool:
        """Whether the registry's own policy allows a whole account an action on a repository."""
        caller = caller_of(account_principal(account, place.partition))
        known = _with_context(caller, account, place.partition)
        return self._is_allowed(known, action, place, NO_POLICY)

    def _is_allowed(self, caller: Caller, action: str, place: RepositoryPlace, own: Policy) -> bool:
        statements = own.statements if isinstance(own, Document) else ()
        registry = read_registry_policy(
            self._registry_policies.read(place.account, place.region), partition=place.partition
        )
        if isinstance(registry, RegistryDocument):
            document = enforced(registry, self._settings.scope(place.account, place.region))
            on = statements_on(document, answers_on(document, place.arn))
            denying = (one for one in on.counting if one.statement.effect == "Deny")
            statements += tuple(one.statement for one in (*on.allowing, *denying))
        return evaluate(Document(None, statements), caller, f"ecr:{action}").verdict == "allowed"


def _caller(request: AwsRequest) -> Caller:
    """Return the caller of a request: a user, or a role session with its role."""
    backend = sts_backends[request.account][request.partition]
    session = backend.get_assumed_role_from_access_key(request.access_key)
    caller = caller_of(account_principal(request.account, request.partition))
    if session is not None:
        role = iam_caller(session.role_arn)
        caller = role._replace(principals=(*iam_caller(session.arn).principals, *role.principals))
    elif ":iam:" in (arn := _identity(request)):
        caller = iam_caller(arn)
    return _with_context(caller, request.account, request.partition)


def _with_context(caller: Caller, account: str, partition: str) -> Caller:
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


def _identity(request: AwsRequest) -> str:
    backend = sts_backends[request.account][request.partition]
    _, arn, _ = backend.get_caller_identity(request.access_key, request.region)
    return arn
