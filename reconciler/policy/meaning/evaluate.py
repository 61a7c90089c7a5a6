"""Evaluating a policy document for one caller and one action: the resource policy alone.

The answer is this document's, not the service's: across accounts the caller's identity policy
must allow the action too, and within the registry's own account it may allow what no statement
here does; a registry policy, an organization's policies and a permissions boundary may each
change the outcome. Sources: IAM User Guide, "Policy evaluation logic", "AWS JSON policy elements:
Principal", "AWS JSON policy elements: NotPrincipal", "IAM JSON policy elements: Condition
operators", "Conditions with multiple context keys or values" and "Single-valued vs. multivalued
context keys".
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from reconciler.policy.language.actions import is_of_repositories
from reconciler.policy.language.condition_keys import ARN_KEYS, MULTIVALUED
from reconciler.policy.language.conditions import Clause, Condition, Operator, parse_operator
from reconciler.policy.language.document import Action, Document, NotAction, Statement
from reconciler.policy.language.glob import glob_matches, has_wildcard
from reconciler.policy.language.json_text import MalformedError
from reconciler.policy.language.operators import MATCHES, is_arn
from reconciler.policy.language.principals import EVERYONE, Principal
from reconciler.policy.language.request_context import (
    Answer,
    Caller,
    all_of,
    any_of,
    negated,
    remove_variables,
    resolve_variables,
)

Verdict = Literal["allowed", "denied", "depends"]
LEAST_FIRST: Sequence[Verdict] = ("denied", "depends", "allowed")


class Reason(NamedTuple):
    """A statement that concerns a caller, by its position in the document (from 0) and its Sid.

    `certain` where it applies to each of the caller's requests. Otherwise `depends_on` are the
    clauses of which it is unknown whether they hold; where there is none, it depends on how the
    service reads the principal, or on whether the caller has a permissions boundary.
    """

    position: int
    sid: str | None
    effect: str
    certain: bool
    depends_on: Condition = ()


class Decision(NamedTuple):
    """The verdict, and the statements that lead to it.

    For `allowed` and `denied`, those that certainly allow or deny; none where nothing allows. For
    `depends`, those that may deny, and then those that certainly allow or, without any, may.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()


_NOTHING_ALLOWS = Decision("denied")


def evaluate(document: Document, caller: Caller, action: str) -> Decision:
    """Return whether the document lets a caller do one action (any case, no wildcard).

    An explicit Deny wins over every Allow, and what nothing allows is denied. `depends` wherever
    the outcome depends on something unknown. An account as principal includes all of its
    principals. A repository's policy allows no actions of the whole registry or of another
    service. Raises ValueError for an action with a wildcard.
    """
    if has_wildcard(action):
        raise ValueError(f"one action, no pattern: {action}")
    if not is_of_repositories(action):
        return _NOTHING_ALLOWS
    lowered = action.lower()
    found = (
        concerns(position, statement, caller)
        for position, statement in enumerate(document.statements)
        if any(_includes(pattern, lowered) for pattern in statement.actions)
    )
    return decide(reason for reason in found if reason)


def decide(reasons: Iterable[Reason]) -> Decision:
    """Return what the statements that include an action decide about it, together."""
    found = tuple(reasons)
    denying = tuple(reason for reason in found if reason.effect == "Deny")
    allowing = tuple(reason for reason in found if reason.effect == "Allow")
    if denies := _certain(denying):
        return Decision("denied", denies)
    if not allowing:
        return _NOTHING_ALLOWS
    allows = _certain(allowing)
    if allows and not denying:
        return Decision("allowed", allows)
    return Decision("depends", (*denying, *(allows or allowing)))


def concerns(position: int, statement: Statement, caller: Caller) -> Reason | None:
    """Return how a statement concerns a caller, whatever the action; None where it does not."""
    named = any_of(_names(p, caller, statement.effect) for p in statement.principals)
    if named is False:
        return None
    unknown = []
    for clause in statement.condition:
        answer = clause_holds(clause, caller)
        if answer is False:
            return None
        if answer is None:
            unknown.append(clause)
    certain = named is True and not unknown
    return Reason(position, statement.sid, statement.effect, certain, tuple(unknown))


def _certain(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(reason for reason in reasons if reason.certain)


def _includes(pattern: Action, lowered: str) -> bool:
    if isinstance(pattern, NotAction):
        return not any(glob_matches(name.lower(), lowered) for name in pattern.excluded)
    return glob_matches(pattern.lower(), lowered)


def _names(principal: Principal, caller: Caller, effect: str) -> Answer:
    if principal == EVERYONE:
        return True
    if principal.kind == "NotPrincipal":
        included = _not_excluded(frozenset(principal.names), caller)
        # A Deny with NotPrincipal denies each caller with a permissions boundary.
        return included or (None if effect == "Deny" and _may_be_bounded(caller) else included)
    if principal in caller.principals:
        return True
    # No Principal element, or a wildcard inside a name: the service documents neither.
    return None if not principal.names or has_wildcard(principal.names[0]) else False


def _not_excluded(excluded: frozenset[str], caller: Caller) -> Answer:
    """Whether a NotPrincipal applies to a caller.

    To exclude a role, its account has to be excluded too, for the service may check the one or
    the other first; with only one of them the outcome is unknown. The same is assumed of an Allow,
    where the element is not supported.
    """
    if "AWS:*" in excluded:
        return False
    own = {f"{principal.kind}:{principal.names[0]}" for principal in caller.principals}
    if own and own <= excluded:
        return False
    return None if own & excluded or any(map(has_wildcard, excluded)) else True


def _may_be_bounded(caller: Caller) -> bool:
    """Whether a caller may have a permissions boundary: a user, a role or a session may."""
    return any(p.kind == "AWS" and not p.names[0].endswith(":root") for p in caller.principals)


def clause_holds(clause: Clause, caller: Caller) -> Answer:
    """Whether a clause holds; None where that depends on what is unknown or undocumented."""
    try:
        operator = parse_operator(clause.operator)
    except MalformedError:
        return None
    values = caller.values_of(clause.key)
    needs_set_operator = clause.key in MULTIVALUED and operator.base != "Null"
    if values is None or (needs_set_operator and not operator.qualifier):
        return None
    if operator.base == "Null":
        return any_of(_is_null(wanted, values) for wanted in clause.values)
    if not values:
        return _holds_without_key(operator)
    answer = _over_values(operator.qualifier, [_fits(operator, clause, v, caller) for v in values])
    if operator.qualifier and not any(values):
        # A key with only empty values may count as a missing one: both have to agree.
        return answer if answer is (operator.qualifier == "ForAllValues") else None
    return answer


def _is_null(wanted: str, values: Sequence[str]) -> Answer:
    lowered = wanted.lower()
    if lowered not in {"true", "false"} or (values and not any(values)):
        return None  # a variable; or an empty value, which may or may not count as one
    return (lowered == "true") == (not values)


def _holds_without_key(operator: Operator) -> Answer:
    """Return the answer for a missing key: nothing matches it, and ForAllValues is true.

    ForAnyValue is false without a key and IfExists true: which of the two wins is not documented.
    """
    match operator.qualifier:
        case "ForAllValues":
            return True
        case "ForAnyValue":
            return None if operator.if_exists else False
        case _:
            return operator.if_exists or operator.is_negated


def _fits(operator: Operator, clause: Clause, actual: str, caller: Caller) -> Answer:
    """Whether one value of the request matches any of the clause's; none, where negated."""
    if clause.key in ARN_KEYS and operator.is_text and not is_arn(actual):
        return None
    matched = any_of(_matches(operator, wanted, actual, caller) for wanted in clause.values)
    return negated(matched) if operator.is_negated else matched


def _matches(operator: Operator, wanted: str, actual: str, caller: Caller) -> Answer:
    base = operator.positive
    if "${" in wanted and not operator.is_text:
        return None
    resolved = resolve_variables(wanted, caller)
    if resolved is None or (base.startswith("Arn") and _moves_fields(wanted, resolved)):
        return None
    return MATCHES[base](resolved, actual)


def _moves_fields(wanted: str, resolved: str) -> bool:
    """Whether a variable added colons to an ARN: how it is split then is not documented."""
    return resolved.count(":") != remove_variables(wanted).count(":")


def _over_values(qualifier: str, answers: Sequence[Answer]) -> Answer:
    """Combine the answers for each of the request's values.

    What several values mean without a set operator is not documented.
    """
    match qualifier:
        case "ForAllValues":
            return all_of(answers)
        case "ForAnyValue":
            return any_of(answers)
        case _:
            return answers[0] if len(answers) == 1 else None
