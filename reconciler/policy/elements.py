"""The elements of a statement that name principals and actions, in canonical form."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from reconciler.policy.actions import canonical_action
from reconciler.policy.malformed import MalformedError
from reconciler.policy.principals import EVERYONE, MISSING, Principal, canonical_name

_MAX_ACTION_LENGTH = 256
_PRINCIPAL_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")


class NotAction(NamedTuple):
    """Every action but those that these (canonical, sorted) match: one indivisible value."""

    excluded: tuple[str, ...]


Action = str | NotAction


def read_principals(raw: Mapping[str, object], partition: str) -> tuple[Principal, ...]:
    """Read Principal or NotPrincipal of a statement. Raises MalformedError."""
    if "Principal" in raw and "NotPrincipal" in raw:
        raise MalformedError("Principal and NotPrincipal exclude each other")
    if "NotPrincipal" in raw:
        excluded = _principal_names(raw, "NotPrincipal", partition)
        names = {f"{principal.kind}:{principal.names[0]}" for principal in excluded}
        return (Principal("NotPrincipal", tuple(sorted(names))),)
    if "Principal" not in raw:
        return (MISSING,)
    return tuple(dict.fromkeys(_principal_names(raw, "Principal", partition)))


def _principal_names(raw: Mapping[str, object], element: str, partition: str) -> list[Principal]:
    by_kind = raw[element]
    if by_kind == "*":
        return [EVERYONE]
    if not isinstance(by_kind, Mapping) or not by_kind:
        raise MalformedError('a principal is "*" or an object such as {"AWS": …}', (element,))
    found = []
    for kind in by_kind:
        if kind not in _PRINCIPAL_KINDS:
            raise MalformedError("unknown kind of principal", (element, kind))
        try:
            names = strings(by_kind, kind)
        except MalformedError as malformed:
            raise malformed.under(element) from None
        found += [Principal(kind, (canonical_name(kind, name, partition),)) for name in names]
    return found


def read_actions(raw: Mapping[str, object]) -> frozenset[Action]:
    """Read Action or NotAction of a statement. Raises MalformedError."""
    if ("Action" in raw) == ("NotAction" in raw):
        raise MalformedError("a statement has either Action or NotAction")
    if "NotAction" in raw:
        return frozenset({NotAction(tuple(sorted(_action_names(raw, "NotAction"))))})
    return _action_names(raw, "Action")


def _action_names(raw: Mapping[str, object], element: str) -> frozenset[str]:
    written = tuple(strings(raw, element))
    try:
        return _canonical_actions(written)
    except ValueError as error:
        raise MalformedError(str(error), (element,)) from None


@lru_cache(maxsize=4_096)
def _canonical_actions(written: tuple[str, ...]) -> frozenset[str]:
    """Spell a list of actions in one way; a registry holds the same few lists again and again.

    Raises ValueError with the reason.
    """
    if any(len(name) > _MAX_ACTION_LENGTH for name in written):
        raise ValueError(f"an action's name has at most {_MAX_ACTION_LENGTH} characters")
    if not all(map(str.isascii, written)):
        # Beyond ASCII, lower case is no spelling: the Kelvin sign's is a plain k.
        raise ValueError("an action's name is ASCII")
    if any(name.strip("*") and ":" not in name for name in written):
        raise ValueError("an action is * or SERVICE:NAME")
    return frozenset(map(canonical_action, written))


def strings(raw: Mapping[str, object], key: str) -> list[str]:
    """Give a string or a list of strings as a list; neither it nor a string may be empty."""
    value = raw[key]
    items = value if isinstance(value, list | tuple) else [value]
    found = [item for item in items if isinstance(item, str) and item]
    if not items or len(found) != len(items):
        reason = "expected a string or a list of strings, none of them empty"
        raise MalformedError(reason, (key,))
    if "${" in "\0".join(found):
        raise MalformedError("a policy variable has no meaning here", (key,))
    return found
