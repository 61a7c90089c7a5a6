"""How a policy's JSON changes: a unified diff of one canonical form. It decides nothing."""

import json
from collections.abc import Iterable, Mapping
from difflib import unified_diff

from reconciler.plan.model import Change
from reconciler.policy.actions import spelling
from reconciler.policy.conditions import condition_json, parse_condition
from reconciler.policy.document import Document, Policy, Statement
from reconciler.policy.elements import NotAction
from reconciler.policy.json_text import load_json
from reconciler.policy.malformed import MalformedError
from reconciler.policy.principals import EVERYONE, MISSING
from reconciler.printable import printable


def explain_json(change: Change) -> Iterable[str]:
    """Tell how a change's policy becomes another as JSON, as `policy_diff` does."""
    return policy_diff(change.before, change.after)


def policy_diff(before: Policy, after: Policy) -> Iterable[str]:
    """Give the lines of a unified diff; none where both say the same in whatever order.

    Of what is understood the order, the spelling, single values without a list and a Resource
    make no difference. What is not is shown as the JSON or the text that it is.
    """
    lines = unified_diff(_lines(before), _lines(after), "live", "planned", lineterm="")
    return map(printable, lines)


def _lines(policy: Policy) -> list[str]:
    if isinstance(policy, Document):
        return _indented(_document(policy)) if policy.statements else []
    try:
        return _indented(load_json(policy.text))
    except MalformedError:
        return policy.text.splitlines()


def _indented(value: object) -> list[str]:
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str)
    return text.split("\n")


def _document(policy: Document) -> Mapping[str, object]:
    statements = sorted(map(_statement, policy.statements), key=_order)
    version = {"Version": policy.version} if policy.version else {}
    return {**version, "Statement": statements}


def _order(statement: Mapping[str, object]) -> tuple[str, str]:
    """Sort by Sid, so that what was and what becomes of a statement stand together."""
    return str(statement.get("Sid", "")), json.dumps(statement, sort_keys=True)


def _statement(statement: Statement) -> Mapping[str, object]:
    sid = {"Sid": statement.sid} if statement.sid is not None else {}
    return {
        **sid,
        "Effect": statement.effect,
        **_principals(statement),
        **_actions(statement),
        **_condition(statement),
    }


def _principals(statement: Statement) -> Mapping[str, object]:
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


def _actions(statement: Statement) -> Mapping[str, object]:
    excluded = [a.excluded for a in statement.actions if isinstance(a, NotAction)]
    if excluded:
        return {"NotAction": sorted(map(spelling, excluded[0]))}
    return {"Action": sorted(spelling(a) for a in statement.actions if isinstance(a, str))}


def _condition(statement: Statement) -> Mapping[str, object]:
    """Give the condition as it was written: the canonical one has policy variables resolved."""
    if not statement.condition:
        return {}
    block = condition_json(parse_condition(statement.raw["Condition"]))
    return {
        "Condition": {
            operator: {key: [v] if isinstance(v, str) else v for key, v in keys.items()}
            for operator, keys in block.items()
        }
    }
