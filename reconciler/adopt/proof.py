"""The proof of a file: loaded as any other, it asks for what is live.

Where it does not, the repositories that its errors may be about: their entries, or what these name.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.access_file.desired import (
    desired_policies,
    desired_registry_policy,
    desired_templates,
    reads_templates,
)
from reconciler.access_file.document.problems import Problem
from reconciler.access_file.load import check_document, read_document
from reconciler.access_file.model import AccessFile, display_names_of
from reconciler.access_file.sections.include import Included
from reconciler.adopt.draft import Readings
from reconciler.adopt.file_text import FileData
from reconciler.adopt.live.survey import Survey
from reconciler.adopt.merging import Base, is_preserved
from reconciler.adopt.yaml_text import scalar
from reconciler.errors import ReconcileError
from reconciler.model.registry import LiveRegistry, Target
from reconciler.model.rules import RuleId
from reconciler.plan.desired_policy import PlanInputs, desired_meaning
from reconciler.plan.registry_policy.access import read_registry_access
from reconciler.plan.registry_policy.change import plan_registry_policy
from reconciler.plan.templates import plan_templates
from reconciler.policy import deleted_kind, glob_matches
from reconciler.printable import some_of

FILE = "the imported file"
_INDENT = "  "

_UNSAYABLE = "a file can't say it"
_INEXACT = "a file can't ask for exactly this policy"
_GUARDED = {
    RuleId.PUBLIC: "the file's guards refuse it, unless guards.public.allow names it",
    RuleId.NEVER: "a never rule of the file forbids it",
}
"""Why a file that an import adds to does not take what another file may say."""


class Verdict(NamedTuple):
    """What is wrong with a file: its errors, and the repositories for which it asks otherwise.

    `of_registry` is where it asks otherwise for the registry's own policy, or for a creation
    template. `preserves`: it still says what the file said that it was added to.
    """

    errors: tuple[Problem, ...]
    differing: tuple[str, ...] = ()
    of_registry: tuple["Difference", ...] = ()
    preserves: bool = True

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return self.preserves and not (self.errors or self.differing or self.of_registry)


class Difference(NamedTuple):
    """A change that a plan would make to a registry, or an error of it, in words."""

    target: Target
    reason: str
    after_text: str | None = None


def prove(
    text: str,
    registries: Sequence[LiveRegistry],
    found: Survey,
    readings: Readings,
    *,
    now: datetime,
    base: Base | None = None,
) -> Verdict:
    """Load a file, and compare what it asks for with what is live; `base` is what it adds to."""
    document = read_document(text.encode("utf-8", "surrogatepass"), FILE)
    loaded = check_document(document, Included(base.included if base else ()), now=now)
    if not loaded.parts:
        return Verdict(tuple(one for one in loaded.problems if one.severity == "error"))
    access = loaded.parts[0] if base is None else base.same_part(loaded.parts)
    differing = set(_differing(access, found, readings, now))
    preserves = base is None or is_preserved(base, loaded.parts)
    of_registry = set(_differences(access, registries, now))
    if base is not None:
        of_registry -= set(_differences(base.access, registries, now))
    return Verdict((), tuple(sorted(differing)), tuple(sorted(of_registry)), preserves)


def reason_of(verdict: Verdict) -> str:
    """Return why a repository, or the registry's policy, that was tried alone is left out."""
    for problem in verdict.errors:
        return f"{_GUARDED.get(problem.rule, _UNSAYABLE)}: {problem.message}"
    for difference in verdict.of_registry:
        return difference.reason
    return _INEXACT


def error_of(verdict: Verdict) -> ReconcileError:
    """Return the error of a file that can't be printed."""
    for problem in verdict.errors:
        if problem.rule is RuleId.TOO_LARGE:
            return ReconcileError(f"the registry is too large for one file: {problem.message}")
        found = f"{problem.place}: {problem.rule}: {problem.message}"
        return ReconcileError(f"the imported file would be invalid: {found} (a bug)")
    names = some_of((*verdict.differing, *(str(one.target) for one in verdict.of_registry)))
    names = names or "what it had before"
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
            after = desired_meaning(desired[name], Target(name, scope), before, inputs)
            if after.facts != reading.facts:
                yield name


def _differences(
    access: AccessFile, registries: Iterable[LiveRegistry], now: datetime
) -> Iterator[Difference]:
    """Yield where a file asks for another policy of the registry, or for other templates."""
    is_managed = access.registry.policy == "manage"
    inputs = PlanInputs(
        access.ownership,
        display_names_of(access),
        registry_policy=desired_registry_policy(access, now) if is_managed else None,
        registry_ownership=access.registry_ownership,
        templates=desired_templates(access, now) if reads_templates(access) else None,
    )
    for live in registries:
        policy = plan_registry_policy(live, read_registry_access(live), inputs)
        templates = plan_templates(live, inputs)
        for error in (*policy.plan.errors, *templates.errors):
            yield Difference(error.target, error.message)
        # Only deleted principals are left out, so only they may lose access.
        change = policy.change
        if change and not all(deleted_kind(one.principal) for one in change.access):
            yield Difference(change.target, _INEXACT, change.after_text)
        for change in templates.changes:
            reason = f'it is not what the entries for all of "{change.target.pattern}" come to'
            yield Difference(change.target, reason, change.after_text)


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
        is_here = problem.place.path == FILE
        if is_here and section == "repositories":
            entries.add(key)
        elif is_here and section in ("principals", "tiers"):
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
