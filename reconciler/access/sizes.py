"""Whether each policy that the file asks for fits into what the service takes."""

from datetime import date

from reconciler.access.compile import compile_desired
from reconciler.access.desired import desired_policies
from reconciler.access.model import AccessFile
from reconciler.access.problems import Findings, shown
from reconciler.policy.compiler import MAX_POLICY_CHARACTERS
from reconciler.policy.grants import Desired

_NEARLY = MAX_POLICY_CHARACTERS * 8 // 10


def check_sizes(access: AccessFile, today: date, findings: Findings) -> None:
    """Report each repository whose policy is too large, and warn of those over 80 %."""
    places = {entry.repository: entry.place for entry in access.entries}
    for desired in desired_policies(access, None, today=today):
        size = len(compile_desired(access, desired) or "")
        if size <= _NEARLY:
            continue
        name, place = shown(desired.repository), places[desired.repository]
        message = (
            f"the policy of {name} has {size:,} of at most {MAX_POLICY_CHARACTERS:,} characters"
        )
        if size > MAX_POLICY_CHARACTERS:
            findings.error("policy-too-large", message, place, hint=_advice(desired))
        else:
            findings.warning("policy-nearly-too-large", message, place, hint=_advice(desired))


def _advice(desired: Desired) -> str:
    principals = len({grant.principal for grant in desired.grants})
    conditions = len({grant.condition for grant in desired.grants if grant.condition})
    advice = f"it names {principals} principals: a role pattern, an account or an organization"
    advice += " in place of many would shrink it"
    if conditions > 1:
        advice += f"; so would fewer than its {conditions} different conditions"
    return advice
