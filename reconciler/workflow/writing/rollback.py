"""Plan the way back from a journal: put back the policies and templates that an apply replaced."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from reconciler.apply.journal_format import JournaledWrite, read_journal
from reconciler.apply.rollback import Rollback, plan_rollback
from reconciler.errors import InvalidError
from reconciler.model.access import DisplayNames
from reconciler.model.guards import Allowances
from reconciler.model.registry import RegistryScope
from reconciler.model.rules import RuleId
from reconciler.model.transport import Transport
from reconciler.plan.checks.guards import Refusal, check_lock_out, check_public
from reconciler.plan.model import Finding, Plan, ScopeFigures, group_plan, merge_plans, unread_error
from reconciler.plan.origin import Origin, PlannedRegistry, origin_of
from reconciler.workflow.file.source import (
    NOTHING_ALLOWED,
    Globs,
    exact_names,
    require_known,
    require_registry,
    selected,
    without_match,
)
from reconciler.workflow.listener import LOG, AssumingRole, Listener, UsingProfile
from reconciler.workflow.live.callers import Authors, authors_of, caller_of
from reconciler.workflow.live.connections import (
    CredentialSource,
    CredentialSources,
    Reached,
    connect_registries,
    reach_registries,
    require_some,
)
from reconciler.workflow.live.registries import read_targets, unlisted
from reconciler.workflow.plans.planner import PlanResult
from reconciler.workflow.writing.applier import PreparedApply
from reconciler.workflow.writing.journals import read_journal_file

_MOST_REGISTRIES = 4_000
"""Registries and regions; an access file names 100 registries at most, with 40 regions each."""
_UNKNOWN = "the journal has no such repository"


def prepare_rollback(
    path: Path,
    *,
    opened: BinaryIO | None = None,
    repositories: Globs = (),
    registries: Collection[str] = (),
    allowances: Allowances = NOTHING_ALLOWED,
    profile: str | None = None,
    transport: Transport = Transport.FAST,
    listener: Listener = LOG,
) -> PreparedApply:
    """Plan how to put back the policies and templates that the runs of a journal replaced.

    `path` is the journal's file; with `opened`, an open file such as stdin, it is only a name. Of
    the guards, public access and the lock-out hold. Where runs used several roles or profiles in
    one registry, those of the last one are used; `profile` takes precedence. `registries` are
    account ids that limit it. Writes nothing. Raises as `read_journal_file` and `read_journal`,
    ArgumentError for a name or account that the journal does not have, and RefusedError where the
    caller's account is not the registry's.
    """
    journal, name = read_journal_file(path, opened), str(path)
    writes = read_journal(journal, name)
    _check_names(writes, name, repositories, allowances)
    left_out = _left_out(writes, registries)
    writes = tuple(write for write in writes if write.target.scope.account not in left_out)
    chosen = [write for write in writes if selected(write.target.pattern, repositories)]
    sources = _sources(chosen, profile, listener)
    origin = _origin(writes, journal, name, left_out)
    reached = reach_registries(sources, listener, transport, origin.names)
    authors, reached = authors_of(reached)
    require_some(reached.failures, sources)
    found = _plan(chosen, reached, origin.names, repositories, listener)

    def own_arn(scope: RegistryScope) -> str:
        own = connect_registries({scope: sources[scope]._replace(assume_role=None)}, listener)
        return caller_of(own)(scope)

    refusals = _refusals(found.plan, authors, allowances, own_arn)
    result = PlanResult(
        found.plan,
        DisplayNames(registries=origin.names, left_out=origin.left_out),
        origin,
        fails_unmanaged=False,
        refusals=refusals,
    )
    return PreparedApply(
        result,
        reached.connections,
        authors,
        "rollback",
        left_alone=found.left_alone,
        rolled_back=path if opened is None else None,
    )


def _left_out(writes: Iterable[JournaledWrite], registries: Collection[str]) -> tuple[str, ...]:
    """Return the accounts of the journal that are not among these; none where all are meant.

    Raises ArgumentError for one that the journal does not have.
    """
    accounts = sorted({write.target.scope.account for write in writes})
    require_registry(registries, accounts, "the journal")
    return tuple(one for one in accounts if registries and one not in registries)


def _sources(
    writes: Iterable[JournaledWrite], profile: str | None, listener: Listener
) -> CredentialSources:
    """Return where the credentials for each registry come from: as for its last run.

    `profile` takes precedence over those of the journal. The listener is told what the journal
    says.
    """
    last = {write.target.scope: write for write in writes}
    for role in sorted({one.assume_role.arn for one in last.values() if one.assume_role}):
        listener.notify(AssumingRole(role))
    for name in sorted({one.profile for one in last.values() if one.profile and not profile}):
        listener.notify(UsingProfile(name))
    return {
        scope: CredentialSource(one.assume_role, profile or one.profile)
        for scope, one in sorted(last.items())
    }


def _check_names(
    writes: Sequence[JournaledWrite], path: str, repositories: Globs, allowances: Allowances
) -> None:
    scopes = {write.target.scope for write in writes}
    if len(scopes) > _MOST_REGISTRIES:
        raise InvalidError(f"{path} names {len(scopes)} registries; no run writes to so many")
    names = {write.target.pattern for write in writes}
    # A change of the registry's own policy can open repositories that the journal does not name.
    if not any(write.target.subject == "registry-policy" for write in writes):
        require_known("allow_public", sorted(allowances.public), names, _UNKNOWN)
    require_known("repositories", exact_names(repositories), names, _UNKNOWN)


def _plan(
    writes: Sequence[JournaledWrite],
    reached: Reached,
    names: Mapping[RegistryScope, str],
    repositories: Globs,
    listener: Listener,
) -> Rollback:
    """Read what is live where the journal's runs wrote, and plan the way back.

    A registry or region that can't be read fails alone. Raises as `read_targets`.
    """
    here: defaultdict[RegistryScope, list[JournaledWrite]] = defaultdict(list)
    for write in writes:
        here[write.target.scope].append(write)
    targets = {scope: {write.target for write in own} for scope, own in here.items()}
    read = read_targets(reached.connections, targets, listener)
    now = datetime.now(UTC)
    found = {
        live.scope: plan_rollback(here[live.scope], [live], now)
        for live in read
        if live.failure is None
    }
    errors = (
        unread_error(live.scope, live.failure)
        for live in (*unlisted(reached.failures), *read)
        if live.failure is not None
    )
    idle = (
        Finding(glob, RuleId.NOTHING_SELECTED, _UNKNOWN)
        for glob in without_match(repositories, (write.target.pattern for write in writes))
    )
    rest = Plan(findings=tuple(idle), errors=tuple(errors))
    plan = merge_plans([*(one.plan for one in found.values()), rest])
    if names:
        figures = {s: found[s].plan.figures if s in found else ScopeFigures() for s in names}
        plan = group_plan(plan, figures)
    left_alone = tuple(target for one in found.values() for target in one.left_alone)
    return Rollback(plan, left_alone)


def _refusals(
    plan: Plan, authors: Authors, allowances: Allowances, own_arn: Callable[[RegistryScope], str]
) -> tuple[Refusal, ...]:
    """Return what the guards that hold for a rollback refuse, sorted.

    `own_arn` asks STS who is calling without the role that the journal chose.
    """
    # The journal chose the role; who assumes it is not to be locked out either.
    assuming = [one for one in plan.changes if authors[one.target.scope].assume_role]
    refusals = {
        *check_public(plan.changes, allowances.public),
        *check_lock_out(plan.changes, allowances.lock_out, lambda scope: authors[scope].arn),
        *check_lock_out(assuming, allowances.lock_out, own_arn),
    }
    return tuple(sorted(refusals))


def _origin(
    writes: Sequence[JournaledWrite], journal: bytes, path: str, left_out: tuple[str, ...]
) -> Origin:
    """Return which journal a plan is made from, and the registries that it is for.

    A journal does not have the names of several registries: each is called by its account.
    """
    regions: defaultdict[str, set[str]] = defaultdict(set)
    for write in writes:
        regions[write.target.scope.account].add(write.target.scope.region)
    is_one = len(regions) == 1 and not left_out
    registries = (
        PlannedRegistry(account, tuple(sorted(own)), None if is_one else account)
        for account, own in sorted(regions.items())
    )
    digest = hashlib.sha256(journal).hexdigest()
    return origin_of(path, digest, registries, left_out)
