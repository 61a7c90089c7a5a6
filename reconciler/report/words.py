"""Principals, conditions, holdings and settings in a few words."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.registry import RepositorySettings, Subject, Target
from reconciler.model.templates import CREATE_ON, EVERY_REPOSITORY, ROOT, CreationTemplate
from reconciler.policy import (
    CURRENT_TIME,
    Actions,
    ArnPrefix,
    Clause,
    Condition,
    Holding,
    Holdings,
    NamedPrincipal,
    Principal,
    Resources,
    Tiers,
    account_of,
    deleted_kind,
    describe_actions,
    display_clause,
    display_values,
    plain_name,
    shown,
    tiers_within,
)
from reconciler.printable import printable_name, quoted, some_of, unmistakable

MOST_NAMES = 10
"""How many repositories are named where not all of them have to be."""

NOUNS: Mapping[Subject, tuple[str, str]] = {
    "repository-policy": ("repository", "repositories"),
    "registry-policy": ("registry policy", "registry policies"),
    "creation-template": ("template", "templates"),
}
"""What changes are counted as, one and many."""

_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+Z)?"
_IDENTITIES = {
    ("StringEquals", "aws:principalorgid"): "in",
    ("ForAnyValue:StringLike", "aws:principalorgpaths"): "in",
    ("ArnLike", "aws:principalarn"): "as",
    ("StringLike", "aws:sourcearn"): "for",
    ("StringEquals", "aws:sourceaccount"): "for account",
    ("StringEquals", "aws:sourceorgid"): "for",
    ("ForAnyValue:StringLike", "aws:sourceorgpaths"): "for",
}
"""How the conditions that identify a principal read after its name."""


def target_name(target: Target) -> str:
    """Name what a change or an error is about, safe to begin a line with."""
    if target.subject == "repository-policy" and target.repository == EVERY_REPOSITORY:
        return "all repositories"
    return subject_name(target.subject, target.repository)


def subject_name(subject: Subject, repository: str) -> str:
    """Name what has a policy: `payments/api`, `registry policy`, `creation template payments/`.

    `repository` is as in a `Target`. A name with a space is quoted, so that none can imitate the
    others.
    """
    match subject:
        case "repository-policy":
            return printable_name(repository)
        case "registry-policy":
            return "registry policy"
        case "creation-template":
            prefix = repository if repository == ROOT else f"{repository}/"
            return f"creation template {printable_name(prefix)}"


def principal_label(
    principal: Principal, named: NamedPrincipal | None, accounts: Mapping[str, str]
) -> str:
    """Return the file's name for a principal with what it stands for, or what AWS calls it.

    Its account is added where `accounts` (names by ids) has it, unless it is that account itself.
    The file's names have no spaces, and a policy's text that has some is quoted, so that no name
    can imitate a label.
    """
    if deleted_kind(principal):
        return f"{principal.names[0]}  (deleted principal)"
    shown = label = plain_name(principal)
    if named is not None:
        shown += _identity_words(named.condition)
        label = f"{named.name} ({shown})" if named.name != shown else shown
    account = accounts.get(account_of(principal) or "")
    is_itself = account is None or (named is not None and named.name == account)
    return label if is_itself else f"{label} in {account}"


def holdings_words(
    holdings: Holdings, own: Condition, tiers: Tiers, of: Holdings | None = None
) -> str:
    """Describe what is held: `pull`, `pull + ecr:PutImage`, `pull and push until 2027-03-31`.

    `own` are the clauses that identify the principal, which are left out; `tiers` are those whose
    names may be used. Where the holdings are a part, `of` are all.
    """
    free = next((h.actions for h in of or holdings if not h.condition), frozenset())
    return " and ".join(_holding_words(h, own, free, tiers) for h in holdings) or "nothing"


def are_tiers(holdings: Holdings, own: Condition, tiers: Tiers) -> bool:
    """Whether names of tiers describe all that is held."""
    return all(
        set(holding.condition) <= set(own) and not tiers_within(holding.actions, tiers)[1]
        for holding in holdings
    )


def condition_words(condition: Condition) -> str:
    """Describe a condition: ` until 2027-03-31`, ` if IpAddress aws:SourceIp "203.0.113.0/24"`."""
    until = [clause for clause in condition if _is_until(clause)]
    others = [clause for clause in condition if not _is_until(clause)]
    ends = "".join(f" until {c.values[0].removesuffix('T00:00:00Z')}" for c in until)
    terms = " and ".join(map(display_clause, others))
    return ends + (f" if {terms}" if terms else "")


def resources_words(resources: Resources, prefix: ArnPrefix) -> str:
    """Name the repositories that a statement of the registry's policy is about: `payments/*`.

    An ARN of another registry, and what is no plain pattern of names, is quoted as it is written.
    """
    own = prefix.every_repository.removesuffix("*")
    names = some_of(_pattern_words(pattern, own) for pattern in resources.patterns)
    return f"all but {names}" if resources.excluded else names


def settings_words(settings: RepositorySettings) -> Iterable[str]:
    """Describe the settings of a repository: `immutable tags`, `no scan on push`, ..."""
    yield f"{settings.tag_mutability.lower()} tags"
    yield "scan on push" if settings.scan_on_push else "no scan on push"
    key = f" with {settings.kms_key}" if settings.kms_key else ""
    yield f"encryption by {settings.encryption}{key}"
    yield from (f"tag {quoted(name)}={quoted(value)}" for name, value in settings.tags)


def template_words(template: CreationTemplate) -> dict[str, str]:
    """Describe the fields of a template beside its prefix and policy, by their names, in order.

    `for` says when it applies, in the file's words; the others have the service's names. The
    description of a template of this tool only identifies it, and is left out.
    """
    fields = {
        unmistakable(name): unmistakable(value)
        if isinstance(value, str)
        else json.dumps(value, sort_keys=True)
        for name, value in sorted(template.rest.items())
        if not (name == "description" and template.is_ours)
    }
    applied_for = (CREATE_ON.get(one) or unmistakable(one) for one in template.applied_for)
    return {"for": ", ".join(applied_for) or "nothing", **fields}


def listed(names: Sequence[str], most: int) -> str:
    """List repositories, the first ones where they are many: `app/a, app/b and 12 more`."""
    return some_of(map(printable_name, names), most)


def _pattern_words(pattern: str, own: str) -> str:
    name = pattern.removeprefix(own)
    is_plain = name != pattern and printable_name(name) == name
    return name if is_plain else quoted(shown(pattern))


def _holding_words(holding: Holding, own: Condition, free: Actions, tiers: Tiers) -> str:
    rest = tuple(clause for clause in holding.condition if clause not in own)
    what = describe_actions(holding.actions, tiers, free if holding.condition else ())
    return what + condition_words(rest)


def _identity_words(condition: Condition) -> str:
    """Describe the condition that identifies a principal; the commonest keys are left out."""
    words = []
    for clause in condition:
        known = _IDENTITIES.get((clause.operator, clause.key))
        displayed = f"{known} {display_values(clause)}" if known else f"if {display_clause(clause)}"
        words.append(displayed)
    return "".join(f" {word}" for word in words)


def _is_until(clause: Clause) -> bool:
    ours = clause.operator == "DateLessThan" and clause.key == CURRENT_TIME
    return ours and len(clause.values) == 1 and bool(re.fullmatch(_MOMENT, clause.values[0]))
