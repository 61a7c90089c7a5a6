"""The identity policies of reconcile's own caller, and whose each of them is."""

from collections.abc import Iterator, Mapping, Sized

from reconciler.printable import printable_json
from reconciler.registry.permissions import IdentityPolicy

_ASSUME_ROLE = "sts:AssumeRole"
"""The key of the policy for who assumes roles; no registry has a name with a colon."""


def render_caller_policies(
    by_registry: Mapping[str | None, IdentityPolicy], assuming: Mapping[str, IdentityPolicy]
) -> str:
    """Render the policy of the only registry, None, or one object with all policies.

    `assuming` are those of whoever assumes the registries' roles, by partition.
    """
    if None in by_registry:
        return printable_json(by_registry[None])
    policies = dict(by_registry)
    policies |= {_key(partition, assuming): policy for partition, policy in assuming.items()}
    return printable_json(policies)


def caller_notes(
    roles: Mapping[str | None, str], assuming: Mapping[str, IdentityPolicy]
) -> Iterator[str]:
    """Yield who needs which policy, where a registry has a role to assume."""
    for name, role in roles.items():
        needs = "; the caller of reconcile needs sts:AssumeRole on it" if name is None else ""
        yield f"{name or 'this'} is the policy of {role}{needs}"
    for partition in assuming:
        yield f"{_key(partition, assuming)} is the policy of the caller of reconcile"


def _key(partition: str, assuming: Sized) -> str:
    """Return the key of the caller's own policy, with the partition where there are several."""
    return _ASSUME_ROLE if len(assuming) == 1 else f"{_ASSUME_ROLE} {partition}"
