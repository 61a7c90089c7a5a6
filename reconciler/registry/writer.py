"""Writing to a registry: policies and new repositories. Without a writer, nothing is written."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol, cast

from reconciler.model.registry import NewPolicy, RepositorySettings, Target
from reconciler.registry.boto_errors import explain, failure_kind, retry_after
from reconciler.registry.errors import CONSEQUENCES, FailureKind, WriteOutcomeUnknownError
from reconciler.registry.pace import Pace, T, Turns
from reconciler.registry.reader import RegistryReader
from reconciler.registry.session import THREADS, Connection, new_client, text_field

_Call = Callable[..., Mapping[str, object]]


class _WritingClient(Protocol):
    set_repository_policy: _Call
    delete_repository_policy: _Call
    create_repository: _Call


class RegistryWriter:
    """Writes to one registry in one region; `reader` reads from the same one.

    No write is repeated here, not even a throttled one: another writer may have written meanwhile,
    so the live policy must be read again first. Making a writer makes no call. Raises CallError for
    settings that cannot work.
    """

    def __init__(self, connection: Connection, pace: Pace, reader: RegistryReader) -> None:
        self._account, self._region = connection.account, connection.region
        self._pace = pace
        self._reader = reader
        self._client = cast("_WritingClient", new_client(connection, "ecr", threads=THREADS))

    def update(self, target: Target, decide: Callable[[str | None], T | NewPolicy]) -> T | None:
        """Read the policy of a repository and write the new one. As `update_policy`."""
        return self.update_policy(target.repository, decide)

    def update_policy(self, name: str, decide: Callable[[str | None], T | NewPolicy]) -> T | None:
        """Read a policy, and write the new one that `decide` returns for it.

        `decide` gets the live policy's text, None for no policy; whatever else it returns is
        returned, and nothing is written. No other call comes between the read and the write.
        Returns None after a write. Raises what `RegistryReader.read_policy` and `set_policy` raise.
        """
        turns = self._pace.reserve(2)
        decision = decide(self._reader.read_policy(name, turns))
        if not isinstance(decision, NewPolicy):
            return decision
        if decision.text is None:
            self.delete_policy(name, turns)
        else:
            self.set_policy(name, decision.text, turns)
        return None

    def set_policy(self, name: str, text: str, turns: Turns | None = None) -> None:
        """Replace the policy of repository `name` (SetRepositoryPolicy, never with `force`).

        Raises CallError if the policy was certainly not written, WriteOutcomeUnknownError if it
        may have been.
        """
        send = partial(self._client.set_repository_policy, policyText=text)
        self._write(send, "SetRepositoryPolicy", name, turns)

    def delete_policy(self, name: str, turns: Turns | None = None) -> None:
        """Remove a repository's policy, if any (DeleteRepositoryPolicy). Raises as `set_policy`."""
        self._write(self._client.delete_repository_policy, "DeleteRepositoryPolicy", name, turns)

    def create_repository(self, name: str, settings: RepositorySettings) -> None:
        """Create repository `name` (CreateRepository). Raises as `set_policy` does.

        An existing one is not changed: CallError with FailureKind.REPOSITORY_EXISTS.
        """
        send = partial(self._client.create_repository, **_parameters(settings))
        self._write(send, "CreateRepository", name)

    def _write(self, send: _Call, operation: str, name: str, turns: Turns | None = None) -> None:
        def attempt() -> str:
            response = send(registryId=self._account, repositoryName=name)
            repository = response.get("repository") if operation == "CreateRepository" else response
            return text_field(repository if isinstance(repository, dict) else {}, "repositoryName")

        try:
            self._pace.call_once(attempt, retry_after, turns)
        except Exception as error:
            kind = failure_kind(error)
            if kind is FailureKind.POLICY_MISSING and operation == "DeleteRepositoryPolicy":
                return
            failure = explain(error, operation, name, self._region)
            if not CONSEQUENCES[kind].may_be_done:
                raise failure from error
            raise WriteOutcomeUnknownError(
                f"{failure.message}; it may or may not have been done",
                kind=kind,
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
