"""Changes of access: a line of text for each principal."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from reconciler.model.access import DisplayNames
from reconciler.plan.causes import ChangeCause
from reconciler.policy import (
    AccessChange,
    AccessKind,
    Condition,
    Holdings,
    NamedPrincipal,
    Resources,
    deleted_kind,
)
from reconciler.report.text import Line, Role, Span, column_width
from reconciler.report.words import are_tiers, holdings_words, principal_label

LineKind = AccessKind | Literal["gone"]

SIGNS: Mapping[str, str] = {"+": "not live", "-": "only live", "~": "differs"}
"""What the signs of lines mean in drift."""

_ROLES: dict[str, Role] = {"+": "added", "-": "removed", "~": "changed"}


class AccessLine(NamedTuple):
    """What changes for one principal, in words.

    `gained` and `lost` are empty where `before` and `after` alone show the difference. `on` are the
    repositories that it is about, in the registry's policy only. `cause` is `edit` or `drift`, None
    where no cause is known.
    """

    sign: Literal["+", "-", "~"]
    kind: LineKind
    label: str
    before: str
    after: str
    gained: str = ""
    lost: str = ""
    on: str = ""
    cause: ChangeCause | None = None


Describe = Callable[[AccessLine], str]
"""Returns what one principal holds on both sides, in words."""


def access_lines(
    changes: Iterable[AccessChange],
    names: DisplayNames,
    name_resources: Callable[[Resources], str] = str,
) -> tuple[AccessLine, ...]:
    """Return a line for each principal that the file has a name for: `*` may stand for many.

    `name_resources` names the repositories that an access in the registry's policy is about.
    """
    return tuple(
        _access_line(part, named, names)._replace(on=name_resources(change.on) if change.on else "")
        for change in changes
        for named, part in _by_name(change, names)
        if part.before != part.after
    )


def render_access(lines: Sequence[AccessLine], describe: Describe) -> Iterable[Line]:
    """Return one aligned line of text for each principal."""
    described = [describe(line) for line in lines]
    of_labels, of_access = column_width(line.label for line in lines), column_width(described)
    of_repositories = column_width(line.on for line in lines)
    for line, words in zip(lines, described, strict=True):
        sign, label = Span(line.sign, _ROLES[line.sign]), Span(line.label, width=of_labels)
        access: Line = (words,)
        if line.on:
            on = Span(line.on, width=of_repositories) if line.cause else line.on
            access = Span(words, width=of_access), "   on ", on
        elif line.cause:
            access = (Span(words, width=of_access),)
        yield "  ", sign, " ", label, "   ", *access, *cause_mark(line.cause)


def cause_mark(cause: ChangeCause | None) -> Line:
    """Return the mark of a cause for the end of a line; nothing where none is known."""
    return ("   ", Span(f"[{cause}]", "faint")) if cause else ()


def as_change(line: AccessLine) -> str:
    """Describe a change: `pull → push-pull`, or the one side that there is."""
    if line.sign == "+":
        return line.after
    if line.sign == "-":
        return line.before
    parts = _sides(("gains ", line.gained), ("loses ", line.lost))
    return parts or change_words(line.before, line.after)


def as_drift(line: AccessLine) -> str:
    """Describe what each side has, or what only one of them has."""
    parts = _sides(("only live: ", line.lost), ("only in the file: ", line.gained))
    return parts or drift_words(line.before, line.after)


def change_words(before: str, after: str) -> str:
    """Describe both sides of a change: `pull → push-pull`."""
    return f"{before} → {after}"


def drift_words(live: str, file: str) -> str:
    """Describe both sides of drift: `live: pull; file: push-pull`."""
    return f"live: {live}; file: {file}"


def _sides(*sides: tuple[str, str]) -> str:
    return "; ".join(f"{heading}{access}" for heading, access in sides if access)


def _by_name(
    access: AccessChange, names: DisplayNames
) -> Iterable[tuple[NamedPrincipal | None, AccessChange]]:
    """Split a change by the file's names for the conditions of its holdings."""

    def named(holdings: Holdings, by: NamedPrincipal | None) -> Holdings:
        return tuple(h for h in holdings if names.find(access.principal, h.condition) == by)

    holdings = access.before + access.after
    for name in dict.fromkeys(names.find(access.principal, h.condition) for h in holdings):
        before, after = named(access.before, name), named(access.after, name)
        gained, lost = named(access.gained, name), named(access.lost, name)
        yield name, access._replace(before=before, after=after, gained=gained, lost=lost)


def _access_line(
    access: AccessChange, named: NamedPrincipal | None, names: DisplayNames
) -> AccessLine:
    identity: Condition = named.condition if named else ()
    tiers = names.tiers_of(access.principal)
    before, after = access.before, access.after

    def words(holdings: Holdings, of: Holdings) -> str:
        deny = "deny " if holdings and access.effect == "Deny" else ""
        return deny + holdings_words(holdings, identity, tiers, of)

    is_plain = any(are_tiers(side, identity, tiers) for side in (before, after))
    in_parts = not is_plain and not _only_if(before, after)
    return AccessLine(
        sign="~" if before and after else "+" if after else "-",
        kind="gone" if deleted_kind(access.principal) else access.kind,
        label=principal_label(access.principal, named, names.accounts),
        before=words(before, before),
        after=words(after, after),
        gained=words(access.gained, after) if in_parts and access.gained else "",
        lost=words(access.lost, before) if in_parts and access.lost else "",
    )


def _only_if(before: Holdings, after: Holdings) -> bool:
    """Whether two sides differ in one condition alone, as where an `until` is postponed."""
    return len(before) == len(after) == 1 and before[0].actions == after[0].actions
