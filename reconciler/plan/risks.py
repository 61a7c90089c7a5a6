"""What deserves a second look in a change: marked, not refused."""

from reconciler.plan.model import Risk
from reconciler.policy.actions import covers
from reconciler.policy.difference import AccessChange
from reconciler.policy.facts import Facts
from reconciler.policy.principals import account_of
from reconciler.policy.public import is_public

_ADMIN = "ecr:*"


def find_risks(
    before: Facts, access: tuple[AccessChange, ...], registry_account: str
) -> tuple[Risk, ...]:
    """Name the risks of what a change newly allows on one repository, sorted.

    `public`: anyone may; `admin`: every action; `new-account`: an account, not the registry's
    own, that had no access to this repository.
    """
    known = {registry_account} | {account_of(h.principal) for h in before if h.effect == "Allow"}
    risks: set[Risk] = set()
    for change in access:
        if change.effect != "Allow":
            continue
        if any(is_public(change.principal, "Allow", h.condition) for h in change.gained):
            risks.add("public")
        if any(isinstance(a, str) and covers(a, _ADMIN) for h in change.gained for a in h.actions):
            risks.add("admin")
        account = account_of(change.principal)
        if account is not None and account not in known:
            risks.add("new-account")
    return tuple(sorted(risks))
