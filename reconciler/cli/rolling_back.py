"""Roll a journal back: from its content to a plan, its guards, and what became of it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from reconciler import __version__
from reconciler.apply.journal.format import Author, JournaledWrite, read_journal
from reconciler.apply.rollback import Rollback, plan_rollback
from reconciler.cli.carry_out import Carried, exits_of, may_be_written
from reconciler.cli.exits import Exit
from reconciler.cli.files import name_of
from reconciler.cli.planning import Globs, selected
from reconciler.cli.show import show_refusals
from reconciler.cli.survey import Line, authors_of, open_line
from reconciler.cli.terminal import note, progress_bar
from reconciler.errors import InvalidError, UsageError
from reconciler.model.registry import LiveRegistry, RegistryScope
from reconciler.model.rule_ids import RuleId
from reconciler.plan.guards import Refusal, check_lock_out, check_public
from reconciler.plan.model import Finding, Plan
from reconciler.plan.saved_plan import Origin
from reconciler.policy import has_wildcard
from reconciler.printable import printable
from reconciler.registry.errors import CallError
from reconciler.registry.reader import unread
from reconciler.registry.session import caller_identity

_MOST_REGISTRIES = 40

Lines = Mapping[RegistryScope, Line]
Authors = Mapping[RegistryScope, Author]


@dataclass(frozen=True, slots=True)
class JournalSource:
    """A journal as it was read, and those of its writes that the command is about.

    `scopes` are all registries that it tells of, sorted.
    """

    path: str
    content: bytes
    scopes: tuple[RegistryScope, ...]
    writes: tuple[JournaledWrite, ...]
    idle_globs: tuple[str, ...]


def journal_source(
    path: Path, content: bytes, globs: Globs, allow_public: Iterable[str]
) -> JournalSource:
    """Read a journal's content. Raises as `read_journal`, and UsageError for unknown names."""
    writes = read_journal(content, name_of(path))
    scopes = tuple(sorted({write.target.scope for write in writes}))
    if len(scopes) > _MOST_REGISTRIES:
        raise InvalidError(
            f"{name_of(path)} tells of {len(scopes)} registries; no run writes to so many"
        )
    names = {write.target.repository for write in writes}
    for name in allow_public:
        if name not in names:
            raise UsageError(f"--allow-public {name}: the journal has no such repository")
    for glob in globs:
        if not has_wildcard(glob) and glob not in names:
            raise UsageError(f"--repository {glob}: the journal has no such repository")
    wanted = {name for name in names if selected(name, globs)}
    idle = (glob for glob in globs if not any(selected(name, (glob,)) for name in wanted))
    if not writes:
        note("the journal records no write")
    return JournalSource(
        name_of(path),
        content,
        scopes,
        tuple(write for write in writes if write.target.repository in wanted),
        tuple(idle),
    )


def open_lines_of(writes: Iterable[JournaledWrite], profile: str | None) -> tuple[Lines, Authors]:
    """Open a line to each registry that was written, and ask who writes there now.

    Where runs assumed several roles in one, it is the last one's. Raises ReconcileError.
    """
    roles = {write.target.scope: write.assume_role for write in writes}
    for role in sorted({role for role in roles.values() if role}):
        note(f"the journal says to act as {printable(role)}")
    lines = {scope: open_line(scope, role, profile) for scope, role in sorted(roles.items())}
    return lines, authors_of(lines, roles)


def survey_writes(source: JournalSource, lines: Lines) -> Rollback:
    """Read what is live where the journal's runs wrote, and plan the way back."""
    names: defaultdict[RegistryScope, set[str]] = defaultdict(set)
    for write in source.writes:
        names[write.target.scope].add(write.target.repository)
    live = [_read(scope, line, sorted(names[scope])) for scope, line in lines.items()]
    found = plan_rollback(source.writes, live, datetime.now(UTC))
    message = "the journal has no such repository"
    idle = (Finding(glob, RuleId.NOTHING_SELECTED, message) for glob in source.idle_globs)
    findings = tuple(sorted((*found.plan.findings, *idle)))
    return replace(found, plan=replace(found.plan, findings=findings))


def rollback_refusals(
    plan: Plan,
    authors: Authors,
    allow_public: Iterable[str],
    allow_lock_out: Iterable[str],
    profile: str | None,
) -> tuple[Refusal, ...]:
    """Give the refusals of the guards that hold for a rollback, told on stderr."""
    refusals = list(check_public(plan.changes, frozenset(allow_public)))
    allowed = frozenset(allow_lock_out)
    for scope, author in authors.items():
        here = [change for change in plan.changes if change.target.scope == scope]
        refusals += check_lock_out(here, allowed, partial(_arn_of, author))
        if author.assume_role:
            # The journal chose the role; whoever runs this is not to be locked out instead.
            refusals += check_lock_out(here, allowed, partial(_own_arn, scope, profile))
    found = tuple(sorted(set(refusals)))
    show_refusals(found)
    return found


def rollback_exits(found: Rollback, carried: Carried) -> list[Exit]:
    """Give the exit codes that a rollback calls for; what was left alone was refused."""
    codes = exits_of(found.plan, carried)
    if found.left_alone:
        codes.append(Exit.PARTLY_APPLIED if may_be_written(carried) else Exit.REFUSED)
    if found.plan.errors:
        codes.append(Exit.FAILED)
    return codes


def origin_of_journal(source: JournalSource) -> Origin:
    """Say which journal a plan is made from, and of which registry it is."""
    account = source.scopes[0].account if source.scopes else None
    regions = tuple(sorted({scope.region for scope in source.scopes}))
    sha256 = hashlib.sha256(source.content).hexdigest()
    return Origin(__version__, source.path, sha256, account, regions)


def _arn_of(author: Author) -> str:
    return author.arn


def _own_arn(scope: RegistryScope, profile: str | None) -> str:
    return caller_identity(open_line(scope, None, profile).connection).arn


def _read(scope: RegistryScope, line: Line, names: Sequence[str]) -> LiveRegistry:
    """Read what a region has of these; where that fails, no policy of it was read."""
    try:
        with progress_bar(f"reading policies in {scope.region}") as progress:
            return LiveRegistry(scope, tuple(names), line.reader.read(names, progress))
    except CallError as error:
        return LiveRegistry(scope, tuple(names), unread(names, error))
