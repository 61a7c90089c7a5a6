"""Shortening the text of an earlier policy, so that it can be sent again."""

from collections.abc import Iterable, Mapping

from reconciler.model.registry import Target
from reconciler.policy import (
    MAX_POLICY_CHARACTERS,
    MalformedError,
    load_json,
    minified,
    parse_arn,
    same_policy,
)

_PRINCIPALS = ("Principal", "NotPrincipal")


def shorten(text: str, target: Target) -> str | None:
    """Return a text of the same meaning that is not too long; None where there is none.

    The service returns a policy longer than it was sent: indented, and an account's bare id as its
    root ARN.
    """
    if len(text) <= MAX_POLICY_CHARACTERS:
        return text
    policy = target.read(text)
    for shorter in _spellings(text, target.partition):
        if len(shorter) <= MAX_POLICY_CHARACTERS and same_policy(target.read(shorter), policy):
            return shorter
    return None


def _spellings(text: str, partition: str) -> Iterable[str]:
    try:
        value = load_json(text)
    except MalformedError:
        return
    yield minified(value)
    yield minified(_with_bare_ids(value, partition))


def _with_bare_ids(value: object, partition: str) -> object:
    """Replace each root ARN of the partition that is a principal by its account's id."""
    statements = value.get("Statement") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(statements, list):
        return value
    return {**value, "Statement": [_with_short_principals(s, partition) for s in statements]}


def _with_short_principals(statement: object, partition: str) -> object:
    if not isinstance(statement, Mapping):
        return statement
    shorter = {
        key: {kind: _shortened(names, partition) for kind, names in principals.items()}
        for key in _PRINCIPALS
        if isinstance(principals := statement.get(key), Mapping)
    }
    return {**statement, **shorter}


def _shortened(names: object, partition: str) -> object:
    if isinstance(names, list):
        return [_shortened(name, partition) for name in names]
    arn = parse_arn(names) if isinstance(names, str) else None
    is_account = arn and (arn.resource_type, arn.partition) == ("root", partition)
    return arn.account if arn and is_account else names
