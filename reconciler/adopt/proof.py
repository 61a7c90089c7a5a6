"""The proof of a file: loaded as any other, it asks for what is live.

Where it does not, the repositories that its errors may be about: their entries, or what these name.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.document.problems import Problem
from reconciler.access_file.load import load_access
from reconciler.access_file.model import AccessFile, desired_policies, display_names_of
from reconciler.adopt.draft import Readings
from reconciler.adopt.file_text import FileData
from reconciler.adopt.merging import Base, is_preserved
from reconciler.adopt.survey import Survey
from reconciler.adopt.yaml_text import scalar
from reconciler.errors import ReconcileError
from reconciler.model.registry import Target
from reconciler.model.rules import RuleId
from reconciler.plan.desired_policy import PlanInputs, compute_policy
from reconciler.policy import glob_matches
from reconciler.printable import some_of

FILE = "the imported file"
_INDENT = "  "

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


def find_suspects(
    problems: Iterable[Problem], text: str, data: FileData, names: Collection[str]
) -> frozenset[str]:
    """Return the names of repositories, all of them where the text does not say which.

    `text` is the file that was written of `data`.
    """
    owners = list(_owners(text))
    reached: set[str] = set()
    entries: set[str] = set()
    for problem in problems:
        section, key = owners[min(problem.place.line, len(owners)) - 1]
        if section == "repositories":
            entries.add(key)
        elif section in ("principals", "tiers"):
            reached.add(key)
        else:
            return frozenset(names)
    of_names = {name: _texts(data.entries[name]) for name in data.entries} if reached else {}
    reached = _with_users(reached, {**data.principals, **data.groups, **data.tiers})
    entries |= {scalar(name) for name, texts in of_names.items() if texts & reached}
    found = [name for name in data.entries if scalar(name) in entries]
    patterns = [name for name in found if name not in names]
    return frozenset(
        name for name in names if name in found or any(glob_matches(p, name) for p in patterns)
    )


def _owners(text: str) -> Iterator[tuple[str, str]]:
    """Yield the section and the key, as it is written, that each line belongs to."""
    section = key = ""
    for line in text.splitlines():
        if not line.startswith((" ", "#")) and line:
            section, key = line.partition(":")[0], ""
        elif line.startswith(_INDENT) and not line.startswith((f"{_INDENT} ", f"{_INDENT}-")):
            key = line.strip().partition(": ")[0].rstrip(":")
        yield section, key


def _texts(value: object) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset({value})
    if isinstance(value, Mapping):
        return frozenset(value).union(*map(_texts, value.values()))
    return (
        frozenset[str]().union(*map(_texts, value))
        if isinstance(value, list | tuple)
        else frozenset()
    )


def _with_users(names: Collection[str], definitions: Mapping[str, object]) -> set[str]:
    """Return names with all definitions that use one of them, directly or not."""
    reached = set(names)
    texts = {name: _texts(value) for name, value in definitions.items()}
    while users := {n for n, used in texts.items() if used & reached} - reached:
        reached |= users
    return reached
