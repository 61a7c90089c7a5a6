"""The proof of a file: loaded as any other, it asks for what is live."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.document.problems import Problem
from reconciler.access_file.load import load_access
from reconciler.access_file.model import AccessFile, desired_policies, display_names_of
from reconciler.adopt.base import Base, is_preserved
from reconciler.adopt.draft import Readings
from reconciler.adopt.survey import Survey
from reconciler.errors import ReconcileError
from reconciler.model.registry import Target
from reconciler.model.rules import RuleId
from reconciler.plan.compute import PlanInputs, compute_policy
from reconciler.printable import some_of

FILE = "the imported file"

_UNSAYABLE = "a file can't say it"
_GUARDED = {
    RuleId.PUBLIC: "the file's guards refuse it, unless guards.public.allow names it",
    RuleId.NEVER: "a never rule of the file forbids it",
}
"""Why a file that an import adds to does not take what another file may say."""


class Verdict(NamedTuple):
    """What is wrong with a file: its errors, and the repositories for which it asks otherwise.

    `preserves`: it still says what the file said that it was added to.
    """

    errors: tuple[Problem, ...]
    differing: tuple[str, ...] = ()
    preserves: bool = True

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return self.preserves and not self.errors and not self.differing


def prove(
    text: str, found: Survey, readings: Readings, now: datetime, base: Base | None = None
) -> Verdict:
    """Load a file, and compare what it asks for with what is live; `base` is what it adds to."""
    loaded = load_access(text.encode("utf-8", "surrogatepass"), FILE, now=now)
    if loaded.access is None:
        return Verdict(tuple(one for one in loaded.problems if one.severity == "error"))
    differing = set(_differing(loaded.access, found, readings, now))
    preserves = base is None or is_preserved(base, loaded.access)
    return Verdict((), tuple(sorted(differing)), preserves)


def reason_of(verdict: Verdict) -> str:
    """Return why a repository that was tried alone can't be described."""
    for problem in verdict.errors:
        return f"{_GUARDED.get(problem.rule, _UNSAYABLE)}: {problem.message}"
    return "a file can't ask for exactly this policy"


def error_of(verdict: Verdict) -> ReconcileError:
    """Return the error of a file that can't be printed."""
    for problem in verdict.errors:
        if problem.rule is RuleId.TOO_LARGE:
            return ReconcileError(f"the registry is too large for one file: {problem.message}")
        found = f"{problem.place}: {problem.rule}: {problem.message}"
        return ReconcileError(f"the imported file would be invalid: {found} (a bug)")
    names = some_of(verdict.differing) or "what it had before"
    return ReconcileError(f"the imported file would ask for something else on {names} (a bug)")


def _differing(
    access: AccessFile, found: Survey, readings: Readings, now: datetime
) -> Iterator[str]:
    own = found.documents.keys() | {one.repository for one in found.left_out}
    asked = desired_policies(access, found.live, now=now)
    desired = {one.repository: one for one in asked if one.repository in own}
    yield from desired.keys() ^ readings.keys()
    inputs = PlanInputs(access.ownership, display_names_of(access))
    for name in desired.keys() & readings.keys():
        for scope, reading in readings[name].items():
            before = found.documents[name][scope]
            after = compute_policy(desired[name], Target(name, scope), before, inputs)
            if after.facts != reading.facts:
                yield name
