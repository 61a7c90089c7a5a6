"""What a person should know about an imported file, as data and as its first comments."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from reconciler.adopt.content import Reading
from reconciler.adopt.draft import Readings
from reconciler.adopt.file_text import FileData
from reconciler.adopt.survey import LeftOut
from reconciler.model.access import DisplayNames
from reconciler.model.registry import Target
from reconciler.model.rules import RuleId
from reconciler.plan.risks import standing_risks
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


class Dead(NamedTuple):
    """A deleted principal, by its unique id, and where live policies still name it."""

    principal: str
    repositories: tuple[str, ...]


class ImportRisk(NamedTuple):
    """A risk of what is live: the rule, who it is about, and on which repositories."""

    rule: RuleId
    who: str
    repositories: tuple[str, ...]


class Notes(NamedTuple):
    """What an import found besides access.

    `kept` are the repositories with statements that a keep rule keeps, `without_policy` are the
    described repositories that have no policy.
    """

    left_out: tuple[LeftOut, ...]
    dead: tuple[Dead, ...]
    risks: tuple[ImportRisk, ...]
    kept: tuple[str, ...]
    without_policy: tuple[str, ...]


def notes_of(readings: Readings, left_out: Iterable[LeftOut]) -> Notes:
    """Return what is worth knowing about some policies."""
    dead: defaultdict[str, set[str]] = defaultdict(set)
    risks: defaultdict[tuple[RuleId, str], set[str]] = defaultdict(set)
    kept: set[str] = set()
    for name, of_regions in readings.items():
        for scope, reading in of_regions.items():
            kept |= {name} if reading.kept else set()
            for principal in reading.dead:
                dead[_named(principal)].add(name)
            for rule, who in _risks(reading, Target(name, scope)):
                risks[rule, who].add(name)
    return Notes(
        tuple(sorted(left_out)),
        tuple(Dead(who, tuple(sorted(names))) for who, names in sorted(dead.items())),
        tuple(ImportRisk(*risk, tuple(sorted(names))) for risk, names in sorted(risks.items())),
        tuple(sorted(kept)),
        tuple(
            sorted(
                n for n, of in readings.items() if not any(r.facts or r.dead for r in of.values())
            )
        ),
    )


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
    yield from _list(
        "Left out; these repositories are not managed, and their policies stay as they are:",
        [f"{one.repository}: {one.reason}" for one in notes.left_out],
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
