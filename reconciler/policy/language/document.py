"""Policy documents: their text parsed into statements, or the reason why it is not understood."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeVar

from reconciler.policy.language.actions import canonical_action
from reconciler.policy.language.conditions import (
    NO_CONDITION,
    Condition,
    escape_variables,
    parse_condition,
)
from reconciler.policy.language.glob import has_wildcard
from reconciler.policy.language.json_text import JsonPath, MalformedError, json_place, load_json
from reconciler.policy.language.principals import EVERYONE, MISSING, Principal, canonical_name

MAX_POLICY_CHARACTERS = 10_240
"""The service's limit on policyText (ECR API Reference, SetRepositoryPolicy)."""

VERSION = "2012-10-17"
"""The version whose rules the canonical form follows, and the one that is written."""

SID_PREFIX = "EcrAccess"
"""The start of every Sid that is written here; where others' are kept, it identifies our own."""

MAX_FACTS = 1_000_000
"""A document with more is malformed: a policy that the service accepts, of at most 10,240
characters, holds a few thousand facts."""

_MAX_MATCHING = 10_240**2
"""The limit on steps to match all actions: letters of actions times letters of patterns."""

_VERSIONS = ("2008-10-17", VERSION)
_ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "Condition"}
)
_MAX_ACTION_LENGTH = 256
_PRINCIPAL_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")


class NotAction(NamedTuple):
    """Every action except those that these (canonical, sorted) match: one indivisible value."""

    excluded: tuple[str, ...]


Action = str | NotAction


class Statement(NamedTuple):
    """One statement in canonical parts; `raw` is the JSON it was read from."""

    sid: str | None
    effect: str
    principals: tuple[Principal, ...]
    actions: frozenset[Action]
    condition: Condition
    raw: Mapping[str, object]

    def __hash__(self) -> int:
        """Hash the canonical parts; `raw` has no hash."""
        return hash(self[:-1])


class Document(NamedTuple):
    """A policy document of which every element is understood."""

    version: str | None
    statements: tuple[Statement, ...]


class Unreadable(NamedTuple):
    """A policy document that is not understood: equal only to the same text."""

    text: str
    reason: str
    path: JsonPath = ()

    def __str__(self) -> str:
        """Return the place and the reason."""
        return f"{json_place(self.path)}: {self.reason}"


Policy = Document | Unreadable
Parsed = TypeVar("Parsed")

NO_POLICY = Document(None, ())
"""The policy of a repository without one: nothing is allowed or denied."""


def read_policy(text: str | None, *, partition: str = "aws", arn: str | None = None) -> Policy:
    """Parse a policy's text (None: there is no policy); never raises.

    `partition` is that of bare account ids; `arn` is the repository's own, the one `Resource`
    besides `*` that is allowed.
    """
    if text is None:
        return NO_POLICY
    # Without a Resource, however it is escaped, the text means the same on every repository.
    may_name_it = "Resource" in text or "\\" in text
    return _read(text, partition, arn if may_name_it else None)


@lru_cache(maxsize=1_024)
def _read(text: str, partition: str, arn: str | None) -> Policy:
    """Parse a text; cached, as many repositories have the same, and a plan reads each again."""
    try:
        return parse_document(text, partition=partition, arn=arn)
    except MalformedError as malformed:
        return Unreadable(text, malformed.reason, malformed.path)


def parse_document(text: str, *, partition: str = "aws", arn: str | None = None) -> Document:
    """Parse a policy's text. Raises MalformedError with the place in the JSON."""

    def parse(raw: object, version: str | None) -> Statement:
        return parse_statement(raw, version=version, partition=partition, arn=arn)

    return Document(*parse_statements(text, parse, lambda statement: statement))


def parse_statements(
    text: str,
    parse: Callable[[object, str | None], Parsed],
    statement_of: Callable[[Parsed], Statement],
) -> tuple[str | None, tuple[Parsed, ...]]:
    """Parse a policy's text into its version and its statements.

    `parse` reads one, given its JSON and the version. Raises MalformedError with the place in the
    JSON.
    """
    raw = load_json(text)
    if not isinstance(raw, dict):
        raise MalformedError("a policy document is a JSON object")
    _known_keys(raw, frozenset({"Version", "Id", "Statement"}))
    version = raw.get("Version")
    if "Version" in raw and version not in _VERSIONS:
        raise MalformedError(f"the version is neither {' nor '.join(_VERSIONS)}", ("Version",))
    if not isinstance(raw.get("Id", ""), str):
        raise MalformedError("an Id is a string", ("Id",))
    found = _parse_each(raw.get("Statement"), lambda one: parse(one, version))
    if _too_much(tuple(map(statement_of, found))):
        raise MalformedError("far larger than a policy can be", ("Statement",))
    return version, found


def _parse_each(statements: object, parse: Callable[[object], Parsed]) -> tuple[Parsed, ...]:
    if not isinstance(statements, list | dict) or statements == []:
        raise MalformedError("a policy has at least one statement", ("Statement",))
    found = []
    for index, item in enumerate([statements] if isinstance(statements, dict) else statements):
        try:
            found.append(parse(item))
        except MalformedError as malformed:
            place = ("Statement",) if item is statements else ("Statement", index)
            raise malformed.under(*place) from None
    return tuple(found)


def parse_statement(
    raw: object,
    *,
    version: str | None = VERSION,
    partition: str = "aws",
    arn: str | None = None,
) -> Statement:
    """Parse one statement's JSON. Raises MalformedError with the place in the statement."""
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
    condition = parse_condition(raw["Condition"]) if "Condition" in raw else NO_CONDITION
    if version != VERSION:
        condition = escape_variables(condition)
    return Statement(sid, effect, _principals(raw, partition), _actions(raw), condition, raw)


def _known_keys(raw: Mapping[str, object], known: frozenset[str]) -> None:
    for key in raw:
        if key not in known:
            raise MalformedError("unknown element (names are case-sensitive)", (key,))


def _check_resource(raw: Mapping[str, object], arn: str | None) -> None:
    if "Resource" in raw and any(name not in ("*", arn) for name in strings_of(raw, "Resource")):
        reason = "a repository policy applies to its own repository only"
        raise MalformedError(reason, ("Resource",))


def _principals(raw: Mapping[str, object], partition: str) -> tuple[Principal, ...]:
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
            message = f"this kind of principal is none of {', '.join(_PRINCIPAL_KINDS)}"
            raise MalformedError(message, (element, kind))
        try:
            names = strings_of(by_kind, kind)
        except MalformedError as malformed:
            raise malformed.under(element) from None
        found += [Principal(kind, (canonical_name(kind, name, partition),)) for name in names]
    return found


def _actions(raw: Mapping[str, object]) -> frozenset[Action]:
    if ("Action" in raw) == ("NotAction" in raw):
        raise MalformedError("a statement has either Action or NotAction")
    if "NotAction" in raw:
        return frozenset({NotAction(tuple(sorted(_action_names(raw, "NotAction"))))})
    return _action_names(raw, "Action")


def _action_names(raw: Mapping[str, object], element: str) -> frozenset[str]:
    written = tuple(strings_of(raw, element))
    try:
        return _canonical_actions(written)
    except ValueError as error:
        raise MalformedError(str(error), (element,)) from None


@lru_cache(maxsize=4_096)
def _canonical_actions(written: tuple[str, ...]) -> frozenset[str]:
    """Return actions in canonical form; cached, as a registry repeats the same few lists."""
    if any(len(name) > _MAX_ACTION_LENGTH for name in written):
        raise ValueError(f"an action's name has at most {_MAX_ACTION_LENGTH} characters")
    if not all(map(str.isascii, written)):
        # Beyond ASCII, lower case is no spelling: the Kelvin sign's is a plain k.
        raise ValueError("an action's name is ASCII")
    if any(name.strip("*") and ":" not in name for name in written):
        raise ValueError("an action is * or SERVICE:NAME")
    return frozenset(map(canonical_action, written))


def strings_of(raw: Mapping[str, object], key: str) -> list[str]:
    """Return `texts_of`; none may have a policy variable. Raises MalformedError."""
    found = texts_of(raw, key)
    if "${" in "\0".join(found):
        raise MalformedError("policy variables are not allowed here", (key,))
    return found


def texts_of(raw: Mapping[str, object], key: str) -> list[str]:
    """Return a string or a list of strings as a list; neither it nor a string may be empty.

    Raises MalformedError.
    """
    value = raw[key]
    items = value if isinstance(value, list | tuple) else [value]
    found = [item for item in items if isinstance(item, str) and item]
    if not items or len(found) != len(items):
        reason = "expected a string or a list of strings, none of them empty"
        raise MalformedError(reason, (key,))
    return found


def _too_much(statements: tuple[Statement, ...]) -> bool:
    facts = sum(len(s.principals) * len(s.actions) for s in statements)
    letters, of_patterns = map(sum, zip(*(_letters(s.actions) for s in statements), strict=True))
    return facts > MAX_FACTS or letters * of_patterns > _MAX_MATCHING


@lru_cache(maxsize=4_096)
def _letters(actions: frozenset[Action]) -> tuple[int, int]:
    """Count the letters of the actions, and of the patterns among them; exceptions count, too."""
    names = [n for a in actions for n in ([a] if isinstance(a, str) else a.excluded)]
    return sum(map(len, names)), sum(map(len, filter(has_wildcard, names)))
