"""The registry's own policy: one document per account and region.

Evidenced: its operations, their errors and the length (botocore's model), its two scopes
("Private registry permissions in Amazon ECR", Amazon ECR User Guide), 'Invalid registry policy
provided' (hashicorp/terraform-provider-aws#40933), and that a Resource is not checked
(aws/containers-roadmap#2675). Assumed: that the text is otherwise checked, stored, rewritten and
shuffled as a repository's, that Resource or NotResource is required, and the wording of
RegistryPolicyNotFoundException (moto has the same).
"""

from collections.abc import Mapping

from reconciler.sandbox.json_values import JsonObject
from reconciler.sandbox.policies.concurrent_writer import ConcurrentWriter, writer_role
from reconciler.sandbox.policies.grammar import REGISTRY_V1, REGISTRY_V2
from reconciler.sandbox.policies.stored import Policies, PolicyPlace, StoredPolicy, policy_parameter
from reconciler.sandbox.registry.account_settings import AccountSettings
from reconciler.sandbox.requests.protocol import AwsRequest, Operation, ServiceError


class RegistryPolicies:
    """The policies of all registries. Whoever calls an operation holds the lock."""

    def __init__(
        self, policies: Policies, settings: AccountSettings, writer: ConcurrentWriter
    ) -> None:
        self._policies = policies
        self._settings = settings
        self._writer = writer
        self._stored: dict[tuple[str, str], StoredPolicy] = {}
        self.operations: Mapping[str, Operation] = {
            "PutRegistryPolicy": self._put,
            "GetRegistryPolicy": self._get,
            "DeleteRegistryPolicy": self._delete,
        }

    def write(self, account: str, region: str, text: str | None) -> None:
        """Store the policy text of a registry, or None for no policy. Any text is accepted."""
        self._stored.pop((account, region), None)
        if text is not None:
            self._stored[account, region] = self._policies.stored(text)

    def read(self, account: str, region: str) -> str | None:
        """Return a policy text with the current names of its principals, None without a policy."""
        stored = self._stored.get((account, region))
        return stored.current_text() if stored else None

    def _put(self, request: AwsRequest) -> JsonObject:
        text = policy_parameter(request)
        scope = self._settings.scope(request.account, request.region)
        self._policies.check(request, text, {"V1": REGISTRY_V1, "V2": REGISTRY_V2}[scope])
        self.write(request.account, request.region, text)
        return self._content(request, self.read(request.account, request.region))

    def _get(self, request: AwsRequest) -> JsonObject:
        text = self.read(request.account, request.region)
        self._write_concurrently(request, text)
        return self._content(request, text)

    def _delete(self, request: AwsRequest) -> JsonObject:
        content = self._content(request, self.read(request.account, request.region))
        self.write(request.account, request.region, None)
        return content

    def _write_concurrently(self, request: AwsRequest, text: str | None) -> None:
        """Count a read of a policy, and write as the concurrent writer when it is time."""
        owner = request.account, request.region
        role = writer_role(request.partition, request.account)
        if changed := self._writer.changed("registry", owner, text, role, "*"):
            self.write(*owner, changed)

    def _content(self, request: AwsRequest, text: str | None) -> JsonObject:
        """Return the response of an operation. Raises ServiceError if there is no policy."""
        if text is None:
            raise ServiceError(
                "RegistryPolicyNotFoundException",
                f"Registry policy does not exist in the registry with id '{request.account}'",
            )
        place = PolicyPlace(request.account, request.region, None)
        returned = self._policies.returned(text, place, request.partition)
        return {"registryId": request.account, "policyText": returned}
