"""Who calls in each registry, as STS says.

The modules that load boto3, and those of an apply, are imported where STS is asked.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

from reconciler.model.registry import RegistryScope
from reconciler.registry.failures.errors import CallError, WrongAccountError
from reconciler.registry.tasks import Tasks, in_thread, pause
from reconciler.workflow.live.connections import Connections, CredentialSource, Reached

if TYPE_CHECKING:
    from reconciler.apply.journal_format import Author
    from reconciler.registry.session import Connection, Identity

_HEAD_START = 3.0  # seconds that STS has in one region, before it is asked in the others

Authors = Mapping[RegistryScope, "Author"]

_Group = tuple[RegistryScope, ...]
"""The regions of one account that are called with the same credentials."""


def caller_of(connections: Connections) -> Callable[[RegistryScope], str]:
    """Return a function that asks STS who calls in a registry, once for equal credentials.

    It raises CallError.
    """
    from reconciler.registry.session import caller_identity

    groups = {scope: group for group in _by_credentials(connections) for scope in group}

    @cache
    def ask(group: _Group) -> str:
        caller = _ask([group], connections, caller_identity)[group]
        if isinstance(caller, CallError):
            raise caller
        return caller.arn

    return lambda scope: ask(groups[scope])


def authors_of(reached: Reached) -> tuple[Authors, Reached]:
    """Ask STS who would write to each registry: it must be of the registry's own account.

    All are asked at once. A registry where no region answers is not among those reached. Raises
    WrongAccountError.
    """
    from reconciler.apply.journal_format import Author
    from reconciler.registry.session import require_account

    connections, failures = reached.connections, dict(reached.failures)
    authors: dict[RegistryScope, Author] = {}
    callers = _ask(_by_credentials(connections), connections, require_account)
    for group, caller in callers.items():
        if isinstance(caller, WrongAccountError):
            raise caller
        if isinstance(caller, CallError):
            failures |= dict.fromkeys(group, caller)
        else:
            author = Author(caller.arn, *connections[group[0]].source)
            authors |= dict.fromkeys(group, author)
    return authors, Reached({scope: connections[scope] for scope in authors}, failures)


def _by_credentials(connections: Connections) -> list[_Group]:
    groups: defaultdict[tuple[str, CredentialSource], list[RegistryScope]] = defaultdict(list)
    for scope, one in connections.items():
        groups[scope.account, one.source].append(scope)
    return [tuple(group) for group in groups.values()]


def _ask(
    groups: Iterable[_Group], connections: Connections, ask: "Callable[[Connection], Identity]"
) -> "dict[_Group, Identity | CallError]":
    """Ask STS with the credentials of each group, all at once; the result is in their order."""
    tasks = Tasks()
    questions = [
        _Question(group, lambda scope: ask(connections[scope].connection), tasks)
        for group in groups
    ]
    for question in questions:
        tasks.start(question.begin(), question)
    tasks.run()
    return {question.group: question.answer for question in questions}


class _Question:
    """Who calls with the credentials of one group.

    STS is asked in the first region, and in all others at once where it fails there or does not
    answer soon. The first answer counts; without any, it is why the first region fails.
    """

    answer: "Identity | CallError"

    def __init__(
        self, group: _Group, ask: "Callable[[RegistryScope], Identity]", tasks: Tasks
    ) -> None:
        self.group, self._ask, self._tasks = group, ask, tasks
        self._others = list(group[1:])
        self._failures: dict[RegistryScope, CallError] = {}

    async def begin(self) -> None:
        """Ask in the first region, and after a while in the others."""
        self._tasks.start(self._ask_in(self.group[0]), self)
        if self._others:
            await pause(_HEAD_START)
            self._ask_in_others()

    def _ask_in_others(self) -> None:
        while self._others:
            self._tasks.start(self._ask_in(self._others.pop()), self)

    async def _ask_in(self, scope: RegistryScope) -> None:
        try:
            self._end(await in_thread(partial(self._ask, scope)))
        except WrongAccountError as error:  # it is an answer
            self._end(error)
        except CallError as error:
            self._failures[scope] = error
            self._ask_in_others()
            if len(self._failures) == len(self.group):
                self._end(self._failures[self.group[0]])

    def _end(self, answer: "Identity | CallError") -> None:
        self.answer = answer
        self._tasks.cancel(self)
