"""The proof of a file: loaded as any other, it asks for what is live."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.desired import desired_policies
from reconciler.access_file.document.problems import Problem
from reconciler.access_file.load import load_access
from reconciler.access_file.model import AccessFile, display_names_of
from reconciler.adopt.base import Base, is_preserved
from reconciler.adopt.draft import Readings
from reconciler.adopt.survey import Survey
from reconciler.model.grants import Desired
from reconciler.model.registry import RegistryScope, Target
from reconciler.plan.desired_policy import (
    DesiredPolicy,
    NotPlannableError,
    PlanInputs,
    compute_policy,
)
from reconciler.policy import Document

FILE = "the imported file"


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
            after = _computed(desired[name], scope, found.documents[name], inputs)
            if after is None or after.facts != reading.facts:
                yield name


def _computed(
    desired: Desired,
    scope: RegistryScope,
    documents: Mapping[RegistryScope, Document],
    inputs: PlanInputs,
) -> DesiredPolicy | None:
    try:
        return compute_policy(desired, Target(desired.repository, scope), documents[scope], inputs)
    except NotPlannableError:
        return None
