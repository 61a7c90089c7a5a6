"""What a registry lets other accounts do, by its policies.

Evidenced: the repository's policy or the registry's must allow a request of another account, and
neither may deny it; the registry's policy counts for the actions of its scope ("Private registry
permissions in Amazon ECR", Amazon ECR User Guide; "Policy evaluation logic", IAM User Guide).

Assumed: an account's identity policies allow its principals everything, so that a registry refuses
nobody of its own account, and a Deny of its policies does not hold there; a request is refused
where that depends on a condition about something that the sandbox does not know, such as the
source address; a policy that is not understood allows nothing; the wording of the error (it is
IAM's general one). The statements are evaluated by `reconciler.policy`.
"""

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
    read_policy,
    read_registry_policy,
    statements_on,
)
from reconciler.sandbox.policies.stored import Policies
from reconciler.sandbox.registry.account_settings import AccountSettings
from reconciler.sandbox.registry.registry_policy import RegistryPolicies
from reconciler.sandbox.requests.callers import caller_of_request, identity_of, with_context
from reconciler.sandbox.requests.protocol import AwsRequest, ServiceError
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
        if not self._is_allowed(caller_of_request(request), action, place, own):
            raise ServiceError(
                "AccessDeniedException",
                f"User: {identity_of(request)} is not authorized to perform: ecr:{action} on "
                f"resource: {place.arn} because no resource-based policy allows the "
                f"ecr:{action} action",
            )

    def lets_account(self, account: str, action: str, place: RepositoryPlace) -> bool:
        """Whether the registry's own policy allows a whole account an action on a repository."""
        caller = caller_of(account_principal(account, place.partition))
        known = with_context(caller, account, place.partition)
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
