"""Find out which principals AWS does not know, on a scratch repository, by halving.

The service refuses a whole policy for one principal that it does not know, and does not say for
which. On a repository that holds nothing, policies can be tried that grant nothing. That it looks
at the principals of a Deny as it does at those of an Allow is assumed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from reconciler.apply.model import Outcome, Reader, Writer
from reconciler.apply.run import Patience
from reconciler.apply.suspects import without_known
from reconciler.apply.trouble import Persistence
from reconciler.errors import ReconcileError, RefusedError
from reconciler.model.registry import RegistryScope
from reconciler.policy.language.conditions import NO_CONDITION
from reconciler.policy.language.document import (
    MAX_POLICY_CHARACTERS,
    VERSION,
    Document,
    read_policy,
)
from reconciler.policy.language.json_text import minified
from reconciler.redaction import redacted
from reconciler.registry.fault import UNKNOWN_PRINCIPAL, CallError, WriteOutcomeUnknownError

SID = "ReconcileProbe"

_ACTION = "ecr:BatchGetImage"


class ProbeReader(Reader, Protocol):
    """What reads policies and can tell whether a repository is empty."""

    def holds_images(self, name: str) -> bool:
        """Tell whether a repository holds any image. Raises ReconcileError."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The scratch repository of one registry and region.

    `stopped` tells that trying is to end; `new_patience` makes one of so many seconds.
    """

    repository: str
    reader: ProbeReader
    writer: Writer
    stopped: Callable[[], bool]
    new_patience: Callable[[float], Patience]


def name_unknown(
    outcomes: Sequence[Outcome], probes: Mapping[RegistryScope, Probe]
) -> tuple[Outcome, ...]:
    """Say of each change that was refused for a principal which of its suspects AWS knows not.

    Where a registry has no probe repository, all those whom AWS has not taken meanwhile are named.
    Never raises for what AWS answers.
    """
    left = without_known(outcomes)
    found = {scope: _try(left, scope, probe) for scope, probe in probes.items()}
    return tuple(
        _explained(outcome, found.get(outcome.change.target.scope)) if outcome.suspects else outcome
        for outcome in left
    )


class Found(NamedTuple):
    """What trying found: the principals that AWS knows not, and why cleaning up failed, if so."""

    unknown: frozenset[str]
    left_behind: str | None = None


def find_unknown(suspects: Iterable[str], probe: Probe) -> Found:
    """Find the principals that AWS does not know: 2k log n policies are tried, at most.

    They deny, so nobody gets anything by them, and the repository has none afterwards. Raises
    RefusedError where the repository holds images or somebody's policy, ReconcileError where AWS
    fails.
    """
    _check_is_scratch(probe)
    try:
        unknown = frozenset(_unknown(tuple(sorted(suspects)), probe))
    except Exception:
        _clean(probe)  # the failure is the one to tell
        raise
    return Found(unknown, _clean(probe))


def _try(outcomes: Iterable[Outcome], scope: RegistryScope, probe: Probe) -> Found | str | None:
    """Give what is found of one registry's suspects, or say why nothing can be told."""
    suspects = {s for o in outcomes if o.change.target.scope == scope for s in o.suspects}
    if not suspects:
        return None
    try:
        return find_unknown(suspects, probe)
    except ReconcileError as error:
        return f"the probe repository {probe.repository} can't tell which: {error.message}"
    except Exception as bug:  # noqa: BLE001 - what was applied must still be told
        told = redacted(f"{type(bug).__name__}: {bug} (a bug)")
        return f"the probe repository {probe.repository} can't tell which: {told}"


def _explained(outcome: Outcome, found: Found | str | None) -> Outcome:
    if found is None or isinstance(found, str):
        names = ", ".join(outcome.suspects)
        told = f"{outcome.error}; AWS may not know, or not yet, one of those that it adds: {names}"
        return replace(outcome, error=f"{told}; {found}" if found else told)
    unknown = tuple(name for name in outcome.suspects if name in found.unknown)
    if unknown:
        message = f"AWS does not know {', '.join(unknown)}; everyone else whom it adds is known"
    else:
        known = "AWS knows all whom it adds by now: run it again; if it stays, the cause is another"
        message = f"{outcome.error}; {known}"
    if found.left_behind:
        message = f"{message}; the probe repository can't be cleaned: {found.left_behind}"
    return replace(outcome, error=message, suspects=unknown or outcome.suspects)


def _check_is_scratch(probe: Probe) -> None:
    if probe.reader.holds_images(probe.repository):
        raise RefusedError(f"{probe.repository} holds images, so it is no scratch repository")
    live = probe.reader.read_policy(probe.repository)
    if live is not None and not _is_ours(live):
        raise RefusedError(f"{probe.repository} has a policy of somebody's")


def _is_ours(text: str) -> bool:
    """Tell whether a policy is one of ours, left behind by a run that was killed."""
    policy = read_policy(text)
    if not isinstance(policy, Document) or len(policy.statements) != 1:
        return False
    (only,) = policy.statements
    said = (only.sid, only.effect, only.actions, only.condition)
    return said == (SID, "Deny", frozenset({_ACTION}), NO_CONDITION)


def _clean(probe: Probe) -> str | None:
    """Take the policy away; say why that failed, if it did."""
    try:
        _repeating(lambda: probe.writer.delete_policy(probe.repository), probe)
    except ReconcileError as error:
        return error.message
    return None


def _unknown(names: Sequence[str], probe: Probe) -> tuple[str, ...]:
    if probe.stopped():
        raise RefusedError("interrupted")
    if not names or _is_taken(names, probe):
        return ()
    if len(names) == 1:
        return tuple(names)
    half = len(names) // 2
    return (*_unknown(names[:half], probe), *_unknown(names[half:], probe))


def _is_taken(names: Sequence[str], probe: Probe) -> bool:
    """Tell whether AWS takes a policy that denies these something; one too long is no policy."""
    statement = {"Sid": SID, "Effect": "Deny", "Principal": {"AWS": list(names)}, "Action": _ACTION}
    policy = minified({"Version": VERSION, "Statement": [statement]})
    if len(policy) > MAX_POLICY_CHARACTERS:
        return False
    try:
        _repeating(lambda: probe.writer.set_policy(probe.repository, policy), probe)
    except CallError as error:
        if error.fault in UNKNOWN_PRINCIPAL:
            return False
        raise
    return True


def _repeating(call: Callable[[], None], probe: Probe) -> None:
    """Make a call again where that may help: a trial does no harm twice. Raises ReconcileError."""
    persistence = Persistence(probe.new_patience)
    while True:
        try:
            return call()
        except (CallError, WriteOutcomeUnknownError) as failure:
            if not persistence.goes_on_after(failure):
                raise
