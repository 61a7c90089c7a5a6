"""A registry's own policy: statements like those of a repository, each with a `Resource`.

Source: Amazon ECR User Guide, "Private registry permissions in Amazon ECR" and "Private registry
policy examples in Amazon ECR".
"""

from collections.abc import Mapping
from typing import NamedTuple

from reconciler.policy.language.document import (
    VERSION,
    Statement,
    Unreadable,
    parse_statement,
    parse_statements,
    texts_of,
)
from reconciler.policy.language.json_text import MalformedError
from reconciler.policy.language.resources import Resources, is_malformed

_ELEMENTS = ("Resource", "NotResource")


class RegistryStatement(NamedTuple):
    """A statement, the repositories that it is about, and its position in the policy, from 0."""

    statement: Statement
    resources: Resources
    position: int = 0


class RegistryDocument(NamedTuple):
    """A registry policy of which every element is understood.

    It is a type of its own: its statements mean nothing for a repository until they are limited to
    it (`statements_on`).
    """

    statements: tuple[RegistryStatement, ...]
    version: str | None = None


RegistryPolicy = RegistryDocument | Unreadable

NO_REGISTRY_POLICY = RegistryDocument(())
"""The policy of a registry without one."""


def read_registry_policy(text: str | None, *, partition: str = "aws") -> RegistryPolicy:
    """Parse a registry policy's text (None: there is no policy); never raises.

    `partition` is that of bare account ids. A statement without a `Resource` is not understood.
    """
    if text is None:
        return NO_REGISTRY_POLICY
    try:
        version, found = parse_statements(
            text,
            lambda raw, version: parse_registry_statement(
                raw, version=version, partition=partition
            ),
            lambda s: s.statement,
        )
    except MalformedError as malformed:
        return Unreadable(text, malformed.reason, malformed.path)
    statements = tuple(one._replace(position=n) for n, one in enumerate(found))
    return RegistryDocument(statements, version)


def parse_registry_statement(
    raw: object, *, version: str | None = VERSION, partition: str = "aws"
) -> RegistryStatement:
    """Parse one statement's JSON. Raises MalformedError with the place in the statement."""
    if not isinstance(raw, Mapping):
        raise MalformedError("a statement is a JSON object")
    rest = {key: value for key, value in raw.items() if key not in _ELEMENTS}
    statement = parse_statement(rest, version=version, partition=partition)
    return RegistryStatement(statement._replace(raw=raw), _resources(raw, version))


def _resources(raw: Mapping[str, object], version: str | None) -> Resources:
    written = [element for element in _ELEMENTS if element in raw]
    if len(written) != 1:
        raise MalformedError("a statement has either Resource or NotResource")
    (element,) = written
    patterns = tuple(dict.fromkeys(texts_of(raw, element)))
    has_variables = version == VERSION
    if has_variables and any(map(is_malformed, patterns)):
        raise MalformedError("a policy variable is not closed", (element,))
    return Resources(patterns, element == "NotResource", has_variables)
