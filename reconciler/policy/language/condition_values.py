"""The values of condition operators: one canonical form for each family of operators.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from reconciler.policy.language.json_text import MalformedError

_MIDNIGHT = "T00:00:00Z"

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

# Patterns as text: `re` compiles one when it is first used, and most never are.
_DATE = (
    r"-?[0-9]+|[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = r"[1-9][0-9]{4,10}"
_MOMENT = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]{1,6})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)
_DECIMAL = r"-?(0|[1-9][0-9]*)\.[0-9]+"
_NUMBER = r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_IP = r"[0-9a-fA-F.:]{1,45}(/[0-9]{1,3})?"
_BASE64 = r"[A-Za-z0-9+/]*={0,2}"


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
        raise MalformedError("an empty list of values")
    canonical: set[str] = set()
    for item in items:
        text = _scalar(item)
        if text is None:
            raise MalformedError("a condition's value is a string, a number, true or false")
        value = text if "${" in text else canonical_of(text)
        if value is None:
            raise MalformedError("this operator can't compare such a value")
        canonical.add(value)
    return tuple(sorted(canonical))


def _scalar(item: object) -> str | None:
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str):
        return item
    return str(item) if isinstance(item, int | Decimal) else None


def _number(value: str) -> str | None:
    """Remove the trailing zeros of a plain decimal."""
    if re.fullmatch(_DECIMAL, value):
        return value.rstrip("0").rstrip(".")
    return value if re.fullmatch(_NUMBER, value) else None


def _date(value: str) -> str | None:
    """Return a moment in UTC, where its form is documented and unambiguous; else the value itself.

    A date alone, four digits (a year, or seconds since 1970) and a time without a zone are not.
    """
    if not re.fullmatch(_DATE, value):
        return None
    try:
        moment = _moment(value)
    except (ValueError, OverflowError):
        return value
    return moment.isoformat().replace("+00:00", "Z") if moment else value


def _moment(value: str) -> datetime | None:
    """Parse a moment in UTC. Raises ValueError or OverflowError where no calendar has it."""
    if re.fullmatch(_SECONDS, value):
        return _EPOCH + timedelta(seconds=int(value))
    found = re.fullmatch(_MOMENT, value)
    if not found:
        return None
    start, seconds, fraction, zone = found.groups()
    text = f"{start}{seconds or ':00'}{(fraction or '.').ljust(7, '0')}{zone}"
    return datetime.fromisoformat(text).astimezone(UTC)


def _bool(value: str) -> str | None:
    lowered = value.lower()
    return lowered if lowered in {"true", "false"} else None


def _binary(value: str) -> str | None:
    return value if re.fullmatch(_BASE64, value) else None


def _ip(value: str) -> str | None:
    if not re.fullmatch(_IP, value):
        return None
    try:
        return str(ipaddress.ip_interface(value))
    except ValueError:
        return None


_CANONICAL: Mapping[Family, Callable[[str], str | None]] = {
    "string": str,
    "number": _number,
    "date": _date,
    "bool": _bool,
    "binary": _binary,
    "ip": _ip,
}
