"""Reports violations of the schema, each mistake as one problem with a hint: keys, then values."""

import json
import re
from collections.abc import Mapping, Sequence

from reconciler.access_file.document.problems import (
    Place,
    ProblemList,
    Suggestion,
    escape,
    quote,
    quote_all,
)
from reconciler.access_file.document.schema import FileSchema, Violation, fits, violations
from reconciler.access_file.document.tree import (
    Node,
    ScalarNode,
    child,
    items_of,
    report_unquoted_id,
    texts_of,
)
from reconciler.access_file.sections.accounts import report_bad_id
from reconciler.model.rules import RuleId
from reconciler.policy import known_service, partition_of_region

_MIN_PREFIX = 3
_OPPOSITES = {
    "Action": "NotAction",
    "NotAction": "Action",
    "Principal": "NotPrincipal",
    "NotPrincipal": "Principal",
    "Resource": "NotResource",
    "NotResource": "Resource",
}
"""Elements of which a statement has one or the other."""

_RESOURCE = frozenset({"Resource", "NotResource"})
_NOT_A_PRINCIPAL = ("sid", "as_is", "when", "accounts", "paths", "source_")
"""How the keys begin that name no principal."""

_ACCOUNT = "account id"
_NAME = "name"
_LIMIT = "limit"
_NUMBER = r"([0-9]{1,9}) ?(%?)"
_MAX_PERCENT = 100
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

_NAME_HINT = (
    "write 1 to 64 ASCII letters, digits and . _ - / @ +; not only digits, and not the word nothing"
)
_ORGANIZATION_ID = "o- and 10 to 32 lowercase letters or digits"
_FORMS = {
    "organization's id": f"write {_ORGANIZATION_ID}",
    "path in an organization": f"begin with the organization's id, {_ORGANIZATION_ID}",
}
_FREE_TEXT = frozenset(
    {
        "text",
        "role's name",
        "user's name",
        "tag's value",
        "repository's name",
        "AWS profile",
        "external id",
        "session name",
        _NAME,
    }
)
"""Titles of values that may be text of digits, if quoted."""

_EMPTY = {"minItems": "array", "minLength": "string", "minProperties": "object"}
_TIERS_FORM = "TIER, or {tier: TIER, until: DATE}, or a list of them"
_REPOSITORIES_FORM = "repositories: {REPOSITORY: {access: {NAME: TIER}}}"
_MAPPING_FORMS = {
    "included file": _REPOSITORIES_FORM,
    "include": 'include: [{files: PATH, may: ["PREFIX/*"]}]',
    "included files": '{files: PATH, may: ["PREFIX/*"]}',
    "registry": 'registry: {account: "ACCOUNT ID", regions: [REGION]}',
    "item of registries": '{name: NAME, account: "ACCOUNT ID", regions: [REGION]}',
    "accounts": 'accounts: {NAME: "ACCOUNT ID"}',
    "principals": "principals: {NAME: {role: ROLE, account: ACCOUNT}}",
    "tiers": "tiers: {NAME: {extends: TIER, actions: [ACTION]}}",
    "repositories": _REPOSITORIES_FORM,
    "access": "access: {NAME: TIER}",
    "principal": "{role: ROLE, account: ACCOUNT}, or an ARN, or a list of names",
    "tier": "{extends: TIER, actions: [ACTION]}",
    "repository's entry": "REPOSITORY: {access: {NAME: TIER}}",
    "tier, or tiers, given": _TIERS_FORM,
    "tier given": _TIERS_FORM,
    "conditions": "{OPERATOR: {KEY: VALUE}}",
    "condition operator with its keys": "{OPERATOR: {KEY: VALUE}}",
    "limit": "{percent: 30, count: 10}",
    "rule": "{never: TIER, to: WHOM, because: REASON}",
    "whom a rule is about": "NAME, or a list of names, or public, or {outside: [ACCOUNT]}",
    "keep rule": "{sid: SID, service: SERVICE}, or {sid: SID, principal: NAME}",
    "encryption": "aes256, or kms, or {kms_key: KEY}",
    "tags": "tags: {KEY: VALUE}",
    "IAM statement": "{Effect: EFFECT, Principal: {AWS: ARN}, Action: [ACTION]}",
    "statement of the registry's policy": "{Effect: EFFECT, Principal: {AWS: ARN},"
    " Action: [ACTION], Resource: [ARN]}",
    "principal element": "{AWS: ARN}, or {Service: SERVICE}",
}
"""How a part that may be a mapping is written, by its title in the schema."""

_SECTION_HINT = r"write [^{]*:"


def check_shape(root: Node, schema: FileSchema, problems: ProblemList) -> tuple[Violation, ...]:
    """Report how a tree violates the schema of its file; returns all violations.

    A violation that only follows from another one is not reported: the missing key that a misspelt
    one was meant as, or the misspelt key that does not fit another one.
    """
    found = tuple(violations(root, schema))
    keys = _KeyCheck(problems)
    for violation in found:
        if violation.keyword == "additionalProperties":
            keys.report_unknown(violation)
    for violation in found:
        if violation.of_key:
            keys.report_bad_key(violation)
    for keyword, report in (
        ("required", keys.report_missing),
        ("dependentRequired", keys.report_companion),
        ("not", keys.report_no_principal),
    ):
        for violation in found:
            if violation.keyword == keyword and not violation.of_key:
                report(violation)
    for violation in found:
        if not violation.about_keys:
            _check_value(violation, problems)
    return found


def use_partition(root: Node, problems: ProblemList) -> None:
    """Write ARNs in hints, which are examples of the schema, in the first registry's partition."""
    first = next(iter(items_of(root, "registries")), child(root, "registry"))
    regions = texts_of(first, "regions")
    own = f"arn:{partition_of_region(regions[0].text)}:" if regions else "arn:aws:"
    problems.found = {
        problem._replace(hint=problem.hint and problem.hint.replace("arn:aws:", own)): None
        for problem in problems.found
    }


class _KeyCheck:
    """Reports keys that violate the schema, and keeps what is reported so that it is not repeated.

    `misspelt` has unknown keys and the known keys that they resemble, each with the place of its
    mapping; `foreign` the mappings without any known key; `clashing` the places of keys that
    another one excludes; `alone` the mappings in which a key lacks its companion.
    """

    def __init__(self, problems: ProblemList) -> None:
        self.problems = problems
        self.misspelt: set[tuple[Place, str]] = set()
        self.foreign: set[Place] = set()
        self.clashing: set[Place] = set()
        self.alone: set[Place] = set()

    def report_unknown(self, violation: Violation) -> None:
        """Report keys that the schema does not know."""
        mapping = violation.node.place
        foreign: list[str] = []
        for key in _keys(violation):
            if key in violation.keys:
                continue
            place = violation.key_place(key)
            if key in _RESOURCE and "Effect" in violation.keys:
                message = f"{key} is not allowed in a repository policy"
                hint = "remove it: the policy applies to its own repository; or move the statement"
                hint += " to registry_statements, at the top level"
                self.problems.error(RuleId.RESOURCE_IN_STATEMENT, message, place, hint)
                continue
            choices = _possible_keys(violation)
            similar = self.problems.closest(key, choices) or _completed(key, choices)
            self.misspelt.update({(mapping, key), (mapping, similar or key)})
            if similar:
                message = f"unknown key {quote(key)}"
                meant = Suggestion(key, similar)
                self.problems.error(RuleId.UNKNOWN_KEY, message, place, meant)
            else:
                foreign.append(key)
        if foreign:
            self._report_foreign(violation, foreign)

    def _report_foreign(self, violation: Violation, foreign: list[str]) -> None:
        """Report keys that resemble no known one: as one mistake if the mapping has no other."""
        known = f"the keys here are {', '.join(violation.keys)}"
        if len(foreign) < len(_keys(violation)):
            for key in foreign:
                message, place = f"unknown key {quote(key)}", violation.key_place(key)
                self.problems.error(RuleId.UNKNOWN_KEY, message, place, known)
            return
        self.foreign.add(violation.node.place)
        form = _form_hint(violation, ("object",))
        message = f"unknown {'key' if len(foreign) == 1 else 'keys'} {quote_all(foreign)}"
        place = violation.key_place(foreign[0])
        hint = f"{form}; {known}" if form else known
        self.problems.error(RuleId.UNKNOWN_KEY, message, place, hint)

    def report_bad_key(self, violation: Violation) -> None:
        """Report a key that is not a valid name, or that another key excludes."""
        key = str(violation.value)
        if "dependentSchemas" not in violation.steps:
            message, place = f"{quote(key)} is not a valid name", violation.key_place(key)
            self.problems.error(RuleId.BAD_NAME, message, place, _NAME_HINT)
            return
        other_key = str(violation.steps[violation.steps.index("dependentSchemas") + 1])
        # Two keys may exclude each other, and a third one: the later one is reported, once.
        first, second = sorted((key, other_key), key=violation.key_place)
        place, other = violation.key_place(second), violation.key_place(first)
        if (violation.node.place, key) in self.misspelt or place in self.clashing:
            return
        self.clashing.add(place)
        message = f"{quote(second)} cannot be combined with {quote(first)}"
        self.problems.error(RuleId.CLASHING_KEYS, message, place, "remove one of them", other=other)

    def report_missing(self, violation: Violation) -> None:
        """Report required keys that are missing."""
        for key in _strings(violation.expected):
            # Of the keys of the whole file, only this one has an alternative.
            either = ("registry", "registries") if key == "registry" else (key,)
            if key not in _keys(violation) and all(self._lacks(violation.node, k) for k in either):
                message = f"missing key {' or '.join(map(quote, either))}"
                hint = _example_of(key, violation) or f"write {_MAPPING_FORMS[key]}"
                self.problems.error(RuleId.MISSING_KEY, message, violation.place, hint)

    def report_companion(self, violation: Violation) -> None:
        """Report keys that are valid only with another one, which is missing."""
        rules = violation.expected if isinstance(violation.expected, Mapping) else {}
        present = _keys(violation)
        for key in present:
            place = violation.key_place(key)
            for needed in _strings(rules.get(key)):
                reported = place in self.clashing or not self._lacks(violation.node, needed)
                if needed in present or reported:
                    continue
                self.alone.add(violation.node.place)
                message = f"{quote(key)} requires {quote(needed)}"
                hint = _example_of(needed, violation)
                self.problems.error(RuleId.MISSING_KEY, message, place, hint)

    def report_no_principal(self, violation: Violation) -> None:
        """Report a mapping without the key that names a principal."""
        if violation.node.place not in self.alone:
            kinds = (key for key in violation.keys if not key.startswith(_NOT_A_PRINCIPAL))
            hint = f"add one of {', '.join(kinds)}"
            message = "missing key: no principal is given"
            self.problems.error(RuleId.MISSING_KEY, message, violation.place, hint)

    def _lacks(self, node: Node, key: str) -> bool:
        """Whether a mapping lacks a key, and not because of a reported problem."""
        return node.place not in self.foreign and (node.place, key) not in self.misspelt


def _keys(violation: Violation) -> Mapping[str, object]:
    return violation.value if isinstance(violation.value, dict) else {}


def _possible_keys(violation: Violation) -> list[str]:
    """Return the known keys that the mapping does not have and that fit those that it has."""
    present = _keys(violation)
    kinds = violation.schema.get("dependentSchemas")
    excluded = {_OPPOSITES.get(key, key) for key in present}.union(present)
    for kind, rule in kinds.items() if isinstance(kinds, Mapping) else ():
        only = frozenset(_strings(rule["propertyNames"]["enum"]))
        if kind in present:
            excluded.update(key for key in violation.keys if key not in only)
        elif not only.issuperset(key for key in present if key in violation.keys):
            excluded.add(kind)
    return [key for key in violation.keys if key not in excluded]


def _completed(key: str, known: Sequence[str]) -> str | None:
    """Return the one known key that begins with a shortened one."""
    found = [one for one in known if len(key) >= _MIN_PREFIX and one.startswith(key)]
    return found[0] if len(found) == 1 else None


def _example_of(key: str, violation: Violation) -> str | None:
    part = violation.properties.get(key)
    examples = part.get("examples") if isinstance(part, Mapping) else None
    return f"for example {key}: {json.dumps(examples[0])}" if examples else None


def _check_value(violation: Violation, problems: ProblemList) -> None:
    place = violation.place
    match violation.keyword:
        case "type":
            _report_type(violation, problems)
        case "minItems" | "minLength" | "minProperties" as keyword:
            message = "empty value: at least one item is required"
            hint = _form_hint(violation, (_EMPTY[keyword],))
            problems.error(RuleId.EMPTY_VALUE, message, place, hint)
        case "maxItems" | "maxProperties" as keyword:
            kind = "list" if keyword == "maxItems" else "mapping"
            found = len(violation.value) if isinstance(violation.value, list | dict) else 0
            message = f"this {kind} is too long: {found:,} items, and {violation.expected} at most"
            problems.error(RuleId.BAD_VALUE, message, place)
        case _:
            _report_value(violation, problems)


def _form_hint(violation: Violation, kinds: tuple[str, ...]) -> str | None:
    """Return the hint that shows how a part is written, by its title, or else by its example."""
    if "object" in kinds and violation.title in _MAPPING_FORMS:
        return f"write {_MAPPING_FORMS[violation.title]}"
    fitting = [example for example in violation.examples if _kind(example) in kinds]
    for example in (*fitting, *violation.examples):
        return f"for example {example if isinstance(example, str) else json.dumps(example)}"
    return None


def _strings(value: object) -> tuple[str, ...]:
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
    kinds = _strings(violation.expected)
    expected = " or ".join(_KINDS[kind] for kind in kinds)
    message = f"expected {expected} ({violation.title}), found {quote(value)}"
    problems.error(RuleId.WRONG_TYPE, message, place, _type_hint(kinds, violation))


def _type_hint(kinds: tuple[str, ...], violation: Violation) -> str | None:
    node, title, schema = violation.node, violation.title, violation.schema
    hint = _form_hint(violation, kinds)
    if not isinstance(node, ScalarNode):
        return hint
    match kinds, node.value:
        case _, _ if title == _LIMIT:
            hint = _limit_hint(node.text)
        case ("boolean",), _:
            hint = "write true or false, without quotes"
        case _, None:
            # Only a section or an access may be empty: their forms begin with their key.
            is_section = re.match(_SECTION_HINT, hint or "") and title != "registry"
            hint = f"{hint}, or {{}} for none" if is_section else hint
        case ("array",), str(text) if text:
            hint = f"write {title}: [{escape(text)}]"
        case ("integer",), _ if node.text.isdecimal() and fits(int(node.text), schema):
            hint = "remove the quotes"
        case ("string",), bool() | int():
            needs_quotes = title in _FREE_TEXT and fits(node.text, schema)
            hint = f'write "{node.text}"' if needs_quotes else _example(violation)
    return hint


def _report_value(violation: Violation, problems: ProblemList) -> None:
    value, title = violation.value, violation.title
    if title == _ACCOUNT and report_bad_id(str(value), violation.place, problems):
        return
    message = f"{quote(value)} is not a valid {title}"
    rule = _RULES.get(title, RuleId.BAD_VALUE)
    problems.error(rule, message, violation.place, _value_hint(violation, problems))


def _value_hint(violation: Violation, problems: ProblemList) -> str | Suggestion | None:
    text, title, expected = str(violation.value), violation.title, violation.expected
    if title == _NAME and violation.keyword == "pattern":
        return _NAME_HINT
    match violation.keyword:
        case "enum":
            names = _strings(expected)
            forms = f"write {' or '.join(names)}"
            is_limit = title == _LIMIT
            return _limit_hint(text) if is_limit else problems.did_you_mean(text, names) or forms
        case "const":
            return f"write {json.dumps(expected)}"
        case "minimum" | "maximum" as bound:
            return f"the {bound} is {expected}"
    if title == "service principal" and (service := known_service(text)):
        return Suggestion(text, service)
    return ", ".join(filter(None, (_FORMS.get(title), _example(violation)))) or None


def _limit_hint(text: str) -> str:
    """Return how a limit is written; never `none`, which turns the guard off."""
    found = re.fullmatch(_NUMBER, text)
    if found is None:
        return f"write {_MAPPING_FORMS[_LIMIT]}"
    number, sign = int(found[1]), found[2]
    count = "" if sign else f"{{count: {number}}}"
    percent = f"{{percent: {number}}}" if number <= _MAX_PERCENT else ""
    return f"write {' or '.join(filter(None, (count, percent))) or _MAPPING_FORMS[_LIMIT]}"


def _example(violation: Violation) -> str | None:
    return f"for example {violation.examples[0]}" if violation.examples else None
