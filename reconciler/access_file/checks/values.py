"""Reports values that violate the schema, with the form that would be valid."""

import json
import re
from collections.abc import Callable, Mapping

from reconciler.access_file.document.nodes import ScalarNode
from reconciler.access_file.document.problems import ProblemList, escape, quote
from reconciler.access_file.document.schema import Violation, fits
from reconciler.access_file.document.tree import report_unquoted_id
from reconciler.access_file.sections.accounts import report_bad_id
from reconciler.closest import suggestion
from reconciler.model.rules import RuleId
from reconciler.policy import known_service

_ACCOUNT = "account id"
_NAME = "name"
_ACCOUNT_TITLES = frozenset({_ACCOUNT, "name or id of an account"})
_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
}
_RULES = {_ACCOUNT: RuleId.BAD_ACCOUNT_ID, _NAME: RuleId.BAD_NAME}
"""The rules for bad values, by title, where it is not `bad-value`."""

NAME_HINT = (
    "write 1 to 64 ASCII letters, digits and . _ - / @ +; not only digits, and not the word nothing"
)
_ORGANIZATION_ID = "o- and 10 to 32 lowercase letters or digits"
_FORMS = {
    "organization's id": f"write {_ORGANIZATION_ID}",
    "path in an organization": f"begin with the organization's id, {_ORGANIZATION_ID}",
}
_FREE_TEXT = frozenset(
    {"text", "role's name", "user's name", "tag's value", "repository's name", _NAME}
)
"""Titles of values that may be text of digits, if quoted."""

_EMPTY = {"minItems": "array", "minLength": "string", "minProperties": "object"}
_TIERS_FORM = "TIER, or {tier: TIER, until: DATE}, or a list of them"
_MAPPING_FORMS = {
    "registry": 'registry: {account: "ACCOUNT ID", regions: [REGION]}',
    "accounts": 'accounts: {NAME: "ACCOUNT ID"}',
    "principals": "principals: {NAME: {role: ROLE, account: ACCOUNT}}",
    "tiers": "tiers: {NAME: {extends: TIER, actions: [ACTION]}}",
    "repositories": "repositories: {REPOSITORY: {access: {NAME: TIER}}}",
    "access": "access: {NAME: TIER}",
    "principal": "{role: ROLE, account: ACCOUNT}, or an ARN, or a list of names",
    "tier": "{extends: TIER, actions: [ACTION]}",
    "repository's entry": "REPOSITORY: {access: {NAME: TIER}}",
    "tier, or tiers, given": _TIERS_FORM,
    "tier given": _TIERS_FORM,
    "conditions": "{OPERATOR: {KEY: VALUE}}",
    "condition operator with its keys": "{OPERATOR: {KEY: VALUE}}",
    "limit": "{percent: 30, count: 10}, or none",
    "rule": "{never: TIER, to: WHOM, because: REASON}",
    "whom a rule is about": "NAME, or a list of names, or public, or {outside: [ACCOUNT]}",
    "keep rule": "{sid: SID, service: SERVICE}, or {sid: SID, principal: NAME}",
    "encryption": "aes256, or kms, or {kms_key: KEY}",
    "tags": "tags: {KEY: VALUE}",
    "IAM statement": "{Effect: EFFECT, Principal: {AWS: ARN}, Action: [ACTION]}",
    "principal element": "{AWS: ARN}, or {Service: SERVICE}",
}
"""How a part that may be a mapping is written, by its title in the schema."""

_SECTION_HINT = re.compile(r"write [^{]*:")


def check_value(violation: Violation, problems: ProblemList) -> None:
    """Report one value that violates the schema."""
    _REPORTERS.get(violation.keyword, _report_value)(violation, problems)


def form_hint(violation: Violation, kinds: tuple[str, ...]) -> str | None:
    """Return the hint that shows how a part is written, by its title, or else by its example."""
    if "object" in kinds and violation.title in _MAPPING_FORMS:
        return f"write {_MAPPING_FORMS[violation.title]}"
    examples = violation.schema.get("examples")
    if not isinstance(examples, list):
        return None
    fitting = [example for example in examples if _kind(example) in kinds]
    example = (fitting or examples)[0]
    return f"for example {example if isinstance(example, str) else json.dumps(example)}"


def strings(value: object) -> tuple[str, ...]:
    """Return the strings of a list of the schema, or a single one."""
    items = value if isinstance(value, list) else [value]
    return tuple(item for item in items if isinstance(item, str))


def _kind(example: object) -> str:
    if isinstance(example, str):
        return "string"
    return "array" if isinstance(example, list) else "object"


def _report_type(violation: Violation, problems: ProblemList) -> None:
    node, value, place = violation.node, violation.value, violation.place
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if violation.title in _ACCOUNT_TITLES and is_number and isinstance(node, ScalarNode):
        report_unquoted_id(node.text, place, problems)
        return
    kinds = strings(violation.expected)
    expected = " or ".join(_KINDS[kind] for kind in kinds)
    message = f"expected {expected} ({violation.title}), found {quote(value)}"
    problems.error(RuleId.WRONG_TYPE, message, place, hint=_type_hint(kinds, violation))


def _type_hint(kinds: tuple[str, ...], violation: Violation) -> str | None:
    node, title, schema = violation.node, violation.title, violation.schema
    hint = form_hint(violation, kinds)
    if not isinstance(node, ScalarNode):
        return hint
    match kinds, node.value:
        case ("boolean",), _:
            hint = "write true or false, without quotes"
        case _, None:
            # Only a section or an access may be empty: their forms begin with their key.
            is_section = _SECTION_HINT.match(hint or "") and title != "registry"
            hint = f"{hint}, or {{}} for none" if is_section else hint
        case ("array",), str(text) if text:
            hint = f"write {title}: [{escape(text)}]"
        case ("integer",), _ if node.text.isdecimal() and fits(int(node.text), schema):
            hint = "remove the quotes"
        case ("string",), bool() | int():
            needs_quotes = title in _FREE_TEXT and fits(node.text, schema)
            hint = f'write "{node.text}"' if needs_quotes else _example(violation)
    return hint


def _report_empty(violation: Violation, problems: ProblemList) -> None:
    hint = form_hint(violation, (_EMPTY[violation.keyword],))
    message = "empty value: at least one item is required"
    problems.error(RuleId.EMPTY_VALUE, message, violation.place, hint=hint)


def _report_many(violation: Violation, problems: ProblemList) -> None:
    kind = "list" if violation.keyword == "maxItems" else "mapping"
    message = f"this {kind} is too long: it may have at most {violation.expected} items"
    problems.error(RuleId.BAD_VALUE, message, violation.place)


def _report_value(violation: Violation, problems: ProblemList) -> None:
    value, title = violation.value, violation.title
    if title == _ACCOUNT and report_bad_id(str(value), violation.place, problems):
        return
    message = f"{quote(value)} is not a valid {title}"
    rule = _RULES.get(title, RuleId.BAD_VALUE)
    problems.error(rule, message, violation.place, hint=_value_hint(violation, problems))


def _value_hint(violation: Violation, problems: ProblemList) -> str | None:
    text, title, expected = str(violation.value), violation.title, violation.expected
    if title == _NAME and violation.keyword == "pattern":
        return NAME_HINT
    match violation.keyword:
        case "enum":
            names = strings(expected)
            return problems.did_you_mean(text, names) or f"write {' or '.join(names)}"
        case "const":
            return f"write {json.dumps(expected)}"
        case "minimum" | "maximum" as bound:
            return f"the {bound} is {expected}"
    if title == "service principal" and (service := known_service(text)):
        return suggestion(service)
    return ", ".join(filter(None, (_FORMS.get(title), _example(violation)))) or None


def _example(violation: Violation) -> str | None:
    examples = violation.schema.get("examples")
    return f"for example {examples[0]}" if isinstance(examples, list) else None


_REPORTERS: Mapping[str, Callable[[Violation, ProblemList], None]] = {
    "type": _report_type,
    "maxItems": _report_many,
    "maxProperties": _report_many,
    "minItems": _report_empty,
    "minLength": _report_empty,
    "minProperties": _report_empty,
}
