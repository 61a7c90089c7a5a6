"""Apply a plan that was just computed, or one that was saved; carry out a rollback."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from reconciler.apply.execute import execute
from reconciler.apply.journal_format import Command
from reconciler.apply.model import AS_DESIRED, Done, Journal, Outcome, ReaderWriter, Result, Run
from reconciler.apply.rejected_principals import Probe, ProbeWriter, name_missing
from reconciler.apply.retry import Deadline
from reconciler.errors import ArgumentError, Remedy, Status
from reconciler.model.registry import RegistryScope, Target
from reconciler.model.transport import Transport
from reconciler.plan.compute import PlanOf
from reconciler.plan.model import Plan
from reconciler.workflow import DEFAULT_WAIT
from reconciler.workflow.file.source import AccessSource, Globs
from reconciler.workflow.listener import LOG, Listener, WaitingForRoles
from reconciler.workflow.live.callers import Authors, authors_of
from reconciler.workflow.live.connections import Connections, Reached, require_some
from reconciler.workflow.live.registries import read_registries, reading_own_policy, unlisted
from reconciler.workflow.plans.planner import (
    PlanResult,
    compute,
    guarded,
    planning,
    reach,
    with_names,
)
from reconciler.workflow.writing.journals import keeping_journal, require_other_file

if TYPE_CHECKING:
    from reconciler.workflow.file.revisions import EarlierVersion
    from reconciler.workflow.plans.saved_plans import StoredPlan

_STATUS_OF: Mapping[Result, Status] = {
    "stale": Status.REFUSED,
    "failed": Status.FAILED,
    "skipped": Status.FAILED,
}


class PreparedApply(NamedTuple):
    """A plan to carry out, the connections to its registries, and who writes there.

    `probe_repositories` are the scratch repositories of those that have one. `digest` is that of a
    saved plan, None for one that was just computed. `left_alone` are the repositories that a
    rollback leaves alone, since others have changed them, `rolled_back` is the file of the journal
    that it undoes.
    """

    result: PlanResult
    connections: Connections
    authors: Authors
    command: Command = "apply"
    digest: str | None = None
    probe_repositories: Mapping[RegistryScope, str] = MappingProxyType({})
    left_alone: tuple[Target, ...] = ()
    rolled_back: Path | None = None

    def skip(self, reason: str) -> "ApplyResult":
        """Return the result of carrying out nothing."""
        changes = self.result.plan.changes
        outcomes = tuple(Outcome(change, "skipped", reason) for change in changes)
        return ApplyResult(self, outcomes, refused=True)


class ApplyResult(NamedTuple):
    """What became of a prepared plan's changes, in their order.

    `refused`: a guard or the user refused, and nothing was written. `interrupted`: the run was
    stopped. `unrecorded`: the journal was damaged during the run.
    """

    prepared: PreparedApply
    outcomes: tuple[Outcome, ...] = ()
    refused: bool = False
    interrupted: bool = False
    unrecorded: bool = False

    @property
    def statuses(self) -> frozenset[Status]:
        """What the run amounts to, with what its plan amounts to."""
        return self.prepared.result.statuses | set(self._own_statuses())

    def _own_statuses(self) -> Iterator[Status]:
        if self.refused:
            yield Status.REFUSED
            return
        results = {outcome.result for outcome in self.outcomes}
        written = any(o.written is not Done.NO or o.created is not Done.NO for o in self.outcomes)
        left_alone, failed = self.prepared.left_alone, self.prepared.result.plan.errors
        if written and (failed or left_alone or self.unrecorded or not results <= AS_DESIRED):
            yield Status.PARTLY_APPLIED
            return
        if left_alone:
            yield Status.REFUSED
        if self.interrupted or self.unrecorded:
            yield Status.FAILED
        yield from (_STATUS_OF[result] for result in results - AS_DESIRED)


def prepare_apply(
    source: AccessSource,
    stored: "StoredPlan | None" = None,
    *,
    repositories: Globs = (),
    changed_since: "EarlierVersion | None" = None,
    base: "EarlierVersion | None" = None,
    only_mine: bool = False,
    profile: str | None = None,
    transport: Transport = Transport.FAST,
    listener: Listener = LOG,
) -> PreparedApply:
    """Compute a plan, or compute a saved one again, and check it against the guards.

    Writes nothing. Asks STS first, for each registry: raises RefusedError where the caller's
    account is not the registry's; of several registries, one where STS does not answer is left
    out, with an error in the plan. A saved plan is applied in its own registries alone, and one of
    an edit alone is compared with the same version again. Raises ArgumentError where another
    parameter or the registries of `source` would limit a saved plan. Else raises as `plan`,
    `earlier_version` and `recompute`.
    """
    if stored is not None:
        from reconciler.workflow.plans.saved_plans import (  # noqa: PLC0415 - costs
            earlier_version,
            require_current,
        )

        _require_whole(
            repositories=repositories,
            changed_since=changed_since,
            base=base,
            only_mine=only_mine,
            registry=source.left_out,
        )
        require_current(stored, source)
        source = source.limited_to([one.name for one in stored.plan.registries if one.name])
        base, only_mine = earlier_version(stored, source), stored.plan.edit is not None
    plan_of = planning(source, base, listener, only_mine=only_mine)
    reached = reach(source, profile, transport, listener)
    authors, reached = authors_of(reached)
    require_some(reached.failures, source.scopes)
    if stored is None:
        computed = compute(
            source,
            reached,
            repositories,
            listener,
            changed_since=changed_since,
            base=base,
            plan_of=plan_of,
        )
    else:
        computed = with_names(_compute_again(stored, source, reached, listener, plan_of), source)
    return PreparedApply(
        guarded(computed, source, lambda scope: authors[scope].arn),
        reached.connections,
        authors,
        digest=None if stored is None else stored.plan.digest,
        probe_repositories={
            scope: access.registry.probe_repository
            for access in source.parts
            if access.registry.probe_repository is not None
            for scope in access.registry.scopes
        },
    )


def _require_whole(**limits: object) -> None:
    """Raise ArgumentError for the first parameter that limits a saved plan."""
    for parameter, limit in limits.items():
        if limit:
            reason = "a saved plan is applied as a whole"
            raise ArgumentError(parameter, None, reason, remedy=Remedy.SAVE_A_PART)


def _compute_again(
    stored: "StoredPlan",
    source: AccessSource,
    reached: Reached,
    listener: Listener,
    plan_of: PlanOf,
) -> Plan:
    """Compute a saved plan again, without the registries that can't be reached any more."""
    from reconciler.workflow.plans.saved_plans import (  # noqa: PLC0415 - costs
        read_again,
        recompute,
        without_registries,
    )

    to_read = read_again(stored.plan, source, reading_own_policy(source.registries, listener))
    live = [*unlisted(reached.failures), *read_registries(reached.connections, to_read, listener)]
    failed = [one for one in live if one.failure is not None]
    read = {one.scope: one for one in live if one.failure is None}
    return recompute(without_registries(stored, failed), source, read, plan_of)


def apply(
    prepared: PreparedApply,
    *,
    journal: Path | None = None,
    wait: float = DEFAULT_WAIT,
    stopped: Callable[[], bool] = lambda: False,
    listener: Listener = LOG,
) -> ApplyResult:
    """Carry out a plan's changes, each recorded in the journal; nothing where a guard refuses.

    `journal` is a file to append to, by default a new one in the user's state directory. `wait` is
    how many seconds a new role is waited for. Once `stopped` returns True, the writes under way are
    finished and no more are begun. What AWS answers becomes an outcome. Raises ReconcileError
    before the first write, where no journal can be kept: UsageError where it is the journal that
    is rolled back.
    """
    if prepared.rolled_back is not None:
        require_other_file(prepared.rolled_back, journal)
    changes = prepared.result.plan.changes
    if prepared.result.refusals:
        return prepared.skip("a guard refused the plan")
    if not changes:
        return ApplyResult(prepared)
    with keeping_journal(
        journal,
        prepared.command,
        changes,
        prepared.authors,
        listener,
        plan=prepared.digest,
        file=prepared.result.origin.path,
    ) as record:
        return _carry_out(prepared, record, wait, stopped, listener)


def _carry_out(
    prepared: PreparedApply,
    journal: Journal,
    wait: float,
    stopped: Callable[[], bool],
    listener: Listener,
) -> ApplyResult:
    changes = prepared.result.plan.changes
    changed = dict.fromkeys(change.target.scope for change in changes)
    writers = {scope: prepared.connections[scope].writer() for scope in changed}
    registries = {
        scope: ReaderWriter(prepared.connections[scope].reader, writer)
        for scope, writer in writers.items()
    }
    new_deadline = partial(Deadline, stopped=stopped)
    waiting = partial(listener.notify, WaitingForRoles(wait))
    run = Run(journal, new_deadline(wait, on_first_wait=waiting), stopped, new_deadline)
    number = count(1)

    def is_held_back() -> bool:
        return any(one.is_held_back() for one in prepared.connections.values())

    with listener.progress("applying", is_held_back) as progress:
        outcomes = execute(
            changes, registries, run, lambda _outcome: progress(next(number), len(changes))
        )
        outcomes = name_missing(outcomes, _probes(prepared, writers, run))
    unrecorded = journal.damage() is not None
    return ApplyResult(prepared, outcomes, interrupted=stopped(), unrecorded=unrecorded)


def _probes(
    prepared: PreparedApply, writers: Mapping[RegistryScope, ProbeWriter], run: Run
) -> dict[RegistryScope, Probe]:
    """Return the scratch repositories to find unknown principals with, while the run goes on."""

    def halted() -> bool:
        return run.reason_to_halt() is not None

    if halted():
        return {}
    return {
        scope: Probe(
            prepared.probe_repositories[scope],
            prepared.connections[scope].reader,
            writer,
            halted,
            run.new_deadline,
        )
        for scope, writer in writers.items()
        if scope in prepared.probe_repositories
    }
