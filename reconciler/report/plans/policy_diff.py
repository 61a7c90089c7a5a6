"""How a policy's JSON changes: a unified diff of one canonical form. It decides nothing."""

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import unified_diff
from functools import partial

from deepdiff import DeepDiff

from reconciler.model.templates import POLICY_FIELD, read_template
from reconciler.plan.model import Change
from reconciler.policy import (
    EVERYONE,
    MISSING,
    MalformedError,
    NotAction,
    Policy,
    RegistryPolicy,
    RegistryStatement,
    Statement,
    Unreadable,
    condition_json,
    load_json,
    parse_condition,
    read_registry_policy,
    spell_action,
)
from reconciler.printable import printable_value

Json = Mapping[str, object]
AnyPolicy = Policy | RegistryPolicy

_MOST_COMPARED = 400
"""How many pairs of statements are compared at most, to find the most similar ones."""


def diff_of_change(change: Change) -> Iterable[str]:
    """Return the diff of a change's policies, as `policy_diff` does.

    For a template, it is one of its policy and of each other field that changes.
    """
    match change.target.subject:
        case "repository-policy":
            return policy_diff(change.before, change.after)
        case "registry-policy":
            read = partial(read_registry_policy, partition=change.target.partition)
            return policy_diff(read(change.before_text), read(change.after_text))
        case "creation-template":
            return _template_diff(change)


def policy_diff(before: AnyPolicy, after: AnyPolicy) -> Iterable[str]:
    """Return the lines of a unified diff, raw; none where both are the same in whatever order.

    In a policy that is understood, the order, the spelling and single values without a list make no
    difference, nor does a Resource in a repository's. Any other is compared as the JSON or the text
    that it is.
    """
    return _diff(*_values(before, after))


def _template_diff(change: Change) -> Iterable[str]:
    texts, policies = (change.before_text, change.after_text), _values(change.before, change.after)
    old, new = ({} if text is None else read_template(text).fields for text in texts)
    same = {key for key in old.keys() & new.keys() if old[key] == new[key]}
    sides = (
        {key: value for key, value in fields.items() if key not in {*same, POLICY_FIELD}}
        | ({} if policy is None else {POLICY_FIELD: policy})
        for fields, policy in zip((old, new), policies, strict=True)
    )
    return _diff(*(side or None for side in sides))


def _diff(old: object, new: object) -> Iterable[str]:
    return unified_diff(_lines(old), _lines(new), "live", "planned", lineterm="")


def _values(before: AnyPolicy, after: AnyPolicy) -> tuple[object, object]:
    """Return two policies as JSON, the statements of the new one beside those of the old one."""
    old, new = _statements(before), _statements(after)
    return _value(before, old), _value(after, _beside(old, new))


def _value(policy: AnyPolicy, statements: Sequence[Json]) -> object:
    """Return a policy as JSON, its text where it is no JSON object or list; None for no policy."""
    if not isinstance(policy, Unreadable):
        version = {"Version": policy.version} if policy.version else {}
        return {**version, "Statement": statements} if statements else None
    try:
        value = load_json(policy.text)
    except MalformedError:
        return policy.text
    return value if isinstance(value, dict | list) else policy.text


def _lines(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return value.splitlines()
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str)
    return text.split("\n")


def _statements(policy: AnyPolicy) -> list[Json]:
    """Return the statements of a policy that is understood, sorted by Sid, then by all the rest."""
    found = () if isinstance(policy, Unreadable) else policy.statements
    return sorted(map(_statement, found), key=_order)


def _beside(old: Sequence[Json], new: Sequence[Json]) -> list[Json]:
    """Sort new statements by the old ones that they equal, replace by Sid, or most resemble."""
    by_sid = {statement["Sid"]: statement for statement in old if "Sid" in statement}
    sids = {statement["Sid"] for statement in new if "Sid" in statement}
    removed = [s for s in old if s not in new and s.get("Sid") not in sids]
    place: list[tuple[tuple[str, str], Json]] = []
    for statement in new:
        replaced = statement if statement in old else by_sid.get(statement.get("Sid"))
        if replaced is None and removed and len(removed) * len(new) <= _MOST_COMPARED:
            replaced = min(removed, key=lambda other: (_distance(other, statement), _order(other)))
            removed.remove(replaced)
        place.append((_order(replaced or statement), statement))
    return [statement for _, statement in sorted(place, key=lambda placed: placed[0])]


def _distance(one: Json, other: Json) -> float:
    """Return how much two statements differ, in whatever order of lists; 0 is not at all."""
    # DeepDiff takes hashes of text, and can't of a lone surrogate.
    sides = printable_value(one), printable_value(other)
    diff = DeepDiff(*sides, ignore_order=True, get_deep_distance=True)
    return float(diff.get("deep_distance", 0))


def _order(statement: Json) -> tuple[str, str]:
    return str(statement.get("Sid", "")), json.dumps(statement, sort_keys=True)


def _statement(statement: Statement | RegistryStatement) -> Json:
    if isinstance(statement, RegistryStatement):
        element = "NotResource" if statement.resources.excluded else "Resource"
        patterns = sorted(statement.resources.patterns)
        return {**_statement(statement.statement), element: patterns}
    sid = {"Sid": statement.sid} if statement.sid is not None else {}
    return {
        **sid,
        "Effect": statement.effect,
        **_principals(statement),
        **_actions(statement),
        **_condition(statement),
    }


def _principals(statement: Statement) -> Json:
    if statement.principals == (MISSING,):
        return {}
    if statement.principals == (EVERYONE,):
        return {"Principal": "*"}
    named: dict[str, list[str]] = {}
    element = "Principal"
    for principal in statement.principals:
        if principal.kind == "NotPrincipal":
            element = principal.kind
            for kind, _, name in (name.partition(":") for name in principal.names):
                named.setdefault(kind, []).append(name)
        else:
            named.setdefault(principal.kind, []).extend(principal.names)
    return {element: {kind: sorted(names) for kind, names in named.items()}}


def _actions(statement: Statement) -> Json:
    excluded = [a.excluded for a in statement.actions if isinstance(a, NotAction)]
    if excluded:
        return {"NotAction": sorted(map(spell_action, excluded[0]))}
    return {"Action": sorted(spell_action(a) for a in statement.actions if isinstance(a, str))}


def _condition(statement: Statement) -> Json:
    """Return the condition as it was written: the canonical one has policy variables resolved."""
    if not statement.condition:
        return {}
    block = condition_json(parse_condition(statement.raw["Condition"]))
    return {
        "Condition": {
            operator: {key: [v] if isinstance(v, str) else v for key, v in keys.items()}
            for operator, keys in block.items()
        }
    }
