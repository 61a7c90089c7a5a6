"""Whether each policy that the file asks for fits into what the service takes."""

from datetime import datetime

from reconciler.access_file.desired import EntriesByName, add_up, compile_desired, entries_by_name
from reconciler.access_file.document.problems import Bound, ProblemList, shown
from reconciler.access_file.model import AccessFile
from reconciler.model.grants import Desired, grant_facts
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.document import MAX_POLICY_CHARACTERS
from reconciler.policy.language.glob import GlobIndex, has_wildcard
from reconciler.policy.meaning.facts import Facts

_NEARLY = MAX_POLICY_CHARACTERS * 8 // 10
_MATCHES = Bound(1_000_000, "comparisons of patterns with names")
_ADDED_UP = Bound(500_000, "grants and statements, added up over entries and patterns")
_COVERED = Bound(1_000_000, "comparisons of actions with patterns")
_TOLD = Bound(300_000, "comparisons of statements with tiers and with each other")
_MOST_ACTIONS = 1_000
_MOST_GRANTS = MAX_POLICY_CHARACTERS
_FAR_TOO_LARGE = 4 * MAX_POLICY_CHARACTERS
_ID_LENGTH = 12
_STATEMENT = len('{"Effect":"Allow","Principal":,"Action":,"Condition":{}}')
_AROUND_NAME = len('"",')
_SHRINK = "a role pattern, an account or an organization in place of many would shrink it"


def add_entries(access: AccessFile, problems: ProblemList) -> EntriesByName:
    """Give the entries of each repository of the file, and of each pattern alone.

    Raises TooLargeError before more patterns are matched, or more grants are added up, than can be
    in moderate time.
    """
    index = GlobIndex(entry.repository for entry in access.entries if entry.is_pattern)
    for entry in access.entries:
        if not entry.is_pattern and entry.inherit:
            problems.ask(_MATCHES, index.count(entry.repository), entry.place)
    found = entries_by_name(access, None)
    places = {entry.repository: entry.place for entry in access.entries}
    for repository, entries in found:
        number = sum(len(entry.grants) + len(entry.statements) for entry in entries)
        problems.ask(_ADDED_UP, number, places[repository])
    return found


def check_sizes(
    access: AccessFile, found: EntriesByName, now: datetime, problems: ProblemList
) -> None:
    """Report each repository whose policy is too large, and warn of those over 80 %.

    One that is far too large is not written in order to know its size: a file may give access to
    thousands of principals on thousands of repositories.
    """
    places = {entry.repository: entry.place for entry in access.entries}
    for repository, entries in found:
        name, place = shown(repository), places[repository]
        grants = sum(len(entry.grants) for entry in entries)
        if grants > _MOST_GRANTS:
            message = f"{grants:,} grants on {name} are too many for one policy"
            problems.error(RuleId.POLICY_TOO_LARGE, message, place, hint=_SHRINK)
            continue
        desired = add_up(repository, entries, now)
        actions = frozenset[str]().union(*(grant.actions for grant in desired.grants))
        if len(actions) > _MOST_ACTIONS:
            message = f"{len(actions):,} actions on {name} are too many for one policy"
            problems.error(RuleId.POLICY_TOO_LARGE, message, place)
            continue
        problems.ask(_COVERED, len(actions) * sum(map(has_wildcard, actions)), place)
        facts = grant_facts(desired.grants)
        groups = len({(holder.condition, held) for holder, held in facts.items()})
        told, size = "at least ", _least_size(facts)
        if size <= _FAR_TOO_LARGE:
            problems.ask(_TOLD, groups * (len(access.tiers) + groups), place)
            told, size = "", len(compile_desired(access, desired) or "")
        message = (
            f"the policy of {name} has {told}{size:,}"
            f" of at most {MAX_POLICY_CHARACTERS:,} characters"
        )
        if size > MAX_POLICY_CHARACTERS:
            problems.error(RuleId.POLICY_TOO_LARGE, message, place, hint=_advice(desired))
        elif size > _NEARLY:
            problems.warning(RuleId.POLICY_NEARLY_TOO_LARGE, message, place, hint=_advice(desired))


def _least_size(facts: Facts) -> int:
    """Give what it takes only to name all principals, actions and conditions, each once.

    An account is named by its id. A condition needs a statement of its own.
    """
    named = {holder.principal.names[0] for holder in facts}
    conditions = {holder.condition for holder in facts if holder.condition}
    values = (v for condition in conditions for clause in condition for v in clause.values)
    lengths = (_ID_LENGTH if name.endswith(":root") else len(name) for name in named)
    written = sum(length + _AROUND_NAME for length in (*lengths, *map(len, values)))
    return written + _STATEMENT * len(conditions)


def _advice(desired: Desired) -> str:
    principals = len({grant.principal for grant in desired.grants})
    conditions = len({grant.condition for grant in desired.grants if grant.condition})
    advice = f"it names {principals} principals: {_SHRINK}"
    if conditions > 1:
        advice += f"; so would fewer than its {conditions} different conditions"
    return advice
