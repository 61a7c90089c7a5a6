"""What a person should know about an imported file, as data and as its first comments."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from reconciler.adopt.draft import Draft
from reconciler.adopt.file_text import FileData
from reconciler.adopt.live.content import Reading
from reconciler.adopt.live.registry_policy import REGISTRY_POLICY, Unmanaged
from reconciler.adopt.live.survey import LeftOut
from reconciler.model.access import DisplayNames
from reconciler.model.registry import RegistryScope, Target, registry_target
from reconciler.model.rules import RuleId
from reconciler.plan.checks.risks import standing_risks
from reconciler.policy import (
    Principal,
    deleted_kind,
    display_holder,
    facts_of,
    has_wildcard,
    subtract_facts,
)
from reconciler.printable import some_of

_RISKS: Mapping[RuleId, str] = {
    RuleId.PUBLIC: "public access",
    RuleId.ADMIN: "every action",
    RuleId.CAN_REWRITE: "may rewrite the policy",
    RuleId.EXPIRED: "has expired, and has no effect",
}
"""The risks of what is live, in words, as far as they do not depend on the names of a file."""

_KEPT = (
    "Statements of others, such as Lambda's own, that are kept without being in this file "
    "(docs/file.md, unmanaged): {}."
)
_UNNAMED = (
    "There is no section accounts: it would have to name every account, and a policy is about "
    "accounts that have no name, as arn:aws:iam::*:role/admin and unique ids are."
)


_VIA = (
    "An entry with via is access that the registry's own policy gives. It makes all repositories "
    "that it matches managed ones, also those that are created later: their own policies are "
    "removed, unless other entries ask for them."
)


class Dead(NamedTuple):
    """A deleted principal, by its unique id, and where live policies still name it.

    Among the repositories may be the words for the registry's own policy; so in a risk.
    """

    principal: str
    repositories: tuple[str, ...]


class ImportRisk(NamedTuple):
    """A risk of what is live: the rule, who it is about, and on which repositories."""

    rule: RuleId
    who: str
    repositories: tuple[str, ...]


class Notes(NamedTuple):
    """What an import found besides access.

    `unmanaged` is what else of the registry the file does not manage. `kept` are the repositories
    with statements that a keep rule keeps, `without_policy` are the described repositories that
    have no policy.
    """

    left_out: tuple[LeftOut, ...]
    dead: tuple[Dead, ...]
    risks: tuple[ImportRisk, ...]
    kept: tuple[str, ...]
    without_policy: tuple[str, ...]
    unmanaged: tuple[Unmanaged, ...] = ()


def notes_of(made: Draft, scope: RegistryScope) -> Notes:
    """Return what is worth knowing about what is described; `scope` is one of the registry's."""
    readings = made.readings
    dead: defaultdict[str, set[str]] = defaultdict(set)
    risks: defaultdict[tuple[RuleId, str], set[str]] = defaultdict(set)
    kept: set[str] = set()
    for name, of_regions in readings.items():
        for reading in of_regions.values():
            kept |= {name} if reading.kept else set()
    for name, target, reading in _described_readings(made, scope):
        for principal in reading.dead:
            dead[_named(principal)].add(name)
        for rule, who in _risks(reading, target):
            risks[rule, who].add(name)
    return Notes(
        tuple(sorted(made.left_out)),
        tuple(Dead(who, tuple(sorted(names))) for who, names in sorted(dead.items())),
        tuple(ImportRisk(*risk, tuple(sorted(names))) for risk, names in sorted(risks.items())),
        tuple(sorted(kept)),
        tuple(
            sorted(
                n for n, of in readings.items() if not any(r.facts or r.dead for r in of.values())
            )
        ),
        tuple(sorted(made.unmanaged)),
    )


def _described_readings(made: Draft, scope: RegistryScope) -> Iterator[tuple[str, Target, Reading]]:
    for name, of_regions in made.readings.items():
        for region, reading in of_regions.items():
            yield name, Target(name, region), reading
    for part in made.of_registry.parts:
        yield REGISTRY_POLICY, registry_target(scope), part


def comments_for(data: FileData, notes: Notes, described: int, *, named: bool) -> tuple[str, ...]:
    """Return the paragraphs above what was imported: what it is, and what it leaves out.

    `named`: the file may have `accounts`.
    """
    return tuple(_paragraphs(data, notes, described, named))


def _paragraphs(data: FileData, notes: Notes, described: int, named: bool) -> Iterator[str]:
    left_out = f"; {len(notes.left_out)} left out" if notes.left_out else ""
    yield (
        f"Imported from the live policies of the registry {data.account} in "
        f"{', '.join(data.regions)}: repositories: {described}{left_out}."
    )
    if notes.without_policy:
        yield f"Without a policy, and to stay so ({{}} is no access): {len(notes.without_policy)}."
    if notes.kept:
        yield _KEPT.format(some_of(notes.kept))
    if not named:
        yield _UNNAMED
    if any(map(has_wildcard, data.entries)):
        yield "An entry with * also holds for repositories that are created later."
    if any(isinstance(one, Mapping) and "via" in one for one in data.entries.values()):
        yield _VIA
    yield from _list(
        "Left out; these repositories are not managed, and their policies stay as they are:",
        [f"{one.repository}: {one.reason}" for one in notes.left_out],
    )
    yield from _list(
        "Of the registry itself, not managed:",
        [f"{one.what}: {one.reason}" for one in notes.unmanaged],
    )
    yield from _list(
        "Deleted principals, left out; a plan removes them from the live policies:",
        [f"{one.principal}: {some_of(one.repositories)}" for one in notes.dead],
    )
    yield from _list("Risks in what is live, for a review:", map(_described, notes.risks))


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f" {item}" for item in items]
    if lines:
        yield from ("", title, *lines)


def _described(risk: ImportRisk) -> str:
    return f"{risk.rule} ({_RISKS[risk.rule]}): {risk.who} on {some_of(risk.repositories)}"


def _risks(reading: Reading, target: Target) -> Iterator[tuple[RuleId, str]]:
    facts = subtract_facts(reading.facts, facts_of(reading.kept))
    for risk in standing_risks(facts, target, DisplayNames()):
        yield risk.name, display_holder(risk.principal, risk.condition)
    for principal in reading.expired:
        yield RuleId.EXPIRED, display_holder(principal, ())


def _named(principal: Principal) -> str:
    return f"{principal.names[0]} ({deleted_kind(principal)})"
