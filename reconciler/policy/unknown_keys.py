"""Condition keys that AWS does not document, so that most likely no request has them."""

import re
from collections.abc import Iterable, Iterator, Mapping

from reconciler.closest import closest
from reconciler.policy.condition_keys import KNOWN_KEYS, TAG_KEYS, is_known_key
from reconciler.policy.document import Statement

_DOCUMENTED = ("aws:", "ecr:")
"""The prefixes whose keys are all in the table; those of other services are not looked at."""

_SHORT_WORDS = {"organization": "org", "vpcendpoint": "vpce", "ipaddress": "ip"}
_VARIABLE = re.compile(r"\$\{\s*([^\s,{}]+)[^{}]*\}")


def is_unknown_key(key: str) -> bool:
    """Tell whether a key has a prefix whose keys are known, and is none of them."""
    return key.lower().startswith(_DOCUMENTED) and not is_known_key(key)


def unknown_keys(statement: Statement) -> frozenset[str]:
    """Give the unknown keys of a statement as they are written; those of variables, too."""
    variables = (k for c in statement.condition for v in c.values for k in keys_in(v))
    used = (*_keys(statement.raw.get("Condition")), *variables)
    return frozenset(filter(is_unknown_key, used))


def keys_in(value: str) -> Iterable[str]:
    """Give the keys that the policy variables of a value stand for."""
    return _VARIABLE.findall(value) if "${" in value else ()


def shortened(key: str) -> str:
    """Write a key with the short words that AWS uses: `aws:SourceIpAddress` as `aws:sourceip`."""
    key = key.lower()
    for word, short in _SHORT_WORDS.items():
        key = key.replace(word, short)
    return key


def known_keys_like(key: str) -> tuple[str, ...]:
    """Give the known keys that an unknown one may be meant as; with the tag, where it has one."""
    _, slash, tag = key.partition("/")
    tags = tuple(f"{name}/{tag or 'TAG'}" for name in TAG_KEYS.values())
    return tags if slash else (*KNOWN_KEYS.values(), *tags)


def meant_key(key: str) -> str | None:
    """Give the known key that an unknown one is most likely meant as; None where none is close."""
    return closest(shortened(key), known_keys_like(key))


def _keys(block: object) -> Iterator[str]:
    if isinstance(block, Mapping):
        for key, value in block.items():
            yield str(key)
            yield from _keys(value)
