"""Writing to a registry: policies, creation templates and new repositories.

Without a writer, nothing is written.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from reconciler.model.registry import NewPolicy, RepositorySettings, Target
from reconciler.model.templates import POLICY_FIELD, CreationTemplate, read_template
from reconciler.registry.failures.errors import CONSEQUENCES, FailureKind, WriteOutcomeUnknownError
from reconciler.registry.failures.kinds import explain, failure_kind, quoted, retry_after
from reconciler.registry.pace import Pace, Turns
from reconciler.registry.reader import RegistryReader
from reconciler.registry.session import Connection, text_field
from reconciler.registry.tasks import T, run_alone

_GONE = (FailureKind.POLICY_MISSING, FailureKind.TEMPLATE_MISSING)
"""How a delete fails where there is nothing to delete."""


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
        self._calls = connection.calls()

    @property
    def writes_at_once(self) -> int:
        """How many updates to make at once; 1 where not even that can be found out.

        Each update then says why.
        """
        try:
            run_alone(self._calls.prepare())
        except Exception:  # noqa: BLE001 - the same as of a call
            return 1
        return self._calls.writes_at_once

    def update(self, target: Target, decide: Callable[[str | None], T | NewPolicy]) -> T | None:
        """Read the text of a target, and write the new one that `decide` returns for it.

        `decide` gets the live text, None where there is none; whatever else it returns is returned,
        and nothing is written. No other call comes between the read and the write. Returns None
        after a write. Raises what `RegistryReader.read_text` and `set_policy` raise.
        """
        turns = self._pace.reserve(2)
        live = self._reader.read_text(target, turns)
        decision = decide(live)
        if not isinstance(decision, NewPolicy):
            return decision
        name, text = target.repository, decision.text
        match target.subject:
            case "repository-policy":
                write = self.delete_policy if text is None else partial(self.set_policy, text=text)
                write(name, turns=turns)
            case "registry-policy":
                self._put_registry_policy(text, turns)
            case "creation-template":
                self._put_template(name, live, text, turns)
        return None

    def set_policy(self, name: str, text: str, turns: Turns | None = None) -> None:
        """Replace the policy of repository `name` (SetRepositoryPolicy, never with `force`).

        Raises CallError if the policy was certainly not written, WriteOutcomeUnknownError if it
        may have been.
        """
        self._write_named("SetRepositoryPolicy", name, turns, policyText=text)

    def delete_policy(self, name: str, turns: Turns | None = None) -> None:
        """Remove a repository's policy, if any (DeleteRepositoryPolicy). Raises as `set_policy`."""
        self._write_named("DeleteRepositoryPolicy", name, turns)

    def create_repository(self, name: str, settings: RepositorySettings) -> None:
        """Create repository `name` (CreateRepository). Raises as `set_policy` does.

        An existing one is not changed: CallError with FailureKind.REPOSITORY_EXISTS.
        """
        self._write_named("CreateRepository", name, None, **_parameters(settings))

    def _put_registry_policy(self, text: str | None, turns: Turns) -> None:
        """Replace the registry's own policy, or remove it, if any (None)."""
        if text is None:
            self._write_own("DeleteRegistryPolicy", None, turns)
        else:
            self._write_own("PutRegistryPolicy", None, turns, policyText=text)

    def _put_template(self, name: str, live: str | None, text: str | None, turns: Turns) -> None:
        """Create, update or delete a creation template; `live` and `text` are its texts."""
        old = None if live is None else read_template(live)
        new = None if text is None else read_template(text)
        if new is None:
            prefix = name if old is None else old.prefix
            self._write_own("DeleteRepositoryCreationTemplate", name, turns, prefix=prefix)
        elif old is None:
            self._write_own("CreateRepositoryCreationTemplate", name, turns, **new.fields)
        else:
            fields = _update_fields(old, new)
            self._write_own("UpdateRepositoryCreationTemplate", name, turns, **fields)

    def _write_own(
        self, operation: str, name: str | None, turns: Turns, **parameters: object
    ) -> None:
        """Make a call that has no registryId: it writes to the registry of the caller's account.

        `name` is what it is about, for messages. Raises WriteOutcomeUnknownError, too, where that
        registry is not ours.
        """

        async def attempt() -> str:
            return text_field(await self._calls.call(operation, **parameters), "registryId")

        account = self._write(attempt, operation, name, turns)
        if account not in (None, self._account):
            raise WriteOutcomeUnknownError(
                f"{operation} wrote to the registry of account {quoted(account)}: the credentials "
                f"are of that account, not of {self._account}",
                kind=FailureKind.CREDENTIALS,
                hint="check there what was written",
            )

    def _write_named(
        self, operation: str, name: str, turns: Turns | None, **parameters: object
    ) -> None:
        """Make a call about repository `name`."""

        async def attempt() -> str:
            response = await self._calls.call(
                operation, registryId=self._account, repositoryName=name, **parameters
            )
            repository = response.get("repository") if operation == "CreateRepository" else response
            return text_field(repository if isinstance(repository, dict) else {}, "repositoryName")

        self._write(attempt, operation, name, turns)

    def _write(
        self,
        attempt: Callable[[], Awaitable[str]],
        operation: str,
        name: str | None,
        turns: Turns | None,
    ) -> str | None:
        """Return what the attempt returns; None where there was nothing to delete."""
        try:
            return run_alone(self._pace.paced_once(attempt, retry_after, turns))
        except Exception as error:
            kind = failure_kind(error)
            if kind in _GONE and operation.startswith("Delete"):
                return None
            failure = explain(error, operation, name, self._region)
            if not CONSEQUENCES[kind].may_be_done:
                raise failure from error
            raise WriteOutcomeUnknownError(
                f"{failure.message}; it may or may not have been done",
                kind=kind,
                hint="read again to see what is in force before writing again",
            ) from error


def _update_fields(old: CreationTemplate, new: CreationTemplate) -> dict[str, object]:
    """Return the parameters of UpdateRepositoryCreationTemplate: all that the new template says.

    An imageTagMutability that is left out becomes MUTABLE (Amazon ECR API Reference,
    "UpdateRepositoryCreationTemplate"). That an empty repositoryPolicy removes the policy is
    assumed.
    """
    removed = {} if old.policy_text is None else {POLICY_FIELD: ""}
    return {**removed, **new.fields, "prefix": old.prefix}


def _parameters(settings: RepositorySettings) -> dict[str, object]:
    parameters: dict[str, object] = {
        "imageTagMutability": settings.tag_mutability,
        "imageScanningConfiguration": {"scanOnPush": settings.scan_on_push},
        "encryptionConfiguration": settings.encryption_configuration,
    }
    if settings.tags:
        parameters["tags"] = settings.tag_list
    return parameters
