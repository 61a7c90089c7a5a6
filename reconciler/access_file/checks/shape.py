"""What breaks the schema, as problems with hints: one mistake is one problem."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from reconciler.access_file.checks.forms import as_list, expected_form
from reconciler.access_file.document.nodes import Node, ScalarNode, child, texts_of
from reconciler.access_file.document.problems import Place, ProblemList, listed, shown, suggestion
from reconciler.access_file.document.schema import Violation, fits, violations
from reconciler.access_file.sections.accounts import report_bad_id
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.principals import partition_of_region
from reconciler.policy.language.services import known_service

_ACCOUNT = "account id"
_ACCOUNT_TITLES = frozenset({_ACCOUNT, "name or id of an account"})
_SHORTEST_BEGINNING = 3
_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
}


class _Told(NamedTuple):
    """What is told already, so that what follows from it is not.

    `misspelt` holds keys that are not known, and those that they are most likely meant as, each
    with the place of its mapping; `foreign` mappings without a known key; `clashing` the places
    of keys that do not go with another; `alone` mappings in which a key lacks its companion.
    """

    misspelt: set[tuple[Place, str]]
    foreign: set[Place]
    clashing: set[Place]
    alone: set[Place]

    def lacks(self, node: Node, key: str) -> bool:
        """Tell whether a mapping lacks a key, and not for a reason that is told."""
        return node.place not in self.foreign and (node.place, key) not in self.misspelt


_NAME = "name"
_SERVICE = "service principal"
_RULES = {_ACCOUNT: RuleId.BAD_ACCOUNT_ID, _NAME: RuleId.BAD_NAME}
"""Rules of their own for a bad value, by its title."""

_NAME_HINT = (
    "1 to 64 ASCII letters, digits and . _ - / @ +; not only digits, and not the word nothing"
)
_ORGANIZATION_ID = "o- and 10 to 32 lowercase letters or digits"
_WRITTEN_AS = {
    "organization's id": f"it is {_ORGANIZATION_ID}",
    "path in an organization": f"it begins with the organization's id, {_ORGANIZATION_ID}",
}
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

_EMPTY = {"minItems": "array", "minLength": "string", "minProperties": "object"}
_RESOURCE = frozenset({"Resource", "NotResource"})


def check_shape(root: Node, problems: ProblemList) -> tuple[Violation, ...]:
    """Report each way in which the tree is not what the schema describes, and give them all.

    What follows from another one alone is not reported: that a key is missing which a misspelt
    one means, or that the misspelt one does not go with another.
    """
    found = tuple(violations(root))
    told = _Told(set(), set(), set(), set())
    for violation in found:
        if violation.keyword == "additionalProperties":
            _say_unknown(violation, told, problems)
    for violation in found:
        if violation.of_key:
            _say_key(violation, told, problems)
    for keyword, say in _ABOUT_KEYS.items():
        for violation in found:
            if violation.keyword == keyword and not violation.of_key:
                say(violation, told, problems)
    for violation in found:
        if not violation.about_keys:
            _BY_KEYWORD.get(violation.keyword, _say_value)(violation, problems)
    _write_in_partition(root, problems)
    return found


def _write_in_partition(root: Node, problems: ProblemList) -> None:
    """Write the ARNs of hints, examples of the schema, in the partition of the registry."""
    regions = texts_of(child(child(root, "registry"), "regions"))
    own = f"arn:{partition_of_region(regions[0].text)}:" if regions else "arn:aws:"
    problems.found = {
        problem._replace(hint=problem.hint and problem.hint.replace("arn:aws:", own)): None
        for problem in problems.found
    }


def _say_key(broken: Violation, told: _Told, problems: ProblemList) -> None:
    key = str(broken.value)
    if "dependentSchemas" in broken.steps:
        kind = str(broken.steps[broken.steps.index("dependentSchemas") + 1])
        # Both keys may forbid each other, and a third one: the later one is reported, once.
        first, second = sorted((key, kind), key=broken.key_place)
        place, other = broken.key_place(second), broken.key_place(first)
        if (broken.node.place, key) in told.misspelt or place in told.clashing:
            return
        told.clashing.add(place)
        message = f"{shown(second)} does not go with {shown(first)}"
        problems.error(RuleId.CLASHING_KEYS, message, place, hint="remove one of them", other=other)
        return
    message = f"{shown(key)} can't be a name"
    problems.error(RuleId.BAD_NAME, message, broken.key_place(key), hint=_NAME_HINT)


def _say_unknown(broken: Violation, told: _Told, problems: ProblemList) -> None:
    known = broken.keys
    mapping = broken.node.place
    foreign: list[str] = []
    for key in broken.value if isinstance(broken.value, dict) else ():
        if key in known:
            continue
        place = broken.key_place(key)
        if key in _RESOURCE and "Effect" in known:
            message = f"a statement of a repository policy has no {key}"
            hint = "remove it: the policy speaks of its own repository"
            problems.error(RuleId.RESOURCE_IN_STATEMENT, message, place, hint=hint)
            continue
        going = _keys_that_go(broken)
        meant = problems.closest(key, going) or _begun(key, going)
        told.misspelt.update({(mapping, key), (mapping, meant or key)})
        if meant:
            hint = suggestion(meant)
            problems.error(RuleId.UNKNOWN_KEY, f"{shown(key)} is not a key here", place, hint=hint)
        else:
            foreign.append(key)
    if foreign:
        _say_foreign(broken, foreign, told, problems)


def _say_foreign(broken: Violation, foreign: list[str], told: _Told, problems: ProblemList) -> None:
    """Report keys that mean none of the known ones: as one mistake where no other key stands."""
    known = f"the keys here are {', '.join(broken.keys)}"
    if len(foreign) < len(broken.value if isinstance(broken.value, dict) else ()):
        for key in foreign:
            message = f"{shown(key)} is not a key here"
            problems.error(RuleId.UNKNOWN_KEY, message, broken.key_place(key), hint=known)
        return
    told.foreign.add(broken.node.place)
    form = expected_form(broken.title, ("object",), broken.schema)
    are = "is not a key here" if len(foreign) == 1 else "are not keys here"
    hint = f"write {form}; {known}" if form else known
    message = f"{listed(foreign)} {are}"
    problems.error(RuleId.UNKNOWN_KEY, message, broken.key_place(foreign[0]), hint=hint)


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


def _begun(key: str, known: Sequence[str]) -> str | None:
    """Give the one known key that a short form of it begins."""
    begun = [one for one in known if len(key) >= _SHORTEST_BEGINNING and one.startswith(key)]
    return begun[0] if len(begun) == 1 else None


def _say_missing(broken: Violation, told: _Told, problems: ProblemList) -> None:
    present = broken.value if isinstance(broken.value, dict) else {}
    for key in _strings(broken.wanted):
        if key not in present and told.lacks(broken.node, key):
            message = f"the key {shown(key)} is missing here"
            problems.error(RuleId.MISSING_KEY, message, broken.place, hint=_example_of(key, broken))


def _example_of(key: str, broken: Violation) -> str | None:
    known = broken.schema.get("properties")
    part = known.get(key) if isinstance(known, Mapping) else None
    examples = part.get("examples") if isinstance(part, Mapping) else None
    return f"for example {key}: {json.dumps(examples[0])}" if examples else None


def _say_companion(broken: Violation, told: _Told, problems: ProblemList) -> None:
    present = broken.value if isinstance(broken.value, dict) else {}
    rules = broken.wanted if isinstance(broken.wanted, Mapping) else {}
    for key in present:
        place = broken.key_place(key)
        for needed in _strings(rules.get(key)):
            if needed in present or place in told.clashing or not told.lacks(broken.node, needed):
                continue
            told.alone.add(broken.node.place)
            message = f"{shown(key)} is only for a {broken.title} with {shown(needed)}"
            problems.error(RuleId.MISSING_KEY, message, place, hint=_example_of(needed, broken))


def _say_nobody(broken: Violation, told: _Told, problems: ProblemList) -> None:
    if broken.node.place in told.alone:
        return
    besides = {"sid", "as_is", "when", "accounts", "paths"}
    kinds = (k for k in broken.keys if k not in besides and not k.startswith("source_"))
    hint = f"give one of {', '.join(kinds)}"
    problems.error(RuleId.MISSING_KEY, "this does not say who it is", broken.place, hint=hint)


def _say_type(broken: Violation, problems: ProblemList) -> None:
    node = broken.node
    is_number = isinstance(broken.value, int) and not isinstance(broken.value, bool)
    if broken.title in _ACCOUNT_TITLES and is_number and isinstance(node, ScalarNode):
        message = f"an account id must be quoted, and {node.text} is read as a number"
        hint = "quote all 12 digits, leading zeros too"
        problems.error(RuleId.UNQUOTED_ACCOUNT_ID, message, broken.place, hint=hint)
        return
    kinds = _strings(broken.wanted)
    wanted = " or ".join(_KINDS[kind] for kind in kinds)
    message = f"expected {wanted} ({broken.title}), found {shown(broken.value)}"
    problems.error(RuleId.WRONG_TYPE, message, broken.place, hint=_type_hint(kinds, broken))


def _type_hint(kinds: tuple[str, ...], broken: Violation) -> str | None:
    node = broken.node
    if isinstance(node, ScalarNode):
        if node.value is not None and not isinstance(node.value, str) and kinds == ("string",):
            quoting = broken.title in _FREE_TEXT and fits(node.text, broken.schema)
            return f'write "{node.text}"' if quoting else _example(broken)
        if kinds == ("boolean",):
            return "write true or false, without quotes"
        if kinds == ("integer",) and node.text.isdecimal() and fits(int(node.text), broken.schema):
            return "remove the quotes"
    form = as_list(broken.title, node) if kinds == ("array",) else None
    form = form or expected_form(broken.title, kinds, broken.schema)
    if form is None or form.startswith("for example"):
        return form
    # Only a section or an access may be empty: their forms begin with their key.
    may_be_empty = ":" in form.partition("{")[0] and broken.title != "registry"
    is_null = isinstance(node, ScalarNode) and node.value is None
    return f"write {form}, or {{}} for none" if may_be_empty and is_null else f"write {form}"


def _say_empty(broken: Violation, problems: ProblemList) -> None:
    kind = _EMPTY[broken.keyword]
    form = expected_form(broken.title, (kind,), broken.schema)
    hint = form if form is None or form.startswith("for example") else f"write {form}"
    message = "this is empty, and at least one is needed"
    problems.error(RuleId.EMPTY_VALUE, message, broken.place, hint=hint)


def _say_many(broken: Violation, problems: ProblemList) -> None:
    kind = "list" if broken.keyword == "maxItems" else "mapping"
    message = f"this {kind} is too long: at most {broken.wanted} are taken"
    problems.error(RuleId.BAD_VALUE, message, broken.place)


def _say_value(broken: Violation, problems: ProblemList) -> None:
    text = str(broken.value)
    if broken.title == _ACCOUNT and report_bad_id(text, broken.place, problems):
        return
    rule = _RULES.get(broken.title, RuleId.BAD_VALUE)
    message = f"{shown(broken.value)} is not a valid {broken.title}"
    problems.error(rule, message, broken.place, hint=_value_hint(broken, problems))


def _value_hint(broken: Violation, problems: ProblemList) -> str | None:
    if broken.title == _NAME and broken.keyword == "pattern":
        return _NAME_HINT
    match broken.keyword:
        case "enum":
            names = _strings(broken.wanted)
            return problems.did_you_mean(str(broken.value), names) or f"write {' or '.join(names)}"
        case "const":
            return f"write {json.dumps(broken.wanted)}"
        case "minimum":
            return f"at least {broken.wanted}"
        case "maximum":
            return f"at most {broken.wanted}"
        case _:
            meant = known_service(str(broken.value)) if broken.title == _SERVICE else None
            says = (_WRITTEN_AS.get(broken.title), _example(broken))
            return suggestion(meant) if meant else ", ".join(filter(None, says)) or None


def _example(broken: Violation) -> str | None:
    examples = broken.schema.get("examples")
    return f"for example {examples[0]}" if isinstance(examples, list) else None


def _strings(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(item for item in items if isinstance(item, str))


_ABOUT_KEYS: Mapping[str, Callable[[Violation, _Told, ProblemList], None]] = {
    "required": _say_missing,
    "dependentRequired": _say_companion,
    "not": _say_nobody,
}
_BY_KEYWORD: Mapping[str, Callable[[Violation, ProblemList], None]] = {
    "type": _say_type,
    "maxItems": _say_many,
    "maxProperties": _say_many,
    "minItems": _say_empty,
    "minLength": _say_empty,
    "minProperties": _say_empty,
}
