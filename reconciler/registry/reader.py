"""Reading a registry: its repositories and their policies. Nothing here can write."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from multiprocessing.pool import ThreadPool
from typing import Protocol, cast

from reconciler.model.registry import (
    LiveRegistryPolicy,
    LiveRepository,
    LiveSettings,
    ReadFailure,
    Target,
)
from reconciler.model.rules import RuleId
from reconciler.policy import PolicyScope
from reconciler.registry.boto_errors import explain, failure_kind, quoted, retry_after
from reconciler.registry.errors import CONSEQUENCES, CallError, FailureKind
from reconciler.registry.pace import Pace, T, Turns
from reconciler.registry.session import (
    THREADS,
    Connection,
    UnreadableResponseError,
    new_client,
    text_field,
)

_PAGE = 1000  # repositories; the most that DescribeRepositories returns at once
_MAX_IDLE_PAGES = 10  # in a row without a new name
_RULES = {
    FailureKind.DENIED: RuleId.ACCESS_DENIED,
    FailureKind.REPOSITORY_MISSING: RuleId.MISSING_REPOSITORY,
    FailureKind.THROTTLED: RuleId.THROTTLED,
}

_REGISTRY_ID = re.compile(r"\b[0-9]{12}\b")

_Call = Callable[..., Mapping[str, object]]


class _ReadingClient(Protocol):
    describe_repositories: _Call
    get_account_setting: _Call
    get_registry_policy: _Call
    get_repository_policy: _Call
    list_images: _Call


class RegistryReader:
    """Reads one registry in one region, with one client for all threads.

    Making one makes no call. Raises CallError for settings that cannot work.
    """

    def __init__(self, connection: Connection, pace: Pace, *, threads: int = THREADS) -> None:
        self._account, self._region = connection.account, connection.region
        self._pace = pace
        self._threads = threads
        self._client = cast("_ReadingClient", new_client(connection, "ecr", threads=threads))

    def list_repositories(self) -> tuple[str, ...]:
        """Return the names of all repositories, sorted (DescribeRepositories). Raises CallError."""
        names: set[str] = set()
        token: str | None = None
        idle = 0
        while True:
            page, token = self._page(token)
            idle = 0 if set(page) - names else idle + 1
            names |= set(page)
            if token is None:
                return tuple(sorted(names))
            if idle >= _MAX_IDLE_PAGES:
                error = UnreadableResponseError("its pages do not end")
                raise self._explain(error, "DescribeRepositories")

    def read_text(self, target: Target, turns: Turns | None = None) -> str | None:
        """Return the policy of a repository; None for no policy. Raises CallError."""
        return self.read_policy(target.repository, turns)

    def read_policy(self, name: str, turns: Turns | None = None) -> str | None:
        """Return the policy's JSON as the service returns it; None for no policy.

        The service returns the same policy in another order and spelling each time. Uses the next
        of `turns`, if given. Raises CallError (GetRepositoryPolicy).
        """

        def ask() -> str | None:
            try:
                response = self._client.get_repository_policy(
                    registryId=self._account, repositoryName=name
                )
            except Exception as error:
                if failure_kind(error) is FailureKind.POLICY_MISSING:
                    return None  # a response like any other, after which the pace may grow
                raise
            return text_field(response, "policyText")

        return self._call(ask, "GetRepositoryPolicy", name, turns)

    def read_registry_policy(self) -> LiveRegistryPolicy:
        """Return the registry's own policy and its scope; a failure as data.

        Calls GetRegistryPolicy and GetAccountSetting.
        """
        try:
            text = self._call(self._ask_registry_policy, "GetRegistryPolicy")
        except CallError as error:
            return LiveRegistryPolicy(failure_of(error))
        try:
            return LiveRegistryPolicy(text, self._call(self._ask_scope, "GetAccountSetting"))
        except CallError as error:
            return LiveRegistryPolicy(text, failure_of(error))

    def _ask_registry_policy(self) -> str | None:
        """Ask for the registry's policy; None for no policy.

        GetRegistryPolicy has no registryId, so it returns the policy of the caller's own registry
        (Amazon ECR API Reference, "GetRegistryPolicy"). Raises CallError where that is not ours;
        that the message on a missing policy names the registry is assumed.
        """
        try:
            response = self._client.get_registry_policy()
        except Exception as error:
            if failure_kind(error) is not FailureKind.POLICY_MISSING:
                raise
            found = _REGISTRY_ID.search(str(error))
            self._require_own_registry(found[0] if found else self._account)
            return None
        self._require_own_registry(text_field(response, "registryId"))
        return text_field(response, "policyText")

    def _require_own_registry(self, account: str) -> None:
        if account != self._account:
            message = (
                f"ecr:GetRegistryPolicy: the credentials are of account {quoted(account)}, and the "
                "call returns the policy of no other account's registry"
            )
            raise CallError(message, kind=FailureKind.DENIED)

    def _ask_scope(self) -> PolicyScope:
        response = self._client.get_account_setting(name="REGISTRY_POLICY_SCOPE")
        match text_field(response, "value"):
            case "V1":
                return "V1"
            case "V2":
                return "V2"
            case _:
                raise UnreadableResponseError("the policy scope is neither V1 nor V2")

    def read_settings(self, name: str) -> LiveSettings:
        """Return the settings of a repository (DescribeRepositories). Raises CallError."""
        ask = partial(
            self._client.describe_repositories, registryId=self._account, repositoryNames=[name]
        )
        return self._call(lambda: _repository_settings(ask()), "DescribeRepositories", name)

    def holds_images(self, name: str) -> bool:
        """Return whether a repository holds any image (ListImages). Raises CallError."""
        ask = partial(
            self._client.list_images, registryId=self._account, repositoryName=name, maxResults=1
        )
        return self._call(lambda: _has_images(ask()), "ListImages", name)

    def read(
        self, names: Sequence[str], progress: Callable[[int, int], None]
    ) -> dict[str, LiveRepository]:
        """Read the policies of `names`, in parallel; the result has their order.

        `progress` is called, in the calling thread, with the number done and the total. A failure
        for one repository is a `ReadFailure`, and the others go on. What would fail for all of
        them (credentials, settings, no connection, as many calls in a row without a response as
        there are threads) raises CallError at once. Neither that nor Ctrl-C waits for calls in
        flight.
        """
        unique = tuple(dict.fromkeys(names))
        if not unique:
            return {}
        found: dict[str, LiveRepository] = {}
        unanswered = 0
        work = partial(self._outcome, [])
        # Unlike ThreadPoolExecutor's, its threads are daemons: leaving does not wait for them.
        with ThreadPool(min(self._threads, len(unique))) as pool:
            for name, outcome in pool.imap_unordered(work, unique):
                found[name] = LiveRepository(name, _as_data(outcome))
                unanswered = unanswered + 1 if _is_unanswered(outcome) else 0
                if unanswered >= self._threads and isinstance(outcome, CallError):
                    raise outcome
                progress(len(found), len(unique))
        return {name: found[name] for name in unique}

    def _call(
        self,
        ask: Callable[[], T],
        operation: str,
        name: str | None = None,
        turns: Turns | None = None,
    ) -> T:
        try:
            return self._pace.call(ask, retry_after, turns)
        except Exception as error:
            raise self._explain(error, operation, name) from error

    def _explain(self, error: Exception, operation: str, name: str | None = None) -> CallError:
        return explain(error, operation, name, self._region)

    def _outcome(self, fatal: list[CallError], name: str) -> tuple[str, str | CallError | None]:
        """Read one policy, or return why not; no more are read after a failure that stops all."""
        if fatal:
            raise fatal[0]
        try:
            return name, self.read_policy(name)
        except CallError as error:
            if CONSEQUENCES[error.kind].stops_region:
                fatal.append(error)
                raise
            return name, error

    def _page(self, token: str | None) -> tuple[list[str], str | None]:
        parameters: dict[str, str | int] = {"registryId": self._account, "maxResults": _PAGE}
        if token is not None:
            parameters["nextToken"] = token

        def ask() -> tuple[list[str], str | None]:
            response = self._client.describe_repositories(**parameters)
            return _repository_names(response), _next_token(response, token)

        return self._call(ask, "DescribeRepositories")


def unread(names: Iterable[str], error: CallError) -> dict[str, LiveRepository]:
    """Return repositories none of which could be read, for the same error."""
    failure = failure_of(error)
    return {name: LiveRepository(name, failure) for name in names}


def failure_of(error: CallError) -> ReadFailure:
    """Return a failed call as the data of the repository that it was to read."""
    return ReadFailure(_RULES.get(error.kind, RuleId.READ_FAILED), error.one_line)


def _as_data(outcome: str | CallError | None) -> str | ReadFailure | None:
    return failure_of(outcome) if isinstance(outcome, CallError) else outcome


def _is_unanswered(outcome: str | CallError | None) -> bool:
    return isinstance(outcome, CallError) and outcome.kind is FailureKind.UNANSWERED


def _list_field(response: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    value = response.get(name)
    if not isinstance(value, list):
        raise UnreadableResponseError(f"the response has no {name}")
    return value


def _repository_names(response: Mapping[str, object]) -> list[str]:
    repositories = _list_field(response, "repositories")
    return [text_field(repository, "repositoryName") for repository in repositories]


def _repository_settings(response: Mapping[str, object]) -> LiveSettings:
    """Return the settings of the one repository of DescribeRepositories."""
    repositories = _list_field(response, "repositories")
    if len(repositories) != 1:
        raise UnreadableResponseError("the response does not have one repository")
    scan_on_push = _object_field(repositories[0], "imageScanningConfiguration").get("scanOnPush")
    if not isinstance(scan_on_push, bool):
        raise UnreadableResponseError("the response has no scanOnPush")
    encryption = _object_field(repositories[0], "encryptionConfiguration")
    return LiveSettings(
        text_field(repositories[0], "imageTagMutability"),
        scan_on_push,
        text_field(encryption, "encryptionType"),
    )


def _object_field(response: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = response.get(name)
    return value if isinstance(value, dict) else {}


def _has_images(response: Mapping[str, object]) -> bool:
    return bool(_list_field(response, "imageIds")) or "nextToken" in response


def _next_token(response: Mapping[str, object], token: str | None) -> str | None:
    """Return the token of the page after the one that `token` led to; None after the last."""
    if "nextToken" not in response:
        return None
    following = text_field(response, "nextToken")
    if following == token:
        raise UnreadableResponseError("the next page is the same page")
    return following
