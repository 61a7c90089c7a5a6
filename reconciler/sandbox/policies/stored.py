"""Policy texts: checked when a call writes them, stored, and returned as reads show them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import NamedTuple
from weakref import WeakKeyDictionary

from moto.ecr.models import Repository

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.eventual_consistency import EventualConsistency
from reconciler.sandbox.policies.grammar import Grammar, check_policy
from reconciler.sandbox.policies.text import aws_principals, rename_principals, rewrite_policy
from reconciler.sandbox.requests.protocol import AwsRequest, check_length, invalid_parameter
from reconciler.sandbox.state import unique_id_of, unique_ids

# Characters; botocore's model, shapes RepositoryPolicyText and RegistryPolicyText.
POLICY_LENGTHS = (0, 10_240)


class PolicyPlace(NamedTuple):
    """Whose policy it is: a repository's by its name, or the registry's own (None)."""

    account: str
    region: str
    repository: str | None


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A policy text as it was written, and the ids of the roles and users that existed then.

    `ids` has the unique id of each by ARN, and is empty without `unique_ids`.
    """

    text: str
    ids: Mapping[str, str]

    def current_text(self) -> str:
        """Return the text with the current names of its principals, and ids of deleted ones."""
        if not self.ids:
            return self.text
        arns = {unique_id: arn for arn, unique_id in unique_ids().items()}
        names = {arn: arns.get(unique_id, unique_id) for arn, unique_id in self.ids.items()}
        return rename_principals(self.text, names)


class Policies:
    """Checks, stores and returns policy texts. Whoever checks or returns one holds the lock.

    With `unique_ids`, a policy keeps the roles and users that exist when it is written by their
    unique ids: one that is deleted later is shown as its id, also after its name is used again.
    Everything else of the text is kept as it was written. `new_principals` are those that calls
    do not find yet.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.new_principals = EventualConsistency(behaviour.iam_delay)
        self._behaviour = behaviour
        self._of_repositories: WeakKeyDictionary[Repository, StoredPolicy] = WeakKeyDictionary()
        self._returned: Counter[PolicyPlace] = Counter()

    def check(self, request: AwsRequest, text: str, grammar: Grammar) -> None:
        """Raise ServiceError if the service refuses this text. The length is not checked here."""
        try:
            principals = check_policy(text, request.partition, grammar)
        except ValueError as error:
            refusal = f"Invalid {grammar.subject} policy provided"
            raise invalid_parameter("PolicyText", refusal) from error
        if self._behaviour.known_principals_only and not self._are_known(principals):
            raise invalid_parameter("PolicyText", "Principal not found")

    def stored(self, text: str) -> StoredPolicy:
        """Return a policy text to be stored. Any text is accepted."""
        existing = unique_ids() if self._behaviour.unique_ids else {}
        ids = {arn: existing[arn] for arn in aws_principals(text) if arn in existing}
        return StoredPolicy(text, ids)

    def write(self, repository: Repository, text: str) -> None:
        """Store the policy text of a repository. Any text is accepted."""
        self._of_repositories[repository] = self.stored(text)
        repository.policy = text

    def read(self, repository: Repository) -> str | None:
        """Return a policy text with the current names of its principals, None without a policy."""
        stored = self._of_repositories.get(repository)
        if repository.policy is None or stored is None:
            return repository.policy
        return stored.current_text()

    def returned(self, text: str, place: PolicyPlace, partition: str) -> str:
        """Return a stored text as the next response of the service has it.

        The order of its lists does not depend on how often other policies are read.
        """
        self._returned[place] += 1
        seed = f"{self._behaviour.seed} {tuple(place)} {self._returned[place]}"
        rng = Random(seed)  # noqa: S311 - predictable on purpose
        return rewrite_policy(text, self._behaviour, partition, rng)

    def _are_known(self, arns: Iterable[str]) -> bool:
        """Count a call that names these roles, users and sessions; return whether ECR knows all."""
        existing = unique_ids()
        ids = {unique_id_of(arn, existing) for arn in arns}
        return self.new_principals.find(ids - {None}) and None not in ids


def policy_parameter(request: AwsRequest) -> str:
    """Return the policy text of a request. Raises ServiceError if it is absent or too long."""
    text = request.text("policyText")
    if text is None:
        raise invalid_parameter("policyText", "must not be null")
    check_length("PolicyText", len(text), POLICY_LENGTHS)
    return text
