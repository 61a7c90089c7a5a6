"""Condition operators: whether one value of a policy matches one value of a request.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators". Only the positive ones
live here; a negated one is its opposite.
"""

import binascii
import ipaddress
import operator as compare
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from reconciler.policy.glob import glob_matches
from reconciler.policy.ternary import Answer
from reconciler.policy.variables import plain

Match = Callable[[str, str], Answer]

_ARN_FIELDS = 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_SECONDS = re.compile(r"-?[0-9]+")
_YEAR = re.compile(r"[0-9]{4}")


def takes_variables(base: str) -> bool:
    """Tell whether a value of this operator may hold variables: only strings and ARNs may.

    Source: IAM User Guide, "IAM policy elements: Variables and tags".
    """
    return base.startswith(("String", "Arn"))


def _same(wanted: str, actual: str) -> Answer:
    return plain(wanted) == plain(actual)


def _same_ignoring_case(wanted: str, actual: str) -> Answer:
    if plain(wanted).casefold() != plain(actual).casefold():
        return False
    # Which letters beyond ASCII are the same in another case is not documented.
    return True if actual.isascii() or _same(wanted, actual) else None


def _like(wanted: str, actual: str) -> Answer:
    return glob_matches(wanted, plain(actual))


def _arn_like(wanted: str, actual: str) -> Answer:
    """Compare ARNs field by field: a wildcard does not cross a colon before the last field."""
    patterns = wanted.split(":", _ARN_FIELDS - 1)
    if len(patterns) < _ARN_FIELDS:
        return None
    fields = plain(actual).split(":", _ARN_FIELDS - 1)
    return len(fields) == _ARN_FIELDS and all(map(glob_matches, patterns, fields))


def _bool(wanted: str, actual: str) -> Answer:
    lowered = actual.lower()
    return lowered == wanted.lower() if lowered in {"true", "false"} else None


def _binary(wanted: str, actual: str) -> Answer:
    try:
        return binascii.a2b_base64(wanted) == binascii.a2b_base64(actual, strict_mode=True)
    except (binascii.Error, ValueError):
        return None


def _within(wanted: str, actual: str) -> Answer:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_interface(wanted).network
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _seconds(text: str) -> Decimal | None:
    """Give a moment in seconds since 1970; None where the text names none for certain.

    Four digits may be a year or seconds, and a time without a zone any zone's. A date alone
    begins at 00:00 UTC (assumed).
    """
    if _SECONDS.fullmatch(text):
        return None if _YEAR.fullmatch(text) else Decimal(text)
    try:
        moment = datetime.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        if "T" in text:
            return None
        moment = moment.replace(tzinfo=UTC)
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
