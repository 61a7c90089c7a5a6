"""Checks the size of each policy that the file asks for."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from itertools import chain
from typing import NamedTuple

from reconciler.access_file.desired import (
    EntriesByName,
    add_up,
    compile_desired,
    compile_registry,
    desired_registry_policy,
    entries_of_templates,
)
from reconciler.access_file.document.problems import Place, ProblemList, WorkLimit, quote
from reconciler.access_file.model import AccessFile, Entry
from reconciler.model.access import Grant, compile_template_policy, grant_facts
from reconciler.model.rules import RuleId
from reconciler.model.templates import template_prefix
from reconciler.policy import MAX_POLICY_CHARACTERS, Facts, Tiers, has_wildcard

_NEARLY = MAX_POLICY_CHARACTERS * 8 // 10
_FAR_TOO_LARGE = 4 * MAX_POLICY_CHARACTERS
_TOO_MANY_RESOURCES = 2 * MAX_POLICY_CHARACTERS
_ACTION_MATCHES = WorkLimit(1_000_000, "comparisons of actions with patterns")
_COMPILED = WorkLimit(400_000, "comparisons of statements with tiers and with each other")
_MAX_ACTIONS = 1_000
_MAX_GRANTS = MAX_POLICY_CHARACTERS
_ID_LENGTH = 12
_STATEMENT_LENGTH = len('{"Effect":"Allow","Principal":,"Action":,"Condition":{}}')
_RESOURCE_LENGTH = len("arn:aws:ecr:::repository/") + _ID_LENGTH
_QUOTES_LENGTH = len('"",')
_HINT = "replace them by a role pattern, an account or an organization"


class _Subject(NamedTuple):
    """Whose policy it is, and its place in the file; `patterns` are those of the registry's."""

    name: str
    place: Place
    patterns: tuple[str, ...] = ()


def check_sizes(
    access: AccessFile,
    combined: EntriesByName,
    now: datetime,
    small: set[tuple[Grant, ...]],
    problems: ProblemList,
) -> None:
    """Report each policy that is too large, and warn of those over 80 %.

    A policy that is far too large is not compiled, as a file may give access to thousands of
    principals on thousands of repositories. The same grants are compiled once: `small` are those of
    which nothing is to be said, in all registries of the file so far.
    """
    for repository, entries in combined:
        desired = add_up(repository, entries, now)
        if desired.grants in small and not desired.statements:
            continue
        subject = _Subject(quote(repository), entries[0].place)
        if _are_few(subject, (one for one in entries if not one.via_registry), problems):
            compiled = partial(compile_desired, access, desired)
            if _is_small(subject, desired.grants, compiled, access.tiers, problems):
                small.add(desired.grants)
    for own, entries in entries_of_templates(access):
        if entries == (own,):
            continue  # it has the policy of the pattern, which is checked
        prefix = template_prefix(own.repository)
        subject = _Subject(f"the creation template {quote(prefix)}", own.place)
        if _are_few(subject, (one for one in entries if not one.via_registry), problems):
            desired = add_up(own.repository, entries, now)
            compiled = partial(compile_template_policy, desired, access.tiers)
            _is_small(subject, desired.grants, compiled, access.tiers, problems)
    _check_registry(access, now, problems)


def _check_registry(access: AccessFile, now: datetime, problems: ProblemList) -> None:
    """Check the registry's own policy: in the region with the longest name, it is the longest."""
    carried = sorted(
        (entry for entry in access.entries if entry.via_registry),
        key=lambda entry: (-len(entry.grants), entry.place),
    )
    places = [*(one.place for one in carried), *(one.place for one in access.registry_statements)]
    scope = max(access.registry.scopes, key=lambda one: len(one.region), default=None)
    if not places or scope is None:
        return
    subject = _Subject("the registry", places[0], tuple(entry.repository for entry in carried))
    if _are_few(subject, carried, problems):
        by_pattern = desired_registry_policy(access, now).grants
        grants = tuple(chain.from_iterable(own for _, own in by_pattern))
        compiled = partial(compile_registry, access, scope, now)
        _is_small(subject, grants, compiled, access.tiers, problems)


def _are_few(subject: _Subject, entries: Iterable[Entry], problems: ProblemList) -> bool:
    """Whether the grants may be those of one policy; reports it if not."""
    grants = sum(len(entry.grants) for entry in entries)
    if grants > _MAX_GRANTS:
        message = f"{grants:,} grants on {subject.name} are too many for one policy"
        problems.error(RuleId.POLICY_TOO_LARGE, message, subject.place, _HINT)
    return grants <= _MAX_GRANTS


def _is_small(
    subject: _Subject,
    grants: tuple[Grant, ...],
    compiled: Callable[[], str | None],
    tiers: Tiers,
    problems: ProblemList,
) -> bool:
    """Whether nothing is to be said of a policy's size; reports what there is."""
    place = subject.place
    actions = frozenset[str]().union(*(grant.actions for grant in grants))
    if len(actions) > _MAX_ACTIONS:
        message = f"{len(actions):,} actions on {subject.name} are too many for one policy"
        problems.error(RuleId.POLICY_TOO_LARGE, message, place)
        return False
    problems.count(_ACTION_MATCHES, len(actions) * sum(map(has_wildcard, actions)), place)
    facts = grant_facts(grants)
    resources = sum(len(pattern) + _RESOURCE_LENGTH for pattern in subject.patterns)
    at_least, size = "at least ", _minimum_size(facts) + resources
    if size <= _FAR_TOO_LARGE and resources <= _TOO_MANY_RESOURCES:
        groups = len({(holder.condition, actions) for holder, actions in facts.items()})
        groups += len(subject.patterns)
        problems.count(_COMPILED, groups * (len(tiers) + groups), place)
        at_least, size = "", len(compiled() or "")
    message = (
        f"the policy of {subject.name} has {at_least}{size:,}"
        f" of at most {MAX_POLICY_CHARACTERS:,} characters"
    )
    if size > MAX_POLICY_CHARACTERS:
        problems.error(RuleId.POLICY_TOO_LARGE, message, place, _hint(subject, grants))
    elif size > _NEARLY:
        problems.warning(RuleId.POLICY_NEARLY_TOO_LARGE, message, place, _hint(subject, grants))
    return size <= _NEARLY


def _minimum_size(facts: Facts) -> int:
    """Return the characters that all principals, actions and conditions need, each written once.

    An account is written as its id. A condition needs a statement of its own.
    """
    names = {holder.principal.names[0] for holder in facts}
    conditions = {holder.condition for holder in facts if holder.condition}
    values = (v for condition in conditions for clause in condition for v in clause.values)
    lengths = (_ID_LENGTH if name.endswith(":root") else len(name) for name in names)
    written = sum(length + _QUOTES_LENGTH for length in (*lengths, *map(len, values)))
    return written + _STATEMENT_LENGTH * len(conditions)


def _hint(subject: _Subject, grants: tuple[Grant, ...]) -> str:
    principals = len({grant.principal for grant in grants})
    conditions = len({grant.condition for grant in grants if grant.condition})
    hint = f"it has {principals} principals: {_HINT}"
    if conditions > 1:
        hint += f"; also reduce its {conditions} different conditions"
    if len(subject.patterns) > 1:
        hint += f"; also reduce its {len(subject.patterns)} patterns, or remove via from some"
    return hint
