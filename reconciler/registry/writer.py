"""Writing to a registry: policies and new repositories; whoever holds no writer cannot."""

from collections.abc import Callable, Mapping
from typing import Protocol, cast

from reconciler.model.registry import RepositorySettings
from reconciler.registry.answers import text_field
from reconciler.registry.classify import fault_of, write_verdict
from reconciler.registry.failures import explain
from reconciler.registry.fault import Fault, WriteOutcomeUnknownError
from reconciler.registry.pace import Pace
from reconciler.registry.session import THREADS, Connection, new_client

# After these the service may have done what it was asked for.
_UNSETTLED = frozenset({Fault.SERVICE, Fault.TLS, Fault.UNANSWERED})


class _WritingClient(Protocol):
    def set_repository_policy(self, **parameters: str) -> Mapping[str, object]: ...

    def delete_repository_policy(self, **parameters: str) -> Mapping[str, object]: ...

    def create_repository(self, **parameters: object) -> Mapping[str, object]: ...


class RegistryWriter:
    """Writes to one registry in one region.

    No call is repeated here, not even a throttled one: in the meantime somebody else may have
    written, so the live policy must be looked at again first. Making one calls nobody; it raises
    CallError for settings that cannot work.
    """

    def __init__(self, connection: Connection, pace: Pace) -> None:
        self._account, self._region = connection.account, connection.region
        self._pace = pace
        self._client = cast("_WritingClient", new_client(connection, "ecr", threads=THREADS))

    def set_policy(self, name: str, text: str) -> None:
        """Replace the policy of repository `name` (SetRepositoryPolicy, never with `force`).

        `text` is JSON of at most 10,240 characters. Raises CallError where the policy stays as it
        was, WriteOutcomeUnknownError where nobody can say.
        """

        def send() -> str:
            answer = self._client.set_repository_policy(
                registryId=self._account, repositoryName=name, policyText=text
            )
            return text_field(answer, "repositoryName")

        self._write(send, "SetRepositoryPolicy", name)

    def delete_policy(self, name: str) -> None:
        """Remove the policy of repository `name`; done already is done (DeleteRepositoryPolicy).

        Raises as `set_policy` does.
        """

        def send() -> str:
            answer = self._client.delete_repository_policy(
                registryId=self._account, repositoryName=name
            )
            return text_field(answer, "repositoryName")

        self._write(send, "DeleteRepositoryPolicy", name)

    def create_repository(self, name: str, settings: RepositorySettings) -> None:
        """Make repository `name` (CreateRepository). Raises as `set_policy` does.

        One that exists stays as it is: CallError with Fault.REPOSITORY_EXISTS.
        """

        def send() -> str:
            answer = self._client.create_repository(
                registryId=self._account, repositoryName=name, **_parameters(settings)
            )
            made = answer.get("repository")
            return text_field(made if isinstance(made, dict) else {}, "repositoryName")

        self._write(send, "CreateRepository", name)

    def _write(self, send: Callable[[], str], operation: str, name: str) -> None:
        try:
            self._pace.call(send, write_verdict, most_throttles=1)
        except Exception as error:
            fault = fault_of(error)
            if fault is Fault.POLICY_MISSING and operation == "DeleteRepositoryPolicy":
                return
            failure = explain(error, operation=operation, repository=name, region=self._region)
            if fault not in _UNSETTLED:
                raise failure from error
            raise WriteOutcomeUnknownError(
                f"{failure.message}; it may or may not have been done",
                fault=fault,
                hint="read the policy again to see what is in force before writing again",
            ) from error


def _parameters(settings: RepositorySettings) -> dict[str, object]:
    encryption: dict[str, str] = {"encryptionType": settings.encryption}
    if settings.kms_key is not None:
        encryption["kmsKey"] = settings.kms_key
    parameters: dict[str, object] = {
        "imageTagMutability": settings.tag_mutability,
        "imageScanningConfiguration": {"scanOnPush": settings.scan_on_push},
        "encryptionConfiguration": encryption,
    }
    if settings.tags:
        parameters["tags"] = [{"Key": key, "Value": value} for key, value in settings.tags]
    return parameters
