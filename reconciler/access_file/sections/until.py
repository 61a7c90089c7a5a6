"""`until`: the moment at which a grant ends, and what is said of other ways to write one."""

import re
from datetime import UTC, datetime, timedelta

from reconciler.access_file.document.nodes import ScalarNode
from reconciler.access_file.document.problems import ProblemList, shown
from reconciler.access_file.sections.conditions import one_clause
from reconciler.model.rule_ids import RuleId
from reconciler.policy.language.condition_values import write_short_time, write_time
from reconciler.policy.language.conditions import NO_CONDITION, Condition

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = re.compile(rf"{_DAY}(T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z)?")
_CLOCK = re.compile(rf"{_DAY}[Tt ][0-9]{{2}}:[0-9]{{2}}.*", re.DOTALL)
_LOOSE_DAY = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_AMOUNT = r"([0-9]{1,6}) ?([a-z]+)"
_AMOUNTS = re.compile(rf"(?:in |\+)?(?:{_AMOUNT}(?:,? and |,? )?)+(?:from now)?")
_ISO_DURATION = re.compile(r"p(?P<days>[0-9a-su-z]*)(?:t(?P<clock>[0-9a-z]+))?")
_UNITS = {
    "s": ("second", timedelta(seconds=1)),
    "m": ("minute", timedelta(minutes=1)),
    "h": ("hour", timedelta(hours=1)),
    "d": ("day", timedelta(days=1)),
    "w": ("week", timedelta(weeks=1)),
    "mo": ("month", timedelta(days=30)),
    "y": ("year", timedelta(days=365)),
}
_SHORT = {"sec": "s", "min": "m", "hr": "h", "mth": "mo", "mon": "mo", "yr": "y"}
_FORM = "write a day, 2027-03-31, or a moment in UTC, 2027-03-31T12:00:00Z"


def read_until(node: ScalarNode, now: datetime, problems: ProblemList) -> datetime | None:
    """Read a day, or a moment in UTC, as it is written; None, and a problem, where it is none.

    A day is its start. `now` is what the hint for a duration counts from.
    """
    if not _MOMENT.fullmatch(node.text):
        message = f"{shown(node.text)} is not a date or a moment in UTC"
        problems.error(RuleId.BAD_DATE, message, node.place, hint=_hint(node.text, now))
        return None
    try:
        return _at(node.text)
    except ValueError:
        kind = "time" if "T" in node.text and _is_day(node.text[:10]) else "day of the calendar"
        problems.error(RuleId.BAD_DATE, f"{shown(node.text)} is no {kind}", node.place)
        return None


def ends_at(moment: datetime | None) -> Condition:
    """Make the condition that ends a grant at a moment.

    `aws:CurrentTime` is in every request (IAM User Guide, "AWS global condition context keys");
    that ECR evaluates it in repository policies is assumed.
    """
    if moment is None:
        return NO_CONDITION
    return one_clause("DateLessThan", "aws:CurrentTime", write_time(moment))


def _at(text: str) -> datetime:
    """Give the moment that a text of the file names, in UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _is_day(text: str) -> bool:
    try:
        return bool(_at(text))
    except ValueError:
        return False


def _hint(text: str, now: datetime) -> str:
    text = text.strip()
    try:
        if _MOMENT.fullmatch(text):
            return f"write {text}"
        if _CLOCK.fullmatch(text):
            return f"write it in UTC, to the second: {write_time(_at(text.upper()))}"
        if day := _LOOSE_DAY.fullmatch(text):
            return f"write {_at(f'{day[1]}-{day[3]:0>2}-{day[4]:0>2}').date()}"
        return _hint_of_duration(text.lower(), now) or _FORM
    except (ValueError, OverflowError):
        return _FORM


def _hint_of_duration(text: str, now: datetime) -> str | None:
    """Give the moment that a duration from now ends at; None for what is none. OverflowError."""
    amounts = [(int(number), _UNITS.get(_short(unit))) for number, unit in _amounts(text)]
    told, moment = [], now.replace(microsecond=0)
    for number, unit in amounts:
        if unit is None:
            return None
        name, length = unit
        told.append(f"{number} {name if number == 1 else f'{name}s'}")
        moment += number * length
    if moment <= now:
        return None
    return (
        "the file must mean the same on each day that it is read, so it holds the end: "
        f"{' '.join(told)} from now is {write_short_time(moment)}"
    )


def _amounts(text: str) -> list[tuple[str, str]]:
    """Split a duration, as people or ISO 8601 write it, into numbers and units."""
    if match := _ISO_DURATION.fullmatch(text):
        days = re.sub(r"(?<=[0-9])m", "mo", match["days"])
        return re.findall(_AMOUNT, f"{days} {match['clock'] or ''}")
    return re.findall(_AMOUNT, text) if _AMOUNTS.fullmatch(text) else []


def _short(unit: str) -> str:
    """Give the short name of a unit of time, as `_UNITS` has it."""
    one = unit if unit in _UNITS else unit.removesuffix("s")
    names = {name: short for short, (name, _) in _UNITS.items()}
    return _SHORT.get(one) or names.get(one) or one
