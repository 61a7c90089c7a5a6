"""Condition operators: the canonical form of their values, which values they match, and which
operators are equivalent.

Only positive operators match; a negated one is the opposite. Where a value has a form that the
documentation does not describe, on either side, the answer is unknown.

Sources: IAM User Guide, "IAM JSON policy elements: Condition operators" (StringLike and
ArnLike are StringEquals with wildcards; ArnLike compares the six fields of an ARN one by one) and
"AWS global condition context keys" (which keys have ARNs); W3C note "Date and Time Formats".
"""

import binascii
import ipaddress
import operator as compare
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from reconciler.policy.language.condition_keys import ARN_KEYS
from reconciler.policy.language.glob import glob_matches, has_wildcard
from reconciler.policy.language.json_text import MalformedError
from reconciler.policy.language.principals import arn_fields, split_arn
from reconciler.policy.language.request_context import Answer, all_of, literal, plain

_MOST_SHOWN = 60
"""The most characters of a value that a message shows."""

Family = Literal["string", "number", "date", "bool", "binary", "ip"]

_OPERATORS: Mapping[Family, str] = {
    "string": """StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase
        StringLike StringNotLike ArnEquals ArnNotEquals ArnLike ArnNotLike""",
    "number": """NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals
        NumericGreaterThan NumericGreaterThanEquals""",
    "date": """DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan
        DateGreaterThanEquals""",
    "bool": "Bool Null",
    "binary": "BinaryEquals",
    "ip": "IpAddress NotIpAddress",
}
OPERATOR_FAMILIES: Mapping[str, Family] = {
    name: family for family, names in _OPERATORS.items() for name in names.split()
}
"""Each operator's family, by the name without qualifier and `IfExists`."""

_STRINGS = ("StringEquals", "StringLike")
_ARNS = ("ArnLike", "ArnEquals")
_LIKE_FIRST = frozenset({"aws:principalorgpaths", "aws:sourcearn", "aws:sourceorgpaths"})
"""Keys that AWS's own examples and services compare with StringLike."""

Match = Callable[[str, str], Answer]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MIDNIGHT = "T00:00:00Z"

# Patterns as text: `re` compiles one when it is first used, and most never are.
_INTEGER = r"-?(0|[1-9][0-9]*)"
_DECIMAL = rf"{_INTEGER}\.[0-9]+"
_ANY_NUMBER = r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_LOCAL_TIME = rf"{_DAY}T[0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,6}})?)?"
_TIME = rf"{_LOCAL_TIME}(Z|[+-][0-9]{{2}}:[0-5][0-9])"
_MOMENT = rf"{_LOCAL_TIME}(Z|[+-][0-9]{{2}}:[0-9]{{2}})"
_ANY_DATE = (
    r"-?[0-9]+|[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
)
_ANY_IP = r"[0-9a-fA-F.:]{1,45}(/[0-9]{1,3})?"
_ANY_BASE64 = r"[A-Za-z0-9+/]*={0,2}"


def write_time(moment: datetime) -> str:
    """Return a moment of UTC as a value of a condition: `2027-03-31T12:00:00Z`."""
    return f"{moment.replace(microsecond=0, tzinfo=None).isoformat()}Z"


def write_short_time(moment: datetime) -> str:
    """Return a moment as people write it: at the start of a day, the day alone."""
    return write_time(moment).removesuffix(_MIDNIGHT)


def canonical_values(values: object, family: Family) -> tuple[str, ...]:
    """Return one value, or a list of them, in the canonical form of a family; sorted.

    Raises MalformedError for an empty list, and for a value that these operators can't compare.
    """
    canonical_of = _CANONICAL[family]
    items = values if isinstance(values, list | tuple) else [values]
    if not items:
        raise MalformedError("a condition has at least one value, and this list is empty")
    canonical: set[str] = set()
    for item in items:
        text = _scalar(item)
        if text is None:
            raise MalformedError("a condition's value is a string, a number, true or false")
        value = text if "${" in text else canonical_of(text)
        if value is None:
            shown = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
            raise MalformedError(f"{shown!r} is not {_FORMS[family]}")
        canonical.add(value)
    return tuple(sorted(canonical))


def _scalar(item: object) -> str | None:
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str):
        return item
    return str(item) if isinstance(item, int | Decimal) else None


def _canonical_number(value: str) -> str | None:
    """Remove the trailing zeros of a plain decimal."""
    if re.fullmatch(_DECIMAL, value):
        return value.rstrip("0").rstrip(".")
    return value if re.fullmatch(_ANY_NUMBER, value) else None


def _canonical_date(value: str) -> str | None:
    """Return a moment in UTC, where its form is documented and unambiguous; else the value itself.

    A date alone, four digits (a year, or seconds since 1970) and a time without a zone are not.
    """
    if not re.fullmatch(_ANY_DATE, value):
        return None
    try:
        moment = _moment(value)
    except (ValueError, OverflowError):
        return value
    return moment.isoformat().replace("+00:00", "Z") if moment else value


def _moment(value: str) -> datetime | None:
    """Parse a moment in UTC. Raises ValueError or OverflowError where no calendar has it."""
    if re.fullmatch(r"[1-9][0-9]{4,10}", value):
        return _EPOCH + timedelta(seconds=int(value))
    return datetime.fromisoformat(value).astimezone(UTC) if re.fullmatch(_MOMENT, value) else None


def _canonical_bool(value: str) -> str | None:
    lowered = value.lower()
    return lowered if lowered in {"true", "false"} else None


def _canonical_binary(value: str) -> str | None:
    return value if re.fullmatch(_ANY_BASE64, value) else None


def _canonical_ip(value: str) -> str | None:
    if not re.fullmatch(_ANY_IP, value):
        return None
    try:
        return str(ipaddress.ip_interface(value))
    except ValueError:
        return None


_CANONICAL: Mapping[Family, Callable[[str], str | None]] = {
    "string": str,
    "number": _canonical_number,
    "date": _canonical_date,
    "bool": _canonical_bool,
    "binary": _canonical_binary,
    "ip": _canonical_ip,
}


_FORMS: Mapping[Family, str] = {
    "string": "text",
    "number": "a number",
    "date": "a date such as 2026-06-01T00:00:00Z",
    "bool": "true or false",
    "binary": "base64",
    "ip": "an IP address or a range such as 203.0.113.0/24",
}
"""What the values of a family's operators are."""


def equivalent_operators(base: str, key: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return all operators that are equivalent to this one; the first is the canonical one.

    Operators are without set qualifier and `IfExists`; `key` is in lower case. Without wildcards
    StringLike is StringEquals. For a key that has ARNs, so is ArnLike; with wildcards it is
    StringLike as long as none stands before the last field, where StringLike's may match a colon.
    A value with a variable may bring either, so it has no equivalents.
    """
    positive = base.replace("Not", "")
    if positive not in _STRINGS + _ARNS:
        return (base,)
    same = _equivalents(positive, key, values)
    if positive == base:
        return same
    return tuple(name.replace("Equals", "NotEquals").replace("Like", "NotLike") for name in same)


def _equivalents(base: str, key: str, values: Sequence[str]) -> tuple[str, ...]:
    strings = _STRINGS if all(map(_is_literal, values)) else ("StringLike",)
    if key in ARN_KEYS and all(map(_has_plain_fields, values)):
        same = (*_ARNS, *strings)
    else:
        same = strings if base in _STRINGS else _ARNS
    first = "StringLike" if key in _LIKE_FIRST else same[0]
    return tuple(sorted(same, key=lambda name: name != first)) if base in same else (base,)


def _is_literal(value: str) -> bool:
    return "${" not in value and plain(value) == value == literal(value)


def _has_plain_fields(value: str) -> bool:
    """Whether a value is an ARN with no wildcard before its last field.

    What counts as one character beyond ASCII is not documented.
    """
    arn = split_arn(value)
    if arn is None or "${" in value or not value.isascii():
        return False
    return arn.is_complete and not has_wildcard("".join(arn[:-1]))


def is_arn(text: str) -> bool:
    """Whether a value of a request is an ARN."""
    arn = arn_fields(plain(text))
    return arn is not None and arn.is_complete


def _same(wanted: str, actual: str) -> Answer:
    return literal(wanted) == actual


def _same_ignoring_case(wanted: str, actual: str) -> Answer:
    text = literal(wanted)
    if text == actual:
        return True
    # Which letters beyond ASCII are the same in another case is not documented.
    return text.lower() == actual.lower() if (text + actual).isascii() else None


def _like(wanted: str, actual: str) -> Answer:
    text = plain(actual)
    if "?" not in wanted or actual.isascii():
        return glob_matches(wanted, text)
    # What counts as one character beyond ASCII is not documented; it is part of the text.
    return None if glob_matches(wanted.replace("?", "*"), text) else False


def _arn_like(wanted: str, actual: str) -> Answer:
    """Compare ARNs field by field: a wildcard does not cross a colon before the last field."""
    pattern, arn = arn_fields(wanted), arn_fields(actual)
    if pattern is None or arn is None or not (pattern.is_complete and is_arn(actual)):
        return None
    return all_of(map(_like, pattern, arn))


def _bool(wanted: str, actual: str) -> Answer:
    lowered = actual.lower()
    return lowered == wanted.lower() if lowered in {"true", "false"} else None


def _binary(wanted: str, actual: str) -> Answer:
    """Compare two base64 values: there is one way to write each, so the texts are compared."""
    return wanted == actual if _is_base64(wanted) and _is_base64(actual) else None


def _is_base64(text: str) -> bool:
    try:
        return binascii.b2a_base64(binascii.a2b_base64(text), newline=False) == text.encode()
    except ValueError:
        return False


def _within(wanted: str, actual: str) -> Answer:
    """Compare an address with a network that has no bits beyond its prefix."""
    try:
        address, network = ipaddress.ip_address(actual), ipaddress.ip_network(wanted)
    except ValueError:
        return None
    documented = _is_plain(address) and _is_plain(network.network_address)
    return address in network if documented else None


def _is_plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address has neither a zone nor an IPv4 address inside: those are undocumented."""
    mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped
    return not mapped and "%" not in str(address)


def _number(text: str) -> Decimal | None:
    """Parse an integer or a decimal value, the documented forms; None for all others."""
    return Decimal(text) if re.fullmatch(rf"{_INTEGER}(\.[0-9]+)?", text) else None


def _seconds(text: str) -> Decimal | None:
    """Parse a moment to seconds since 1970; None where the text is ambiguous or not documented.

    The forms are those of the W3C note, and seconds. Four digits may be a year or seconds. A date
    alone begins at 00:00 UTC (assumed).
    """
    if re.fullmatch(_INTEGER, text):
        return None if re.fullmatch(r"[0-9]{4}", text) else Decimal(text)
    day = f"{text}-01" if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text) else text
    whole = f"{day}{_MIDNIGHT}" if re.fullmatch(_DAY, day) else day
    if not re.fullmatch(_TIME, whole):
        return None
    try:
        moment = datetime.fromisoformat(whole)
    except ValueError:
        return None
    return Decimal((moment - _EPOCH) // timedelta(microseconds=1)) / 1_000_000


def _ordered(
    read: Callable[[str], Decimal | None], holds: Callable[[Decimal, Decimal], bool]
) -> Match:
    def match(wanted: str, actual: str) -> Answer:
        limit, given = read(wanted), read(actual)
        return None if limit is None or given is None else holds(given, limit)

    return match


_ORDERS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "Equals": compare.eq,
    "LessThan": compare.lt,
    "LessThanEquals": compare.le,
    "GreaterThan": compare.gt,
    "GreaterThanEquals": compare.ge,
}
MATCHES: Mapping[str, Match] = {
    "StringEquals": _same,
    "StringEqualsIgnoreCase": _same_ignoring_case,
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": _bool,
    "BinaryEquals": _binary,
    "IpAddress": _within,
    **{f"Numeric{name}": _ordered(_number, holds) for name, holds in _ORDERS.items()},
    **{f"Date{name}": _ordered(_seconds, holds) for name, holds in _ORDERS.items()},
}
"""By positive operator (`ArnLike`, say): whether the policy's value, its variables resolved,
matches the request's; None where the two can't be compared."""
