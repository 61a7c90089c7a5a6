"""What a read gives back in place of the text that was written; pure.

Nothing here judges a policy: any JSON is taken, and what has no policy's shape stays as it is.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from random import Random

from reconciler.sandbox.behaviour import Behaviour
from reconciler.sandbox.grammar import Json, listed, parsed

_ACCOUNT = re.compile(r"[0-9]{12}")
_PRINCIPALS = ("Principal", "NotPrincipal")
_ACTIONS = ("Action", "NotAction")


def as_read(text: str, behaviour: Behaviour, partition: str, rng: Random) -> str:
    """Return the stored `text` as one read gives it; text that is no JSON comes back as it is.

    `partition` is the one in which an account id becomes a root ARN; `rng` is used up by the
    shuffling.
    """
    if not (behaviour.rewrite or behaviour.shuffle):
        return text
    try:
        document = parsed(text)
        if behaviour.shuffle:
            document = shuffled(document, rng)
        if behaviour.rewrite:
            return pretty(respelled(document, partition))
        return json.dumps(document, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def aws_principals(text: str) -> Iterator[str]:
    """Yield the AWS principals that a policy text names; none of text that is no JSON."""
    try:
        document = parsed(text)
    except ValueError:
        return
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in listed(statements):
        if isinstance(statement, dict):
            for principal in (statement.get(name) for name in _PRINCIPALS):
                if isinstance(principal, dict):
                    yield from (n for n in listed(principal.get("AWS")) if isinstance(n, str))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Return a policy text with AWS principals renamed; the same text where none has to be.

    Conditions stay as they are: the service converts principals alone ("AWS JSON policy
    elements: Principal", IAM User Guide). The text must be JSON.
    """
    if all(old == new for old, new in names.items()):
        return text

    def principals(kind: str, values: Json) -> Json:
        return _mapped(values, lambda name: names.get(name, name)) if kind == "AWS" else values

    document = _with_statements(
        parsed(text), lambda statement: _with_lists(statement, principals, lambda actions: actions)
    )
    return json.dumps(document, ensure_ascii=False)


def pretty(document: Json) -> str:
    """Return JSON text over several lines, keys in alphabetical order."""
    # The service's own key order is not known; this one is hardly ever the writer's.
    return json.dumps(
        document, indent=2, separators=(",", " : "), sort_keys=True, ensure_ascii=False
    )


def respelled(document: Json, partition: str) -> Json:
    """Return the policy with lists of one as strings and account ids as root ARNs."""

    def principals(kind: str, names: Json) -> Json:
        return _unwrapped(_rooted(names, partition) if kind == "AWS" else names)

    def statement(value: dict[str, Json]) -> dict[str, Json]:
        result = _with_lists(value, principals, _unwrapped)
        if isinstance(conditions := value.get("Condition"), dict):
            result["Condition"] = {
                operator: {key: _unwrapped(values) for key, values in keys.items()}
                if isinstance(keys, dict)
                else keys
                for operator, keys in conditions.items()
            }
        return result

    return _with_statements(document, statement)


def shuffled(document: Json, rng: Random) -> Json:
    """Return the policy with its statements, principals and actions in a random order."""

    def mixed(value: Json) -> Json:
        return rng.sample(value, len(value)) if isinstance(value, list) else value

    def statement(value: dict[str, Json]) -> dict[str, Json]:
        return _with_lists(value, lambda _kind, names: mixed(names), mixed)

    if isinstance(document, dict) and "Statement" in document:
        document = document | {"Statement": mixed(document["Statement"])}
    return _with_statements(document, statement)


def _with_statements(document: Json, change: Callable[[dict[str, Json]], dict[str, Json]]) -> Json:
    if not isinstance(document, dict):
        return document
    statements = document.get("Statement")
    if isinstance(statements, dict):
        return document | {"Statement": change(statements)}
    if isinstance(statements, list):
        return document | {
            "Statement": [change(each) if isinstance(each, dict) else each for each in statements]
        }
    return document


def _with_lists(
    statement: dict[str, Json],
    principals: Callable[[str, Json], Json],
    actions: Callable[[Json], Json],
) -> dict[str, Json]:
    result = dict(statement)
    for name in _PRINCIPALS:
        if isinstance(principal := statement.get(name), dict):
            result[name] = {kind: principals(kind, names) for kind, names in principal.items()}
    for name in _ACTIONS:
        if name in statement:
            result[name] = actions(statement[name])
    return result


def _unwrapped(value: Json) -> Json:
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return value[0]
    return value


def _rooted(value: Json, partition: str) -> Json:
    return _mapped(
        value,
        lambda name: f"arn:{partition}:iam::{name}:root" if _ACCOUNT.fullmatch(name) else name,
    )


def _mapped(value: Json, change: Callable[[str], str]) -> Json:
    if isinstance(value, list):
        return [change(each) if isinstance(each, str) else each for each in value]
    return change(value) if isinstance(value, str) else value
