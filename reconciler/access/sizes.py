"""Whether each policy that the file asks for fits into what the service takes."""

from datetime import date

from reconciler.access.compile import compile_desired
from reconciler.access.desired import add_up, entries_by_name
from reconciler.access.model import AccessFile
from reconciler.access.problems import Findings, shown
from reconciler.policy.compiler import MAX_POLICY_CHARACTERS
from reconciler.policy.grants import Desired

_NEARLY = MAX_POLICY_CHARACTERS * 8 // 10
_MOST_GRANTS = MAX_POLICY_CHARACTERS
_FAR_TOO_LARGE = 4 * MAX_POLICY_CHARACTERS
_ID_LENGTH = 12
_AROUND_NAME = len('"",')
_SHRINK = "a role pattern, an account or an organization in place of many would shrink it"


def check_sizes(access: AccessFile, today: date, findings: Findings) -> None:
    """Report each repository whose policy is too large, and warn of those over 80 %.

    One that is far too large is not written in order to know its size: a file may give access to
    thousands of principals on thousands of repositories.
    """
    places = {entry.repository: entry.place for entry in access.entries}
    for repository, entries in entries_by_name(access, None):
        name, place = shown(repository), places[repository]
        grants = sum(len(entry.grants) for entry in entries)
        if grants > _MOST_GRANTS:
            message = f"{grants:,} grants on {name} are too many for one policy"
            findings.error("policy-too-large", message, place, hint=_SHRINK)
            continue
        desired = add_up(repository, entries, today)
        told, size = "at least ", _least_size(desired)
        if size <= _FAR_TOO_LARGE:
            told, size = "", len(compile_desired(access, desired) or "")
        message = (
            f"the policy of {name} has {told}{size:,}"
            f" of at most {MAX_POLICY_CHARACTERS:,} characters"
        )
        if size > MAX_POLICY_CHARACTERS:
            findings.error("policy-too-large", message, place, hint=_advice(desired))
        elif size > _NEARLY:
            findings.warning("policy-nearly-too-large", message, place, hint=_advice(desired))


def _least_size(desired: Desired) -> int:
    """Give what it takes only to name all principals, each once and an account as its id."""
    named = {grant.principal.names[0] for grant in desired.grants}
    lengths = (_ID_LENGTH if name.endswith(":root") else len(name) for name in named)
    return sum(length + _AROUND_NAME for length in lengths)


def _advice(desired: Desired) -> str:
    principals = len({grant.principal for grant in desired.grants})
    conditions = len({grant.condition for grant in desired.grants if grant.condition})
    advice = f"it names {principals} principals: {_SHRINK}"
    if conditions > 1:
        advice += f"; so would fewer than its {conditions} different conditions"
    return advice
