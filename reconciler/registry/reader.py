"""Reading a registry: its repositories and their policies. Nothing here can write."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from multiprocessing.pool import ThreadPool
from typing import Protocol, cast

from reconciler.model.registry import LiveRepository, LiveSettings, ReadFailure
from reconciler.model.rule_ids import RuleId
from reconciler.registry.answers import (
    UnreadableAnswerError,
    next_token,
    repository_names,
    settings_in,
    text_field,
)
from reconciler.registry.classify import fault_of, read_verdict
from reconciler.registry.failures import explain
from reconciler.registry.fault import FOR_ALL, CallError, Fault
from reconciler.registry.pace import Pace, T
from reconciler.registry.session import THREADS, Connection, new_client

_PAGE = 1000  # repositories; the most that DescribeRepositories gives at once
_MOST_IDLE_PAGES = 10  # in a row that bring no new name
_RULES = {
    Fault.DENIED: RuleId.ACCESS_DENIED,
    Fault.REPOSITORY_MISSING: RuleId.MISSING_REPOSITORY,
    Fault.THROTTLED: RuleId.THROTTLED,
}


class _ReadingClient(Protocol):
    def describe_repositories(
        self, **parameters: str | int | Sequence[str]
    ) -> Mapping[str, object]: ...

    def get_repository_policy(self, **parameters: str) -> Mapping[str, object]: ...

    def list_images(self, **parameters: str | int) -> Mapping[str, object]: ...


class RegistryReader:
    """Reads one registry in one region, with one client for all threads.

    Making one calls nobody; it raises CallError for settings that cannot work.
    """

    def __init__(self, connection: Connection, pace: Pace, *, threads: int = THREADS) -> None:
        self._account, self._region = connection.account, connection.region
        self._pace = pace
        self._threads = threads
        self._client = cast("_ReadingClient", new_client(connection, "ecr", threads=threads))

    def list_repositories(self) -> tuple[str, ...]:
        """The names of all repositories, sorted (DescribeRepositories). Raises CallError."""
        names: set[str] = set()
        token: str | None = None
        idle = 0
        while True:
            page, token = self._page(token)
            idle = 0 if set(page) - names else idle + 1
            names |= set(page)
            if token is None:
                return tuple(sorted(names))
            if idle >= _MOST_IDLE_PAGES:
                error = UnreadableAnswerError("its pages have no end")
                raise self._explain(error, "DescribeRepositories")

    def read_policy(self, name: str) -> str | None:
        """The policy's JSON as the service gives it, None where the repository has none.

        The service gives the same policy back in another order and spelling each time. Raises
        CallError (GetRepositoryPolicy).
        """

        def ask() -> str | None:
            try:
                answer = self._client.get_repository_policy(
                    registryId=self._account, repositoryName=name
                )
            except Exception as error:
                if fault_of(error) is Fault.POLICY_MISSING:
                    return None  # an answer like any other, by which the pace may creep up
                raise
            return text_field(answer, "policyText")

        return self._call(ask, "GetRepositoryPolicy", name)

    def read_settings(self, name: str) -> LiveSettings:
        """How a repository is set up (DescribeRepositories). Raises CallError."""

        def ask() -> LiveSettings:
            answer = self._client.describe_repositories(
                registryId=self._account, repositoryNames=[name]
            )
            repositories = answer.get("repositories")
            if not isinstance(repositories, list) or len(repositories) != 1:
                raise UnreadableAnswerError("the answer does not have one repository")
            return settings_in(repositories[0])

        return self._call(ask, "DescribeRepositories", name)

    def holds_images(self, name: str) -> bool:
        """Tell whether a repository holds any image (ListImages). Raises CallError."""

        def ask() -> bool:
            answer = self._client.list_images(
                registryId=self._account, repositoryName=name, maxResults=1
            )
            images = answer.get("imageIds")
            if not isinstance(images, list):
                raise UnreadableAnswerError("the answer has no imageIds")
            return bool(images) or "nextToken" in answer

        return self._call(ask, "ListImages", name)

    def read(
        self, names: Sequence[str], progress: Callable[[int, int], None]
    ) -> dict[str, LiveRepository]:
        """Read the policies of `names`, in parallel; the result has their order.

        `progress` is told, in the calling thread, how many are done and of how many. What fails
        for one repository is a `ReadFailure` and leaves the others going. What would fail for all
        (credentials, settings, no connection, as many calls in a row unanswered as there are
        threads) raises CallError at once. Neither that nor Ctrl-C waits for calls under way.
        """
        wanted = tuple(dict.fromkeys(names))
        if not wanted:
            return {}
        found: dict[str, LiveRepository] = {}
        unanswered = 0
        work = partial(self._outcome, [])
        # Its threads are daemons, unlike ThreadPoolExecutor's: leaving need not wait for them.
        with ThreadPool(min(self._threads, len(wanted))) as pool:
            for name, outcome in pool.imap_unordered(work, wanted):
                found[name] = LiveRepository(name, _as_data(outcome))
                unanswered = unanswered + 1 if _is_unanswered(outcome) else 0
                if unanswered >= self._threads and isinstance(outcome, CallError):
                    raise outcome
                progress(len(found), len(wanted))
        return {name: found[name] for name in wanted}

    def _call(self, ask: Callable[[], T], operation: str, name: str | None = None) -> T:
        """Ask until there is an answer. Raises CallError."""
        try:
            return self._pace.call(ask, read_verdict)
        except Exception as error:
            raise self._explain(error, operation, name) from error

    def _explain(self, error: Exception, operation: str, name: str | None = None) -> CallError:
        return explain(error, operation=operation, repository=name, region=self._region)

    def _outcome(self, fatal: list[CallError], name: str) -> tuple[str, str | CallError | None]:
        """What came of one read; after a failure that would be everyone's, no more are begun."""
        if fatal:
            raise fatal[0]
        try:
            return name, self.read_policy(name)
        except CallError as error:
            if error.fault in FOR_ALL:
                fatal.append(error)
                raise
            return name, error

    def _page(self, token: str | None) -> tuple[list[str], str | None]:
        parameters: dict[str, str | int] = {"registryId": self._account, "maxResults": _PAGE}
        if token is not None:
            parameters["nextToken"] = token

        def ask() -> tuple[list[str], str | None]:
            answer = self._client.describe_repositories(**parameters)
            return repository_names(answer), next_token(answer, token)

        return self._call(ask, "DescribeRepositories")


def unread(names: Iterable[str], error: CallError) -> dict[str, LiveRepository]:
    """Say of repositories that none could be read, as the registry could not be reached."""
    failure = failure_of(error)
    return {name: LiveRepository(name, failure) for name in names}


def failure_of(error: CallError) -> ReadFailure:
    """Give what a failed call says of a repository that it was to read."""
    return ReadFailure(_RULES.get(error.fault, RuleId.READ_FAILED), error.one_line)


def _as_data(outcome: str | CallError | None) -> str | ReadFailure | None:
    return failure_of(outcome) if isinstance(outcome, CallError) else outcome


def _is_unanswered(outcome: str | CallError | None) -> bool:
    return isinstance(outcome, CallError) and outcome.fault is Fault.UNANSWERED
