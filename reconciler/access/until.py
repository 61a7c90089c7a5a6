"""`until`: the moment at which a grant ends, and what is said of other ways to write one."""

import re
from datetime import UTC, datetime, timedelta

from reconciler.access.conditions import one_clause
from reconciler.access.nodes import ScalarNode
from reconciler.access.problems import Findings, shown
from reconciler.policy.conditions import NO_CONDITION, Condition
from reconciler.policy.moments import shortest, written

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = re.compile(rf"{_DAY}(T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z)?")
_CLOCK = re.compile(rf"{_DAY}[Tt ][0-9]{{2}}:[0-9]{{2}}.*", re.DOTALL)
_DURATION = re.compile(r"(?:in |\+|PT?)? ?([0-9]{1,6}) ?([A-Za-z]+)(?: from now)?", re.IGNORECASE)
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


def read_until(node: ScalarNode, now: datetime, findings: Findings) -> datetime | None:
    """Read a day, or a moment in UTC, as it is written; None, and a problem, where it is none.

    A day is its start. `now` is what the hint for a duration counts from.
    """
    if not _MOMENT.fullmatch(node.text):
        message = f"{shown(node.text)} is not a date or a moment in UTC"
        findings.error("bad-date", message, node.place, hint=_hint(node.text, now))
        return None
    try:
        return _at(node.text)
    except ValueError:
        kind = "time" if "T" in node.text and _is_day(node.text[:10]) else "day of the calendar"
        findings.error("bad-date", f"{shown(node.text)} is no {kind}", node.place)
        return None


def ends_at(moment: datetime | None) -> Condition:
    """Make the condition that ends a grant at a moment.

    `aws:CurrentTime` is in every request (IAM User Guide, "AWS global condition context keys");
    that ECR evaluates it in repository policies is assumed.
    """
    if moment is None:
        return NO_CONDITION
    return one_clause("DateLessThan", "aws:CurrentTime", written(moment))


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
    try:
        if _CLOCK.fullmatch(text):
            return f"write it in UTC, to the second: {written(_at(text.upper()))}"
        return _hint_of_duration(text, now) or _FORM
    except (ValueError, OverflowError):
        return _FORM


def _hint_of_duration(text: str, now: datetime) -> str | None:
    """Give the moment that a duration from now ends at; None for what is none. OverflowError."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    number, unit = int(match[1]), match[2].lower()
    names = (unit, unit.removesuffix("s"), _SHORT.get(unit.removesuffix("s")))
    for short, (name, length) in _UNITS.items():
        if short in names or name in names:
            told = name if number == 1 else f"{name}s"
            moment = shortest((now + number * length).replace(microsecond=0))
            return (
                "the file must mean the same on each day that it is read, so it holds the end: "
                f"{number} {told} from now is {moment}"
            )
    return None
