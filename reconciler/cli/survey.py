"""Read the live registry and compute the plan: what plan, apply and drift have in common."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from threading import Lock

from reconciler.access_file.desired import managed_names
from reconciler.access_file.document.problems import did_you_mean
from reconciler.access_file.model import AccessFile, display_names_of
from reconciler.apply.journal.format import Author
from reconciler.cli.exits import Exit
from reconciler.cli.load import AccessSource
from reconciler.cli.planning import NOTHING_SELECTED, Globs, plan_registries, selected
from reconciler.cli.terminal import note, progress_bar, tell
from reconciler.errors import UsageError
from reconciler.model.display_names import DisplayNames
from reconciler.model.registry import LiveRegistry, RegistryScope
from reconciler.plan.guards import Refusal
from reconciler.plan.model import Plan
from reconciler.policy import has_wildcard
from reconciler.registry.error_messages import in_this_region_only
from reconciler.registry.errors import CallError, FailureKind
from reconciler.registry.pace import Pace
from reconciler.registry.reader import RegistryReader, failure_of
from reconciler.registry.session import (
    Connection,
    Identity,
    caller_identity,
    connect,
    require_account,
)

ToRead = Callable[[AccessFile, tuple[str, ...]], Iterable[str]]
"""Says which live repositories' policies are read."""


@dataclass(frozen=True, slots=True)
class Line:
    """The line to one registry in one region; all calls on it share one pace."""

    connection: Connection
    pace: Pace
    reader: RegistryReader


@dataclass(frozen=True, slots=True)
class Survey:
    """A plan, with the file's words for what is in it, and what the guards refuse of it."""

    plan: Plan
    display_names: DisplayNames
    refusals: tuple[Refusal, ...] = ()


def open_line(scope: RegistryScope, assume_role: str | None, profile: str | None) -> Line:
    """Prepare a line to one registry in one region; calls nobody. Raises CallError."""
    connection = connect(scope.account, scope.region, assume_role, profile)
    pace = Pace(throttled_for_long=_note_throttled)
    return Line(connection, pace, RegistryReader(connection, pace))


_throttling_is_told = Lock()


def _note_throttled() -> None:
    """Say why the run takes long; once, however many regions are throttled."""
    if _throttling_is_told.acquire(blocking=False):
        note("AWS throttles the calls; the run goes on as fast as AWS lets it")


def open_lines(access: AccessFile, profile: str | None) -> dict[RegistryScope, Line]:
    """Prepare a line to the file's registry in each of its regions; calls nobody."""
    registry = access.registry
    lines = {}
    for region in registry.regions:
        scope = RegistryScope(registry.account, region)
        lines[scope] = open_line(scope, registry.assume_role, profile)
    return lines


def caller_arn(lines: Mapping[RegistryScope, Line]) -> str:
    """Ask who is calling; it is the same in all regions. Raises ReconcileError."""
    return _in_any_region(lines.values(), caller_identity).arn


def authors_of(
    lines: Mapping[RegistryScope, Line], roles: Mapping[RegistryScope, str | None]
) -> dict[RegistryScope, Author]:
    """Ask who writes to each registry, as which role: it must be of the registry's account.

    It is the same in all regions, so one that answers is enough. Raises ReconcileError.
    """
    authors: dict[RegistryScope, Author] = {}
    by_role = groupby(sorted(roles, key=_whose(roles)), _whose(roles))
    for (_, role), scopes in by_role:
        own = tuple(scopes)
        caller = _in_any_region([lines[scope] for scope in own], require_account)
        authors |= dict.fromkeys(own, Author(caller.arn, role or None))
    return authors


def _whose(roles: Mapping[RegistryScope, str | None]) -> Callable[[RegistryScope], tuple[str, str]]:
    return lambda scope: (scope.account, roles[scope] or "")


def _in_any_region(lines: Iterable[Line], ask: Callable[[Connection], Identity]) -> Identity:
    """Ask in one region after the other, until one can be reached. Raises ReconcileError."""
    *others, last = lines
    for line in others:
        with suppress(CallError):
            return ask(line.connection)
    return ask(last.connection)


def survey(
    source: AccessSource,
    lines: Mapping[RegistryScope, Line],
    globs: Globs,
    to_read: ToRead = managed_names,
) -> Survey:
    """Read what is live and compare it with the file; `globs` select repositories.

    `to_read` says whose policies are read: those that the file manages, and maybe others. A region
    that can't be read leaves the others going. Raises CallError where none can.
    """
    reads = {
        scope: partial(_read, source.access, scope, line, globs, to_read)
        for scope, line in lines.items()
    }
    live = read_regions(reads)
    plan = plan_registries(source.access, live, source.now, globs)
    _require_allowed(source, live)
    _require_known(plan, globs, sum(registry.failure is None for registry in live))
    return Survey(plan, display_names_of(source.access))


def read_regions(reads: Mapping[RegistryScope, Callable[[], LiveRegistry]]) -> list[LiveRegistry]:
    """Read each region, and say of one that fails why. Raises CallError where all fail."""
    read_or_failed = [(scope, _attempt(read)) for scope, read in reads.items()]
    failures = [result for _, result in read_or_failed if isinstance(result, CallError)]
    if len(failures) == len(reads):
        raise failures[0]
    return [
        LiveRegistry(scope, (), {}, failure_of(in_this_region_only(result, scope.region)))
        if isinstance(result, CallError)
        else result
        for scope, result in read_or_failed
    ]


def _attempt(read: Callable[[], LiveRegistry]) -> LiveRegistry | CallError:
    try:
        return read()
    except CallError as error:
        return error


def _require_allowed(source: AccessSource, live: Sequence[LiveRegistry]) -> None:
    """Raise UsageError for a name that may be public, and that nothing has."""
    known = {entry.repository for entry in source.access.entries}
    known.update(name for registry in live for name in registry.names)
    if all(registry.failure is None for registry in live):
        for name in source.allow_public:
            if not has_wildcard(name) and name not in known:
                raise UsageError(
                    f"--allow-public {name}: "
                    "neither the file nor the registry has such a repository",
                    hint=did_you_mean(name, known),
                )


def _require_known(plan: Plan, globs: Globs, registries: int) -> None:
    """Raise UsageError for a name that nothing has; a pattern may well match nothing."""
    idle = [finding.repository for finding in plan.findings if finding.rule == NOTHING_SELECTED]
    for glob in globs:
        if not has_wildcard(glob) and idle.count(glob) == registries:
            raise UsageError(
                f"--repository {glob}: neither the file nor the registry has such a repository"
            )


def findings_exit(plan: Plan, access: AccessFile) -> list[Exit]:
    """Give the exit codes that a plan's errors and unmanaged repositories call for."""
    codes = []
    if plan.errors:
        codes.append(Exit.FAILED)
    if plan.unmanaged and access.unmanaged_repositories == "fail":
        tell(f"unmanaged repositories: {len(plan.unmanaged)}; the file says that this fails")
        codes.append(Exit.DIFFERS)
    return codes


def _read(
    access: AccessFile, scope: RegistryScope, line: Line, globs: Globs, to_read: ToRead
) -> LiveRegistry:
    names = _list(line)
    wanted = [name for name in to_read(access, names) if selected(name, globs)]
    with progress_bar(f"reading policies in {scope.region}") as progress:
        return LiveRegistry(scope, names, line.reader.read(wanted, progress))


def _list(line: Line) -> tuple[str, ...]:
    """List the repositories; where that is denied, the account may be a wrong one: say so."""
    try:
        return line.reader.list_repositories()
    except CallError as error:
        if error.kind is FailureKind.DENIED:
            require_account(line.connection)
        raise
