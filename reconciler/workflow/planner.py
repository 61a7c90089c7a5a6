"""What an apply would change, and where what is live differs from the file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from reconciler.access_file.checks.never import watched_names
from reconciler.access_file.desired import managed_names
from reconciler.access_file.model import AccessFile, display_names_of
from reconciler.closest import did_you_mean
from reconciler.errors import Status
from reconciler.model.access import DisplayNames
from reconciler.model.registry import LiveRegistry
from reconciler.model.rules import RuleId
from reconciler.plan.compute import without_expired
from reconciler.plan.guards import Refusal, UnusedAllowance, check_guards, unused_allowances
from reconciler.plan.model import Plan
from reconciler.plan.saved_plan import Origin, origin_of
from reconciler.workflow.listener import LOG, Listener
from reconciler.workflow.plan_from_file import plan_registries
from reconciler.workflow.registries import (
    Connections,
    caller_arn,
    connect_registries,
    read_registries,
    roles_of,
)
from reconciler.workflow.selection import Globs, exact_names, require_known, selected
from reconciler.workflow.source import AccessSource

_UNKNOWN = "neither the file nor the registry has such a repository"


@dataclass(frozen=True, slots=True)
class ComputedPlan:
    """A plan that no guard has checked, and the file's names for what is in it.

    `fails_unmanaged` is whether the file makes unmanaged repositories a failure.
    """

    plan: Plan
    display_names: DisplayNames
    origin: Origin
    fails_unmanaged: bool

    @property
    def statuses(self) -> frozenset[Status]:
        """What the plan amounts to; changes alone are no status."""
        return frozenset(_statuses(self))


@dataclass(frozen=True, slots=True)
class PlanResult(ComputedPlan):
    """A plan, and the guards' refusals of it; without any, it may be applied."""

    refusals: tuple[Refusal, ...]
    unused_allowances: tuple[UnusedAllowance, ...] = ()

    @property
    def statuses(self) -> frozenset[Status]:
        """What the plan amounts to; changes alone are no status."""
        refused = {Status.REFUSED} if self.refusals else set()
        return frozenset(_statuses(self)) | refused


def _statuses(computed: ComputedPlan) -> Iterator[Status]:
    if computed.plan.errors:
        yield Status.FAILED
    if computed.fails_unmanaged and computed.plan.unmanaged:
        yield Status.DIFFERS


def plan(
    source: AccessSource,
    *,
    repositories: Globs = (),
    profile: str | None = None,
    listener: Listener = LOG,
) -> PlanResult:
    """Return what an apply would change. Reads only.

    `repositories` are names and patterns that limit the plan, `profile` is the AWS profile. Raises
    ArgumentError for a name that neither the file nor the registry has, CallError where no region
    can be read.
    """
    connections = connect_registries(roles_of(source.access.registry), profile, listener)
    live = read_live(source, connections, repositories, listener)
    computed = compute(source, live, repositories)
    return guarded(computed, source, lambda: caller_arn(connections))


def drift(
    source: AccessSource,
    *,
    repositories: Globs = (),
    profile: str | None = None,
    listener: Listener = LOG,
) -> ComputedPlan:
    """Return where what is live differs from the file, without grants that have expired.

    Also reads the unmanaged repositories that a never rule is about. Reads only; raises as `plan`.
    """
    connections = connect_registries(roles_of(source.access.registry), profile, listener)
    live = read_live(source, connections, repositories, listener, watched_names)
    computed = compute(source, live, repositories)
    return replace(computed, plan=without_expired(computed.plan))


def read_live(
    source: AccessSource,
    connections: Connections,
    repositories: Globs,
    listener: Listener,
    to_read: Callable[[AccessFile, tuple[str, ...]], Iterable[str]] = managed_names,
) -> list[LiveRegistry]:
    """Read the selected policies of those that `to_read` chooses. Raises as `read_registries`."""

    def select(names: tuple[str, ...]) -> list[str]:
        return [name for name in to_read(source.access, names) if selected(name, repositories)]

    return read_registries(connections, select, listener)


def compute(
    source: AccessSource, live: Sequence[LiveRegistry], repositories: Globs
) -> ComputedPlan:
    """Compare what the file asks for with what is live. Raises ArgumentError for unknown names."""
    computed = plan_registries(source.access, live, source.now, repositories)
    _require_public_known(source, live)
    _require_selected_known(computed, repositories, live)
    return with_names(computed, source)


def with_names(computed: Plan, source: AccessSource) -> ComputedPlan:
    """Return a plan with what the access file says of it."""
    registry = source.access.registry
    return ComputedPlan(
        computed,
        display_names_of(source.access),
        origin_of(source.path, source.content, registry.account, registry.regions),
        fails_unmanaged=source.access.unmanaged_repositories == "fail",
    )


def guarded(computed: ComputedPlan, source: AccessSource, caller: Callable[[], str]) -> PlanResult:
    """Check a plan against the guards; `caller` returns the ARN of who would write."""
    return PlanResult(
        computed.plan,
        computed.display_names,
        computed.origin,
        computed.fails_unmanaged,
        check_guards(computed.plan, source.access.guards, source.allowances, caller),
        unused_allowances(computed.plan, source.allowances),
    )


def _require_public_known(source: AccessSource, live: Sequence[LiveRegistry]) -> None:
    """Raise ArgumentError for an allowed name that nothing has, where all registries were read."""
    known = {entry.repository for entry in source.access.entries}
    known.update(name for registry in live for name in registry.names)
    if all(registry.failure is None for registry in live):
        names = sorted(exact_names(source.allowances.public))
        require_known("allow_public", names, known, _UNKNOWN, lambda n: did_you_mean(n, known))


def _require_selected_known(
    computed: Plan, repositories: Globs, live: Sequence[LiveRegistry]
) -> None:
    """Raise ArgumentError for a name that nothing has; a pattern may match nothing."""
    idle = [f.repository for f in computed.findings if f.rule is RuleId.NOTHING_SELECTED]
    listed = sum(registry.failure is None for registry in live)
    names = exact_names(repositories)
    known = [name for name in names if idle.count(name) != listed]
    require_known("repositories", names, known, _UNKNOWN)
