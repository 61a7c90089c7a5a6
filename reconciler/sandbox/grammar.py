"""Which policy texts SetRepositoryPolicy takes.

The sources are "Grammar of the IAM JSON policy language" and "AWS JSON policy elements:
Principal" (IAM User Guide) and public reports. The service answers every refusal with the same
words; the reasons here are for whoever reads a traceback. Assumed, for want of evidence: that
NotPrincipal and NotAction are taken, that any well-formed action is, that unknown elements,
unknown condition operators, duplicate keys and principals of another partition are refused.
"""

import json
import re
from collections.abc import Iterator
from typing import NoReturn, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

VERSIONS = ("2008-10-17", "2012-10-17")

_DOCUMENT = {"Version", "Id", "Statement"}
_STATEMENT = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Condition",
}
_ACCOUNT = re.compile(r"[0-9]{12}")
_ARN = re.compile(
    r"""arn:(?P<partition>aws(?:-[a-z]+)*):
    (?:
      iam::[0-9]{12}:root
    | (?P<named>
        iam::[0-9]{12}:(?:role|user)/(?:[!-)+->@-~]+/)?[\w+=,.@-]{1,64}
      | sts::[0-9]{12}:assumed-role/[\w+=,.@-]{1,64}/[\w+=,.@-]{2,64}
      )
    )""",
    re.ASCII | re.VERBOSE,
)
_SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_OPERATOR = re.compile(
    r"""(?:ForAnyValue:|ForAllValues:)?
    (?: String(?:Not)?(?:Equals(?:IgnoreCase)?|Like)
      | (?:Numeric|Date)(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)
      | Arn(?:Not)?(?:Equals|Like)
      | (?:Not)?IpAddress | Bool | BinaryEquals
    )(?:IfExists)?
    | Null""",
    re.IGNORECASE | re.VERBOSE,
)


class PolicyRefusedError(ValueError):
    """The policy text is none that the service takes."""


def parsed(text: str) -> Json:
    """Return `text` as JSON; raise ValueError where it is none or repeats a key in an object."""
    try:
        document: Json = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return document


def listed(value: Json) -> list[Json]:
    """Return the items of a list, or the one value that stands for a list of one."""
    return value if isinstance(value, list) else [value]


def named_principals(text: str, partition: str) -> tuple[str, ...]:
    """Check a policy text and return the roles, users and sessions that it names, as ARNs.

    `partition` is that of the repository's region (`aws`, `aws-cn`, ...). Raises
    PolicyRefusedError where the service refuses the text. The length is not checked here.
    """
    try:
        document = parsed(text)
    except ValueError as error:
        raise PolicyRefusedError(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        _refuse("not an object")
    _only(document, _DOCUMENT)
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        _refuse("Version")
    _check_string(document, "Id")
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        _refuse("Statement")
    return tuple(arn for statement in statements for arn in _statement(statement, partition))


def _statement(statement: Json, partition: str) -> tuple[str, ...]:
    if not isinstance(statement, dict):
        _refuse("a statement is an object")
    # Resource is not among them: refused, by awsdocs/amazon-ecr-user-guide#20.
    _only(statement, _STATEMENT)
    _check_string(statement, "Sid")
    if statement.get("Effect") not in ("Allow", "Deny"):
        _refuse("Effect")
    for action in _strings(_either(statement, "Action", "NotAction")):
        if not _ACTION.fullmatch(action):
            _refuse(f"action {action!r}")
    _check_conditions(statement.get("Condition", {}))
    return tuple(_principals(_either(statement, "Principal", "NotPrincipal"), partition))


def _principals(principal: Json, partition: str) -> Iterator[str]:
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal:
        _refuse("Principal")
    _only(principal, {"AWS", "Service"})
    for service in _strings(principal["Service"]) if "Service" in principal else ():
        if not _SERVICE.fullmatch(service):
            _refuse(f"service {service!r}")
    for value in _strings(principal["AWS"]) if "AWS" in principal else ():
        if value == "*" or _ACCOUNT.fullmatch(value):
            continue
        arn = _ARN.fullmatch(value)
        if arn is None or arn["partition"] != partition:
            _refuse(f"principal {value!r}")
        if arn["named"]:
            yield value


def _check_conditions(conditions: Json) -> None:
    if not isinstance(conditions, dict):
        _refuse("Condition")
    for operator, keys in conditions.items():
        if not _OPERATOR.fullmatch(operator) or not isinstance(keys, dict):
            _refuse(f"condition {operator!r}")
        for values in keys.values():
            for value in listed(values):
                if not isinstance(value, str | int | float):  # a bool is an int
                    _refuse(f"a value of condition {operator!r}")


def _either(statement: dict[str, Json], name: str, negation: str) -> Json:
    if (name in statement) == (negation in statement):
        _refuse(f"one of {name} and {negation}")
    return statement[name if name in statement else negation]


def _strings(value: Json) -> list[str]:
    values = listed(value)
    strings = [item for item in values if isinstance(item, str)]
    if not strings or len(strings) < len(values):
        _refuse("a string or a list of strings")
    return strings


def _check_string(mapping: dict[str, Json], name: str) -> None:
    if not isinstance(mapping.get(name, ""), str):
        _refuse(name)


def _only(mapping: dict[str, Json], known: set[str]) -> None:
    if unknown := mapping.keys() - known:
        _refuse(f"unknown {sorted(unknown)}")


def _refuse(reason: str) -> NoReturn:
    raise PolicyRefusedError(reason)


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError("a key twice in one object")
    return mapping


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
