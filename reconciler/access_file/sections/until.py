"""`until`: the time at which a grant ends, and hints for other ways to write it."""

import re
from datetime import UTC, datetime, timedelta

from reconciler.access_file.document.nodes import ScalarNode
from reconciler.access_file.document.problems import quote
from reconciler.access_file.sections.conditions import one_clause
from reconciler.access_file.sections.context import FileContext
from reconciler.model.rules import RuleId
from reconciler.policy import NO_CONDITION, Condition, write_short_time, write_time

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = re.compile(rf"{_DAY}(T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z)?")
_CLOCK = re.compile(rf"{_DAY}[Tt ][0-9]{{2}}:[0-9]{{2}}.*", re.DOTALL)
_LOOSE_DAY = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_AMOUNT = r"([0-9]{1,6}) ?([a-z]+)"
_DURATION = re.compile(rf"(?:in |\+)?(?:{_AMOUNT}(?:,? and |,? )?)+(?:from now)?")
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
_FORM = "write a date, 2027-03-31, or a time in UTC, 2027-03-31T12:00:00Z"


def read_until(node: ScalarNode, context: FileContext) -> datetime | None:
    """Read a date, which means its start, or a time in UTC; None, and a problem, for another text.

    Warns of a grant that has expired.
    """
    problems = context.problems
    if not _MOMENT.fullmatch(node.text):
        message = f"{quote(node.text)} is not a date or a time in UTC"
        problems.error(RuleId.BAD_DATE, message, node.place, hint=_hint(node.text, context.now))
        return None
    try:
        until = _parse(node.text)
    except ValueError:
        kind = "time" if "T" in node.text and _is_day(node.text[:10]) else "date"
        problems.error(RuleId.BAD_DATE, f"{quote(node.text)} is not a valid {kind}", node.place)
        return None
    if until <= context.now:
        message = f"the grant expired on {write_short_time(until)} and has no effect"
        hint = "remove it, or set a later end"
        problems.warning(RuleId.EXPIRED, message, node.place, hint=hint)
    return until


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
        if _MOMENT.fullmatch(text):
            return f"write {text}"
        if _CLOCK.fullmatch(text):
            return f"write it in UTC, to the second: {write_time(_parse(text.upper()))}"
        if day := _LOOSE_DAY.fullmatch(text):
            return f"write {_parse(f'{day[1]}-{day[3]:0>2}-{day[4]:0>2}').date()}"
        return _hint_of_duration(text.lower(), now) or _FORM
    except (ValueError, OverflowError):
        return _FORM


def _hint_of_duration(text: str, now: datetime) -> str | None:
    """Return the end of a duration from now; None for another text. Raises OverflowError."""
    written_out, end = [], now.replace(microsecond=0)
    for digits, unit in _split_duration(text):
        number, short = int(digits), _short(unit)
        if short not in _UNITS:
            return None
        name, length = _UNITS[short]
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
    if match := _ISO_DURATION.fullmatch(text):
        days = re.sub(r"(?<=[0-9])m", "mo", match["days"])
        return re.findall(_AMOUNT, f"{days} {match['clock'] or ''}")
    return re.findall(_AMOUNT, text) if _DURATION.fullmatch(text) else []


def _short(unit: str) -> str:
    """Return the short name of a unit of time, as in `_UNITS`."""
    one = unit if unit in _UNITS else unit.removesuffix("s")
    names = {name: short for short, (name, _) in _UNITS.items()}
    return _SHORT.get(one) or names.get(one) or one
