"""Reading a registry: its repositories and their policies. Nothing here can write."""

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from reconciler.model.registry import (
    LiveRegistryPolicy,
    LiveSettings,
    ReadFailure,
    Target,
)
from reconciler.model.rules import RuleId
from reconciler.model.templates import CreationTemplate, template_of
from reconciler.policy import MalformedError, PolicyScope
from reconciler.registry.failures.errors import CallError, FailureKind, UnreadableResponseError
from reconciler.registry.failures.kinds import explain, failure_kind, quoted, retry_after
from reconciler.registry.pace import Pace, Turns
from reconciler.registry.session import Connection, text_field
from reconciler.registry.tasks import T, run_alone

_PAGE = 1000  # repositories or templates; the most that a Describe operation returns at once
_MAX_IDLE_PAGES = 10  # in a row without a new name
_REPOSITORIES = "DescribeRepositories"
_REGISTRY_POLICY = "GetRegistryPolicy"
_TEMPLATES = "DescribeRepositoryCreationTemplates"
_TIMES = ("createdAt", "updatedAt")
_RULES = {
    FailureKind.DENIED: RuleId.ACCESS_DENIED,
    FailureKind.REPOSITORY_MISSING: RuleId.MISSING_REPOSITORY,
    FailureKind.THROTTLED: RuleId.THROTTLED,
}

_REGISTRY_ID = re.compile(r"\b[0-9]{12}\b")

_Ask = Callable[..., Awaitable[Mapping[str, object]]]


class RegistryReader:
    """Reads one registry in one region.

    Making one makes no call. Raises CallError for settings that cannot work.
    """

    def __init__(self, connection: Connection, pace: Pace) -> None:
        self._account, self._region = connection.account, connection.region
        self._pace = pace
        self._calls = connection.calls()

    async def prepare(self) -> None:
        """Find credentials, and what else is done once before the first call. Raises CallError."""
        try:
            await self._calls.prepare()
        except Exception as error:
            raise self._explain(error, "connect") from error

    @property
    def at_once(self) -> int:
        """How many policies to read at once, once it is prepared."""
        return self._calls.at_once

    async def listed(self) -> tuple[str, ...]:
        """Return the names of all repositories, sorted (DescribeRepositories). Raises CallError."""
        ask = partial(self._calls.call, _REPOSITORIES, registryId=self._account)
        return tuple(sorted(await self._pages(_REPOSITORIES, ask, _repository_names)))

    def list_repositories(self) -> tuple[str, ...]:
        """Return what `listed` does, and wait with it."""
        return run_alone(self.listed())

    def read_text(self, target: Target, turns: Turns | None = None) -> str | None:
        """Return the text of what a target is about; None where there is none.

        Of a creation template, the text is that of `CreationTemplate`. Its prefix is as the service
        returns it: it may end with a slash. Uses the next of `turns`, if given. Raises CallError.
        """
        match target.subject:
            case "repository-policy":
                return self.read_policy(target.repository, turns)
            case "registry-policy":
                asked = self._paced(self._ask_registry_policy, _REGISTRY_POLICY, turns=turns)
                return run_alone(asked)
            case "creation-template":
                # All are read: that the names of missing ones are accepted is not documented.
                found = self._templates(turns)
                prefixes = (target.repository, f"{target.repository}/")
                return next((found[one].text for one in prefixes if one in found), None)

    async def policy(self, name: str, turns: Turns | None = None) -> str | None:
        """Return the policy's JSON as the service returns it; None for no policy.

        The service returns the same policy in another order and spelling each time. Uses the next
        of `turns`, if given. Raises CallError (GetRepositoryPolicy).
        """

        async def ask() -> str | None:
            try:
                response = await self._calls.call(
                    "GetRepositoryPolicy", registryId=self._account, repositoryName=name
                )
            except Exception as error:
                if failure_kind(error) is FailureKind.POLICY_MISSING:
                    return None  # a response like any other, after which the pace may grow
                raise
            return text_field(response, "policyText")

        return await self._paced(ask, "GetRepositoryPolicy", name, turns)

    def read_policy(self, name: str, turns: Turns | None = None) -> str | None:
        """Return what `policy` does, and wait with it."""
        return run_alone(self.policy(name, turns))

    def read_registry_policy(self) -> LiveRegistryPolicy:
        """Return the registry's own policy and its scope; a failure as data.

        Calls GetRegistryPolicy and GetAccountSetting.
        """
        try:
            text = run_alone(self._paced(self._ask_registry_policy, _REGISTRY_POLICY))
        except CallError as error:
            return LiveRegistryPolicy(failure_of(error))
        try:
            scope = run_alone(self._paced(self._ask_scope, "GetAccountSetting"))
            return LiveRegistryPolicy(text, scope)
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
        ask = partial(self._calls.call, _TEMPLATES)
        return run_alone(self._pages(_TEMPLATES, ask, self._templates_of, turns))

    def _templates_of(self, response: Mapping[str, object]) -> dict[str, CreationTemplate]:
        self._require_own_registry(text_field(response, "registryId"), _TEMPLATES)
        listed = _list_field(response, "repositoryCreationTemplates")
        return {template.prefix: template for template in map(_template, listed)}

    async def _ask_registry_policy(self) -> str | None:
        """Ask for the registry's policy; None for no policy.

        GetRegistryPolicy has no registryId, so it returns the policy of the caller's own registry
        (Amazon ECR API Reference, "GetRegistryPolicy"). Raises CallError where that is not ours;
        that the message on a missing policy names the registry is assumed.
        """
        try:
            response = await self._calls.call(_REGISTRY_POLICY)
        except Exception as error:
            if failure_kind(error) is not FailureKind.POLICY_MISSING:
                raise
            found = _REGISTRY_ID.search(str(error))
            self._require_own_registry(found[0] if found else self._account, _REGISTRY_POLICY)
            return None
        self._require_own_registry(text_field(response, "registryId"), _REGISTRY_POLICY)
        return text_field(response, "policyText")

    def _require_own_registry(self, account: str, operation: str) -> None:
        if account != self._account:
            message = (
                f"ecr:{operation}: the credentials are of account {quoted(account)}, and the call "
                "is about no other account's registry"
            )
            raise CallError(message, kind=FailureKind.DENIED)

    async def _ask_scope(self) -> PolicyScope:
        response = await self._calls.call("GetAccountSetting", name="REGISTRY_POLICY_SCOPE")
        match text_field(response, "value"):
            case "V1":
                return "V1"
            case "V2":
                return "V2"
            case _:
                raise UnreadableResponseError("the policy scope is neither V1 nor V2")

    def read_settings(self, name: str) -> LiveSettings:
        """Return the settings of a repository (DescribeRepositories). Raises CallError."""

        async def ask() -> LiveSettings:
            describe = partial(self._calls.call, _REPOSITORIES, registryId=self._account)
            return _repository_settings(await describe(repositoryNames=[name]))

        return run_alone(self._paced(ask, _REPOSITORIES, name))

    def holds_images(self, name: str) -> bool:
        """Return whether a repository holds any image (ListImages). Raises CallError."""

        async def ask() -> bool:
            listing = partial(self._calls.call, "ListImages", registryId=self._account)
            return _has_images(await listing(repositoryName=name, maxResults=1))

        return run_alone(self._paced(ask, "ListImages", name))

    async def _paced(
        self,
        ask: Callable[[], Awaitable[T]],
        operation: str,
        name: str | None = None,
        turns: Turns | None = None,
    ) -> T:
        try:
            return await self._pace.paced(ask, retry_after, turns)
        except Exception as error:
            raise self._explain(error, operation, name) from error

    def _explain(self, error: Exception, operation: str, name: str | None = None) -> CallError:
        return explain(error, operation, name, self._region)

    async def _pages(
        self,
        operation: str,
        ask: _Ask,
        read: Callable[[Mapping[str, object]], Mapping[str, T]],
        turns: Turns | None = None,
    ) -> dict[str, T]:
        """Return all that the pages of an operation hold, by name. Raises CallError."""
        found: dict[str, T] = {}
        token: str | None = None
        idle = 0
        while True:
            attempt = partial(_page, ask, read, token)
            page, token = await self._paced(attempt, operation, turns=turns)
            idle = 0 if page.keys() - found.keys() else idle + 1
            found |= page
            if token is None:
                return found
            if idle >= _MAX_IDLE_PAGES:
                raise self._explain(UnreadableResponseError("its pages do not end"), operation)
            turns = None  # those left are not for reads


async def _page(
    ask: _Ask, read: Callable[[Mapping[str, object]], Mapping[str, T]], token: str | None
) -> tuple[Mapping[str, T], str | None]:
    """Ask for the page that `token` leads to; return what it holds, and the next token."""
    parameters = {} if token is None else {"nextToken": token}
    response = await ask(maxResults=_PAGE, **parameters)
    return read(response), _next_token(response, token)


def failure_of(error: CallError) -> ReadFailure:
    """Return a failed call as the data of the repository that it was to read."""
    return ReadFailure(_RULES.get(error.kind, RuleId.READ_FAILED), error.one_line)


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
