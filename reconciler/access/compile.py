"""The policy that a file asks for on one repository, as text."""

from reconciler.access.model import AccessFile
from reconciler.policy.compiler import compile_policy
from reconciler.policy.grants import Desired, grant_facts


def compile_desired(access: AccessFile, desired: Desired) -> str | None:
    """Write the policy as it would be sent; None where nothing gives access."""
    return compile_policy(
        grant_facts(desired.grants),
        desired.statements,
        access.tiers,
        owned_by_sid=access.ownership.by_sid,
    )
