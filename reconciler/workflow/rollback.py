"""Plan the way back from a journal: put back the policies and templates that an apply replaced."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from reconciler.apply.journal_format import JournaledWrite, read_journal
from reconciler.apply.rollback import Rollback, plan_rollback
from reconciler.errors import InvalidError
from reconciler.model.access import DisplayNames
from reconciler.model.guards import Allowances
from reconciler.model.registry import AssumedRole, RegistryScope
from reconciler.model.rules import RuleId
from reconciler.model.transport import Transport
from reconciler.plan.guards import Refusal, check_lock_out, check_public
from reconciler.plan.model import Finding, Plan
from reconciler.plan.saved_plan import Origin, origin_of
from reconciler.workflow.applier import PreparedApply
from reconciler.workflow.journals import read_journal_file
from reconciler.workflow.listener import LOG, AssumingRole, Listener
from reconciler.workflow.planner import PlanResult
from reconciler.workflow.registries import (
    Authors,
    Connections,
    CredentialSource,
    authors_of,
    caller_arn,
    connect_registries,
    read_targets,
)
from reconciler.workflow.source import (
    NOTHING_ALLOWED,
    Globs,
    exact_names,
    require_known,
    selected,
    without_match,
)

_MOST_REGISTRIES = 40
_UNKNOWN = "the journal has no such repository"


def prepare_rollback(
    path: Path,
    *,
    opened: BinaryIO | None = None,
    repositories: Globs = (),
    allowances: Allowances = NOTHING_ALLOWED,
    profile: str | None = None,
    transport: Transport = Transport.FAST,
    listener: Listener = LOG,
) -> PreparedApply:
    """Plan how to put back the policies and templates that the runs of a journal replaced.

    `path` is the journal's file; with `opened`, an open file such as stdin, it is only a name. Of
    the guards, public access and the lock-out hold. Where runs assumed several roles in one
    registry, the last one's is assumed. Writes nothing. Raises as `read_journal_file` and
    `read_journal`, ArgumentError for a name that the journal does not have, and RefusedError where
    the caller's account is not the registry's.
    """
    journal, name = read_journal_file(path, opened), str(path)
    writes = read_journal(journal, name)
    _check_names(writes, name, repositories, allowances)
    chosen = [write for write in writes if selected(write.target.pattern, repositories)]
    roles = {write.target.scope: write.assume_role for write in chosen}
    for role in sorted({role for role in roles.values() if role}):
        listener.notify(AssumingRole(role))
    sources = {
        scope: CredentialSource(AssumedRole(role) if role else None, profile)
        for scope, role in sorted(roles.items())
    }
    connections = connect_registries(sources, listener, transport)
    authors = authors_of(connections)
    found = _plan(chosen, connections, repositories, listener)

    def own_arn(scope: RegistryScope) -> str:
        return caller_arn(connect_registries({scope: CredentialSource(None, profile)}, listener))

    refusals = _refusals(found.plan, authors, allowances, own_arn)
    origin = _origin(writes, journal, name)
    result = PlanResult(
        found.plan, DisplayNames(), origin, fails_unmanaged=False, refusals=refusals
    )
    return PreparedApply(
        result,
        connections,
        authors,
        "rollback",
        left_alone=found.left_alone,
        rolled_back=path if opened is None else None,
    )


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
    connections: Connections,
    repositories: Globs,
    listener: Listener,
) -> Rollback:
    """Read what is live where the journal's runs wrote, and plan the way back."""
    targets = sorted({write.target for write in writes})
    live = [
        read_targets(scope, connection, [t for t in targets if t.scope == scope], listener)
        for scope, connection in connections.items()
    ]
    found = plan_rollback(writes, live, datetime.now(UTC))
    idle = (
        Finding(glob, RuleId.NOTHING_SELECTED, _UNKNOWN)
        for glob in without_match(repositories, (write.target.pattern for write in writes))
    )
    findings = tuple(sorted((*found.plan.findings, *idle)))
    return replace(found, plan=replace(found.plan, findings=findings))


def _refusals(
    plan: Plan, authors: Authors, allowances: Allowances, own_arn: Callable[[RegistryScope], str]
) -> tuple[Refusal, ...]:
    """Return what the guards that hold for a rollback refuse, sorted.

    `own_arn` asks STS who is calling without the role that the journal chose.
    """
    refusals = set(check_public(plan.changes, allowances.public))
    for scope, author in authors.items():
        here = [change for change in plan.changes if change.target.scope == scope]
        callers = [partial(str, author.arn)]
        if author.assume_role:  # the journal chose it; the caller is not to be locked out either
            callers.append(partial(own_arn, scope))
        for caller in callers:
            refusals |= set(check_lock_out(here, allowances.lock_out, caller))
    return tuple(sorted(refusals))


def _origin(writes: Sequence[JournaledWrite], journal: bytes, path: str) -> Origin:
    """Return which journal a plan is made from, and the registry that it is for."""
    scopes = sorted({write.target.scope for write in writes})
    account = scopes[0].account if scopes else None
    regions = tuple(sorted({scope.region for scope in scopes}))
    return origin_of(path, journal, account, regions)
