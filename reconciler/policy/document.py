"""A policy document's text, read into statements; or the reason why it is not understood."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from reconciler.policy.conditions import (
    NO_CONDITION,
    Condition,
    parse_condition,
    without_variables,
)
from reconciler.policy.elements import Action, read_actions, read_principals, strings
from reconciler.policy.glob import has_wildcard
from reconciler.policy.json_text import load_json
from reconciler.policy.malformed import JsonPath, MalformedError, json_place
from reconciler.policy.principals import Principal

VERSION = "2012-10-17"
"""The version whose rules the canonical form follows, and the one that is written."""

MAX_FACTS = 1_000_000
"""A document with more is not compared: a policy that the service takes, of at most 10,240
characters, holds a few thousand facts."""

_MAX_MATCHING = 10_240**2
"""The steps that matching all actions takes: letters of actions times letters of patterns."""

_VERSIONS = ("2008-10-17", VERSION)
_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "Condition"}
)


class Statement(NamedTuple):
    """One statement in canonical parts; `raw` is the JSON it was read from."""

    sid: str | None
    effect: str
    principals: tuple[Principal, ...]
    actions: frozenset[Action]
    condition: Condition
    raw: Mapping[str, object]


class Document(NamedTuple):
    """A policy document that is understood to the last element."""

    version: str | None
    statements: tuple[Statement, ...]


class Unreadable(NamedTuple):
    """A policy document that is not understood: equal only to the same text."""

    text: str
    reason: str
    path: JsonPath = ()

    def __str__(self) -> str:
        """Say where and why."""
        return f"{json_place(self.path)}: {self.reason}"


Policy = Document | Unreadable

NO_POLICY = Document(None, ())
"""What a repository without a policy has: nothing is allowed or denied."""


def read_policy(text: str | None, *, partition: str = "aws", arn: str | None = None) -> Policy:
    """Read a policy's text (None: there is no policy); never raises.

    `partition` is where a bare account id lives; `arn` is the repository's own, the one
    `Resource` besides `*` that says nothing new.
    """
    if text is None:
        return NO_POLICY
    try:
        return parse_document(text, partition=partition, arn=arn)
    except MalformedError as malformed:
        return Unreadable(text, malformed.reason, malformed.path)


def parse_document(text: str, *, partition: str = "aws", arn: str | None = None) -> Document:
    """Read a policy's text. Raises MalformedError with the place in the JSON."""
    raw = load_json(text)
    if not isinstance(raw, dict):
        raise MalformedError("a policy document is a JSON object")
    _known_keys(raw, frozenset({"Version", "Id", "Statement"}))
    version = raw.get("Version")
    if "Version" in raw and version not in _VERSIONS:
        raise MalformedError(f"the version is neither {' nor '.join(_VERSIONS)}", ("Version",))
    if not isinstance(raw.get("Id", ""), str):
        raise MalformedError("an Id is a string", ("Id",))
    statements = _statements(raw, version, partition, arn)
    if _too_much(statements):
        raise MalformedError("holds far more than a repository policy can", ("Statement",))
    return Document(version, statements)


def parse_statement(
    raw: object,
    *,
    version: str | None = VERSION,
    partition: str = "aws",
    arn: str | None = None,
    path: JsonPath = (),
) -> Statement:
    """Read one statement's JSON. Raises MalformedError with the place, below `path`."""
    try:
        return _statement(raw, version, partition, arn)
    except MalformedError as malformed:
        raise malformed.under(*path) from None


def _statement(raw: object, version: str | None, partition: str, arn: str | None) -> Statement:
    if not isinstance(raw, Mapping):
        raise MalformedError("a statement is a JSON object")
    _known_keys(raw, _ELEMENTS)
    sid = raw.get("Sid")
    if "Sid" in raw and not isinstance(sid, str):
        raise MalformedError("a Sid is a string", ("Sid",))
    effect = raw.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise MalformedError("an Effect is Allow or Deny", ("Effect",))
    _check_resource(raw, arn)
    condition = NO_CONDITION
    if "Condition" in raw:
        condition = parse_condition(raw["Condition"])
        if version != VERSION:
            condition = without_variables(condition)
    return Statement(
        sid, effect, read_principals(raw, partition), read_actions(raw), condition, raw
    )


def _known_keys(raw: Mapping[str, object], known: frozenset[str]) -> None:
    for key in raw:
        if key not in known:
            raise MalformedError("unknown element (the case counts)", (key,))


def _statements(
    raw: Mapping[str, object], version: str | None, partition: str, arn: str | None
) -> tuple[Statement, ...]:
    statements = raw.get("Statement")
    if isinstance(statements, dict):
        path: JsonPath = ("Statement",)
        return (
            parse_statement(statements, version=version, partition=partition, arn=arn, path=path),
        )
    if not isinstance(statements, list) or not statements:
        raise MalformedError("a policy has at least one statement", ("Statement",))
    return tuple(
        parse_statement(
            item, version=version, partition=partition, arn=arn, path=("Statement", index)
        )
        for index, item in enumerate(statements)
    )


def _check_resource(raw: Mapping[str, object], arn: str | None) -> None:
    if "Resource" in raw and any(name not in ("*", arn) for name in strings(raw, "Resource")):
        reason = "a repository policy speaks of its own repository only"
        raise MalformedError(reason, ("Resource",))


def _too_much(statements: tuple[Statement, ...]) -> bool:
    facts = letters = of_patterns = 0
    for statement in statements:
        facts += len(statement.principals) * len(statement.actions)
        in_all, in_patterns = _letters(statement.actions)
        letters += in_all
        of_patterns += in_patterns
    return facts > MAX_FACTS or letters * of_patterns > _MAX_MATCHING


@lru_cache(maxsize=4_096)
def _letters(actions: frozenset[Action]) -> tuple[int, int]:
    """Count the letters of the actions, and of the patterns among them; exceptions count, too."""
    names = [n for a in actions for n in ([a] if isinstance(a, str) else a.excluded)]
    return sum(map(len, names)), sum(map(len, filter(has_wildcard, names)))
