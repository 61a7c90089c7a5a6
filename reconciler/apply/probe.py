"""Find out which principals AWS does not know, on a scratch repository, by halving.

The service refuses a whole policy for one principal that it does not know, and does not say for
which. On a repository that holds nothing, policies can be tried that grant nothing.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Protocol

from reconciler.apply.model import Outcome, Reader, Writer
from reconciler.apply.write import MOST_THROTTLES
from reconciler.errors import ReconcileError, RefusedError
from reconciler.policy.document import VERSION
from reconciler.registry.fault import CallError, Fault
from reconciler.registry.model import RegistryScope

SID = "ReconcileProbe"
_UNKNOWN = frozenset({Fault.PRINCIPAL_NOT_FOUND, Fault.INVALID_POLICY})
_AT_ONCE = 40
"""Principals in one policy: an ARN may have some 200 characters, a policy 10,240."""


class ProbeReader(Reader, Protocol):
    """What reads policies and can tell whether a repository is empty."""

    def holds_images(self, name: str) -> bool:
        """Tell whether a repository holds any image. Raises ReconcileError."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The scratch repository of one registry and region."""

    repository: str
    reader: ProbeReader
    writer: Writer


def name_unknown(
    outcomes: Sequence[Outcome], probes: Mapping[RegistryScope, Probe]
) -> tuple[Outcome, ...]:
    """Say of each change that was refused for a principal which of its suspects AWS knows not.

    Where a registry has no probe repository, its outcomes stay as they are. Never raises for
    what AWS answers.
    """
    told = {scope: _told(outcomes, scope, probe) for scope, probe in probes.items()}
    return tuple(
        _explained(outcome, told.get(outcome.change.target.scope)) if outcome.suspects else outcome
        for outcome in outcomes
    )


def find_unknown(suspects: Iterable[str], probe: Probe) -> frozenset[str]:
    """Find the principals that AWS does not know: 2k log n policies are tried, at most.

    They deny, so nobody gets anything by them, and the repository has none afterwards. Raises
    RefusedError where the repository holds images or somebody's policy, ReconcileError where AWS
    fails.
    """
    _check_is_scratch(probe)
    names = sorted(suspects)
    try:
        return frozenset(
            name
            for start in range(0, len(names), _AT_ONCE)
            for name in _unknown(names[start : start + _AT_ONCE], probe)
        )
    finally:
        probe.writer.delete_policy(probe.repository)


def _told(
    outcomes: Iterable[Outcome], scope: RegistryScope, probe: Probe
) -> frozenset[str] | str | None:
    """Give the unknown principals of one registry, or say why they can't be told."""
    suspects = {s for o in outcomes if o.change.target.scope == scope for s in o.suspects}
    if not suspects:
        return None
    try:
        return find_unknown(suspects, probe)
    except ReconcileError as error:
        return f"the probe repository {probe.repository} can't tell which: {error.message}"


def _explained(outcome: Outcome, told: frozenset[str] | str | None) -> Outcome:
    if told is None:
        return outcome
    if isinstance(told, str):
        return replace(outcome, error=f"{outcome.error}; {told}")
    unknown = tuple(name for name in outcome.suspects if name in told)
    if unknown:
        message = f"AWS does not know {', '.join(unknown)}; everyone else in the policy is known"
        return replace(outcome, error=message, suspects=unknown)
    message = "AWS knows all of its principals by now; run the same command again"
    return replace(outcome, error=f"{outcome.error}; {message}")


def _check_is_scratch(probe: Probe) -> None:
    if probe.reader.holds_images(probe.repository):
        raise RefusedError(f"{probe.repository} holds images, so it is no scratch repository")
    live = probe.reader.read_policy(probe.repository)
    if live is not None and f'"{SID}"' not in live:
        raise RefusedError(f"{probe.repository} has a policy of somebody's")


def _unknown(names: Sequence[str], probe: Probe) -> tuple[str, ...]:
    if not names or _is_taken(names, probe):
        return ()
    if len(names) == 1:
        return tuple(names)
    half = len(names) // 2
    return (*_unknown(names[:half], probe), *_unknown(names[half:], probe))


def _is_taken(names: Sequence[str], probe: Probe) -> bool:
    statement = {
        "Sid": SID,
        "Effect": "Deny",
        "Principal": {"AWS": list(names)},
        "Action": "ecr:BatchGetImage",
    }
    policy = json.dumps({"Version": VERSION, "Statement": [statement]}, separators=(",", ":"))
    for attempt in count(1):
        try:
            probe.writer.set_policy(probe.repository, policy)
            break
        except CallError as error:
            if error.fault in _UNKNOWN:
                return False
            if error.fault is not Fault.THROTTLED or attempt == MOST_THROTTLES:
                raise
    return True
