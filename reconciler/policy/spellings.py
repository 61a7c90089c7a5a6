"""Which condition operators say the same of a key and its values.

Sources: IAM User Guide, "IAM JSON policy elements: Condition operators" (what StringLike and
ArnLike add to StringEquals is wildcards; ArnLike compares the six fields of an ARN one by one) and
"AWS global condition context keys" (which keys have ARNs).
"""

from collections.abc import Sequence

from reconciler.policy.arn_patterns import split_arn
from reconciler.policy.condition_keys import ARN_KEYS
from reconciler.policy.glob import has_wildcard
from reconciler.policy.variables import literal, plain

_STRINGS = ("StringEquals", "StringLike")
_ARNS = ("ArnLike", "ArnEquals")
_FIRST = {
    "aws:principalorgpaths": "StringLike",
    "aws:sourcearn": "StringLike",
    "aws:sourceorgpaths": "StringLike",
}
"""Keys that AWS's own examples and services compare with patterns."""


def spellings(base: str, key: str, values: Sequence[str]) -> tuple[str, ...]:
    """Give all operators that say the same as this one; the first is the canonical one.

    Operators are without set qualifier and `IfExists`; `key` is in lower case. Without wildcards
    StringLike is StringEquals. For a key that has ARNs, so is ArnLike; with wildcards it is
    StringLike as long as none stands before the last field, where StringLike's may match a colon.
    Of a value with a variable, which may bring either, nothing is told.
    """
    positive = base.replace("Not", "")
    if positive not in _STRINGS + _ARNS:
        return (base,)
    same = _same(positive, key, values)
    if positive == base:
        return same
    return tuple(name.replace("Equals", "NotEquals").replace("Like", "NotLike") for name in same)


def _same(base: str, key: str, values: Sequence[str]) -> tuple[str, ...]:
    strings = _STRINGS if all(map(_is_literal, values)) else ("StringLike",)
    if key in ARN_KEYS and all(map(_has_plain_fields, values)):
        same = (*_ARNS, *strings)
    else:
        same = strings if base in _STRINGS else _ARNS
    first = _FIRST.get(key, same[0])
    return tuple(sorted(same, key=lambda name: name != first)) if base in same else (base,)


def _is_literal(value: str) -> bool:
    return "${" not in value and plain(value) == value == literal(value)


def _has_plain_fields(value: str) -> bool:
    """Tell whether a value is an ARN with no wildcard before its last field.

    What counts as one character beyond ASCII is not documented.
    """
    arn = split_arn(value)
    if arn is None or "${" in value or not value.isascii():
        return False
    fields = arn.partition and arn.service and arn.resource
    return bool(fields) and not has_wildcard("".join(arn[:-1]))
