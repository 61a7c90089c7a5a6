"""The schema's verdict on a tree, told in words."""

import json
from collections.abc import Callable, Mapping

from reconciler.access.nodes import Node, ScalarNode
from reconciler.access.problems import Findings, Place, shown
from reconciler.access.violations import Violation, fits, violations

_ACCOUNT_TITLES = frozenset({"account id", "name or id of an account"})
_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
}
Misspelt = set[tuple[Place, str]]
"""Keys that are not known, and those that they are most likely meant as; each with the place of
its mapping."""

_NAME = "name"
_RULES = {"account id": "bad-account-id", _NAME: "bad-name"}
"""Rules of their own for a bad value, by its title."""

_NAME_HINT = (
    "1 to 64 ASCII letters, digits and . _ - / @ +; not only digits, and not the word nothing"
)
_OPPOSITES = {
    "Action": "NotAction",
    "NotAction": "Action",
    "Principal": "NotPrincipal",
    "NotPrincipal": "Principal",
}
"""Elements of which a statement has one or the other."""

_FREE_TEXT = frozenset(
    {"text", "role's name", "user's name", "tag's value", "repository's name", _NAME}
)
"""What may be text of digits, once it is quoted; by title."""

_RESOURCE = frozenset({"Resource", "NotResource"})


def check_shape(root: Node, findings: Findings) -> None:
    """Report each way in which the tree is not what the schema describes.

    What follows from a misspelt key alone is left out: that the key it means is missing, or that
    the misspelt one does not go with another.
    """
    found = tuple(violations(root))
    misspelt: Misspelt = set()
    for violation in found:
        if violation.keyword == "additionalProperties":
            _say_unknown(violation, misspelt, findings)
    for violation in found:
        if violation.of_key:
            _say_key(violation, misspelt, findings)
        elif violation.keyword in _ABOUT_KEYS:
            _ABOUT_KEYS[violation.keyword](violation, misspelt, findings)
        elif violation.keyword != "additionalProperties":
            _BY_KEYWORD.get(violation.keyword, _say_value)(violation, findings)


def _say_key(broken: Violation, misspelt: Misspelt, findings: Findings) -> None:
    key = str(broken.value)
    if "dependentSchemas" in broken.steps:
        if (broken.node.place, key) in misspelt:
            return
        kind = str(broken.steps[broken.steps.index("dependentSchemas") + 1])
        # Both keys may forbid each other: the later one is reported, once.
        first, second = sorted((key, kind), key=broken.key_place)
        message = f"{shown(second)} does not go with {shown(first)}"
        place, other = broken.key_place(second), broken.key_place(first)
        findings.error("clashing-keys", message, place, hint="remove one of them", other=other)
        return
    message = f"{shown(key)} can't be a name"
    findings.error("bad-name", message, broken.key_place(key), hint=_NAME_HINT)


def _say_unknown(broken: Violation, misspelt: Misspelt, findings: Findings) -> None:
    known = broken.keys
    mapping = broken.node.place
    for key in broken.value if isinstance(broken.value, dict) else ():
        if key in known:
            continue
        place = broken.key_place(key)
        if key in _RESOURCE and "Effect" in known:
            message = f"a statement of a repository policy has no {key}"
            hint = "remove it: the policy speaks of its own repository"
            findings.error("resource-in-statement", message, place, hint=hint)
            continue
        meant = findings.closest(key, _keys_that_go(broken))
        misspelt |= {(mapping, key), (mapping, meant or key)}
        hint = f"did you mean {shown(meant)}?" if meant else f"the keys here are {', '.join(known)}"
        findings.error("unknown-key", f"{shown(key)} is not a key here", place, hint=hint)


def _keys_that_go(broken: Violation) -> list[str]:
    """Give the known keys that the mapping does not have, and that go with those that it has."""
    present = broken.value if isinstance(broken.value, dict) else {}
    kinds = broken.schema.get("dependentSchemas")
    taken = {_OPPOSITES.get(key, key) for key in present}.union(present)
    for kind, rule in kinds.items() if isinstance(kinds, Mapping) else ():
        only = frozenset(_strings(rule["propertyNames"]["enum"]))
        if kind in present:
            taken.update(key for key in broken.keys if key not in only)
        elif not only.issuperset(key for key in present if key in broken.keys):
            taken.add(kind)
    return [key for key in broken.keys if key not in taken]


def _say_missing(broken: Violation, misspelt: Misspelt, findings: Findings) -> None:
    present = broken.value if isinstance(broken.value, dict) else {}
    for key in _strings(broken.wanted):
        if key not in present and (broken.node.place, key) not in misspelt:
            findings.error("missing-key", f"the key {shown(key)} is missing here", broken.place)


def _say_companion(broken: Violation, misspelt: Misspelt, findings: Findings) -> None:
    present = broken.value if isinstance(broken.value, dict) else {}
    rules = broken.wanted if isinstance(broken.wanted, Mapping) else {}
    for key in present:
        for needed in _strings(rules.get(key)):
            if needed not in present and (broken.node.place, needed) not in misspelt:
                message = f"{shown(key)} is only for a {broken.title} with {shown(needed)}"
                findings.error("missing-key", message, broken.key_place(key))


def _say_nobody(broken: Violation, findings: Findings) -> None:
    besides = {"sid", "as_is", "when", "accounts", "paths"}
    kinds = (k for k in broken.keys if k not in besides and not k.startswith("source_"))
    hint = f"give one of {', '.join(kinds)}"
    findings.error("missing-key", "this does not say who it is", broken.place, hint=hint)


def _say_type(broken: Violation, findings: Findings) -> None:
    node = broken.node
    is_number = isinstance(broken.value, int) and not isinstance(broken.value, bool)
    if broken.title in _ACCOUNT_TITLES and is_number and isinstance(node, ScalarNode):
        message = f"an account id must be quoted, and {node.text} is read as a number"
        hint = "quote all 12 digits, leading zeros too"
        findings.error("unquoted-account-id", message, broken.place, hint=hint)
        return
    kinds = _strings(broken.wanted)
    wanted = " or ".join(_KINDS[kind] for kind in kinds)
    message = f"expected {wanted} ({broken.title}), found {shown(broken.value)}"
    findings.error("wrong-type", message, broken.place, hint=_type_hint(kinds, broken))


def _type_hint(kinds: tuple[str, ...], broken: Violation) -> str | None:
    node = broken.node
    if not isinstance(node, ScalarNode):
        return None
    if node.value is None and "object" in kinds:
        return "write {} for none"
    if node.value is not None and not isinstance(node.value, str) and kinds == ("string",):
        quoting = broken.title in _FREE_TEXT and fits(node.text, broken.schema)
        return f'write "{node.text}"' if quoting else _example(broken)
    if kinds == ("boolean",):
        return "write true or false, without quotes"
    if kinds == ("integer",) and node.text.isdecimal() and fits(int(node.text), broken.schema):
        return "remove the quotes"
    return None


def _say_empty(broken: Violation, findings: Findings) -> None:
    findings.error("empty-value", "this is empty, and at least one is needed", broken.place)


def _say_many(broken: Violation, findings: Findings) -> None:
    kind = "list" if broken.keyword == "maxItems" else "mapping"
    message = f"this {kind} is too long: at most {broken.wanted} are taken"
    findings.error("bad-value", message, broken.place)


def _say_value(broken: Violation, findings: Findings) -> None:
    rule = _RULES.get(broken.title, "bad-value")
    message = f"{shown(broken.value)} is not a valid {broken.title}"
    findings.error(rule, message, broken.place, hint=_value_hint(broken, findings))


def _value_hint(broken: Violation, findings: Findings) -> str | None:
    if broken.title == _NAME and broken.keyword == "pattern":
        return _NAME_HINT
    match broken.keyword:
        case "enum":
            names = _strings(broken.wanted)
            return findings.did_you_mean(str(broken.value), names) or f"write {' or '.join(names)}"
        case "const":
            return f"write {json.dumps(broken.wanted)}"
        case "minimum":
            return f"at least {broken.wanted}"
        case "maximum":
            return f"at most {broken.wanted}"
        case _:
            return _example(broken)


def _example(broken: Violation) -> str | None:
    examples = broken.schema.get("examples")
    return f"for example {examples[0]}" if isinstance(examples, list) else None


def _strings(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(item for item in items if isinstance(item, str))


_ABOUT_KEYS: Mapping[str, Callable[[Violation, Misspelt, Findings], None]] = {
    "required": _say_missing,
    "dependentRequired": _say_companion,
}
_BY_KEYWORD: Mapping[str, Callable[[Violation, Findings], None]] = {
    "not": _say_nobody,
    "type": _say_type,
    "maxItems": _say_many,
    "maxProperties": _say_many,
    "minItems": _say_empty,
    "minLength": _say_empty,
    "minProperties": _say_empty,
}
