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
from reconciler.model.templates import CreationTemplate, template_of
from reconciler.policy import MalformedError, PolicyScope
from reconciler.registry.boto_errors import explain, failure_kind, quoted, retry_after
from reconciler.registry.errors import CONSEQUENCES, CallError, FailureKind
from reconciler.registry.pace import Pace, T, Turns
from reconciler.registry.session import (
    THREADS,
    Connection,
    UnreadableResponseError,
    new_client,
    reading_calls,
    text_field,
)

_PAGE = 1000  # repositories or templates; the most that a Describe operation returns at once
_MAX_IDLE_PAGES = 10  # in a row without a new name
_TEMPLATES = "DescribeRepositoryCreationTemplates"
_TIMES = ("createdAt", "updatedAt")
_RULES = {
    FailureKind.DENIED: RuleId.ACCESS_DENIED,
    FailureKind.REPOSITORY_MISSING: RuleId.MISSING_REPOSITORY,
    FailureKind.THROTTLED: RuleId.THROTTLED,
}

_REGISTRY_ID = re.compile(r"\b[0-9]{12}\b")

_Call = Callable[..., Mapping[str, object]]


class _ReadingClient(Protocol):
    describe_repository_creation_templates: _Call
    get_account_setting: _Call
    get_registry_policy: _Call
    list_images: _Call


class RegistryReader:
    """Reads one registry in one region, with one client for all threads.

    Making one makes no call. Raises CallError for settings that cannot work.
    """

    def __init__(self, connection: Connection, pace: Pace, *, threads: int = THREADS) -> None:
        self._account, self._region = connection.account, connection.region
        self._pace = pace
        self._threads = threads
        client = new_client(connection, "ecr", threads=threads)
        self._client = cast("_ReadingClient", client)
        self._repositories = reading_calls(connection, client)

    def list_repositories(self) -> tuple[str, ...]:
        """Return the names of all repositories, sorted (DescribeRepositories). Raises CallError."""
        ask = partial(self._repositories.describe_repositories, registryId=self._account)
        return tuple(sorted(self._pages("DescribeRepositories", ask, _repository_names)))

    def read_text(self, target: Target, turns: Turns | None = None) -> str | None:
        """Return the text of what a target is about; None where there is none.

        Of a creation template, the text is that of `CreationTemplate`. Its prefix is as the service
        returns it: it may end with a slash. Uses the next of `turns`, if given. Raises CallError.
        """
        match target.subject:
            case "repository-policy":
                return self.read_policy(target.repository, turns)
            case "registry-policy":
                return self._call(self._ask_registry_policy, "GetRegistryPolicy", turns=turns)
            case "creation-template":
                # All are read: that the names of missing ones are accepted is not documented.
                found = self._templates(turns)
                prefixes = (target.repository, f"{target.repository}/")
                return next((found[one].text for one in prefixes if one in found), None)

    def read_policy(self, name: str, turns: Turns | None = None) -> str | None:
        """Return the policy's JSON as the service returns it; None for no policy.

        The service returns the same policy in another order and spelling each time. Uses the next
        of `turns`, if given. Raises CallError (GetRepositoryPolicy).
        """

        def ask() -> str | None:
            try:
                response = self._repositories.get_repository_policy(
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

    def read_templates(self) -> tuple[CreationTemplate, ...] | ReadFailure:
        """Return all creation templates, sorted by prefix; a failure as data.

        Calls DescribeRepositoryCreationTemplates.
        """
        try:
            found = self._templates()
        except CallError as error:
            return failure_of(error)
        return tuple(found[prefix] for prefix in sorted(found))

    def _templates(self, turns: Turns | None = None) -> dict[str, CreationTemplate]:
        """Return all creation templates by their prefixes. Raises CallError."""
        ask = self._client.describe_repository_creation_templates
        return self._pages(_TEMPLATES, ask, self._templates_of, turns)

    def _templates_of(self, response: Mapping[str, object]) -> dict[str, CreationTemplate]:
        self._require_own_registry(text_field(response, "registryId"), _TEMPLATES)
        listed = _list_field(response, "repositoryCreationTemplates")
        return {template.prefix: template for template in map(_template, listed)}

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
            self._require_own_registry(found[0] if found else self._account, "GetRegistryPolicy")
            return None
        self._require_own_registry(text_field(response, "registryId"), "GetRegistryPolicy")
        return text_field(response, "policyText")

    def _require_own_registry(self, account: str, operation: str) -> None:
        if account != self._account:
            message = (
                f"ecr:{operation}: the credentials are of account {quoted(account)}, and the call "
                "is about no other account's registry"
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
            self._repositories.describe_repositories,
            registryId=self._account,
            repositoryNames=[name],
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

    def _pages(
        self,
        operation: str,
        ask: _Call,
        read: Callable[[Mapping[str, object]], Mapping[str, T]],
        turns: Turns | None = None,
    ) -> dict[str, T]:
        """Return all that the pages of an operation hold, by name. Raises CallError."""
        found: dict[str, T] = {}
        token: str | None = None
        idle = 0
        while True:
            attempt = partial(_page, ask, read, token)
            page, token = self._call(attempt, operation, turns=turns)
            idle = 0 if page.keys() - found.keys() else idle + 1
            found |= page
            if token is None:
                return found
            if idle >= _MAX_IDLE_PAGES:
                raise self._explain(UnreadableResponseError("its pages do not end"), operation)
            turns = None  # those left are not for reads


def _page(
    ask: _Call, read: Callable[[Mapping[str, object]], Mapping[str, T]], token: str | None
) -> tuple[Mapping[str, T], str | None]:
    """Ask for the page that `token` leads to; return what it holds, and the next token."""
    parameters = {} if token is None else {"nextToken": token}
    response = ask(maxResults=_PAGE, **parameters)
    return read(response), _next_token(response, token)


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


def _repository_names(response: Mapping[str, object]) -> dict[str, None]:
    repositories = _list_field(response, "repositories")
    return dict.fromkeys(text_field(repository, "repositoryName") for repository in repositories)


def _template(fields: Mapping[str, object]) -> CreationTemplate:
    """Return a template of a response, without its times and what is empty.

    That the order of tags and filters has no meaning is assumed, so that they are sorted.
    """
    given = {
        name: sorted(value, key=str) if isinstance(value, list) else value
        for name, value in fields.items()
        if value not in ("", []) and name not in _TIMES
    }
    try:
        return template_of(given)
    except MalformedError as error:
        raise UnreadableResponseError(f"a creation template is unreadable: {error}") from error


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
