"""What a principal that the file does not have may mean: names and ARNs that are close to it."""

import re
from collections.abc import Iterator

from reconciler.access_file.model import AccessFile, facts_of_entry
from reconciler.closest import MOST_SUGGESTED, nearest, suggestion
from reconciler.policy import arn_of, closest_service, known_service

_MUCH_IN_COMMON = re.compile(r"arn:.*|[0-9]+", re.DOTALL)
"""ARNs of one account have most of their text in common, and any two account ids have digits."""

_LIKE_ARNS, _LIKE_NAMES = 0.91, 0.6
"""The least similarity of such texts, and of all others; one digit of an account id may differ."""


def principal_hint(access: AccessFile, text: str) -> str | None:
    """Return the hint that suggests what a text that is no principal may mean; None if unknown."""
    service = known_service(text) or closest_service(text, access.registry.partition)
    found = (service,) if service else similar_principals(access, text)
    return suggestion(*found) if found else None


def similar_principals(access: AccessFile, text: str) -> tuple[str, ...]:
    """Return the names of the file for a role or user of this name, else what is close to a text.

    Nothing for a principal that the file has, by whatever name.
    """
    written = frozenset(_written(access))
    known = {*access.principals, *access.accounts, *access.accounts.values(), *written}
    if text in known:
        return ()
    named = (name for name in access.principals if set(_names_in_iam(access, name)) == {text})
    arns = (arn for arn in written if text and arn.endswith(f"/{text}"))
    cutoff = _LIKE_ARNS if _MUCH_IN_COMMON.fullmatch(text) else _LIKE_NAMES
    found = sorted(named) or sorted(arns)
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


def _names_in_iam(access: AccessFile, name: str) -> Iterator[str | None]:
    """Yield the role or user of each that a name of the file stands for, None for all others."""
    for one in access.principals[name]:
        arn = arn_of(one.principal)
        yield arn.path.rpartition("/")[2] or None if arn else None
