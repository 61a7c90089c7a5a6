"""Whether a condition's clause holds for a caller, as far as the request is known.

Sources: IAM User Guide, "IAM JSON policy elements: Condition operators", "Conditions with
multiple context keys or values" and "Single-valued vs. multivalued context keys".
"""

from collections.abc import Sequence

from reconciler.policy.language.condition_keys import ARN_KEYS, MULTIVALUED
from reconciler.policy.language.conditions import Clause, Operator, parse_operator
from reconciler.policy.language.json_text import MalformedError
from reconciler.policy.language.operators import MATCHES, is_arn, takes_variables
from reconciler.policy.language.request_context import Caller
from reconciler.policy.language.ternary import Answer, all_of, any_of, negated
from reconciler.policy.language.variables import resolve, without_variables


def clause_holds(clause: Clause, caller: Caller) -> Answer:
    """Tell whether a clause holds; None where that depends on what is unknown or undocumented."""
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
        return _over_nothing(operator.qualifier, answer)
    return answer


def _is_null(wanted: str, values: Sequence[str]) -> Answer:
    lowered = wanted.lower()
    if lowered not in {"true", "false"} or (values and not any(values)):
        return None  # a variable; or an empty value, which may or may not count as one
    return (lowered == "true") == (not values)


def _holds_without_key(operator: Operator) -> Answer:
    """Tell what a missing key means: nothing matches it, and ForAllValues asks for nothing.

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
    """Tell whether one value of the request matches any of the clause's; none, where negated."""
    base = operator.positive
    if clause.key in ARN_KEYS and takes_variables(base) and not is_arn(actual):
        return None
    matched = any_of(_matches(base, wanted, actual, caller) for wanted in clause.values)
    return negated(matched) if operator.is_negated else matched


def _matches(base: str, wanted: str, actual: str, caller: Caller) -> Answer:
    if "${" in wanted and not takes_variables(base):
        return None
    resolved = resolve(wanted, caller)
    if resolved is None or (base.startswith("Arn") and _moves_fields(wanted, resolved)):
        return None
    return MATCHES[base](resolved, actual)


def _moves_fields(wanted: str, resolved: str) -> bool:
    """Tell whether a variable brought colons into an ARN: how it is split then is undocumented."""
    return resolved.count(":") != without_variables(wanted).count(":")


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


def _over_nothing(qualifier: str, answer: Answer) -> Answer:
    """Tell what a key with nothing but empty values means to a set operator.

    It may count as a missing key, so only what both readings agree on is certain.
    """
    return answer if answer is (qualifier == "ForAllValues") else None
