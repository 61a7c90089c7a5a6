"""Conditions of the file: `when`, `until` and raw conditions, and those that principals imply."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from reconciler.access_file.document.problems import Place, ProblemList, Suggestion, quote
from reconciler.access_file.document.tree import (
    Node,
    ScalarNode,
    pairs_of,
    place_at,
    plain,
    scalars_in,
)
from reconciler.access_file.sections.accounts import FileContext, check_condition_value
from reconciler.closest import closest
from reconciler.model.rules import RuleId
from reconciler.policy import (
    NO_CONDITION,
    OPERATOR_FAMILIES,
    Condition,
    ConditionClashError,
    MalformedError,
    Operator,
    abbreviate_key,
    candidate_keys,
    combine_conditions,
    is_unknown_key,
    parse_operator,
    read_condition,
    variable_keys,
    write_short_time,
    write_time,
)

_INVALID_NULL = r":Null|NullIfExists"
_NULL_WITH_AFFIX = r"(?i)(\w+:)?Null(IfExists)?"
_NULL_HINT = "Null has no prefix and no IfExists: write its keys under Null"
_QUALIFIERS = ("ForAnyValue", "ForAllValues")
_WHEN_HINT = 'write conditions as in IAM: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}'
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = rf"{_DAY}(T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z)?"
_CLOCK = rf"(?s){_DAY}[Tt ][0-9]{{2}}:[0-9]{{2}}.*"
_LOOSE_DAY = r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})"
_AMOUNT = r"([0-9]{1,6}) ?([a-z]+)"
_DURATION = rf"(?:in |\+)?(?:{_AMOUNT}(?:,? and |,? )?)+(?:from now)?"
_ISO_DURATION = r"p(?P<days>[0-9a-su-z]*)(?:t(?P<clock>[0-9a-z]+))?"
_UNITS = {
    word: (name, length)
    for length, name, *others in (
        (timedelta(seconds=1), "second", "s", "sec"),
        (timedelta(minutes=1), "minute", "m", "min"),
        (timedelta(hours=1), "hour", "h", "hr"),
        (timedelta(days=1), "day", "d"),
        (timedelta(weeks=1), "week", "w"),
        (timedelta(days=30), "month", "mo", "mth", "mon"),
        (timedelta(days=365), "year", "y", "yr"),
    )
    for word in (name, *others)
}
_FORM = "write a date, 2027-03-31, or a time in UTC, 2027-03-31T12:00:00Z"


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
        context.problems.error(RuleId.BAD_CONDITION, malformed.reason, place, _WHEN_HINT)
        return NO_CONDITION


def check_operators(node: Node | None, problems: ProblemList) -> bool:
    """Whether all operators of a condition block are known; reports the others."""
    unknown = [pair.key for pair in pairs_of(node) if find_operator(pair.key.text) is None]
    for name in unknown:
        message = f"{quote(name.text)} is not a condition operator"
        similar = problems.did_you_mean(name.text, _similar_operators(name.text, node))
        is_null = re.fullmatch(_NULL_WITH_AFFIX, name.text) and name.text.lower() != "null"
        hint = _NULL_HINT if is_null else similar or _WHEN_HINT
        problems.error(RuleId.BAD_CONDITION, message, name.place, hint)
    return not unknown


def find_operator(name: str) -> Operator | None:
    """Return the condition operator of a name; None where there is none."""
    try:
        return parse_operator(name)
    except MalformedError:
        return None


def check_conditions(block: Node | None, context: FileContext) -> None:
    """Report accounts that are unnamed or not literal ids; warn of unknown keys and variables."""
    for operator in pairs_of(block):
        known = find_operator(operator.key.text)  # `check_operators` reports the others
        present = {pair.key.text.lower() for pair in pairs_of(operator.value)}
        for pair in pairs_of(operator.value):
            _check_key(pair.key.text, pair.key.place, context.problems, present)
            for value in scalars_in(pair.value):
                for key in variable_keys(value.text):
                    _check_key(key, value.place, context.problems)
                if known:
                    check_condition_value(pair.key.text.lower(), known, value, context)


def _check_key(
    key: str, place: Place, problems: ProblemList, present: frozenset[str] | set[str] = frozenset()
) -> None:
    if is_unknown_key(key):
        message = f"unknown condition key {quote(key)}: most likely no request has it"
        choices = [like for like in candidate_keys(key) if like.lower() not in present]
        similar = problems.closest(abbreviate_key(key), choices)
        hint = None if similar is None else Suggestion(key, similar)
        problems.warning(RuleId.UNKNOWN_CONDITION_KEY, message, place, hint)


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
        values = f"{clash.operator} {clash.key} to different values"
        message = f"two conditions set {values}; one statement cannot require both"
        hint = "remove one of them, or use another operator for it"
        problems.error(RuleId.CONDITION_CLASH, message, place, hint)
        return given[0]


def _similar_operators(name: str, block: Node | None) -> list[str]:
    """Return the known operators with the qualifier of a misspelt one, without those in use."""
    qualifier, colon, _ = name.rpartition(":")
    joined = (one for one in _QUALIFIERS if name.lower().startswith(one.lower()))
    likely = closest(qualifier, _QUALIFIERS) if colon else next(joined, None)
    present = {pair.key.text for pair in pairs_of(block)}
    bases = [f"{likely}:{base}" if likely else base for base in OPERATOR_FAMILIES]
    names = [*bases, *(f"{base}IfExists" for base in bases)]
    return [name for name in names if name not in present and not re.search(_INVALID_NULL, name)]


def read_until(node: ScalarNode, context: FileContext) -> datetime | None:
    """Read a date, which means its start, or a time in UTC; None, and a problem, for other text."""
    problems = context.problems
    if not re.fullmatch(_MOMENT, node.text):
        message = f"{quote(node.text)} is not a date or a time in UTC"
        problems.error(RuleId.BAD_DATE, message, node.place, _hint(node.text, context.now))
        return None
    try:
        until = _parse(node.text)
    except ValueError:
        kind = "time" if "T" in node.text and _is_day(node.text[:10]) else "date"
        problems.error(RuleId.BAD_DATE, f"{quote(node.text)} is not a valid {kind}", node.place)
        return None
    if until <= context.now:
        message = f"the grant expired on {write_short_time(until)} and has no effect"
        problems.warning(RuleId.EXPIRED, message, node.place, "remove it, or set a later end")
    return until


@lru_cache(maxsize=1_024)
def ends_at(moment: datetime | None) -> Condition:
    """Return the condition that ends a grant at a time.

    `aws:CurrentTime` is in every request (IAM User Guide, "AWS global condition context keys");
    that ECR evaluates it in repository policies is assumed.
    """
    if moment is None:
        return NO_CONDITION
    return one_clause("DateLessThan", "aws:CurrentTime", write_time(moment))


def _parse(text: str) -> datetime:
    """Parse a date or time; without an offset it is in UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _is_day(text: str) -> bool:
    try:
        return bool(_parse(text))
    except ValueError:
        return False


def _hint(text: str, now: datetime) -> str:
    text = text.strip()
    try:
        if re.fullmatch(_MOMENT, text):
            return f"write {text}"
        if re.fullmatch(_CLOCK, text):
            return f"write it in UTC, to the second: {write_time(_parse(text.upper()))}"
        if day := re.fullmatch(_LOOSE_DAY, text):
            return f"write {_parse(f'{day[1]}-{day[3]:0>2}-{day[4]:0>2}').date()}"
        return _hint_of_duration(text.lower(), now) or _FORM
    except (ValueError, OverflowError):
        return _FORM


def _hint_of_duration(text: str, now: datetime) -> str | None:
    """Return the end of a duration from now; None for another text. Raises OverflowError."""
    written_out, end = [], now.replace(microsecond=0)
    for digits, word in _split_duration(text):
        unit = _UNITS.get(word) or _UNITS.get(word.removesuffix("s"))
        if unit is None:
            return None
        number, (name, length) = int(digits), unit
        written_out.append(f"{number} {name if number == 1 else f'{name}s'}")
        end += number * length
    if end <= now:
        return None
    return (
        "a duration would end later on each run, so write the end: "
        f"{' '.join(written_out)} from now is {write_short_time(end)}"
    )


def _split_duration(text: str) -> list[tuple[str, str]]:
    """Split a duration, in words or as in ISO 8601, into numbers and units."""
    if match := re.fullmatch(_ISO_DURATION, text):
        days = re.sub(r"(?<=[0-9])m", "mo", match["days"])
        return re.findall(_AMOUNT, f"{days} {match['clock'] or ''}")
    return re.findall(_AMOUNT, text) if re.fullmatch(_DURATION, text) else []
