"""Which principals a policy was rejected for: the candidates, and a search by halving.

The service rejects a whole policy for one principal that does not exist, and does not say which
one. On a repository that holds nothing, policies can be tried that grant nothing. That the service
checks the principals of a Deny like those of an Allow is assumed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from reconciler.apply.model import Outcome, Reader
from reconciler.apply.retry import Deadline, write_policy
from reconciler.errors import ReconcileError, RefusedError
from reconciler.model.registry import RegistryScope
from reconciler.plan.model import Change
from reconciler.policy import (
    MAX_POLICY_CHARACTERS,
    NO_CONDITION,
    VERSION,
    Document,
    Policy,
    Principal,
    deleted_kind,
    minified,
    parse_arn,
    read_policy,
)
from reconciler.printable import redacted
from reconciler.registry.failures.errors import CallError, Retry

SID = "ReconcileProbe"

_ACTION = "ecr:BatchGetImage"


class ProbeReader(Reader, Protocol):
    """Reads policies, and whether a repository is empty."""

    def read_policy(self, name: str) -> str | None:
        """Return a repository's policy; None for no policy. Raises CallError."""

    def holds_images(self, name: str) -> bool:
        """Return whether a repository holds any image. Raises ReconcileError."""


class ProbeWriter(Protocol):
    """Writes to the scratch repository, whatever its policy is; raises as `Writer` does."""

    def set_policy(self, name: str, text: str) -> None:
        """Replace a repository's policy."""

    def delete_policy(self, name: str) -> None:
        """Remove a repository's policy."""


class Probe(NamedTuple):
    """The scratch repository of one registry and region.

    `stopped` returns whether the search is to end; `new_deadline` makes one of so many seconds.
    """

    repository: str
    reader: ProbeReader
    writer: ProbeWriter
    stopped: Callable[[], bool]
    new_deadline: Callable[[float], Deadline]


class ProbeResult(NamedTuple):
    """The principals that do not exist, and why the scratch repository was not cleaned, if so."""

    missing: frozenset[str]
    cleanup_error: str | None = None


def added_principals(change: Change) -> tuple[str, ...]:
    """Return the accounts, roles, users and sessions that a change adds to a policy, sorted.

    Services and everyone always exist (assumed), and the live policy's principals were accepted
    once.
    """
    return tuple(sorted(_named(change.after) - _named(change.before)))


def may_be_new(change: Change) -> bool:
    """Return whether the added principals may yet exist: a deleted one never will."""
    added = added_principals(change)
    return bool(added) and not any(deleted_kind(Principal("AWS", (name,))) for name in added)


def name_missing(
    outcomes: Sequence[Outcome], probes: Mapping[RegistryScope, Probe]
) -> tuple[Outcome, ...]:
    """Return the outcomes; each that was rejected for a principal names those that do not exist.

    Without a probe repository, it names all that AWS has not accepted in another policy meanwhile.
    Never raises for an error of AWS.
    """
    remaining = _without_accepted(outcomes)
    results = {scope: _search(remaining, scope, probe) for scope, probe in probes.items()}
    return tuple(
        _explained(o, results.get(o.change.target.scope)) if o.candidates else o for o in remaining
    )


def find_missing(candidates: Iterable[str], probe: Probe) -> ProbeResult:
    """Find the principals that do not exist; tries at most 2k log n policies.

    They deny, so that no one gains access, and the repository has no policy afterwards. Raises
    RefusedError if the repository holds images or another policy, ReconcileError if AWS fails.
    """
    _require_scratch(probe)
    try:
        missing = frozenset(_missing(tuple(sorted(candidates)), probe))
    except Exception:
        _clean(probe)  # this failure is the one to report
        raise
    return ProbeResult(missing, _clean(probe))


def _without_accepted(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Remove the candidates that AWS has accepted in another policy meanwhile, unless all were.

    It is not known whether AWS checks the principals in a creation template, so those do not count.
    """
    accepted = {
        name
        for o in outcomes
        if o.result == "applied" and o.change.target.subject != "creation-template"
        for name in _named(o.change.after)
    }
    remaining = [tuple(name for name in o.candidates if name not in accepted) for o in outcomes]
    return tuple(
        outcome._replace(candidates=candidates or outcome.candidates)
        for outcome, candidates in zip(outcomes, remaining, strict=True)
    )


def _named(policy: Policy) -> set[str]:
    if not isinstance(policy, Document):
        return set()
    return {
        name
        for statement in policy.statements
        for principal in statement.principals
        for name in _names_of(principal)
        if _must_exist(name)
    }


def _names_of(principal: Principal) -> tuple[str, ...]:
    """Return the AWS names of a principal, or those that a NotPrincipal excludes."""
    if principal.kind == "NotPrincipal":
        names = (name.partition(":") for name in principal.names)
        return tuple(name for kind, _, name in names if kind == "AWS")
    return principal.names if principal.kind == "AWS" else ()


def _must_exist(name: str) -> bool:
    """Return whether the service accepts a policy with this name only if the principal exists."""
    return parse_arn(name) is not None or deleted_kind(Principal("AWS", (name,))) is not None


def _search(
    outcomes: Iterable[Outcome], scope: RegistryScope, probe: Probe
) -> ProbeResult | str | None:
    """Search one registry's candidates; a text says why that failed, None that there are none."""
    candidates = {c for o in outcomes if o.change.target.scope == scope for c in o.candidates}
    if not candidates:
        return None
    try:
        return find_missing(candidates, probe)
    except ReconcileError as error:
        reason = error.message
    except Exception as bug:  # noqa: BLE001 - what was applied must still be reported
        reason = redacted(f"{type(bug).__name__}: {bug} (a bug)")
    return f"the probe repository {probe.repository} can't tell which: {reason}"


def _explained(outcome: Outcome, result: ProbeResult | str | None) -> Outcome:
    if result is None or isinstance(result, str):
        names = ", ".join(outcome.candidates)
        message = f"{outcome.error}; one of these principals does not exist (yet): {names}"
        return outcome._replace(error=f"{message}; {result}" if result else message)
    missing = tuple(name for name in outcome.candidates if name in result.missing)
    if missing:
        message = f"principals that do not exist (yet): {', '.join(missing)}; all others exist"
    else:
        message = (
            f"{outcome.error}; all added principals exist by now: run the command again; if the "
            "error persists, it has another cause"
        )
    if result.cleanup_error:
        message = f"{message}; the probe repository can't be cleaned: {result.cleanup_error}"
    return outcome._replace(error=message, candidates=missing or outcome.candidates)


def _require_scratch(probe: Probe) -> None:
    if probe.reader.holds_images(probe.repository):
        raise RefusedError(f"{probe.repository} holds images, so it is not a scratch repository")
    live = probe.reader.read_policy(probe.repository)
    if live is not None and not _is_ours(live):
        raise RefusedError(f"{probe.repository} has a policy that is not of a probe")


def _is_ours(text: str) -> bool:
    """Return whether a policy was left behind by a run that was killed."""
    policy = read_policy(text)
    if not isinstance(policy, Document) or len(policy.statements) != 1:
        return False
    (only,) = policy.statements
    content = (only.sid, only.effect, only.actions, only.condition)
    return content == (SID, "Deny", frozenset({_ACTION}), NO_CONDITION)


def _clean(probe: Probe) -> str | None:
    """Remove the policy; returns why that failed, if it did."""
    try:
        write_policy(probe.new_deadline).call(partial(probe.writer.delete_policy, probe.repository))
    except ReconcileError as error:
        return error.message
    return None


def _missing(names: Sequence[str], probe: Probe) -> tuple[str, ...]:
    if probe.stopped():
        raise RefusedError("interrupted")
    if not names or _is_accepted(names, probe):
        return ()
    if len(names) == 1:
        return tuple(names)
    half = len(names) // 2
    return (*_missing(names[:half], probe), *_missing(names[half:], probe))


def _is_accepted(names: Sequence[str], probe: Probe) -> bool:
    """Return whether AWS accepts a policy that denies these; False if it would be too long.

    A try is repeated where that may help: it does no harm twice. Raises ReconcileError.
    """
    statement = {"Sid": SID, "Effect": "Deny", "Principal": {"AWS": list(names)}, "Action": _ACTION}
    policy = minified({"Version": VERSION, "Statement": [statement]})
    if len(policy) > MAX_POLICY_CHARACTERS:
        return False
    try:
        write_policy(probe.new_deadline).call(
            partial(probe.writer.set_policy, probe.repository, policy)
        )
    except CallError as error:
        if error.retry is Retry.PRINCIPAL_NOT_FOUND:
            return False
        raise
    return True
