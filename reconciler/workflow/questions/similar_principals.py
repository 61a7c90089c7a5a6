"""What a principal that the file does not have may mean: names and ARNs that are close to it."""

import re
from collections.abc import Iterator

from reconciler.access_file.desired import facts_of_entry
from reconciler.access_file.model import AccessFile
from reconciler.closest import MOST_SUGGESTED, nearest, suggestion
from reconciler.policy import arn_of, closest_service, known_service
from reconciler.printable import some_of

_MUCH_IN_COMMON = re.compile(r"arn:.*|[0-9]+", re.DOTALL)
"""ARNs of one account have most of their text in common, and any two account ids have digits."""

_LIKE_ARNS, _LIKE_NAMES = 0.91, 0.6
"""The least similarity of such texts, and of all others; one digit of an account id may differ."""


def principal_hint(access: AccessFile, text: str) -> str | None:
    """Return the hint that suggests what a text that is no principal may mean; None if unknown."""
    service = known_service(text) or closest_service(text, access.registry.partition)
    if service:
        return suggestion(service)
    called = _named_after(access, text)
    if called:
        return f"the file calls it {some_of(called)}"
    found = similar_principals(access, text)
    return suggestion(*found) if found else None


def similar_principals(access: AccessFile, text: str) -> tuple[str, ...]:
    """Return the names of the file for a role or user of this name, else what is close to a text.

    Nothing for a principal that the file has, by whatever name.
    """
    written = frozenset(_written(access))
    known = {*access.principals, *access.accounts, *access.accounts.values(), *written}
    if text in known:
        return ()
    arns = (arn for arn in written if text and arn.endswith(f"/{text}"))
    cutoff = _LIKE_ARNS if _MUCH_IN_COMMON.fullmatch(text) else _LIKE_NAMES
    found = _named_after(access, text) or sorted(arns)
    return tuple(found[:MOST_SUGGESTED]) or nearest(text, known, cutoff=cutoff)


def _written(access: AccessFile) -> Iterator[str]:
    """Yield the ARNs and services of the file; an account has its id."""
    named = (one.principal for members in access.principals.values() for one in members)
    holders = (fact.holder.principal for entry in access.entries for fact in facts_of_entry(entry))
    for principal in {*named, *holders}:
        arn = arn_of(principal)
        if arn is None:
            yield from (name for name in principal.names if principal.kind == "Service")
        elif arn.resource_type == "root":
            yield arn.account
        else:
            yield principal.names[0]


def _named_after(access: AccessFile, text: str) -> list[str]:
    """Return what the file calls the roles and users of a name, or of a path and name."""
    return sorted(
        name
        for name, members in access.principals.items()
        if text and all(one.principal.names[0].endswith(f"/{text}") for one in members)
    )
