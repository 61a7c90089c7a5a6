"""Conditions of the file: `when` and raw conditions, and those that principals imply."""

import re

from reconciler.access_file.document.nodes import (
    Node,
    ScalarNode,
    pairs_of,
    place_at,
    plain,
    scalars_in,
)
from reconciler.access_file.document.problems import Place, ProblemList, quote
from reconciler.access_file.sections.accounts import check_condition_value
from reconciler.access_file.sections.context import FileContext
from reconciler.closest import closest
from reconciler.model.rules import RuleId
from reconciler.policy import (
    NO_CONDITION,
    OPERATOR_FAMILIES,
    Condition,
    ConditionClashError,
    MalformedError,
    abbreviate_key,
    candidate_keys,
    combine_conditions,
    is_unknown_key,
    parse_operator,
    read_condition,
    variable_keys,
)

_INVALID_NULL = re.compile(r":Null|NullIfExists")
_NULL_WITH_AFFIX = re.compile(r"(\w+:)?Null(IfExists)?", re.IGNORECASE)
_NULL_HINT = "Null has no prefix and no IfExists: write its keys under Null"
_QUALIFIERS = ("ForAnyValue", "ForAllValues")
_WHEN_HINT = 'write conditions as in IAM: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}'


def read_when(node: Node | None, context: FileContext) -> Condition:
    """Read raw IAM conditions as written; returns none, and reports them, where they are invalid.

    Also reports unnamed accounts and unknown keys in them.
    """
    check_conditions(node, context)
    if node is None or isinstance(node, ScalarNode) or not check_operators(node, context.problems):
        return NO_CONDITION
    try:
        return read_condition(plain(node), ())
    except MalformedError as malformed:
        place = place_at(node, malformed.path)
        context.problems.error(RuleId.BAD_CONDITION, malformed.reason, place, hint=_WHEN_HINT)
        return NO_CONDITION


def check_operators(node: Node | None, problems: ProblemList) -> bool:
    """Whether all operators of a condition block are known; reports the others."""
    known = True
    for pair in pairs_of(node):
        name = pair.key.text
        try:
            parse_operator(name)
        except MalformedError:
            known = False
            message = f"{quote(name)} is not a condition operator"
            hint = problems.did_you_mean(name, _similar_operators(name, node)) or _WHEN_HINT
            if _NULL_WITH_AFFIX.fullmatch(name) and name.lower() != "null":
                hint = _NULL_HINT
            problems.error(RuleId.BAD_CONDITION, message, pair.key.place, hint=hint)
    return known


def check_conditions(block: Node | None, context: FileContext) -> None:
    """Report accounts in a condition block that are unnamed, or not literal ids.

    Warns of unknown keys, those of policy variables, too.
    """
    for operator in pairs_of(block):
        try:
            parsed = parse_operator(operator.key.text)
        except MalformedError:
            parsed = None  # reported by `check_operators`
        present = {pair.key.text.lower() for pair in pairs_of(operator.value)}
        for pair in pairs_of(operator.value):
            _check_key(pair.key.text, pair.key.place, context.problems, present)
            for value in scalars_in(pair.value):
                for key in variable_keys(value.text):
                    _check_key(key, value.place, context.problems)
                if parsed:
                    check_condition_value(pair.key.text.lower(), parsed, value, context)


def _check_key(
    key: str, place: Place, problems: ProblemList, present: frozenset[str] | set[str] = frozenset()
) -> None:
    if is_unknown_key(key):
        message = f"unknown condition key {quote(key)}: most likely no request has it"
        choices = [like for like in candidate_keys(key) if like.lower() not in present]
        hint = problems.did_you_mean(abbreviate_key(key), choices)
        problems.warning(RuleId.UNKNOWN_CONDITION_KEY, message, place, hint=hint)


def one_clause(operator: str, key: str, *values: str) -> Condition:
    """Return the condition of one operator and key; none where there are no values."""
    return read_condition({operator: {key: values}}, ()) if values else NO_CONDITION


def all_of(problems: ProblemList, place: Place, *conditions: Condition) -> Condition:
    """Combine conditions that must all hold; reports those that one statement cannot express."""
    given = [condition for condition in conditions if condition]
    if len(given) <= 1:
        return given[0] if given else NO_CONDITION
    try:
        return combine_conditions(*given)
    except ConditionClashError as clash:
        message = (
            f"two conditions set {clash.operator} {clash.key} to different values; one statement"
            " cannot require both"
        )
        hint = "remove one of them, or use another operator for it"
        problems.error(RuleId.CONDITION_CLASH, message, place, hint=hint)
        return given[0]


def _similar_operators(name: str, block: Node | None) -> list[str]:
    """Return the known operators with the qualifier of a misspelt one, without those in use."""
    qualifier, colon, _ = name.rpartition(":")
    joined = (one for one in _QUALIFIERS if name.lower().startswith(one.lower()))
    likely = closest(qualifier, _QUALIFIERS) if colon else next(joined, None)
    present = {pair.key.text for pair in pairs_of(block)}
    bases = [f"{likely}:{base}" if likely else base for base in OPERATOR_FAMILIES]
    names = [*bases, *(f"{base}IfExists" for base in bases)]
    return [name for name in names if name not in present and not _INVALID_NULL.search(name)]
