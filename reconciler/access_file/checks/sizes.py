"""Checks whether each policy that the file asks for fits into the service's size limit."""

from datetime import datetime

from reconciler.access_file.desired import EntriesByName, add_up, compile_desired, entries_by_name
from reconciler.access_file.document.problems import Place, ProblemList, WorkLimit, quote
from reconciler.access_file.model import AccessFile, Entry
from reconciler.model.access import Desired, grant_facts
from reconciler.model.rules import RuleId
from reconciler.policy import MAX_POLICY_CHARACTERS, Facts, GlobIndex, has_wildcard

_NEARLY = MAX_POLICY_CHARACTERS * 8 // 10
_FAR_TOO_LARGE = 4 * MAX_POLICY_CHARACTERS
_MATCHES = WorkLimit(1_000_000, "comparisons of patterns with names")
_COMBINED = WorkLimit(500_000, "grants and statements, counted for each repository")
_ACTION_MATCHES = WorkLimit(1_000_000, "comparisons of actions with patterns")
_COMPILED = WorkLimit(300_000, "comparisons of statements with tiers and with each other")
_MAX_ACTIONS = 1_000
_MAX_GRANTS = MAX_POLICY_CHARACTERS
_ID_LENGTH = 12
_STATEMENT_LENGTH = len('{"Effect":"Allow","Principal":,"Action":,"Condition":{}}')
_QUOTES_LENGTH = len('"",')
_HINT = "replace them by a role pattern, an account or an organization"


def combine_entries(access: AccessFile, problems: ProblemList) -> EntriesByName:
    """Return the entries of each repository of the file, and of each pattern alone.

    Raises TooLargeError before it matches too many patterns or combines too many grants.
    """
    index = GlobIndex(entry.repository for entry in access.entries if entry.is_pattern)
    for entry in access.entries:
        if not entry.is_pattern and entry.inherit:
            problems.count(_MATCHES, index.count(entry.repository), entry.place)
    combined = entries_by_name(access, None)
    places = {entry.repository: entry.place for entry in access.entries}
    for repository, entries in combined:
        number = sum(len(entry.grants) + len(entry.statements) for entry in entries)
        problems.count(_COMBINED, number, places[repository])
    return combined


def check_sizes(
    access: AccessFile, combined: EntriesByName, now: datetime, problems: ProblemList
) -> None:
    """Report each repository whose policy is too large, and warn of those over 80 %.

    A policy that is far too large is not compiled, as a file may give access to thousands of
    principals on thousands of repositories.
    """
    places = {entry.repository: entry.place for entry in access.entries}
    for repository, entries in combined:
        place = places[repository]
        desired = _within_counts(repository, entries, now, place, problems)
        if desired is None:
            continue
        facts = grant_facts(desired.grants)
        at_least, size = "at least ", _minimum_size(facts)
        if size <= _FAR_TOO_LARGE:
            groups = len({(holder.condition, actions) for holder, actions in facts.items()})
            problems.count(_COMPILED, groups * (len(access.tiers) + groups), place)
            at_least, size = "", len(compile_desired(access, desired) or "")
        message = (
            f"the policy of {quote(repository)} has {at_least}{size:,}"
            f" of at most {MAX_POLICY_CHARACTERS:,} characters"
        )
        if size > MAX_POLICY_CHARACTERS:
            problems.error(RuleId.POLICY_TOO_LARGE, message, place, hint=_hint(desired))
        elif size > _NEARLY:
            problems.warning(RuleId.POLICY_NEARLY_TOO_LARGE, message, place, hint=_hint(desired))


def _within_counts(
    repository: str,
    entries: tuple[Entry, ...],
    now: datetime,
    place: Place,
    problems: ProblemList,
) -> Desired | None:
    """Return what a repository is to have; None, and a problem, for too many grants or actions."""
    grants = sum(len(entry.grants) for entry in entries)
    if grants > _MAX_GRANTS:
        message = f"{grants:,} grants on {quote(repository)} are too many for one policy"
        problems.error(RuleId.POLICY_TOO_LARGE, message, place, hint=_HINT)
        return None
    desired = add_up(repository, entries, now)
    actions = frozenset[str]().union(*(grant.actions for grant in desired.grants))
    if len(actions) > _MAX_ACTIONS:
        message = f"{len(actions):,} actions on {quote(repository)} are too many for one policy"
        problems.error(RuleId.POLICY_TOO_LARGE, message, place)
        return None
    problems.count(_ACTION_MATCHES, len(actions) * sum(map(has_wildcard, actions)), place)
    return desired


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


def _hint(desired: Desired) -> str:
    principals = len({grant.principal for grant in desired.grants})
    conditions = len({grant.condition for grant in desired.grants if grant.condition})
    hint = f"it has {principals} principals: {_HINT}"
    return f"{hint}; also reduce its {conditions} different conditions" if conditions > 1 else hint
