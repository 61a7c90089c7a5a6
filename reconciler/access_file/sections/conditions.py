"""Conditions of the file: `when`, and what kinds of principals bring with them."""

import re

from reconciler.access_file.document.nodes import (
    Node,
    ScalarNode,
    pairs_of,
    place_at,
    plain,
    scalars_in,
)
from reconciler.access_file.document.problems import Place, ProblemList, shown
from reconciler.closest import closest
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.condition_keys import (
    abbreviate_key,
    candidate_keys,
    is_unknown_key,
    variable_keys,
)
from reconciler.policy.language.condition_values import OPERATOR_FAMILIES
from reconciler.policy.language.conditions import (
    NO_CONDITION,
    Condition,
    ConditionClashError,
    combine_conditions,
    parse_operator,
    read_condition,
)
from reconciler.policy.language.json_text import MalformedError

_NO_NULL = re.compile(r":Null|NullIfExists")
_ONLY_NULL = re.compile(r"(\w+:)?Null(IfExists)?", re.IGNORECASE)
_NULL_HINT = "Null takes no prefix and no IfExists: write its keys under Null"
_QUALIFIERS = ("ForAnyValue", "ForAllValues")
_WHEN_HINT = 'IAM\'s form, with its spelling: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}'


def read_when(node: Node | None, problems: ProblemList) -> Condition:
    """Read raw IAM conditions, as written; reports what is not understood and gives none then."""
    if node is None or isinstance(node, ScalarNode) or not check_operators(node, problems):
        return NO_CONDITION
    try:
        return read_condition(plain(node), ())
    except MalformedError as malformed:
        place = place_at(node, malformed.path)
        problems.error(RuleId.BAD_CONDITION, malformed.reason, place, hint=_WHEN_HINT)
        return NO_CONDITION


def check_operators(node: Node | None, problems: ProblemList) -> bool:
    """Tell whether all operators of a condition block are known; report those that are not."""
    known = True
    for pair in pairs_of(node):
        name = pair.key.text
        try:
            parse_operator(name)
        except MalformedError:
            known = False
            message = f"{shown(name)} is not a condition operator"
            hint = problems.did_you_mean(name, _operators_like(name, node)) or _WHEN_HINT
            if _ONLY_NULL.fullmatch(name) and name.lower() != "null":
                hint = _NULL_HINT
            problems.error(RuleId.BAD_CONDITION, message, pair.key.place, hint=hint)
    return known


def check_keys(block: Node | None, problems: ProblemList) -> None:
    """Warn of each unknown key of a condition block, and of those of policy variables."""
    for operator in pairs_of(block):
        for pair in pairs_of(operator.value):
            _check_key(pair.key.text, pair.key.place, problems, besides=operator.value)
            for scalar in scalars_in(pair.value):
                for key in variable_keys(scalar.text):
                    _check_key(key, scalar.place, problems)


def _check_key(
    key: str, place: Place, problems: ProblemList, *, besides: Node | None = None
) -> None:
    if is_unknown_key(key):
        message = f"{shown(key)} is not a known condition key, so most likely no request has it"
        there = {pair.key.text.lower() for pair in pairs_of(besides)}
        meant = [like for like in candidate_keys(key) if like.lower() not in there]
        hint = problems.did_you_mean(abbreviate_key(key), meant)
        problems.warning(RuleId.UNKNOWN_CONDITION_KEY, message, place, hint=hint)


def one_clause(operator: str, key: str, *values: str) -> Condition:
    """Make the condition of one operator and key; none where there are no values."""
    return read_condition({operator: {key: values}}, ()) if values else NO_CONDITION


def all_of(problems: ProblemList, place: Place, *conditions: Condition) -> Condition:
    """Combine conditions that must all hold; reports those that one statement can't hold."""
    given = [condition for condition in conditions if condition]
    if len(given) <= 1:
        return given[0] if given else NO_CONDITION
    try:
        return combine_conditions(*given)
    except ConditionClashError as clash:
        message = (
            f"two conditions that must both hold set {clash.operator} {clash.key}"
            " to different values, which one statement can't say"
        )
        hint = "leave one of them out, or use another operator for it"
        problems.error(RuleId.CONDITION_CLASH, message, place, hint=hint)
        return given[0]


def _operators_like(name: str, block: Node | None) -> list[str]:
    """Give the known operators with the qualifier of a misspelt one; none that is there already."""
    qualifier, colon, _ = name.rpartition(":")
    joined = (one for one in _QUALIFIERS if name.lower().startswith(one.lower()))
    meant = closest(qualifier, _QUALIFIERS) if colon else next(joined, None)
    there = {pair.key.text for pair in pairs_of(block)}
    plain_ones = [f"{meant}:{base}" if meant else base for base in OPERATOR_FAMILIES]
    names = [*plain_ones, *(f"{base}IfExists" for base in plain_ones)]
    return [name for name in names if name not in there and not _NO_NULL.search(name)]
